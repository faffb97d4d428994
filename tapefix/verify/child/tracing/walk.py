"""The way back from a target to a source, through operations, arrays and variables, with as few breaks as there can be.

It is Dijkstra's shortest path over what the trace holds: a step that the tape can follow costs next to nothing, a step
that it cannot costs much, so that the way which is found is the one that lacks least to be whole.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

from ..oplog import Op
from .provenance import FORM_CALLS, Edge, Provenance
from .tapes import TapeLife, Tapes

BREAK = 100.0
UNRECORDED = 20.0
STEP = 1.0
MOST_VISITED = 20_000
STOPS = ("StopGradient", "PreventGradient")
BLIND = (*STOPS, "PyFunc", "Round", "Rint", "Floor", "Ceil", "FloorDiv")
"""Operations through which no gradient comes back."""
OUTSIDE = ("before", "after", "other-tape", "stopped-recording")
"""Faults of where a statement stands, and not of what it does."""
NUMPY_FUNCTIONS = ("numpy_function", "py_func")


@dataclass(frozen=True)
class Hop:
    """One step from an input to what was made of it."""

    start: int
    end: int
    """The keys of both."""
    place: Optional[int]
    at: int
    """The number of its operation, or how many had been executed by then."""
    made_by: str
    fault: str
    """Why the tape cannot follow it; empty when it can."""


class Walk:
    """What leads to the targets of one query."""

    def __init__(self, trace: Provenance, tapes: Tapes, life: TapeLife, horizon: int, targets: List[int]) -> None:
        self.trace = trace
        self.tapes = tapes
        self.life = life
        self.horizon = horizon
        self.targets = targets
        self._gradients: Dict[Tuple[Any, ...], str] = {}
        self._before: Dict[int, int] = {}
        self._next: Dict[int, Hop] = {}
        self._cost: Dict[int, float] = {}
        self._explore()

    @property
    def reached(self) -> Set[int]:
        """The keys of everything that leads to a target."""
        return set(self._cost)

    def path(self, source: int) -> Optional[List[Hop]]:
        """Return the hops from a source to a target, or None when nothing leads there."""
        if source not in self._cost:
            return None
        hops: List[Hop] = []
        key = source
        while key in self._next and len(hops) < MOST_VISITED:
            hops.append(self._next[key])
            key = hops[-1].end
        return hops

    def _explore(self) -> None:
        queue: List[Tuple[float, int, int]] = []
        for target in self.targets:
            # Where the target is a variable, it is asked for as it is now.
            self._before[target] = self.horizon
            self._cost[target] = 0.0
            heapq.heappush(queue, (0.0, len(queue), target))
        done: Set[int] = set()
        count = len(queue)
        while queue and len(done) < MOST_VISITED:
            cost, _, key = heapq.heappop(queue)
            if key in done:
                continue
            done.add(key)
            for hop, price in self._into(key):
                total = cost + price
                if hop.start not in done and total < self._cost.get(hop.start, float("inf")):
                    self._cost[hop.start] = total
                    self._next[hop.start] = hop
                    count += 1
                    heapq.heappush(queue, (total, count, hop.start))

    def _into(self, key: int) -> Iterator[Tuple[Hop, float]]:
        """Yield what a value was made of."""
        trace = self.trace
        number = trace.made_at.get(key)
        if number is not None and number < self.horizon:
            yield from self._of_operation(key, number)
        node = trace.nodes.get(key)
        for edge in node.edges if node is not None else ():
            if edge.at <= self.horizon:
                yield from self._of_edge(key, edge)
        before = self._before.get(key)
        if before is not None:
            yield from self._of_writes(key, before)

    def _op(self, number: int) -> Optional[Op]:
        found = self.trace.log.span(number, number + 1)
        return found[0] if found else None

    def _of_operation(self, key: int, number: int) -> Iterator[Tuple[Hop, float]]:
        op = self._op(number)
        if op is None or op.kind in FORM_CALLS:
            return
        place = self.trace.sites.get(number)
        lost = self._unrecorded(number)
        for index, tensor in enumerate(op.inputs):
            start = tensor._id * 2 + 1
            if is_resource(tensor):
                self._before[start] = max(number, self._before.get(start, 0))
                fault = lost
            else:
                fault = self._fault(op, index, key) or lost
            price = STEP if not fault else UNRECORDED if fault == lost else BREAK
            # A stop may be meant; a break that is not is the likelier cause.
            price = 2 * BREAK if fault == "stopped-gradient" else price
            where = self._seen_from_the_tape(number, place) if fault in OUTSIDE else place
            yield Hop(start, key, where, number, op.kind, fault), price

    def _seen_from_the_tape(self, number: int, place: Optional[int]) -> Optional[int]:
        """Return the expression, in the function that opens the tape, for which an operation was executed."""
        places, made_at = self.trace.places, self.life.made_at
        home = (places[made_at].path, places[made_at].function) if made_at is not None else None
        around = self.trace.callers.get(number)
        while place is not None and (places[place].path, places[place].function) != home and around is not None:
            place, around = around
        return place

    def _unrecorded(self, number: int) -> str:
        life = self.life
        if life.recorded(number):
            return ""
        if self.tapes.during_query(number):
            return "query-outside"
        if life.inside_block(number):
            return "stopped-recording"
        if self.tapes.recorded_by_another(number, life):
            return "other-tape"
        return "before" if number < life.start or not life.end else "after"

    def _fault(self, op: Op, index: int, result: int) -> str:
        if op.kind in STOPS:
            return "stopped-gradient"
        if op.kind == "PyFunc":
            return "numpy-function"
        tensor = op.inputs[index]
        if not floating(tensor):
            return ""
        if op.kind == "EagerPyFunc" or op.kind.startswith("__"):
            return ""
        if not any(floating(output) for output in op.outputs if output._id * 2 + 1 == result):
            return "integer"
        known = (op.kind, index, len(op.inputs))
        if known not in self._gradients:
            self._gradients[known] = self._gradient(op, index)
        return self._gradients[known]

    def _gradient(self, op: Op, index: int) -> str:
        """Ask TensorFlow itself whether it can differentiate an operation, with what it was given and made."""
        import tensorflow as tf
        from tensorflow.python.eager import execute

        log, trace = self.trace.log, self.trace
        log.paused += 1
        trace.paused += 1
        try:
            with tf.GradientTape() as tape:
                tape.watch(op.inputs[index])
                execute.record_gradient(op.kind, list(op.inputs), op.attrs, list(op.outputs))
            wanted = [output for output in op.outputs if floating(output)]
            return "" if tape.gradient(wanted, op.inputs[index]) is not None else "no-gradient"
        except LookupError:
            return "no-gradient"
        # An operation that cannot be asked in this way is taken to have a gradient: most have one.
        except Exception:
            return ""
        finally:
            log.paused -= 1
            trace.paused -= 1

    def _of_edge(self, key: int, edge: Edge) -> Iterator[Tuple[Hop, float]]:
        result = self.trace.nodes[key].value
        tensor = self.trace.is_tensor(result)
        # Executed eagerly, `numpy_function` leaves no operation behind.
        wrapped = "numpy-function" if edge.made_by.rpartition(".")[2] in NUMPY_FUNCTIONS else "rewrapped"
        for start in edge.inputs:
            node = self.trace.nodes.get(start)
            within = node is not None and self.trace.is_tensor(node.value)
            fault = "" if not within else wrapped if tensor else "left"
            # An index or a count made outside TensorFlow carries no derivative, however short the way over it is.
            lost = fault or (not tensor and _counts(result))
            yield Hop(start, key, edge.place, edge.at, edge.made_by, fault), BREAK if lost else STEP

    def _of_writes(self, key: int, before: int) -> Iterator[Tuple[Hop, float]]:
        numbers = [number for number in self.trace.writes.get(key, ()) if number < before]
        for number in reversed(numbers):
            op = self._op(number)
            if op is None or len(op.inputs) < 2:
                continue
            place = self.trace.sites.get(number)
            made_by = self.trace.places[place].made_by if place is not None else op.kind
            first = number == self.trace.writes[key][0]
            fault = "rewrapped" if first and made_by.rpartition(".")[2] in ("Variable", "add_weight") else "assigned"
            if fault == "assigned" and number < self.life.start:
                # What an earlier step of a training has left in a variable is where this one starts.
                return
            yield Hop(op.inputs[1]._id * 2 + 1, key, place, number, made_by, fault), BREAK
            if op.kind == "AssignVariableOp":
                return


def _counts(value: Any) -> bool:
    """Whether a result of Python or NumPy is made of integers or truth values."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return isinstance(value, int) or kind in ("i", "u", "b")


def is_resource(tensor: Any) -> bool:
    """Whether a tensor is the handle of a variable."""
    return bool(tensor.dtype.name == "resource")


def floating(value: Any) -> bool:
    """Whether a tensor or variable is of a dtype that has gradients; Keras names dtypes by strings."""
    dtype: Any = getattr(value, "dtype", None)
    return str(getattr(dtype, "name", dtype)).startswith(("float", "bfloat", "half", "complex"))
