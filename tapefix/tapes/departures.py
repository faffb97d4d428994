"""Departures: the places where a path leaves TensorFlow, and what keeps it inside.

A path that goes through NumPy is mended at all its steps or at none: `np.mean(t.numpy())` needs both the method gone and
the function replaced. So the departures of a module are planned together. Each belongs to one rule by its kind.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.draft import Draft
from tapefix.tapes.flow import Flow
from tapefix.tapes.reading import Reading
from tapefix.tapes.steps import Step, step_of
from tapefix.tapes.translation import Translation, translate
from tapefix.tapes.values import Kind, Operation, Value


class Departure(enum.Enum):
    """What kind of step leaves TensorFlow."""

    NUMPY_METHOD = "numpy method"
    NUMPY_FUNCTION = "numpy function"
    PYTHON_SCALAR = "python scalar"
    PREDICT = "predict"
    REWRAPPED = "rewrapped"
    NUMPY_FUNCTION_OP = "numpy_function"
    FOREIGN = "foreign function"


@dataclass
class Leaving:
    """One expression at which paths leave TensorFlow (or go on outside it), with all its evaluations."""

    node: cst.CSTNode
    departure: Departure
    values: list[Value]
    queries: set[int] = field(default_factory=set)
    """Lines of the queries that lose a gradient by it."""
    translation: Translation | None = None
    """What to write in its place; `None` where nothing has to change or nothing can be written."""
    obstacle: str = ""
    """Why the path cannot be mended here."""
    beyond: str = ""
    """Why the path cannot be mended elsewhere, though this step could be."""
    arrays: list[cst.BaseExpression] = field(default_factory=list)
    """Other uses of the result, off every path, that still need an array: they ask for it where they use it."""

    @property
    def reason(self) -> str:
        """Why nothing is written here; empty when something is."""
        return self.obstacle or self.beyond

    @property
    def changes(self) -> bool:
        """Whether the expression reads differently on tensors."""
        return self.translation is None or not self.translation.unchanged

    def rewrite(self, reading: Reading, title: str) -> Rewrite | None:
        """The step inside TensorFlow; `None` where the path cannot be mended."""
        if self.reason or self.translation is None:
            return None
        draft = Draft(reading)
        self.translation.write(draft, self.node)
        for expression in self.arrays:
            draft.insert(reading.span(expression)[1], ".numpy()")
        if "tensorflow" in self.translation.needs:
            draft.tensorflow()
        return draft.rewrite(title) if draft.edits else None


_NUMPY_METHODS = {"numpy", "_numpy", "eval"}
_SCALAR_METHODS = {"item", "tolist"}
_PREDICTIONS = {"predict", "predict_on_batch"}
_REWRAPPING = {
    "tensorflow.Variable",
    "keras.Variable",
    "tensorflow.constant",
    "tensorflow.convert_to_tensor",
    "numpy.array",
    "numpy.asarray",
    "numpy.asanyarray",
    "numpy.ascontiguousarray",
    "numpy.copy",
}
_TOLERANT_CALLS = {
    "builtins.print",
    "builtins.len",
    "builtins.isinstance",
    "builtins.type",
    "builtins.str",
    "builtins.repr",
    "builtins.float",
    "builtins.int",
    "builtins.bool",
    "builtins.id",
}


def departure_of(value: Value) -> Departure | None:
    """What kind of departure a value on a path is; `None` when it stays in TensorFlow or needs no change."""
    if value.operation is Operation.METHOD_CALL:
        if value.name in _PREDICTIONS:
            return Departure.PREDICT
        if step_of(value) is not Step.OUT:
            return None
        if value.name in _NUMPY_METHODS:
            return Departure.NUMPY_METHOD
        return Departure.PYTHON_SCALAR if value.name in _SCALAR_METHODS else Departure.NUMPY_FUNCTION
    if value.operation is Operation.CALL:
        return _called(value)
    if value.operation in (Operation.BINARY, Operation.ATTRIBUTE, Operation.SUBSCRIPT, Operation.STORE):
        return Departure.NUMPY_FUNCTION if step_of(value) is Step.OUT else None
    return None


def _called(value: Value) -> Departure | None:
    name = value.name
    if value.receiver is not None and value.receiver.kind is not Kind.LIBRARY:
        return None
    if name in _REWRAPPING:
        tensor = name in ("tensorflow.constant", "tensorflow.convert_to_tensor")
        from_arrays = any(i.is_number for i in value.inputs)
        return Departure.REWRAPPED if not tensor or from_arrays else None
    if step_of(value) is not Step.OUT:
        return None
    root = name.partition(".")[0]
    if name == "tensorflow.numpy_function":
        return Departure.NUMPY_FUNCTION_OP
    if root == "scipy":
        return Departure.FOREIGN
    if root in ("builtins", "math"):
        return Departure.PYTHON_SCALAR
    return Departure.NUMPY_FUNCTION


class DeparturePlan:
    """All departures of a module on paths whose gradient is missing for certain."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.leavings: dict[cst.CSTNode, Leaving] = {}
        self._on_path: set[Value] = set()
        self._flows: list[tuple[Flow, list[Leaving]]] = []
        for flow in reading.flows():
            if flow.reaches and flow.missing:
                self._add(flow)
        for leaving in self.leavings.values():
            self._translate(leaving)
        for leaving in self.leavings.values():
            self._other_uses(leaving)
        self._spread()

    def of(self, *kinds: Departure) -> list[Leaving]:
        """The departures of these kinds, in the order of the text."""
        found = [x for x in self.leavings.values() if x.departure in kinds and (x.changes or x.obstacle)]
        return sorted(found, key=lambda leaving: self.reading.span(leaving.node))

    def _add(self, flow: Flow) -> None:
        path = flow.path
        departing = [(value, departure_of(value)) for value in path]
        chain = [(value, departure) for value, departure in departing if departure is not None and value.node]
        if not chain:
            return
        if not any(step_of(value) in (Step.OUT, Step.NEW) for value, _ in chain):
            return
        leavings = []
        mendable = self.reading.mendable(flow.query, flow.source)
        for value, departure in chain:
            assert value.node is not None
            leaving = self.leavings.setdefault(value.node, Leaving(value.node, departure, []))
            leaving.queries.add(self.reading.line(flow.query.node))
            if value not in leaving.values:
                leaving.values.append(value)
            if not mendable:
                leaving.beyond = "the path is also cut elsewhere, by an operation without a gradient"
            leavings.append(leaving)
        self._on_path.update(path)
        self._flows.append((flow, leavings))

    def _translate(self, leaving: Leaving) -> None:
        result = translate(self.reading, leaving.node, leaving.values, self._on_path)
        if isinstance(result, str):
            leaving.obstacle = result
        else:
            leaving.translation = result

    def _spread(self) -> None:
        """One step that cannot be mended leaves the whole path as it is."""
        for _, leavings in self._flows:
            stuck = next((leaving for leaving in leavings if leaving.obstacle), None)
            if stuck is None:
                continue
            where = self.reading.line(stuck.node)
            for leaving in leavings:
                if not leaving.obstacle:
                    leaving.beyond = f"the path cannot be kept in TensorFlow at line {where}: {stuck.obstacle}"

    # Uses off the path

    def _other_uses(self, leaving: Leaving) -> None:
        for value in leaving.values:
            for user in value.users:
                if user not in self._on_path:
                    self._off_path(leaving, value, user)

    def _off_path(self, leaving: Leaving, value: Value, user: Value) -> None:
        if _tolerates_tensor(value, user):
            return
        expression = _use_of(value, user)
        if expression is None:
            leaving.obstacle = leaving.obstacle or "the array is also used elsewhere in a way that cannot be told"
            return
        evaluations = self.reading.values(expression)
        if any(other not in self._on_path for other in evaluations):
            line = self.reading.line(expression)
            leaving.obstacle = leaving.obstacle or f"line {line} needs an array, and at times gets another one"
            return
        if expression is not leaving.node and expression not in leaving.arrays:
            leaving.arrays.append(expression)


