"""The trace of a run: what each value was made of, by the project's expressions and by TensorFlow's operations."""

from __future__ import annotations

import operator
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

import numpy as np

from ..oplog import Op, OpLog
from .instrument import Place

MOST = 200_000
"""Values whose origin is kept; beyond, the trace ends and says so."""
WIDE = 256
"""How many elements of a container are looked at."""
WRITES = ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp")
# Nothing of the values is in them, only their form.
FORM = ("shape", "dtype", "ndim", "size", "name", "device", "nbytes", "itemsize", "get_shape", "rank", "graph", "_id")
FORM_CALLS = frozenset(
    ("shape", "size", "ndim", "rank", "len", "get_shape", "set_shape")
    + ("zeros_like", "ones_like", "empty_like", "full_like", "zeros", "ones", "empty")
    + ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")
)
_NEVER = (type(None), bool, str, bytes, type, slice, range, type(np), type(len), type(lambda: None))


class Edge:
    """One way in which a value was made from others."""

    __slots__ = ("at", "inputs", "made_by", "place")

    def __init__(self, inputs: Tuple[int, ...], place: int, at: int, made_by: str) -> None:
        self.inputs = inputs
        self.place = place
        self.at = at
        """How many operations had been executed by then."""
        self.made_by = made_by


class Node:
    """A value, kept alive so that its identity stays its own."""

    __slots__ = ("edges", "name", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.edges: List[Edge] = []
        self.name = ""


class Trace:
    """What instrumented code reports to, for the main thread of one run."""

    def __init__(self, log: OpLog, places: List[Place], files: Set[str], main: str) -> None:
        from tensorflow.python.framework import ops

        self.log = log
        self.places = places
        self.files = files
        self.main = main
        self.nodes: Dict[int, Node] = {}
        self.made_at: Dict[int, int] = {}
        """The number of the operation that made a tensor."""
        self.sites: Dict[int, int] = {}
        """The innermost place that an operation was executed for, by its number."""
        self.writes: Dict[int, List[int]] = {}
        """The numbers of the operations that wrote a variable, by the variable's key."""
        self.was_variable: Dict[Tuple[str, str], Any] = {}
        self.replaced: Dict[int, Tuple[int, Any]] = {}
        """Tensors that took the name of a variable: where, and which."""
        self.seen: Dict[int, Any] = {}
        """The last value of each place."""
        self.mixed: Set[int] = set()
        """Places that have seen values of several types."""
        self.started: Dict[int, int] = {}
        """The number of the first operation of the last call at a place that calls what the script does not define."""
        self.given: Dict[int, Tuple[int, ...]] = {}
        """The keys of what that call was given."""
        self.born: Dict[int, int] = {}
        """Where a value came up that was made of nothing known."""
        self.full = False
        self.paused = 0
        self.functions: Dict[int, Any] = {}
        """What was called last at a place."""
        self.stack: List[int] = []
        self._held: List[Any] = []
        self._before: Any = None
        self._uid: Callable[[], int] = ops.uid
        self._thread = threading.get_ident()
        self._tensor: Any = ops.EagerTensor
        self._ours: Dict[Any, bool] = {}
        log.listeners.append(self._executed)

    # What instrumented code calls

    def call(self, place: int, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the project, and note what its result was made of."""
        if self._elsewhere():
            return function(*args, **kwargs)
        start, mark = self.log.next, self._uid()
        self.stack.append(place)
        try:
            result = function(*args, **kwargs)
        finally:
            self.stack.pop()
        self.functions[place] = function
        ours = self._is_ours(function)
        if ours:
            self._seen(place, result)
        if not self.paused and not (ours and self._in_main(function)):
            self.started[place] = start
            self.given[place] = tuple(key for key, _ in self._operands([*args, *kwargs.values()]))
        if not self.paused and not ours:
            operands = [*args, *kwargs.values()]
            receiver = getattr(function, "__self__", None)
            if receiver is not None and not isinstance(receiver, type(np)):
                operands.append(receiver)
            self._made(place, result, operands, start, mark)
            if result is None:
                self._changed(place, receiver, args, function)
            if "out" in kwargs:
                self._link(place, kwargs["out"], list(args))
        return result

    def apply(self, place: int, name: str, /, *operands: Any) -> Any:
        """Apply an operator, and note what its result was made of."""
        function = getattr(operator, name)
        if self._elsewhere():
            return function(*operands)
        start, mark = self.log.next, self._uid()
        self.stack.append(place)
        try:
            result = function(*operands)
        finally:
            self.stack.pop()
        if not self.paused:
            self._made(place, result, list(operands), start, mark)
        return result

    def attribute(self, place: int, value: Any, name: str) -> Any:
        """Read an attribute, and note that it is a part of a value."""
        result = getattr(value, name)
        if name not in FORM and not self._elsewhere() and isinstance(value, (np.ndarray, self._tensor)):
            self._link(place, result, [value])
        elif type(result) not in _NEVER and not self._elsewhere():
            self._seen(place, result)
        return result

    def each(self, place: int, values: Any) -> Any:
        """Go over the elements of a value, and note where they come from."""
        loose = isinstance(values, (np.ndarray, zip, enumerate, map, filter, reversed))
        return self._elements(place, values) if loose and not self._elsewhere() else values

    def parts(self, place: int, values: Any) -> Any:
        """Unpack a value, and note where its parts come from."""
        if not isinstance(values, np.ndarray) or self._elsewhere():
            return values
        return list(self._elements(place, values))

    def store(self, place: int, name: str, scope: str, value: Any) -> Any:
        """Give a value a name."""
        if not self._elsewhere():
            self._named(place, name, scope, value)
        return value

    def bound(self, place: int, value: Any) -> None:
        """Note what a parameter, or a name in an unpacking or a loop, was given."""
        if not self._elsewhere():
            self._seen(place, value)

    def hold(self, value: Any) -> Any:
        """Keep the value that a statement writes somewhere."""
        self._held = [value]
        return value

    def keep(self, place: int, value: Any) -> None:
        """Keep what a name holds before `+=`."""
        self._before = value

    def put(self, place: int, container: Any) -> None:
        """Note that the held value went into a container."""
        if self._held and not self._elsewhere() and isinstance(container, np.ndarray):
            self._link(place, container, self._held)

    def augmented(self, place: int, value: Any, name: str, scope: str) -> None:
        """Note what `+=` has made of a name."""
        if self._elsewhere():
            return
        if self._key(value) is not None and value is not self._before:
            self._made(place, value, [self._before, *self._held], self.log.next, self._uid())
        elif isinstance(value, np.ndarray):
            self._link(place, value, self._held)
        self._named(place, name, scope, value)

    @staticmethod
    def slice(*parts: Any) -> Any:
        """Make a slice: its notation cannot stand outside brackets."""
        return slice(*parts)

    @property
    def place(self) -> Optional[int]:
        """The innermost expression of the project that is being evaluated."""
        return self.stack[-1] if self.stack else None

    # Bookkeeping

    def _elsewhere(self) -> bool:
        return bool(self.full or threading.get_ident() != self._thread)

    def _executed(self, number: int, op: Op) -> None:
        if threading.get_ident() != self._thread:
            return
        if self.stack:
            self.sites[number] = self.stack[-1]
        for output in op.outputs:
            self.made_at[output._id * 2 + 1] = number
        if op.kind in WRITES:
            self.writes.setdefault(op.inputs[0]._id * 2 + 1, []).append(number)

    def is_tensor(self, value: Any) -> bool:
        """Whether a value belongs to TensorFlow: an eager tensor, or a variable."""
        return isinstance(value, self._tensor) or variable_handle(value) is not None

    def value_of(self, key: int) -> Any:
        """Return the value with a key; None when it was not kept."""
        node = self.nodes.get(key)
        if node is not None:
            return node.value
        number = self.made_at.get(key)
        found = self.log.span(number, number + 1) if number is not None else None
        for output in found[0].outputs if found else ():
            if output._id * 2 + 1 == key:
                return output
        return None

    def key(self, value: Any) -> Optional[int]:
        """Return what identifies a value in the trace; None for what is not followed."""
        return self._key(value)

    def _key(self, value: Any) -> Optional[int]:
        if isinstance(value, self._tensor):
            return int(value._id) * 2 + 1
        if isinstance(value, _NEVER):
            return None
        if hasattr(value, "assign") and hasattr(value, "shape"):
            handle = variable_handle(value)
            return None if handle is None else handle._id * 2 + 1
        if isinstance(value, int) and -6 < value < 257:
            # Python has one object for each of these.
            return None
        return id(value)

    def _node(self, key: int, value: Any) -> Optional[Node]:
        node = self.nodes.get(key)
        if node is None:
            if len(self.nodes) >= MOST:
                self.full = True
                return None
            node = self.nodes[key] = Node(value)
        return node

    def _seen(self, place: int, value: Any) -> None:
        known = self.seen.get(place)
        if known is not None and type(known) is not type(value):
            self.mixed.add(place)
        self.seen[place] = value

    def _named(self, place: int, name: str, scope: str, value: Any) -> None:
        slot = (scope, name)
        if isinstance(value, self._tensor):
            if slot in self.was_variable:
                self.replaced[value._id * 2 + 1] = (place, self.was_variable[slot])
        elif type(value) in _NEVER:
            return
        elif hasattr(value, "assign") and variable_handle(value) is not None:
            self.was_variable[slot] = value
        key = self._key(value)
        if key is not None and (
            self.is_tensor(value) or isinstance(value, (np.ndarray, np.generic, float)) or key in self.nodes
        ):
            node = self._node(key, value)
            if node is not None:
                node.name = name

    def _operands(self, values: Any, depth: int = 0) -> Iterator[Tuple[int, Any]]:
        for value in values:
            kind = type(value)
            if kind in _NEVER:
                continue
            if kind in (list, tuple, set, frozenset):
                if id(value) in self.nodes or _is_numbers(value):
                    yield id(value), value
                if depth < 3:
                    yield from self._operands(list(value)[:WIDE], depth + 1)
                continue
            if kind is dict:
                if depth < 3:
                    yield from self._operands(list(value.values())[:WIDE], depth + 1)
                continue
            key = self._key(value)
            if key is None:
                continue
            if isinstance(value, (self._tensor, np.ndarray, np.generic, float, complex)) or key in self.nodes:
                if isinstance(value, np.ndarray) and key not in self.nodes and value.base is not None:
                    yield from self._operands([value.base], depth)
                yield key, value
            elif hasattr(value, "assign") or isinstance(value, int):
                yield key, value

    def _made(self, place: int, result: Any, operands: List[Any], start: int, mark: int) -> None:
        self._seen(place, result)
        if type(result) in _NEVER and self.log.next == start:
            return
        if self.places[place].made_by.rpartition(".")[2] in FORM_CALLS:
            return
        from_model = _variables_behind(operands, result, self._tensor)
        found = dict(self._operands(operands + from_model))
        plain = {key: value for key, value in found.items() if not isinstance(value, self._tensor)}
        if plain:
            self._converted(place, plain, start, mark)
        self._link_to(place, result, found, mark)

    def _converted(self, place: int, plain: Dict[int, Any], start: int, mark: int) -> None:
        """Note that tensors which an operation was given, and nobody made, are what became of arrays and numbers."""
        ops = self.log.span(start, self.log.next)
        for offset, op in enumerate(ops or ()):
            if self.sites.get(start + offset) != place:
                continue
            for tensor in op.inputs:
                key = tensor._id * 2 + 1
                if tensor._id > mark and key not in self.made_at and key not in self.nodes:
                    self._edge(key, tensor, plain, place)

    def _link(self, place: int, result: Any, operands: List[Any]) -> None:
        self._seen(place, result)
        self._link_to(place, result, dict(self._operands(operands)), self._uid())

    def _link_to(self, place: int, result: Any, found: Dict[int, Any], mark: int) -> None:
        if not found:
            for value in _leaves(result):
                key = self._key(value)
                if key is not None and (self.is_tensor(value) or isinstance(value, np.ndarray)):
                    self.born[key] = place
            return
        for value in _leaves(result):
            key = self._key(value)
            if key is None or (key in found and len(found) == 1) or key in self.made_at:
                continue
            if isinstance(value, self._tensor) and value._id <= mark and key not in self.nodes:
                continue
            if key in found and not isinstance(value, np.ndarray):
                continue
            if _of_project(value):
                continue
            others = {other: operand for other, operand in found.items() if other != key}
            self._edge(key, value, others, place)

    def _edge(self, key: int, value: Any, found: Dict[int, Any], place: int) -> None:
        node = self._node(key, value)
        if node is None:
            return
        for other, operand in found.items():
            self._node(other, operand)
        if len(node.edges) < WIDE:
            node.edges.append(Edge(tuple(found), place, self.log.next, self.places[place].made_by))

    def _changed(self, place: int, receiver: Any, args: Tuple[Any, ...], function: Any) -> None:
        """Note what a call that gives nothing back has written: `a.fill(t)`, `np.copyto(a, t)`."""
        if isinstance(receiver, np.ndarray):
            self._link(place, receiver, list(args))
        elif len(args) > 1 and isinstance(args[0], np.ndarray) and getattr(function, "__name__", "") == "copyto":
            self._link(place, args[0], list(args[1:]))

    def _elements(self, place: int, values: Any) -> Iterator[Any]:
        for element in values:
            if not self._elsewhere():
                self._link(place, element, [values])
            yield element

    def _is_ours(self, function: Any) -> bool:
        function = getattr(function, "__func__", function)
        function = getattr(function, "python_function", function)
        code = getattr(function, "__code__", None)
        if code is None:
            return isinstance(function, type) and _module_is_ours(function.__module__, self.files)
        return code.co_filename in self.files

    def _in_main(self, function: Any) -> bool:
        """Whether a function is defined in the script itself."""
        function = getattr(function, "__func__", function)
        code = getattr(getattr(function, "python_function", function), "__code__", None)
        if code is None:
            return getattr(function, "__module__", "") == "__main__"
        return bool(code.co_filename == self.main)


def qualified_name(function: Any) -> str:
    """Return the full name of what was called, as far as it has one: `numpy.mean`, `numpy.ndarray.sum`."""
    receiver = getattr(function, "__self__", None)
    name = str(getattr(function, "__name__", type(function).__name__))
    if receiver is not None and not isinstance(receiver, type(np)):
        owner = receiver if isinstance(receiver, type) else type(receiver)
        return "%s.%s.%s" % (owner.__module__, owner.__qualname__, name)
    if isinstance(function, np.ufunc):
        # SciPy's have no module of their own.
        return "%s.%s" % ("numpy" if getattr(np, name, None) is function else "scipy.special", name)
    module = getattr(function, "__module__", None) or type(function).__module__
    return "%s.%s" % (module, getattr(function, "__qualname__", name))


def variable_handle(value: Any) -> Any:
    """Return the handle by which TensorFlow's operations know a variable, Keras' own included; None for others."""
    inner = getattr(value, "_value", value)
    handle = getattr(inner, "_handle", None)
    return handle if handle is not None and hasattr(handle, "_id") else None


def _is_numbers(value: Any) -> bool:
    """Whether a list is what an array is written as: a source of a query may be one."""
    return 0 < len(value) <= WIDE and all(type(element) in (int, float) for element in value)


def _leaves(value: Any, depth: int = 0) -> Iterator[Any]:
    yield value
    if depth < 2:
        if type(value) in (list, tuple):
            for element in value[:WIDE]:
                yield from _leaves(element, depth + 1)
        elif type(value) is dict:
            for element in list(value.values())[:WIDE]:
                yield from _leaves(element, depth + 1)


def _variables_behind(operands: List[Any], result: Any, tensor: Any) -> List[Any]:
    """Return the variables of a model whose method gives arrays back: they were made with them."""
    if isinstance(result, tensor) or not operands:
        return []
    receiver = operands[-1]
    variables = getattr(receiver, "variables", None) if hasattr(receiver, "trainable_variables") else None
    return list(variables)[:WIDE] if isinstance(variables, (list, tuple)) else []


def _of_project(value: Any) -> bool:
    """Whether a value is an object with parts of its own, which are followed one by one."""
    return hasattr(value, "trainable_variables") or hasattr(value, "_flatten_layers") or callable(value)


def _module_is_ours(name: str, files: Set[str]) -> bool:
    import sys

    return getattr(sys.modules.get(name), "__file__", None) in files
