"""Graphs of TensorFlow 1 that a script runs in a session: each step of training, and every value that it fetches.

A step of training is to a session what a query is to a tape: it has a target, the loss, sources, the variables, and
computes the gradients between them.
"""

from __future__ import annotations

import ast
import base64
import functools
import os
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from .digest import digest
from .frames import Frames
from .layers import stand_in
from .setup import SEED
from .stream import Stream
from .written import is_slot

KEPT_STEPS = 64
KEPT_FETCHES = 2000
KEPT_BYTES = 48_000_000
_WATCHING = os.path.dirname(os.path.abspath(__file__))


class Sessions:
    """Watches `Session.run`, and the values that leave TensorFlow where there is no session any more."""

    def __init__(self, stream: Stream, frames: Frames, stepped: Callable[[], None]) -> None:
        self._stream = stream
        self._frames = frames
        self._stepped = stepped
        self._steps: Dict[Any, Tuple[Any, List[Tuple[Any, Any]]]] = {}
        self._count = 0
        self._fetched = 0
        self._inside = False
        self._begun = False

    # The run before

    def install(self) -> None:
        """Put the wrappers on sessions, and on the optimizers whose steps they take."""
        from tensorflow.python.client import session
        from tensorflow.python.training import optimizer

        base = optimizer.Optimizer
        base.apply_gradients = self._applying(base.apply_gradients)
        base.compute_gradients = self._computing(base.compute_gradients)
        session.BaseSession.run = self._running(session.BaseSession.run)

    def aside(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        """Make what something runs in a session its own affair, and not the script's."""

        @functools.wraps(plain)
        def run(*args: Any, **kwargs: Any) -> Any:
            before, self._inside = self._inside, True
            try:
                return plain(*args, **kwargs)
            finally:
                self._inside = before

        return run

    def _computing(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def compute(optimizer: Any, loss: Any, *args: Any, **kwargs: Any) -> Any:
            pairs = plain(optimizer, loss, *args, **kwargs)
            if not callable(loss):
                optimizer._tapefix_step = (loss, pairs)
            return pairs

        return compute

    def _applying(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def apply(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            operation = plain(optimizer, *args, **kwargs)
            step = getattr(optimizer, "_tapefix_step", None)
            if step is not None and hasattr(step[0], "graph") and operation is not None:
                self._steps[_operation(operation)] = step
            return operation

        return apply

    def _running(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def run(
            session: Any, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
        ) -> Any:
            line = self._frames.line()
            watched = not self._inside and self._stream.ours and line is not None
            if not watched or options is not None or run_metadata is not None:
                return plain(session, fetches, feed_dict, options, run_metadata)
            self._inside = True
            try:
                answer = self._run(plain, session, fetches, feed_dict, line)
            finally:
                self._inside = False
            return answer

        return run

    def _run(self, plain: Callable[..., Any], session: Any, fetches: Any, feeds: Any, line: Optional[int]) -> Any:
        import tensorflow as tf

        if not self._begun:
            self._begin(plain, session)
        parts = tf.nest.flatten(fetches)
        step = next((self._steps[_operation(part)] for part in parts if _operation(part) in self._steps), None)
        if step is None or self._count >= KEPT_STEPS:
            answer = plain(session, fetches, feeds)
        else:
            loss, pairs = step
            trained = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
            variables = plain(session, [variable for _, variable in trained])
            beside = [loss, [gradient for gradient, _ in trained]]
            answer, (value, gradients) = plain(session, [fetches, beside], feeds)
            self._stream.emit(
                "step",
                line=line,
                loss=digest(value),
                names=[variable.op.name for _, variable in trained],
                variables=[digest(variable) for variable in variables],
                gradients=[digest(_dense(*pair)) for pair in zip(gradients, variables)],
            )
        values = tf.nest.flatten(answer)
        self._note(line, [value for part, value in zip(parts, values) if not _is_summary(part)])
        if step is not None:
            self._count += 1
            self._stepped()
        return answer

    def _begin(self, plain: Callable[..., Any], session: Any) -> None:
        """Note what the variables begin with, once they have begun with something."""
        import tensorflow as tf

        graph = session.graph
        variables = graph.get_collection(tf.compat.v1.GraphKeys.GLOBAL_VARIABLES)
        own = [variable for variable in variables if not is_slot(variable.op.name)]
        try:
            values = plain(session, own)
        except tf.errors.FailedPreconditionError:
            return
        self._begun = True
        if sum(value.nbytes for value in values) <= KEPT_BYTES:
            self._stream.emit(
                "initial",
                values=[
                    {
                        "name": variable.op.name,
                        "dtype": str(value.dtype),
                        "shape": list(value.shape),
                        "data": base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii"),
                    }
                    for variable, value in zip(own, values)
                ],
            )

    def _note(self, line: Optional[int], values: List[Any]) -> None:
        for value in values:
            if value is not None and self._fetched < KEPT_FETCHES:
                self._fetched += 1
                self._stream.emit("fetch", line=line, value=digest(value))

    # The run after

    def left(self, value: Any) -> None:
        """Note a value that the script takes out of TensorFlow by itself."""
        frame: Any = sys._getframe(1)
        while frame is not None and _leads_out(frame):
            frame = frame.f_back
        if frame is not None and frame.f_code.co_filename == self._frames.path:
            self._note(frame.f_lineno, [value])


def _leads_out(frame: Any) -> bool:
    """Whether a frame is a part of what hands a value out: the wrappers around `numpy`, and that of a variable."""
    name = frame.f_code.co_filename
    return name.startswith(_WATCHING) or (frame.f_code.co_name == "numpy" and "/tensorflow/" in name)


def lay_over(initial: List[Dict[str, Any]], stream: Stream, frames: Frames) -> Any:
    """A scope in which the variables that the script makes begin with given values.

    Each takes the first of its shape and dtype that is left: layers make theirs when they are first called.
    """
    import tensorflow as tf

    waiting = list(initial)

    def make(following: Callable[..., Any], **kwargs: Any) -> Any:
        variable = following(**kwargs)
        if waiting and _made_by_script(frames):
            shape, dtype = list(variable.shape), variable.dtype.base_dtype.name
            alike = (index for index, given in enumerate(waiting) if (given["shape"], given["dtype"]) == (shape, dtype))
            index = next(alike, None)
            if index is not None:
                given = waiting.pop(index)
                value = np.frombuffer(base64.b64decode(given["data"]), dtype=given["dtype"]).reshape(given["shape"])
                if not np.array_equal(value, variable.read_value()._numpy()):
                    stream.emit("laid", name=given["name"])
                variable.assign(value)
        return variable

    return tf.variable_creator_scope(make)


def _made_by_script(frames: Frames) -> bool:
    """Whether it is the script that makes a variable, or a layer that it calls, and no optimizer."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name == frames.path:
            return True
        if ("/keras/" in name and "/optimizers/" in name) or "/training/" in name:
            return False
        frame = frame.f_back
    return False


def _dense(gradient: Any, variable: Any) -> Any:
    """A gradient as an array, that of rows that were gathered too."""
    if not hasattr(gradient, "indices"):
        return gradient
    whole = np.zeros_like(variable)
    np.add.at(whole, gradient.indices, gradient.values)
    return whole


def _is_summary(part: Any) -> bool:
    """Whether it is a summary that is fetched: what counts is what is written of it."""
    return getattr(_operation(part), "type", "") in ("MergeSummary", "ScalarSummary", "HistogramSummary")


def _operation(part: Any) -> Any:
    return getattr(part, "op", part) if not isinstance(part, (str, bytes)) else part


def as_before(path: str, compiled: Callable[[Any, str], Any], stream: Stream) -> Callable[[Any, str], Any]:
    """Make TensorFlow be to one file what TensorFlow 1 was to it: graphs, sessions, and their names."""
    import tensorflow as tf
    from tensorflow.python.framework import ops

    tf.compat.v1.disable_v2_behavior()
    stand_in(lambda name: stream.emit("stood_in", name=name))
    begin = ops.Graph.__init__

    @functools.wraps(begin)
    def seeded(graph: Any, *args: Any, **kwargs: Any) -> None:
        begin(graph, *args, **kwargs)
        graph._seed = SEED

    ops.Graph.__init__ = seeded
    tf.compat.v1.set_random_seed(SEED)

    def compile_as_before(source: Any, where: str) -> Any:
        if where != path:
            return compiled(source, where)
        tree = _Importing().visit(ast.parse(source, where))
        return compiled(ast.fix_missing_locations(tree), where)

    return compile_as_before


class _Importing(ast.NodeTransformer):
    """`import tensorflow as tf` as `import tensorflow.compat.v1 as tf`."""

    def visit_Import(self, node: ast.Import) -> Any:
        """Take the module as it was from where it is kept."""
        for alias in node.names:
            if alias.name == "tensorflow":
                alias.name, alias.asname = "tensorflow.compat.v1", alias.asname or "tensorflow"
        return node