def _tolerates_tensor(value: Value, user: Value) -> bool:
    """Whether a use means the same when the array is a tensor."""
    if user.operation in (Operation.DISPLAY, Operation.JOIN, Operation.COMPARISON, Operation.GRADIENT):
        return True
    if user.operation is Operation.CALL:
        receiver = user.receiver
        if user.name in _TOLERANT_CALLS:
            return True
        known = receiver is not None and receiver.kind in (Kind.MODEL, Kind.LAYER, Kind.LOSS, Kind.METRIC)
        return known or user.name.startswith(("tensorflow.", "keras.", "numpy."))
    if user.operation is Operation.METHOD_CALL and user.receiver is not value:
        receiver = user.receiver
        return receiver is not None and receiver.kind in (Kind.METRIC, Kind.VARIABLE, Kind.SEQUENCE, Kind.LOSS)
    if user.operation is Operation.ATTRIBUTE:
        return user.name in ("shape", "dtype", "ndim")
    if user.operation is Operation.BINARY:
        return any(other is not value and other.is_tensor for other in user.inputs)
    return False


def _use_of(value: Value, user: Value) -> cst.BaseExpression | None:
    """The expression through which a use gets the value."""
    node = user.node
    if isinstance(node, cst.Call):
        if user.receiver is value and isinstance(node.func, cst.Attribute):
            return node.func.value
        found: Iterable[cst.BaseExpression] = (a.node.value for a in user.arguments if a.value is value)
        return next(iter(found), None)
    if isinstance(node, cst.BinaryOperation):
        return node.left if user.inputs and user.inputs[0] is value else node.right
    if isinstance(node, cst.UnaryOperation):
        return node.expression
    if isinstance(node, (cst.Subscript, cst.Attribute)) and user.receiver is value:
        return node.value
    return None
