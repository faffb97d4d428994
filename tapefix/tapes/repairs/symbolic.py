"""Symbolic tensors in the place of real ones: `layer.output` as the source of a query, or watched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.execution import graphs
from tapefix.tapes.flow.flow import ancestors
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.joint import Joint, Wanted
from tapefix.tapes.repairs.model_calls import CannotJoinError, ModelCall, give_as_well, model_calls
from tapefix.tapes.repairs.spelling import free_name
from tapefix.tapes.tape import Query, Source, Watch
from tapefix.tapes.values import Kind, Value
from tapefix.tapes.writing.draft import Draft


@dataclass
class Symbolic:
    """A query that asks for symbolic tensors, or whose tape is told to watch some."""

    query: Query
    sources: list[Source]
    watches: list[Watch]

    @property
    def node(self) -> cst.CSTNode:
        """Where to show it."""
        return self.sources[0].node if self.sources else self.watches[0].node


def symbolic_queries(reading: Reading) -> Iterator[Symbolic]:
    """Every query with symbolic sources, and every tape that is told to watch one."""
    for query in reading.queries:
        sources = [source for source in query.sources if source.value.kind is Kind.SYMBOLIC]
        watches = [
            watch
            for watch in query.tape.watches
            if any(value.kind is Kind.SYMBOLIC for value in watch.values) and watch.time < query.time
        ]
        if sources or watches:
            yield Symbolic(query, sources, watches)


def real_in_place(reading: Reading, asked: Symbolic) -> tuple[Rewrite | None, str]:
    """The rewrite that asks for what the layer really gave, or why there is none."""
    try:
        return _Replacement(reading, asked).write(), ""
    except CannotJoinError as error:
        return None, str(error)


class _Replacement:
    def __init__(self, reading: Reading, asked: Symbolic) -> None:
        self.reading = reading
        self.asked = asked
        self.query = asked.query
        self.draft = Draft(reading)
        region = asked.query.tape.region
        if region is None or region.node is None:
            raise CannotJoinError("the tape is not entered by a `with` statement")
        if asked.query.frame is not region.frame:
            raise CannotJoinError("the gradient is asked for in another function than the tape records in")
        self.region = region

    def write(self) -> Rewrite:
        """The rewrite."""
        symbolics = list(dict.fromkeys(source.value for source in self.asked.sources))
        watched = [v for watch in self.asked.watches for v in watch.values if v.kind is Kind.SYMBOLIC]
        call = self._call([*symbolics, *watched])
        batch = [value for value in [*symbolics, *watched] if is_input_of(call.model, value)]
        if batch:
            return self._ask_for_batch(call, batch, [*symbolics, *watched])
        if not symbolics:
            self._drop_watches({})
            return self.draft.rewrite("Watch no symbolic tensor")
        joint = Joint(self.reading, self.draft, self.region, call)
        nodes = {source.value: source.node for source in self.asked.sources}
        name = joint.write([Wanted(value, nodes[value]) for value in symbolics])
        features: dict[Value, str] = {}
        for number, value in enumerate(symbolics):
            first = free_name(self.reading, "features", "conv_features", "layer_output")
            features[value] = first if not number else f"{first}_{number + 1}"
        give_as_well(self.reading, self.draft, call, name, list(features.values()))
        self._replace_uses(call, features)
        self._drop_watches({})
        return self.draft.rewrite("Ask for what the layer gave, by a model with both outputs")

    def _call(self, symbolics: list[Value]) -> ModelCall:
        calls = list({id(call.node): call for call in model_calls(self.query)}.values())
        if not calls:
            holders = {one.receiver for one in symbolics}
            if any(value.receiver in holders for value in ancestors(self.query.targets) if value.is_tensor):
                raise CannotJoinError("the layer is called by code of this file: let that hand out what the layer gave")
            raise CannotJoinError("the target is not seen to be computed by a model")
        fitting = [
            call
            for call in calls
            if all(graphs.place_in(call.model, one) or is_input_of(call.model, one) for one in symbolics)
        ]
        if not fitting:
            raise CannotJoinError("the model that is called is not seen to have that layer")
        recorded = [call for call in fitting if self.query.tape in call.value.tapes]
        # A prediction that only chooses the class may have come before.
        fitting = recorded if len(recorded) == 1 else fitting
        if len(fitting) > 1:
            lines = ", ".join(str(self.reading.line(call.node)) for call in fitting)
            raise CannotJoinError(f"several calls of the model may be meant (lines {lines})")
        if fitting[0].value.frame is not self.region.frame:
            raise CannotJoinError("the model is called in another function than the tape records in")
        return fitting[0]

    # The input of the model: the batch itself is meant

    def _ask_for_batch(self, call: ModelCall, batch: list[Value], everything: list[Value]) -> Rewrite:
        if len(batch) != len(everything):
            raise CannotJoinError("the input of the model and the output of a layer are asked for at once")
        given = call.value.argument(0, "x" if call.predicts else "inputs")
        node = given.node.value if given is not None else None
        if not isinstance(node, (cst.Name, cst.Attribute)) or len(graphs.inputs_of(call.model) or [None]) != 1:
            raise CannotJoinError("ask for the tensor that the model is called on, and watch it")
        text = self.reading.code(node)
        if self._rebound(text, call):
            raise CannotJoinError(f"`{text}` is bound anew before the query")
        for source in self.asked.sources:
            self.draft.rewrite_whole(source.node, text)
        self._drop_watches(dict.fromkeys(batch, text))
        return self.draft.rewrite(f"Ask for `{text}`, which the model is called on")

    def _rebound(self, name: str, call: ModelCall) -> bool:
        start, end = self.reading.span(call.node)[1], self.reading.span(self.query.node)[0]
        for node in self.reading.execution.values_of:
            if isinstance(node, (cst.Name, cst.Attribute)) and start < self.reading.span(node)[0] < end:
                binds = isinstance(self.reading.parent(node), (cst.AssignTarget, cst.AugAssign, cst.Element))
                if binds and self.reading.code(node) == name:
                    return True
        return False

    # What else names the symbolic tensors

    def _replace_uses(self, call: ModelCall, features: dict[Value, str]) -> None:
        """Every later use in the function means the real tensor, too."""
        reading = self.reading
        behind = reading.span(call.node)[1]
        function = reading.function(self.query.node)
        watched = {argument.value for watch in self.asked.watches for argument in watch.node.args}
        renamed: set[str] = set()
        found: list[tuple[cst.BaseExpression, str]] = []
        for node, values in reading.execution.values_of.items():
            names = {features[value] for value in values if value in features}
            if len(names) != 1 or not isinstance(node, (cst.Name, cst.Attribute, cst.Subscript)):
                continue
            if reading.span(node)[0] < behind or reading.function(node) is not function or self._within(node, watched):
                continue
            if isinstance(reading.parent(node), cst.AssignTarget):
                renamed.add(reading.code(node))
            elif self._builds_a_model(node):
                continue
            else:
                found.append((node, names.pop()))
        for node, name in found:
            if reading.code(node) not in renamed:
                self.draft.rewrite_whole(node, name)

    def _within(self, node: cst.CSTNode, holders: set[cst.BaseExpression]) -> bool:
        return node in holders or any(parent in holders for parent in self.reading.parents(node))

    def _builds_a_model(self, node: cst.CSTNode) -> bool:
        for parent in self.reading.parents(node):
            if isinstance(parent, cst.Call) and any(v.kind is Kind.MODEL for v in self.reading.values(parent)):
                return True
            if isinstance(parent, cst.BaseStatement):
                break
        return False

    def _drop_watches(self, instead: dict[Value, str]) -> None:
        """No tape can watch a symbolic tensor; what a model gives is on the tape because of its weights."""
        for watch in self.asked.watches:
            argument = watch.node.args[0].value
            statement = self.reading.statement(watch.node)
            if any(value.kind is not Kind.SYMBOLIC for value in watch.values) or statement is None:
                raise CannotJoinError("other things are watched in the same call")
            names = list(dict.fromkeys(instead[value] for value in watch.values if value in instead))
            if names:
                self.draft.rewrite_whole(argument, names[0])
                continue
            block = self.reading.parent(statement)
            if not isinstance(statement, cst.SimpleStatementLine) or len(getattr(block, "body", ())) < 2:
                raise CannotJoinError("nothing else stands in the block that watches it")
            self.draft.delete_line(statement)


def is_input_of(model: Value, symbolic: Value) -> bool:
    """Whether a symbolic tensor is what a model takes."""
    inputs = {graphs.resolved(value) for value in graphs.inputs_of(model) or ()}
    return graphs.resolved(symbolic) in inputs or graphs.is_own_input(model, symbolic)
