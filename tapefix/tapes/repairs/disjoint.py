"""Features from one call and scores from another: two passes that no gradient connects, made one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.execution import graphs
from tapefix.tapes.flow.flow import Answer, ancestors
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.effects_of import effects_of
from tapefix.tapes.repairs.joint import Joint, Wanted, output_text
from tapefix.tapes.repairs.model_calls import CannotJoinError, ModelCall, gives_one_tensor, model_calls
from tapefix.tapes.repairs.spelling import Scope, free_name, spelled
from tapefix.tapes.tape import Query, Source
from tapefix.tapes.values import NO_CONSTANT, Frame, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft


@dataclass(frozen=True)
class Disjoint:
    """A query of the scores of one call for the features of another, on the same batch."""

    query: Query
    source: Source
    features: ModelCall
    scores: ModelCall


def disjoint_calls(reading: Reading) -> Iterator[Disjoint]:
    """Every source that one call of a part of a model has given while the target comes from a call of the model."""
    for query, source, features in _apart(reading):
        for scores in model_calls(query):
            if scores.model is features.model or query.tape not in scores.value.tapes or scores.predicts:
                continue
            if _is_part(features, scores.model) and _same_batch(reading, features, scores):
                yield Disjoint(query, source, features, scores)
                break


def repeated_calls(reading: Reading) -> Iterator[Disjoint]:
    """Every source that a call of a layer has given while the target comes from another call of it, on the same."""
    for query, source, features in _apart(reading):
        for value in ancestors(query.targets):
            if value.receiver is not features.model or value.operation is not Operation.CALL or not value.is_tensor:
                continue
            if not isinstance(value.node, cst.Call) or query.tape not in value.tapes:
                continue
            again = ModelCall(value, value.node, features.model)
            if value is not features.value and _same_batch(reading, features, again):
                yield Disjoint(query, source, features, again)
                break


def _apart(reading: Reading) -> Iterator[tuple[Query, Source, ModelCall]]:
    """The sources that models and layers have given, and that nothing leads from to the target."""
    for flow in reading.flows():
        if flow.connected is not Answer.NO or flow.reaches or flow.query.unconnected_zero:
            continue
        value = flow.source.value
        if value.kind is not Kind.TENSOR or value.operation is not Operation.CALL or value.receiver is None:
            continue
        if value.receiver.kind in (Kind.MODEL, Kind.LAYER) and isinstance(value.node, cst.Call):
            yield flow.query, flow.source, ModelCall(value, value.node, value.receiver)


def _is_part(features: ModelCall, model: Value) -> bool:
    """Whether what gives the features is a part of the model that gets the same input."""
    symbolic = graphs.given_output(features.value)
    place = graphs.place_in(model, symbolic) if symbolic is not None else None
    if place is not None and place.inner is None:
        return graphs.same_inputs(features.model, model)
    if place is not None and place.inner is not None and place.inner is not features.model:
        return graphs.same_inputs(features.model, place.inner) and graphs.comes_first(model, place.inner)
    return graphs.comes_first(model, features.model)


def _same_batch(reading: Reading, features: ModelCall, scores: ModelCall) -> bool:
    one, two = features.batch(), scores.batch()
    if one is None or two is None or _training(features) != _training(scores):
        return False
    return one is two or _equal(reading, one, two)


def _training(call: ModelCall) -> object:
    given = next((a.value.constant for a in call.value.arguments if a.keyword == "training"), False)
    return call.value if given is NO_CONSTANT else bool(given)


def _equal(reading: Reading, one: Value, two: Value) -> bool:
    """Whether two expressions compute the same of the same things."""
    if one is two:
        return True
    if one.node is None or two.node is None or reading.code(one.node) != reading.code(two.node):
        return False
    plain = one.operation in (Operation.CALL, Operation.SUBSCRIPT, Operation.LITERAL) and ".random" not in one.name
    if not plain or one.name != two.name or len(one.inputs) != len(two.inputs):
        return False
    if one.operation is Operation.CALL and (one.receiver is None or one.receiver.kind is not Kind.LIBRARY):
        return False
    return all(_equal(reading, *pair) for pair in zip(one.inputs, two.inputs, strict=True))


def one_call(reading: Reading, found: Disjoint) -> tuple[Rewrite | None, str]:
    """The rewrite that makes both in one call, or why there is none."""
    try:
        return _Joining(reading, found).write(), ""
    except CannotJoinError as error:
        return None, str(error)


class _Joining:
    def __init__(self, reading: Reading, found: Disjoint) -> None:
        self.reading = reading
        self.found = found
        self.features, self.scores = found.features, found.scores
        self.draft = Draft(reading)
        region = found.query.tape.region
        if region is None or region.node is None:
            raise CannotJoinError("the tape is not entered by a `with` statement")
        if not region.frame is self.features.value.frame is self.scores.value.frame:
            raise CannotJoinError("one of the calls is made in another function than the tape records in")
        self.region = region
        self.holder = region.node

    def write(self) -> Rewrite:
        """The rewrite."""
        if not gives_one_tensor(self.scores):
            raise CannotJoinError("how many tensors the model gives cannot be told")
        target = self.features.target(self.reading)
        if not isinstance(target, (cst.Name, cst.Attribute)):
            raise CannotJoinError("the features are not assigned to a name of their own")
        self._merge_calls(self.reading.code(target))
        return self.draft.rewrite("Let one call give the features and the scores")

    # The lines

    def _merge_calls(self, name: str) -> None:
        """One line in place of two: where the first of them stands in the tape."""
        reading = self.reading
        first, second = self.features.statement(reading), self.scores.statement(reading)
        if len(first.body) != 1:
            raise CannotJoinError("other statements stand on the line of the features")
        inside = self.holder in reading.parents(first)
        in_order = reading.span(first)[0] < reading.span(second)[0]
        block = reading.parent(second if inside else self.holder)
        if reading.parent(first) is not block:
            raise CannotJoinError("the two calls stand in different blocks")
        self._check_between(first, second, inside=inside, in_order=in_order)
        joint = self._joint()
        target = self.scores.target(reading)
        plain = isinstance(target, (cst.Name, cst.Attribute)) and len(second.body) == 1
        own = reading.code(target) if plain and target is not None else free_name(reading, "predictions", "scores")
        siblings = list(getattr(block, "body", ()))
        adjacent = plain and inside and siblings.index(second) == siblings.index(first) + 1
        if inside and in_order and not adjacent:
            assert isinstance(first.body[0], cst.Assign)
            self.draft.insert(reading.span(first.body[0].targets[0].target)[1], f", {own}")
            self.draft.rewrite_whole(self.features.node.func, joint)
            if plain:
                self.draft.delete_line(second)
            else:
                self.draft.rewrite_whole(self.scores.node, own)
            return
        self.draft.delete_line(first)
        if plain and target is not None:
            self.draft.insert(reading.span(target)[0], f"{name}, ")
            self.draft.rewrite_whole(self.scores.node.func, joint)
            return
        self.draft.insert_before(second, f"{name}, {own} = {joint}{self.scores.arguments(reading)}")
        self.draft.rewrite_whole(self.scores.node, own)

    def _check_between(self, first: cst.CSTNode, second: cst.CSTNode, *, inside: bool, in_order: bool) -> None:
        """Nothing between the two lines may need what is made later now, or read what is bound earlier now."""
        reading = self.reading
        start, end = sorted([reading.span(first), reading.span(second)])
        moved = first if not (inside and in_order) else second
        binds = effects_of(reading, moved).binds
        watches = self._idle_watches(start[1], end[0])
        for node in reading.execution.values_of:
            # Most are elsewhere, or of a class that is dear to ask for by `isinstance`.
            if type(node) not in (cst.Name, cst.Attribute) or not start[1] <= reading.span(node)[0] < end[0]:
                continue
            if any(parent in watches for parent in reading.parents(node)):
                continue
            if reading.code(node) in binds and reading.function(node) is reading.function(first):
                line = reading.line(node)
                raise CannotJoinError(f"line {line} uses `{reading.code(node)}` between the two calls")

    def _idle_watches(self, start: int, end: int) -> set[cst.SimpleStatementLine]:
        """Drop a `watch` of the features alone: those that a model gives in the tape are on it for its weights."""
        dropped: set[cst.SimpleStatementLine] = set()
        for watch in self.found.query.tape.watches:
            statement = self.reading.statement(watch.node)
            if set(watch.values) != {self.found.source.value} or statement in dropped:
                continue
            if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
                continue
            if start <= self.reading.span(statement)[0] < end:
                self.draft.delete_line(statement)
                dropped.add(statement)
        return dropped

    # The model

    def _joint(self) -> str:
        extended = self._extend()
        if extended is not None:
            return extended
        symbolic = graphs.given_output(self.features.value)
        model = self.features.model
        only = model if not graphs.several_outputs(model) else None
        if symbolic is None and model.kind is not Kind.MODEL:
            raise CannotJoinError("build a model with the output of that layer beside its own")
        joint = Joint(self.reading, self.draft, self.region, self.scores)
        return joint.write([Wanted(symbolic, otherwise=only)])

    def _extend(self) -> str | None:
        """Let the model that gives the features give the scores as well, when it is used nowhere else."""
        model, reading = self.features.model, self.reading
        outputs = model.argument(1, "outputs")
        if not graphs.is_functional(model) or outputs is None or model.node is None:
            return None
        if self.features.statement(reading) in reading.parents(model.node):
            return None
        made = {value for value in reading.values(model.node) if value.kind is Kind.MODEL}
        if any(user.node is not self.features.node for value in made for user in value.users):
            return None
        if _returned(model) or graphs.is_wired_anew(self.scores.model) or graphs.several_outputs(model) is not False:
            return None
        symbolic = graphs.given_output(self.features.value)
        place = graphs.place_in(self.scores.model, symbolic) if symbolic is not None else None
        if place is None or place.inner is not None or self.scores.model.time > model.time:
            return None
        text = self._score_text(model)
        if text is None:
            return None
        node = outputs.node.value
        inner = node.elements[0].value if isinstance(node, (cst.List, cst.Tuple)) and len(node.elements) == 1 else node
        if isinstance(node, (cst.List, cst.Tuple)) and inner is node:
            return None
        self.draft.rewrite_whole(node, f"[{reading.code(inner)}, {text}]")
        return reading.code(self.features.node.func)

    def _score_text(self, model: Value) -> str | None:
        """The output of the whole model, where the model of the features is made."""
        scope, whole = Scope.making(model), self.scores.model
        nodes = [
            n for n, values in self.reading.execution.values_of.items() if whole in values and self._inside(n, model)
        ]
        text = spelled(self.reading, scope, whole, *nodes)
        if text is not None:
            return output_text(whole, text)
        outputs = graphs.outputs_of(whole)
        return spelled(self.reading, scope, outputs[0]) if outputs is not None else None

    def _inside(self, node: cst.CSTNode, model: Value) -> bool:
        return isinstance(node, (cst.Name, cst.Attribute)) and any(p is model.node for p in self.reading.parents(node))


def _returned(model: Value) -> bool:
    """Whether a function that others call hands the model out."""
    frame: Frame | None = model.frame
    while frame is not None:
        if frame.root and model in frame.returns:
            return True
        frame = frame.caller
    return False
