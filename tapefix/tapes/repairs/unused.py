"""Variables that a target is not made of: their gradients are `None` by right, and nothing sorts them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.execution import graphs
from tapefix.tapes.flow.flow import Answer, ancestors
from tapefix.tapes.flow.holding import members
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import Query, Source
from tapefix.tapes.values import Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_WITH_WEIGHTS = ("Dense", "Conv", "Embedding", "LSTM", "GRU", "SimpleRNN", "BatchNormalization", "LayerNormalization")
_CALLS = (Operation.CALL, Operation.METHOD_CALL)


@dataclass(frozen=True)
class Unfiltered:
    """Pairs of gradients and variables, some of them without a gradient."""

    query: Query
    node: cst.Call
    """`zip(gradients, variables)`."""
    shown: str
    """What gets no gradient."""

    def rewrite(self, reading: Reading) -> Rewrite:
        """The pairs that have a gradient."""
        draft = Draft(reading)
        draft.replace(self.node, "[(g, v) for g, v in ", self.node.func, *self._arguments(), " if g is not None]")
        return draft.rewrite("Leave out the pairs without a gradient")

    def _arguments(self) -> tuple[str | cst.CSTNode, ...]:
        return "(", self.node.args[0].value, ", ", self.node.args[1].value, ")"


def unfiltered(reading: Reading) -> Iterator[Unfiltered]:
    """Every `zip` of answers and variables that is applied as it is, though some answers are `None` for certain."""
    seen: set[cst.Call] = set()
    zips = [node for node in reading.evaluated(cst.Call) if _is_zip(reading, node)]
    for query in reading.queries:
        if query.method != "gradient" or query.unconnected_zero:
            continue
        node = _pairs(reading, query, zips)
        if node is None or node in seen:
            continue
        shown = _without_gradient(reading, query)
        if shown is not None:
            seen.add(node)
            yield Unfiltered(query, node, shown)


def _is_zip(reading: Reading, node: cst.Call) -> bool:
    plain = not any(argument.star or argument.keyword for argument in node.args)
    return len(node.args) == 2 and plain and reading.code(node.func) == "zip"


def _pairs(reading: Reading, query: Query, zips: Sequence[cst.Call]) -> cst.Call | None:
    """Where the answers of a query are paired with its sources, and applied."""
    for node in zips:
        answers, variables = (argument.value for argument in node.args)
        if not any(value.query is query for value in reading.values(answers)):
            continue
        same = reading.code(variables) == reading.code(query.sources_node)
        if not same and not set(reading.values(variables)) & set(reading.values(query.sources_node)):
            continue
        if _applied(reading, node):
            return node
    return None


def _applied(reading: Reading, node: cst.Call) -> bool:
    parent = reading.parent(node)
    if isinstance(parent, cst.For):
        return isinstance(parent.target, cst.Tuple) and len(parent.target.elements) == 2 and not _asks(reading, parent)
    call = reading.parent(parent) if isinstance(parent, cst.Arg) else None
    return isinstance(call, cst.Call) and reading.code(call.func).endswith(".apply_gradients")


def _asks(reading: Reading, loop: cst.For) -> bool:
    """Whether the body deals with a `None` itself."""
    return "None" in reading.code(loop.body)


def _without_gradient(reading: Reading, query: Query) -> str | None:
    """The sources that the target is not made of, as long as it is made of others."""
    idle: list[str] = []
    connected = False
    for source in query.sources:
        flow = reading.flow(query, source)
        if flow.watched is Answer.NO or source.value.kind not in (Kind.VARIABLE, Kind.VARIABLES):
            return None
        if flow.connected is Answer.NO:
            if flow.reaches or reading.mendable(query, source) or not _built(source.value):
                # Another rule's matter: it is lost on the way.
                return None
            idle.append(reading.code(source.node))
            continue
        connected = True
        idle += _idle_layers(query, source)
    return ", ".join(dict.fromkeys(idle)) if idle and connected else None


def _built(variables: Value) -> bool:
    """Whether there are such variables at all: a model without inputs that is never called has none."""
    owner = variables.receiver
    if variables.kind is not Kind.VARIABLES or owner is None:
        return variables.kind is Kind.VARIABLE
    first = next(iter(graphs.layers_of(owner)), None) if graphs.is_sequential(owner) else None
    if graphs.is_functional(owner) or (first is not None and graphs.knows_inputs(first)):
        return True
    return any(user.receiver is owner and user.operation is Operation.CALL for user in owner.users)


def _idle_layers(query: Query, source: Source) -> list[str]:
    """The layers with weights, among those of a model, that are called but do not lead to the target."""
    value = source.value
    owner = value.receiver
    if value.kind is not Kind.VARIABLES or owner is None or "trainable" not in value.name:
        return []
    made_of = ancestors(query.targets)
    known = members(owner)
    if any(step_of(one) is Step.UNKNOWN and any(i in known for i in one.inputs) for one in made_of):
        return []
    used: set[Value] = set()
    for one in made_of:
        # How the model is wired is no use of its layers; what it was called on is.
        if one.operation not in _CALLS or one.receiver is None or one.kind is Kind.SYMBOLIC:
            continue
        used.add(one.receiver)
        if one.receiver.kind is Kind.MODEL:
            output = graphs.given_output(one)
            if output is None:
                return []
            used |= {t.receiver for t in graphs.upstream([output]) if t.receiver is not None}
    layers = [part for part in known if part.kind is Kind.LAYER and part.operation is Operation.CALL]
    idle = [layer for layer in layers if layer not in used and _has_weights(layer) and _called(layer)]
    return [_shown(layer) for layer in sorted(idle, key=lambda layer: layer.time)]


def _has_weights(layer: Value) -> bool:
    return layer.name.rpartition(".")[2].startswith(_WITH_WEIGHTS) and layer.trainable is not False


def _called(layer: Value) -> bool:
    return any(user.receiver is layer and user.operation is Operation.CALL for user in layer.users)


def _shown(layer: Value) -> str:
    name = next((a.value.constant for a in layer.arguments if a.keyword == "name"), None)
    short = layer.name.rpartition(".")[2]
    return f"{short} {name!r}" if isinstance(name, str) else f"a {short} layer"
