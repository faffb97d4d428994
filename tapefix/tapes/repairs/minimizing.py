"""Calls of `optimizer.minimize`, which Keras 3 has no more, as a tape and `apply_gradients`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.execution.invocation import keras_role
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.untaped import CannotTapeError, Untaped
from tapefix.tapes.repairs.watching import tape_name
from tapefix.tapes.values import Argument, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import statement_text

_KERAS_2 = re.compile(r"\btf_keras\b|TF_USE_LEGACY_KERAS")
_WRITTEN_TWICE = (cst.Name, cst.Attribute, cst.Subscript, cst.List, cst.Tuple, cst.BinaryOperation)


@dataclass(frozen=True)
class Minimization:
    """A call of `minimize`, and what does the same with a tape; without it the reason."""

    node: cst.Call
    rewrite: Rewrite | None = None
    reason: str = ""


def minimizations(reading: Reading) -> list[Minimization]:
    """Every call of `minimize` of an optimizer of Keras 3."""
    if _KERAS_2.search(reading.text):
        return []
    found = []
    for node in reading.evaluated(cst.Call):
        calls = [v for v in reading.values(node) if v.operation is Operation.METHOD_CALL and v.name == "minimize"]
        if calls and all(_is_keras(call.receiver) for call in calls) and not _guarded(reading, node):
            try:
                found.append(Minimization(node, _Minimizing(reading, node, calls).write()))
            except CannotTapeError as error:
                found.append(Minimization(node, reason=str(error)))
    return found


def _is_keras(optimizer: Value | None) -> bool:
    if optimizer is None:
        return False
    if optimizer.kind is Kind.OPTIMIZER:
        return optimizer.name.startswith("keras.optimizers.") and ".legacy" not in optimizer.name
    owner = optimizer.receiver
    kept = optimizer.operation is Operation.ATTRIBUTE and optimizer.name == "optimizer" and owner is not None
    return kept and owner is not None and keras_role(owner.definition) is Kind.MODEL


def _guarded(reading: Reading, node: cst.CSTNode) -> bool:
    """Whether the code asks first if there is a `minimize`, or is ready for the error."""
    for parent in reading.parents(node):
        if isinstance(parent, cst.If) and "minimize" in reading.code(parent.test):
            return True
        if isinstance(parent, cst.Try) and any(
            handler.type is None or re.search(r"AttributeError|Exception", reading.code(handler.type))
            for handler in parent.handlers
        ):
            return True
    return False


class _Minimizing:
    def __init__(self, reading: Reading, node: cst.Call, calls: Sequence[Value]) -> None:
        self.reading = reading
        self.node = node
        self.calls = calls
        statement = reading.statement(node)
        if not isinstance(statement, cst.SimpleStatementLine) or not _leads(reading, statement, node):
            raise CannotTapeError("the call stands in the head of a statement, or shares its line with another one")
        self.statement = statement
        self.loss, self.variables = self._given(0, "loss"), self._given(1, "var_list")
        if any(a.star or a.keyword == "grad_loss" for a in calls[0].arguments) or len(_positional(calls[0])) > 2:
            raise CannotTapeError("it is given more than a loss, variables and a tape")
        if any(call.argument(1, "var_list") and self._kind(call, 1) is Kind.FUNCTION for call in calls):
            raise CannotTapeError("the variables are given by a function")
        self.untaped = Untaped(reading, calls[0], self.loss, self.variables)
        self.draft = Draft(reading)
        self.asked = self.untaped.fresh("grads", "gradients")

    def _given(self, position: int, keyword: str) -> Argument:
        given = self.calls[0].argument(position, keyword)
        if given is None:
            raise CannotTapeError(f"it is not given its `{keyword}`")
        return given

    def _kind(self, call: Value, position: int) -> Kind:
        argument = call.argument(position, ("loss", "var_list")[position])
        return argument.value.kind if argument is not None else Kind.UNKNOWN

    def write(self) -> Rewrite:
        """The rewrite."""
        kinds = {self._kind(call, 0) for call in self.calls}
        tape = self._tape()
        if kinds <= {Kind.FUNCTION, Kind.METHOD}:
            self._record(self._called())
        elif kinds & {Kind.FUNCTION, Kind.METHOD, Kind.UNKNOWN}:
            raise CannotTapeError("whether the loss is a tensor or a function that computes it is not known")
        elif tape is not None:
            self._put(self._query(tape, self._code(self.loss)))
        else:
            self._enclose()
        self.draft.replace(self.node, *self._applied())
        return self.draft.rewrite("Ask a tape for the gradients, and apply them")

    def _applied(self) -> tuple[str | cst.CSTNode, ...]:
        assert isinstance(self.node.func, cst.Attribute)
        return self.node.func.value, f".apply_gradients(zip({self.asked}, ", self.variables.node.value, "))"

    def _code(self, argument: Argument) -> str:
        return self.reading.code(argument.node.value)

    def _query(self, tape: str, loss: str) -> str:
        if not isinstance(self.variables.node.value, _WRITTEN_TWICE):
            raise CannotTapeError("the variables are made in the call: give them a name")
        return f"{self.asked} = {tape}.gradient({loss}, {self._code(self.variables)})"

    # Where the loss is recorded

    def _tape(self) -> str | None:
        """The name of the tape that has recorded the loss."""
        given = next((a for a in self.calls[0].arguments if a.keyword == "tape"), None)
        # A tape that is made only here has recorded nothing yet.
        made_here = given is not None and given.value.node is given.node.value
        if given is not None and given.value.kind is not Kind.NONE and not made_here:
            return self._code(given)
        tapes = {tape for call in self.calls for tape in self._loss_of(call).tapes if tape.frame is call.frame}
        names = {tape_name(tape.region) for tape in tapes if tape.region is not None}
        if len(names) > 1:
            raise CannotTapeError("several tapes have recorded the loss")
        return names.pop() if names else None

    def _loss_of(self, call: Value) -> Value:
        given = call.argument(0, "loss")
        assert given is not None
        return given.value

    def _called(self) -> str:
        """The expression that computes the loss by the function that is given."""
        node = self.loss.node.value
        for call in self.calls:
            definition = self._loss_of(call).definition
            function = definition.node if definition is not None else None
            if not isinstance(function, (cst.FunctionDef, cst.Lambda)):
                raise CannotTapeError("the function that computes the loss is not known")
            required = [p for p in (*function.params.params, *function.params.kwonly_params) if p.default is None]
            bound = self._loss_of(call).kind is Kind.METHOD or self._loss_of(call).name == "functools.partial"
            if required and not bound:
                raise CannotTapeError("the function that computes the loss wants arguments")
        if isinstance(node, cst.Lambda):
            return self.reading.code(node.body)
        return f"{self.reading.code(node)}()"

    def _record(self, expression: str) -> None:
        """A tape around the one expression that makes the loss."""
        if "\n" in expression:
            raise CannotTapeError("the function that computes the loss is written over several lines: give it a name")
        tape, loss = self.untaped.fresh("tape", "grad_tape"), self.untaped.fresh("loss", "loss_value")
        step = self.reading.module.default_indent
        head = f"with {self.draft.tensorflow()}.GradientTape() as {tape}:"
        self._put(head, f"{step}{loss} = {expression}", self._query(tape, loss))

    def _enclose(self) -> None:
        """A tape around the statements that make the loss."""
        self.untaped.locate()
        if self.untaped.inline and not self.untaped.stretch:
            self._record(self._code(self.loss))
            return
        tape, target = self.untaped.fresh("tape", "grad_tape"), self.untaped.fresh("loss", "loss_value")
        self.untaped.enclose(self.draft, tape, target)
        loss = target if self.untaped.inline else self._code(self.loss)
        self._put(self._query(tape, loss))

    def _put(self, *lines: str) -> None:
        """Lines right above the call, below the comments that belong to it."""
        indent = statement_text(self.reading, self.statement).indent
        newline = self.reading.module.default_newline
        start = self.reading.span(self.statement)[0] - len(indent)
        self.draft.insert(start, "".join(f"{indent}{line}{newline}" for line in lines))


def _leads(reading: Reading, line: cst.SimpleStatementLine, node: cst.CSTNode) -> bool:
    """Whether a call stands in the first statement of its line."""
    return any(parent is line.body[0] for parent in reading.parents(node))


def _positional(call: Value) -> list[Argument]:
    return [argument for argument in call.arguments if argument.keyword is None]
