"""Calls of models on the way to a target, and one call in place of them that gives the output of a layer, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.execution import graphs
from tapefix.tapes.flow.flow import ancestors
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.spelling import free_name
from tapefix.tapes.tape import Query
from tapefix.tapes.values import Frame, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_CALLING = {"call", "__call__"}
_PREDICTING = {"predict", "predict_on_batch"}


class CannotJoinError(Exception):
    """Why one call cannot give both."""


@dataclass(frozen=True)
class ModelCall:
    """A call of a model, in one execution."""

    value: Value
    node: cst.Call
    model: Value

    @property
    def predicts(self) -> bool:
        """Whether it is `model.predict(...)`, which gives arrays."""
        return self.value.operation is Operation.METHOD_CALL and self.value.name in _PREDICTING

    def statement(self, reading: Reading) -> cst.SimpleStatementLine:
        """The line that makes the call.

        Raises:
            CannotJoinError: the call stands where no other line can be put in front of it.
        """
        for parent in reading.parents(self.node):
            if isinstance(parent, cst.SimpleStatementLine):
                return parent
            if isinstance(parent, (cst.Lambda, cst.CompFor, cst.BaseComp, cst.IfExp, cst.BooleanOperation)):
                break
            if isinstance(parent, (cst.SimpleStatementSuite, cst.BaseCompoundStatement)):
                break
        raise CannotJoinError(f"the model is called inside a larger statement (line {reading.line(self.node)})")

    def target(self, reading: Reading) -> cst.BaseExpression | None:
        """What the result is assigned to, when that is all that its line does."""
        assign = reading.parent(self.node)
        if isinstance(assign, cst.Assign) and assign.value is self.node and len(assign.targets) == 1:
            return assign.targets[0].target
        return None

    def arguments(self, reading: Reading) -> str:
        """The arguments as they are written, in their parentheses."""
        if self.predicts:
            first = next((a for a in self.node.args if a.keyword is None or a.keyword.value == "x"), None)
            if first is None:
                raise CannotJoinError("what the model is called on cannot be told")
            return f"({reading.code(first.value)}, training=False)"
        return reading.text[reading.span(self.node.func)[1] : reading.span(self.node)[1]]

    def batch(self) -> Value | None:
        """What the model is called on."""
        given = self.value.argument(0, "x" if self.predicts else "inputs")
        return given.value if given is not None else None


def model_calls(query: Query, frame: Frame | None = None) -> Iterator[ModelCall]:
    """The calls of models that the target of a query is made of; with `frame`, only those made in it."""
    for value in ancestors(query.targets):
        method = value.operation is Operation.METHOD_CALL and value.name in _CALLING | _PREDICTING
        if not (method or value.operation is Operation.CALL) or not isinstance(value.node, cst.Call):
            continue
        if value.kind is Kind.SYMBOLIC:
            continue
        if value.receiver is not None and value.receiver.kind is Kind.MODEL and value.frame is (frame or value.frame):
            yield ModelCall(value, value.node, value.receiver)


def gives_one_tensor(call: ModelCall) -> bool:
    """Whether a call gives a single tensor, as far as the model or what is done with the result shows it."""
    several = graphs.several_outputs(call.model)
    if several is not None:
        return not several
    users = call.value.users
    if any(_takes_slices(user) for user in users):
        return True
    return not any(user.operation in (Operation.ITERATION, Operation.SUBSCRIPT) for user in users)


def _takes_slices(user: Value) -> bool:
    """`t[:, i]` means a tensor: a list takes one index."""
    return user.operation is Operation.SUBSCRIPT and isinstance(user.node, cst.Subscript) and len(user.node.slice) > 1


def give_as_well(reading: Reading, draft: Draft, call: ModelCall, joint: str, names: Sequence[str]) -> None:
    """Let the line that calls the model call `joint` and bind the outputs of layers to names, too.

    Raises:
        CannotJoinError: the result cannot be taken apart there.
    """
    if not gives_one_tensor(call):
        raise CannotJoinError("how many tensors the model gives cannot be told")
    statement = call.statement(reading)
    target = call.target(reading)
    if isinstance(target, (cst.Name, cst.Attribute)) and len(statement.body) == 1 and not call.predicts:
        draft.insert(reading.span(target)[0], ", ".join([*names, ""]))
        draft.rewrite_whole(call.node.func, joint)
        return
    own = free_name(reading, "predictions", "model_output")
    draft.insert_before(statement, f"{', '.join([*names, own])} = {joint}{call.arguments(reading)}")
    # What was an array stays one: what that costs is for other rules to see.
    draft.rewrite_whole(call.node, f"{own}.numpy()" if call.predicts else own)
