"""Variables that an assignment replaces by a tensor, and how to change them in place.

`w = w - lr * g` leaves a tensor under the name of a variable; the next tape does not watch it. To assign in place is
the same only where nobody else holds the variable, keeps what it was, or needs what only a tensor can do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.execution.frames import in_graph
from tapefix.tapes.execution.vocabulary import WEIGHT_MAKERS
from tapefix.tapes.flow.flow import Answer, Flow, ancestors
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.bindings import Binding, together
from tapefix.tapes.repairs.holders import Holders
from tapefix.tapes.repairs.watching import Unwatched, unwatched
from tapefix.tapes.values import Dtype, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import statement_text
from tapefix.tapes.writing.written import TIGHT

_IN_PLACE = {"Subtract": "assign_sub", "Add": "assign_add"}
_ELEMENTWISE = {
    "abs", "cast", "clip_by_norm", "clip_by_value", "divide", "exp", "maximum", "minimum", "multiply", "negative",
    "sign", "sqrt", "square", "tanh",
}  # fmt: skip
_SYMBOLS = {"Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "Power": "**"}


@dataclass(eq=False)
class Replacement:
    """Names that held variables and get tensors, with all statements that do it."""

    group: list[Binding]
    """All statements that bind these names."""
    steps: list[Binding]
    """Those that make a tensor of a variable."""
    variables: set[Value]
    raises: bool
    """Whether one of the statements is `w -= …` on a variable of TensorFlow, which raises."""
    obstacle: str = ""
    unwatched: list[Unwatched] = field(default_factory=list)
    asked: list[Flow] = field(default_factory=list)
    """Queries that still ask for the variables, by another name."""
    holders: Holders | None = None

    @property
    def decided(self) -> bool:
        """Whether to watch the tensor is no way out: it is changed in place, or the run never gets that far."""
        return self.raises or not self.obstacle or bool(self.asked)

    @property
    def shown(self) -> str:
        """The names."""
        return ", ".join(dict.fromkeys(cst.Module(()).code_for_node(step.target) for step in self.steps))

    def queries(self, reading: Reading) -> frozenset[int]:
        """The lines of the queries that lose a gradient."""
        queries = [found.query for found in self.unwatched] + [flow.query for flow in self.asked]
        return frozenset(reading.line(query.node) for query in queries)

    @property
    def reason(self) -> str:
        """Why there is no rewrite; empty when there is one."""
        if self.asked and self.obstacle:
            return f"the query asks for the variable, not for the tensor: {self.obstacle}"
        return self.obstacle

    def rewrite(self, reading: Reading, title: str) -> Rewrite | None:
        """Assign in place; `None` where that is not the same."""
        if self.obstacle or self.holders is None:
            return None
        draft = Draft(reading)
        for node in dict.fromkeys(step.node for step in self.steps):
            _write(reading, draft, [step for step in self.steps if step.node is node], self.group)
        self.holders.keep(draft)
        return draft.rewrite(title)


def replacements(reading: Reading) -> list[Replacement]:
    """The variables that become tensors of which a gradient is asked afterwards."""
    lost = [found for found in unwatched(reading) if _became_tensor(found.value)]
    stale = [f for f in reading.flows() if f.connected is Answer.NO and f.reaches and _is_new_variable(f.source.value)]
    if not lost and not stale:
        return []
    everything = reading.bindings
    groups: dict[frozenset[Binding], Replacement] = {}
    for found in lost:
        start = [b for b in everything if found.value in b.made and isinstance(b.node, (cst.Assign, cst.AugAssign))]
        # Of `new = w - g; w = new` only the second name held a variable before.
        for one in start:
            group = together([one], everything)
            replacement = groups.get(frozenset(group)) or _replacement(reading, group)
            if replacement is not None and any(found.value in step.made for step in replacement.steps):
                groups[frozenset(group)] = replacement
                replacement.unwatched.append(found)
    for flow in stale:
        for one in [b for b in everything if b.plain and flow.source.value in b.made]:
            group = together([one], everything)
            replacement = groups.get(frozenset(group)) or _replacement(reading, group)
            if replacement is not None and any(v in flow.depends for step in replacement.steps for v in step.made):
                groups[frozenset(group)] = replacement
                replacement.asked.append(flow)
    return list(groups.values())


def _became_tensor(value: Value) -> bool:
    return value.kind is Kind.TENSOR and value.operation is not Operation.JOIN and value.node is not None


def _replacement(reading: Reading, group: list[Binding]) -> Replacement | None:
    """What a group of bindings does, when it turns variables into tensors made of them."""
    makes = [b for b in group if b.plain and b.made and all(_is_new_variable(value) for value in b.made)]
    steps = [b for b in group if b not in makes]
    variables = {value for b in makes for value in b.made}
    if not makes or not steps or not variables:
        return None
    if not all(b.plain and b.made and all(v.kind is Kind.TENSOR for v in b.made) for b in steps):
        return None
    if not all(any(v in variables for v in ancestors([made])) for b in steps for made in b.made):
        return None
    raises = any(isinstance(b.node, cst.AugAssign) for b in steps) and _is_tensorflows(variables)
    found = Replacement(group, steps, variables, raises)
    found.obstacle = _obstacle(reading, found)
    if not found.obstacle:
        found.holders = Holders(reading, group, steps, variables, raises=raises)
        found.obstacle = found.holders.obstacle
    return found


def _is_new_variable(value: Value) -> bool:
    """Whether a variable is made here, to be trained."""
    made = value.operation is Operation.CALL or value.name in WEIGHT_MAKERS
    return value.kind is Kind.VARIABLE and made and value.trainable is True and value.dtype is not Dtype.INTEGER


def _is_tensorflows(variables: set[Value]) -> bool:
    return all(variable.name == "tensorflow.Variable" for variable in variables)


def _obstacle(reading: Reading, found: Replacement) -> str:
    for step in found.steps:
        if not isinstance(step.node, (cst.Assign, cst.AugAssign)):
            return "it is assigned in another way than by a statement of its own"
        if isinstance(step.node, cst.Assign) and len(step.node.targets) != 1:
            return "several names get the tensor at once"
        if isinstance(step.node, cst.AugAssign) and type(step.node.operator).__name__.replace("Assign", "") not in (
            _SYMBOLS
        ):
            return "the operator has no counterpart that assigns"
        if any(_kept_elsewhere(reading, v, step) for v in step.made):
            return "another function makes the tensor"
        if any(value.tapes for value in step.made):
            return "a tape records the assignment"
        if any(in_graph(value.frame) for value in (*step.made, *found.variables)):
            return "it is assigned inside a `tf.function`"
    if any(in_graph(user.frame) for variable in found.variables for user in variable.users):
        return "a `tf.function` was traced with the variable"
    for node in dict.fromkeys(step.node for step in found.steps):
        beside = [step for step in found.steps if step.node is node]
        if len(beside) > 1 and not _in_order(reading, beside):
            return "the values that are assigned side by side depend on each other"
        if len(beside) != _targets(node):
            return "something else is assigned by the same statement"
    return ""


def _kept_elsewhere(reading: Reading, value: Value, step: Binding) -> bool:
    """Whether another function makes the tensor, and does more with it than to return it; or a whole step of training.

    What takes weights, asks for their gradient and returns new weights leaves the old ones alone by design.
    """
    if value.node is None or reading.function(value.node) is reading.function(step.node):
        return False
    if any(query.frame is value.frame for query in reading.queries):
        return True
    return not isinstance(reading.parent(value.node), cst.Return) or value.frame.call is not step.value


def _targets(node: cst.CSTNode) -> int:
    target = node.targets[0].target if isinstance(node, cst.Assign) else None
    return len(target.elements) if isinstance(target, (cst.Tuple, cst.List)) else 1


def _in_order(reading: Reading, beside: list[Binding]) -> bool:
    """Whether values that are assigned side by side may be assigned one after the other."""
    for index, later in enumerate(beside):
        earlier = {reading.code(step.target) for step in beside[:index]}
        assert later.value is not None
        for node in _nodes(later.value) if index else ():
            if isinstance(node, (cst.Name, cst.Attribute)) and reading.code(node) in earlier:
                return False
            if isinstance(node, cst.Call) and not _of_library(reading, node):
                return False
    return True


def _of_library(reading: Reading, call: cst.Call) -> bool:
    callees = reading.values(call.func)
    return bool(callees) and all(callee.kind is Kind.LIBRARY for callee in callees)


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)


# Writing


def _write(reading: Reading, draft: Draft, steps: list[Binding], group: list[Binding]) -> None:
    """Put calls that assign in place of one statement."""
    node = steps[0].node
    line = reading.parent(node)
    alone = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
    between = reading.module.default_newline + statement_text(reading, line).indent if alone and line else "; "
    pieces: list[str | cst.CSTNode] = []
    for index, step in enumerate(steps):
        pieces += [between] if index else []
        own = {value for binding in group if binding.slots & step.slots for value in binding.made}
        pieces += _assigning(reading, step, own, alone=len(steps) == 1)
    draft.replace(node, *pieces, joined=True)


def _assigning(reading: Reading, step: Binding, own: set[Value], *, alone: bool) -> list[str | cst.CSTNode]:
    target, value = step.target, step.value
    assert value is not None
    shown = reading.code(target)
    lead: list[str | cst.CSTNode] = [target] if alone else [shown]
    if isinstance(step.node, cst.AugAssign):
        operator = type(step.node.operator).__name__.replace("Assign", "")
        changes = reading.values(value)
        if operator in _IN_PLACE and _shaped(changes, own):
            return [*lead, f".{_IN_PLACE[operator]}(", value, ")"]
        tight = isinstance(value, TIGHT) or bool(value.lpar)
        opening, closing = ("", ")") if tight else ("(", "))")
        return [*lead, f".assign({shown} {_SYMBOLS[operator]} {opening}", value, closing]
    if isinstance(value, cst.BinaryOperation) and type(value.operator).__name__ in _IN_PLACE:
        operator = type(value.operator).__name__
        left, right = value.left, value.right
        if reading.code(left) == shown and _shaped(reading.values(right), own):
            return [*lead, f".{_IN_PLACE[operator]}(", right, ")"]
        if operator == "Add" and reading.code(right) == shown and _shaped(reading.values(left), own):
            return [*lead, ".assign_add(", left, ")"]
    return [*lead, ".assign(", value, ")"]


def _shaped(changes: list[Value], own: set[Value]) -> bool:
    """Whether a change certainly has the shape of what it changes: `assign_sub` broadcasts nothing."""
    scalar = all(_is_scalar(value) for value in own if value.kind is Kind.VARIABLE)
    return bool(changes) and all(_like(change, own) or (scalar and change.kind is Kind.SCALAR) for change in changes)


def _is_scalar(variable: Value) -> bool:
    initial = variable.argument(0, "initial_value")
    return initial is not None and initial.value.kind is Kind.SCALAR


def _like(value: Value, own: set[Value]) -> bool:
    """Whether it is the gradient of these, or made of that number by number: it has their shape."""
    if value.operation is Operation.GRADIENT:
        # The answer for one of several sources has that one last of its inputs.
        return value.name == "gradient" and value.inputs[-1] in own
    if value.operation in (Operation.BINARY, Operation.UNARY):
        return any(_like(i, own) for i in value.inputs)
    short = value.name.rpartition(".")[2]
    elementwise = value.operation is Operation.CALL and short in _ELEMENTWISE and value.name.startswith("tensorflow.")
    return elementwise and bool(value.inputs) and _like(value.inputs[0], own)
