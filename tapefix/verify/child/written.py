"""What a script that trains writes to files of TensorFlow: its variables, and summaries of what it computes."""

from __future__ import annotations

import functools
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np

from .digest import digest
from .frames import Frames
from .stream import Stream

KEPT_FILES = 100
KEPT_SUMMARIES = 2000
Aside = Callable[[Callable[..., Any]], Callable[..., Any]]


class Written:
    """Watches savers and writers, those of a graph, or those outside of one."""

    def __init__(self, stream: Stream, frames: Frames) -> None:
        self._stream = stream
        self._frames = frames
        self._files = 0
        self._summaries = 0

    def install_for_graphs(self, aside: Aside) -> None:
        """Watch what TensorFlow 1 had; `aside` wraps what runs something in the session by itself."""
        from tensorflow.python.summary.writer import writer
        from tensorflow.python.training import saver

        saver.Saver.save = self._saving(aside(saver.Saver.save))
        saver.Saver.restore = aside(saver.Saver.restore)
        base = writer.SummaryToEventTransformer
        plain = base.add_summary

        @functools.wraps(plain)
        def add_summary(own: Any, summary: Any, global_step: Any = None) -> Any:
            for kind, tag, numbers in _summarized(summary):
                self._summary(kind, tag, global_step, numbers)
            return plain(own, summary, global_step)

        base.add_summary = add_summary

    def install(self) -> None:
        """Watch what TensorFlow 2 has."""
        import tensorflow as tf
        from tensorflow.python.checkpoint import checkpoint

        checkpoint.Checkpoint._write = self._saving(checkpoint.Checkpoint._write)
        for kind in ("scalar", "histogram"):
            setattr(tf.summary, kind, self._summing(kind, getattr(tf.summary, kind)))

    def _saving(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def save(*args: Any, **kwargs: Any) -> Any:
            path = plain(*args, **kwargs)
            line = self._frames.line()
            if line is not None and self._stream.ours and self._files < KEPT_FILES:
                self._files += 1
                self._stream.emit("saved", line=line, path=str(path), values=_kept(str(path)))
            return path

        return save

    def _summing(self, kind: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def summary(name: str, data: Any, step: Any = None, **kwargs: Any) -> Any:
            import tensorflow as tf

            at = tf.summary.experimental.get_step() if step is None else step
            # Looked at without a conversion that would count as the script's own.
            array = tf.convert_to_tensor(data)._numpy().astype(np.float64)
            self._summary(kind, name, at, [float(array)] if kind == "scalar" else _distribution(array))
            return plain(name, data, step=step, **kwargs)

        return summary

    def _summary(self, kind: str, tag: str, step: Any, numbers: List[float]) -> None:
        line = self._frames.line()
        if line is not None and self._stream.ours and self._summaries < KEPT_SUMMARIES:
            self._summaries += 1
            value = digest(np.asarray(numbers, dtype=np.float32))
            self._stream.emit(
                "summary", line=line, form=kind, tag=tag, step=None if step is None else int(step), value=value
            )


def _summarized(summary: Any) -> Iterator[Tuple[str, str, List[float]]]:
    """Yield what a summary of TensorFlow 1 holds: kind, tag, numbers."""
    import tensorflow as tf

    parsed = tf.compat.v1.Summary.FromString(summary) if isinstance(summary, bytes) else summary
    for value in parsed.value:
        if value.WhichOneof("value") == "simple_value":
            yield "scalar", value.tag, [value.simple_value]
        elif value.WhichOneof("value") == "histo":
            histo = value.histo
            yield "histogram", value.tag, [histo.min, histo.max, histo.num, histo.sum, histo.sum_squares]


def _distribution(array: Any) -> List[float]:
    """What a histogram of TensorFlow 1 says of numbers besides its buckets."""
    return [array.min(), array.max(), array.size, array.sum(), (array * array).sum()]


def _kept(path: str) -> List[Dict[str, Any]]:
    """What a file of variables holds: the numbers, in no order that means anything."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(path)
    names = [name for name in sorted(reader.get_variable_to_shape_map()) if not is_slot(name)]
    arrays = [np.asarray(reader.get_tensor(name)) for name in names]
    return [digest(array) for array in arrays if array.dtype.kind in "fiub"]


def is_slot(name: str) -> bool:
    """Whether an optimizer keeps a variable for itself."""
    place = name.rpartition("/")[2]
    return name.endswith(("_power", "_power_1")) or place.rstrip("_0123456789") in (
        "Adam",
        "Momentum",
        "Adagrad",
        "Adadelta",
        "Ftrl",
        "RMSProp",
    )
