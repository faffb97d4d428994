"""Outputs of layers that were wired more than once: those of the first wiring lead to no score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.execution import graphs
from tapefix.tapes.flow.flow import Answer, ancestors
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.helpers import LAYER_OUTPUT, bring
from tapefix.tapes.repairs.spelling import Scope, model_class, spelled
from tapefix.tapes.tape import Query, Source
from tapefix.tapes.values import Operation, Value
from tapefix.tapes.writing.draft import Draft


@dataclass(frozen=True)
class Stale:
    """A query for features that a two-output model takes from an earlier wiring of their layer."""

    query: Query
    source: Source
    joint: Value
    """The two-output model."""
    node: cst.Call
    features: Value
    """Its first output."""


def stale_outputs(reading: Reading) -> Iterator[Stale]:
    """Every source that a model of a `Sequential` built by `add` gives beside its scores, in the same call."""
    for flow in reading.flows():
        value, joint = flow.source.value, flow.source.value.receiver
        if flow.connected is not Answer.NO or flow.reaches or flow.query.unconnected_zero:
            continue
        if value.operation is not Operation.CALL or joint is None or not isinstance(joint.node, cst.Call):
            continue
        features = graphs.given_output(value)
        if features is None or _wired(joint, features) is None:
            continue
        if any(other.receiver is joint and other.node is value.node for other in ancestors(flow.query.targets)):
            yield Stale(flow.query, flow.source, joint, joint.node, features)


def _wired(joint: Value, features: Value) -> Value | None:
    """The model that has wired the layer anew, when another output of the two-output model is its own."""
    owners = [graphs.origin(output) for output in graphs.outputs_of(joint) or () if output is not features]
    return next((owner for owner in owners if owner is not None and graphs.is_stale(features, owner)), None)


def wired_anew(reading: Reading, found: Stale) -> tuple[Rewrite | None, str]:
    """The rewrite that takes both outputs from one new wiring, or why there is none."""
    outputs = graphs.outputs_of(found.joint) or []
    layer = found.features.receiver
    given = graphs.given_outputs(found.joint)
    if (
        given is None
        or given.elements is None
        or len(outputs) != 2
        or outputs[0] is not found.features
        or layer is None
    ):
        return None, "the model gives more than the features and the scores, or in another order"
    owner = _wired(found.joint, found.features)
    class_name = model_class(reading)
    scope = Scope.making(found.joint)
    inside = [
        node
        for node in reading.execution.values_of
        if isinstance(node, (cst.Name, cst.Attribute, cst.Call)) and any(p is found.node for p in reading.parents(node))
    ]
    texts = []
    for value in (owner, layer):
        nodes = [node for node in inside if value in reading.values(node)]
        texts.append(spelled(reading, scope, value, *nodes) if value is not None else None)
    if class_name is None or None in texts:
        return None, "the model or the layer has no name where the two-output model is built"
    draft = Draft(reading)
    draft.rewrite_whole(found.node, f"{bring(draft, LAYER_OUTPUT, class_name)}({texts[0]}, {texts[1]})")
    return draft.rewrite("Take both outputs from one wiring of the layers"), ""
