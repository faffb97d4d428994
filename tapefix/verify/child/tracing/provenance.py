"""Provenance: for every value what it was made of, by the project's expressions and by TensorFlow's operations."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

import numpy as np

from ..oplog import Op, OpLog
from .identity import WIDE, has_parts, is_numbers, leaves, variable_handle, variables_behind
from .instrument import Place

MOST = 200_000
"""Values whose origin is kept; beyond, the trace ends and says so."""
WRITES = ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp")
# Nothing of the values is in them, only their form.
FORM_CALLS = frozenset(
    ("shape", "size", "ndim", "rank", "len", "get_shape", "set_shape")
    + ("zeros_like", "ones_like", "empty_like", "full_like", "zeros", "ones", "empty")
    + ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")
)
NEVER = (type(None), bool, str, bytes, type, slice, range, type(np), type(len), type(lambda: None))


Stack = Optional[Tuple[int, Any]]
"""A place, and the stack around it."""


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


class Provenance:
    """A graph of the values of one run; those of its main thread."""

    def __init__(self, log: OpLog, places: List[Place]) -> None:
        from tensorflow.python.framework import ops

        self.log = log
        self.places = places
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
        self.born: Dict[int, int] = {}
        """Where a value came up that was made of nothing known."""
        self.full = False
        self.paused = 0
        self.top: Stack = None
        """The expressions of the project that are being evaluated, the innermost first."""
        self.callers: Dict[int, Stack] = {}
        """What stood around that place, by the number of the operation."""
        self._uid: Callable[[], int] = ops.uid
        self._thread = threading.get_ident()
        self._tensor: Any = ops.EagerTensor
        log.listeners.append(self._executed)

    @property
    def place(self) -> Optional[int]:
        """The innermost expression of the project that is being evaluated."""
        return self.top[0] if self.top is not None else None

    def _elsewhere(self) -> bool:
        return bool(self.full or threading.get_ident() != self._thread)

    def _executed(self, number: int, op: Op) -> None:
        if threading.get_ident() != self._thread:
            return
        if self.top is not None:
            self.sites[number], self.callers[number] = self.top
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
        if isinstance(value, self._tensor):
            return int(value._id) * 2 + 1
        if isinstance(value, NEVER):
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

    def _named(self, place: int, name: str, scope: str, value: Any, held: Any = None) -> None:
        slot = (scope, name)
        if held is not None and hasattr(held, "assign") and variable_handle(held) is not None:
            self.was_variable[slot] = held
        if isinstance(value, self._tensor):
            if slot in self.was_variable:
                self.replaced[value._id * 2 + 1] = (place, self.was_variable[slot])
        elif type(value) in NEVER:
            return
        elif hasattr(value, "assign") and variable_handle(value) is not None:
            self.was_variable[slot] = value
        key = self.key(value)
        if key is not None and (
            self.is_tensor(value) or isinstance(value, (np.ndarray, np.generic, float)) or key in self.nodes
        ):
            node = self._node(key, value)
            if node is not None:
                node.name = name

    def _operands(self, values: Any, depth: int = 0) -> Iterator[Tuple[int, Any]]:
        for value in values:
            kind = type(value)
            if kind in NEVER:
                continue
            if kind in (list, tuple, set, frozenset):
                if id(value) in self.nodes or is_numbers(value):
                    yield id(value), value
                if depth < 3:
                    yield from self._operands(list(value)[:WIDE], depth + 1)
                continue
            if kind is dict:
                if depth < 3:
                    yield from self._operands(list(value.values())[:WIDE], depth + 1)
                continue
            key = self.key(value)
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
        if type(result) in NEVER and self.log.next == start:
            return
        if self.places[place].made_by.rpartition(".")[2] in FORM_CALLS:
            return
        from_model = variables_behind(operands, result, self._tensor)
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
            for value in leaves(result):
                key = self.key(value)
                if key is not None and (self.is_tensor(value) or isinstance(value, np.ndarray)):
                    self.born[key] = place
            return
        for value in leaves(result):
            key = self.key(value)
            if key is None or (key in found and len(found) == 1) or key in self.made_at:
                continue
            if isinstance(value, self._tensor) and value._id <= mark and key not in self.nodes:
                continue
            if key in found and not isinstance(value, np.ndarray):
                continue
            if has_parts(value):
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
