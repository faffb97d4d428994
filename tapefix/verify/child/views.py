"""Which part of a tensor a script asks for, or takes of an answer: by position, whatever the numbers are.

`gradient(y, x[0])` and `gradient(y, x)[0]` ask for the same. That it is the same part shows when the operations that
take it are executed on the positions of the whole tensor in place of its numbers.
"""

from __future__ import annotations

import hashlib
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

import numpy as np

from .digest import digest
from .oplog import Op, OpLog
from .paths import handle_of

SELECTING = (
    "StridedSlice",
    "Slice",
    "GatherV2",
    "GatherNd",
    "Reshape",
    "Squeeze",
    "ExpandDims",
    "Transpose",
    "Identity",
    "Cast",
)
DEPTH = 4
KEPT = 512

Answer = Tuple[str, int, int]
"""The key of a query, which time it was made, and the place of the source in it."""


class Views:
    """Follows what is selected, from a source back to where it comes from, and from an answer on."""

    def __init__(self, log: OpLog, emit: Callable[..., None]) -> None:
        self.log = log
        self._emit = emit
        self._answers: Dict[int, Tuple[Answer, Any, Any]] = {}
        """By id of a tensor: the answer it is a part of, the tensor, and the positions that it holds."""
        self._known: Set[Tuple[Answer, str]] = set()
        log.listeners.append(self._executed)

    def origins(self, source: Any) -> List[Dict[str, Any]]:
        """Return the tensors that a source was selected from, each with the positions that it is made of."""
        found: List[Dict[str, Any]] = []
        chain: List[Op] = []
        key = getattr(source, "_id", None)
        if not isinstance(key, int) or handle_of(source) is not None:
            return found
        for op in reversed(self.log.ops):
            if op.kind not in SELECTING or op.outputs[0]._id != key:
                continue
            chain.insert(0, op)
            whole = op.inputs[0]
            places = _all_places(whole)
            for step in chain:
                places = _selected(step, places)
            if places is None or len(chain) > DEPTH:
                break
            found.append({"root": digest(whole), "places": _name(places)})
            key = whole._id
        return found

    def follow(self, answer: Answer, value: Any) -> None:
        """Note from now on what is selected of an answer."""
        key = getattr(value, "_id", None)
        if isinstance(key, int) and len(self._answers) < KEPT:
            places = _all_places(value)
            if places is not None:
                self._answers[key] = (answer, value, places)

    def _executed(self, number: int, op: Op) -> None:
        if op.kind not in SELECTING or not op.inputs or op.inputs[0]._id not in self._answers:
            return
        answer, _, places = self._answers[op.inputs[0]._id]
        self.log.paused += 1
        selected = _selected(op, places)
        self.log.paused -= 1
        if selected is None:
            return
        if len(self._answers) < KEPT:
            self._answers[op.outputs[0]._id] = (answer, op.outputs[0], selected)
        name = _name(selected)
        if (answer, name) not in self._known:
            self._known.add((answer, name))
            self._emit("view", key=answer[0], occurrence=answer[1], index=answer[2], places=name)


def _all_places(tensor: Any) -> Optional[Any]:
    try:
        shape = [int(size) for size in tensor.shape]
    # A shape that is not known.
    except (AttributeError, TypeError, ValueError):
        return None
    return np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.float64).reshape(shape)


def _selected(op: Op, places: Optional[Any]) -> Optional[Any]:
    """Execute a selection on positions."""
    if places is None or op.kind in ("Identity", "Cast"):
        return places
    import tensorflow as tf
    from tensorflow.python.eager import context, execute

    given = list(op.attrs or ())
    attrs: List[Any] = []
    for name, value in zip(given[::2], given[1::2]):
        name = name.decode() if isinstance(name, bytes) else name
        if value is not None:
            attrs += [name, tf.float64.as_datatype_enum if name in ("T", "Tparams") else value]
    try:
        with tf.device("/CPU:0"):
            inputs = [tf.constant(places), *op.inputs[1:]]
            outputs = execute.execute(op.kind.encode(), 1, inputs, tuple(attrs), context.context())
    # What cannot be executed again says nothing.
    except Exception:
        return None
    return np.asarray(outputs[0].numpy())


def _name(places: Any) -> str:
    """A short name for an arrangement of positions."""
    content = repr(places.shape).encode() + np.ascontiguousarray(places, dtype=np.float64).tobytes()
    return hashlib.sha256(content).hexdigest()[:24]


class Hollow:
    """Stands for an answer of which every part is `None`, though it is taken as if it were there."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __getitem__(self, key: Any) -> None:
        self.value[key]


def let_operations_take_hollow() -> None:
    """Make every operation of TensorFlow give `None` of what is hollow."""
    from tensorflow.python.util import dispatch

    if _registered:
        return

    class OfHollow(dispatch.GlobalOpDispatcher):  # type: ignore[misc]  # TensorFlow has no types
        def handle(self, op: Any, args: Any, kwargs: Any) -> Any:
            if not any(isinstance(value, Hollow) for value in (*args, *kwargs.values())):
                return self.NOT_SUPPORTED
            op(*map(_filled, args), **{name: _filled(value) for name, value in kwargs.items()})
            return None

    _registered.append(OfHollow())
    _registered[0].register()


_registered: List[Any] = []


def _filled(value: Any) -> Any:
    return value.value if isinstance(value, Hollow) else value
