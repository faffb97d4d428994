"""The operations that TensorFlow executes, recorded through its op callbacks; the only place that knows them."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

MAX_OPS = 60_000
# Their line is noted, since a verdict names it.
NOTED = ("StopGradient", "PreventGradient")
# Random numbers in a graph are others than those of the same code executed eagerly.
RANDOM = ("Random", "Multinomial", "Shuffle")


class Op:
    """One executed operation, with its inputs and outputs alive."""

    __slots__ = ("attrs", "inputs", "kind", "line", "outputs")

    def __init__(self, kind: str, inputs: Tuple[Any, ...], attrs: Any, outputs: List[Any], line: Optional[int]) -> None:
        self.kind = kind
        self.inputs = inputs
        self.attrs = attrs
        self.outputs = outputs
        self.line = line


class _Handle:
    """Stands in for the attribute `_handle` of variables, and tells when it is asked for."""

    def __init__(self, asked: Callable[[Any], None]) -> None:
        self._asked = asked

    def __get__(self, variable: Any, owner: Any = None) -> Any:
        if variable is None:
            return self
        try:
            handle = variable.__dict__["_handle"]
        except KeyError:
            raise AttributeError("_handle") from None
        self._asked(handle)
        return handle

    def __set__(self, variable: Any, handle: Any) -> None:
        variable.__dict__["_handle"] = handle

    def __delete__(self, variable: Any) -> None:
        variable.__dict__.pop("_handle", None)


class OpLog:
    """A window on the executed operations; the oldest are dropped when it is full."""

    def __init__(self, line: Callable[[], Optional[int]], max_bytes: int) -> None:
        self.line = line
        self.max_bytes = max_bytes
        self.ops: List[Op] = []
        self.first = 0
        """How many operations have been dropped: the number of the first one that is still there."""
        self.bytes = 0
        self.missing = ""
        self.random_graph = False
        self.keep_functions = False
        self._kept: Set[str] = set()
        self.asked: List[Tuple[int, int]] = []
        """The operations that each query carried out itself: number of the first, and of the one behind the last."""
        self.noticed: Callable[[str], None] = lambda what: None
        self.listeners: List[Callable[[int, Op], None]] = []
        self.paused = 0
        self._pending: Dict[int, Any] = {}
        self._uid: Optional[Callable[[], int]] = None
        self._custom: List[Tuple[int, int, str]] = []
        self._installed = threading.local()

    @property
    def next(self) -> int:
        """The number that the next operation gets."""
        return self.first + len(self.ops)

    def install(self) -> None:
        """Begin to record in this thread."""
        if getattr(self._installed, "done", False) or self.missing:
            return
        try:
            from tensorflow.python.framework import op_callbacks

            op_callbacks.add_op_callback(self._seen)
        # Internal API: any change of it means that there is no record, and the verdict says so.
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            self.missing = "this TensorFlow has no op callbacks (%s)" % error
            return
        self._watch_reads()
        self._installed.done = True

    def _watch_reads(self) -> None:
        """Notice variables that are handed to an operation as they are: that read has no callback.

        TensorFlow's fast path reads them itself, and asks the variable for its `_handle` to do so.
        """
        from tensorflow.python.framework import ops
        from tensorflow.python.ops import resource_variable_ops

        self._uid = getattr(ops, "uid", None)
        variable = resource_variable_ops.BaseResourceVariable
        if isinstance(vars(variable).get("_handle"), _Handle):
            return
        variable._handle = _Handle(self._asked)

    def _asked(self, handle: Any) -> None:
        if self.paused or self._uid is None or not getattr(self._installed, "done", False):
            return
        # Python asks from TensorFlow's own classes; the fast path asks from a generated wrapper of an operation.
        caller = sys._getframe(2).f_code.co_filename
        if os.path.basename(caller).startswith("gen_"):
            self._pending[self._uid() + 1] = handle

    def _reads(self, inputs: Tuple[Any, ...]) -> None:
        """Record the reads that the fast path made for an operation: the next tensor after a handle was asked for."""
        pending, self._pending = self._pending, {}
        for tensor in inputs:
            handle = pending.get(tensor._id)
            if handle is not None:
                self._append(Op("ReadVariableOp", (handle,), (), [tensor], None))

    def mark_custom(self, start: int, name: str) -> None:
        """Note that the operations since `start` were those of a function with a gradient of its own."""
        self._custom.append((start, self.next, name))

    def custom_on(self, numbers: List[int]) -> List[str]:
        """Return the names of the custom gradients among the operations with these numbers."""
        return sorted({name for start, end, name in self._custom if any(start <= number < end for number in numbers)})

    def of_a_query(self, number: int) -> bool:
        """Whether an operation was carried out to answer a query."""
        return any(start <= number < end for start, end in self.asked)

    def span(self, start: int, end: int) -> Optional[List[Op]]:
        """Return the operations numbered from `start` to `end`, or None when some of them were dropped."""
        if start < self.first:
            return None
        return self.ops[start - self.first : end - self.first]

    def _seen(
        self, kind: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None, **_: Any
    ) -> None:
        name = kind if isinstance(kind, str) else kind.decode()
        if graph is not None:
            if not self.random_graph and any(word in name for word in RANDOM):
                self.random_graph = True
                self.noticed("random graph")
            return
        if self.paused:
            return
        if self._pending:
            self._reads(inputs)
        if self.keep_functions and name.startswith("__"):
            self._keep(name)
        line = self.line() if name in NOTED else None
        self._append(Op(name, tuple(inputs), attrs, list(outputs), line))

    def _keep(self, name: str) -> None:
        """Keep a compiled function registered, which TensorFlow forgets with the Python object that made it."""
        if name in self._kept:
            return
        self._kept.add(name)
        from tensorflow.python.eager import context

        try:
            running = context.context()
            running.add_function_def(running.get_function_def(name))
        # Internal API; without it, a function that is gone cannot be executed again, and the verdict says so.
        except Exception:
            return

    def _append(self, op: Op) -> None:
        for listener in self.listeners:
            listener(self.next, op)
        self.ops.append(op)
        for output in op.outputs:
            self.bytes += _bytes(output)
        if len(self.ops) > MAX_OPS or self.bytes > self.max_bytes:
            self._drop()

    def _drop(self) -> None:
        """Forget the older half, which keeps the memory bounded in a run of many steps."""
        half = len(self.ops) // 2 + 1
        for op in self.ops[:half]:
            self.bytes -= sum(_bytes(output) for output in op.outputs)
        del self.ops[:half]
        self.first += half


def _bytes(tensor: Any) -> int:
    try:
        size = 1
        for dimension in tensor.shape:
            size *= int(dimension)
        return size * int(tensor.dtype.size or 8)
    # Resource and variant handles have neither.
    except (AttributeError, TypeError, ValueError):
        return 64
