"""Steps of optimizers that ask for gradients without a tape: `compute_gradients`, `get_gradients`, `minimize`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.flow.flow import ancestors
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.eager import runs_eagerly
from tapefix.tapes.repairs.old_optimizers import PREFIX, is_gone, is_old, twin_of
from tapefix.tapes.repairs.untaped import CannotTapeError, Untaped, calls_of, grouped, is_one, is_several, widest
from tapefix.tapes.repairs.watching import is_keras_variable
from tapefix.tapes.values import Argument, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_VARIABLES = {"compute_gradients": (1, "var_list"), "get_gradients": (1, "params"), "minimize": (2, "var_list")}
_KEPT = {"loss", "var_list", "params", "grad_loss", "global_step"}
_WITHOUT_MEANING = {"gate_gradients", "aggregation_method", "colocate_gradients_with_ops", "name"}
_REPEATABLE = (cst.Name, cst.Attribute, cst.List, cst.Tuple)


@dataclass(frozen=True)
class OldStep:
    """One call, or one optimizer, that TensorFlow 2 refuses, and what takes its place."""

    node: cst.Call
    message: str
    lines: frozenset[int]
    """The lines that ask for the gradients which it costs."""
    rewrite: Rewrite | None = None
    reason: str = ""


def old_steps(reading: Reading) -> list[OldStep]:
    """Everything that optimizers are asked for in vain, in eager code."""
    steps = calls_of(reading, {*_VARIABLES, "apply_gradients"}, Operation.METHOD_CALL)
    found: list[OldStep] = []
    located: list[Untaped] = []
    used: dict[cst.Call, list[Value]] = {}
    for node, values in steps.items():
        optimizers = [v.receiver for v in values if v.receiver is not None and v.receiver.kind is Kind.OPTIMIZER]
        if len(optimizers) != len(values) or not all(runs_eagerly(reading, value) for value in values):
            continue
        for optimizer in optimizers:
            if is_old(optimizer) and isinstance(optimizer.node, cst.Call):
                used.setdefault(optimizer.node, []).extend(values)
        if values[0].name == "apply_gradients":
            found += _counted(reading, node, values)
        elif _refused(reading, values):
            try:
                located.append(_located(reading, values))
            except CannotTapeError as error:
                found.append(
                    OldStep(node, _message(values[0].name), frozenset({reading.line(node)}), reason=str(error))
                )
    located.sort(key=lambda one: reading.span(one.node))
    found += [_written(reading, group) for group in grouped(located)]
    found += [step for node, values in used.items() for step in _optimizer(reading, node, values)]
    return found


def _refused(reading: Reading, calls: Sequence[Value]) -> bool:
    """Whether a call raises: what Keras has no method for, or a loss that is not a function in eager code."""
    for call in calls:
        optimizer, loss = call.receiver, call.argument(0, "loss")
        assert optimizer is not None
        if not is_old(optimizer):
            if call.name == "minimize" or loss is None:
                return False
            continue
        if loss is None or call.name == "get_gradients":
            return False
        gone = isinstance(optimizer.node, cst.Call) and is_gone(reading, optimizer.node)
        if loss.value.kind is not Kind.TENSOR and not gone:
            return False
    return True


# The optimizer


def _optimizer(reading: Reading, node: cst.Call, steps: Sequence[Value]) -> list[OldStep]:
    """An optimizer that is gone, or that cannot handle the variables it is given."""
    optimizer = next(value for value in reading.values(node) if value.node is node)
    gone = is_gone(reading, node)
    keras = any(is_keras_variable(value) for value in ancestors(steps) if value.kind is Kind.VARIABLES)
    lines = frozenset(line for step in steps for line in _asking(reading, step))
    if not lines or (
        not gone and not (keras and any(_refused(reading, [step]) for step in steps if step.name in _VARIABLES))
    ):
        return []
    short = optimizer.name.removeprefix(PREFIX)
    message = f"`tf.train.{short}` is an optimizer of TensorFlow 1"
    twin, arguments = twin_of(optimizer) if len(_variables(reading, steps)) < 2 else ("", [])
    draft = Draft(reading)
    if twin:
        draft.replace(node, f"{draft.tensorflow()}.{twin}(", *arguments, ")")
        return [OldStep(node, message, lines, draft.rewrite(f"Use `tf.{twin}`, which computes the same"))]
    if keras or not gone:
        return [OldStep(node, message, lines, reason="no optimizer of Keras computes the same with these arguments")]
    draft.rewrite_whole(node.func, f"{draft.tensorflow()}.compat.v1.train.{short}")
    return [OldStep(node, message, lines, draft.rewrite(f"Take `{short}` from `tf.compat.v1`, where it still is"))]


def _variables(reading: Reading, steps: Sequence[Value]) -> set[str]:
    """What an optimizer is given to train, as it is written: that of Keras is made for one set of variables."""
    given = [step.argument(*_VARIABLES[step.name]) for step in steps if step.name in _VARIABLES]
    return {reading.code(argument.node.value) for argument in given if argument is not None}


def _asking(reading: Reading, step: Value) -> set[int]:
    """The lines that ask for the gradients of a step: its own, or those of the queries that it is given."""
    assert step.node is not None
    if step.name in _VARIABLES:
        return {reading.line(step.node)}
    made = ancestors([step])
    own = {reading.line(v.node) for v in made if v.node is not None and v.name in _VARIABLES}
    return own | {reading.line(value.query.node) for value in made if value.query is not None}


def _counted(reading: Reading, node: cst.Call, steps: Sequence[Value]) -> list[OldStep]:
    """An optimizer of Keras that is given a counter of steps, which it does not take."""
    step = steps[0]
    given = step.argument(1, "global_step")
    if given is None or any(s.receiver is None or not s.receiver.name.startswith("keras.") for s in steps):
        return []
    lines = frozenset(line for s in steps for line in _asking(reading, s))
    message = "an optimizer of Keras takes no `global_step`"
    statement = reading.statement(node)
    alone = isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
    if statement is None or not alone:
        return [OldStep(node, message, lines, reason="the call shares its line with other code")]
    draft = Draft(reading)
    draft.remove_argument(node, given.node)
    if given.value.kind is not Kind.NONE:
        counter = reading.code(given.node.value)
        draft.insert_after(statement, f"{counter}.assign_add(1)")
    return [OldStep(node, message, lines, draft.rewrite("Count the step by itself"))]


# The calls


def _message(name: str) -> str:
    return f"`{name}` needs a graph, or a tape: eager code leaves it nothing to differentiate"


def _written(reading: Reading, group: Sequence[Untaped]) -> OldStep:
    """One tape for all the calls of a group."""
    draft = Draft(reading)
    leader = group[0]
    tape, target = leader.tape_name(), leader.fresh("loss", "loss_value")
    variables = leader.fresh("variables", "watched")
    unnamed = leader.call.argument(*_VARIABLES[leader.call.name]) is None
    behind = [f"{variables} = {tape}.watched_variables()"] if unnamed else []
    leader.enclose(draft, tape, target, sharing=group, behind=behind)
    for one in group:
        _ask(draft, one, tape, target if one.inline else reading.code(one.target.node.value), variables)
    lines = frozenset(reading.line(one.node) for one in group)
    return OldStep(
        leader.node, _message(leader.call.name), lines, draft.rewrite("Record the loss on a tape and ask that")
    )


def _located(reading: Reading, calls: Sequence[Value]) -> Untaped:
    found: list[Untaped] = []
    for call in calls:
        loss, variables = call.argument(0, "loss"), call.argument(*_VARIABLES[call.name])
        assert loss is not None
        for argument in call.arguments:
            if argument.star or (argument.keyword and argument.keyword not in _KEPT | _WITHOUT_MEANING):
                raise CannotTapeError(f"what `{argument.keyword or argument.star}` would mean to a tape is not known")
        statement = reading.statement(call.node) if call.node is not None else None
        whole = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if call.name == "minimize" and not (isinstance(whole, cst.Expr) and whole.value is call.node):
            raise CannotTapeError("the result of `minimize` is kept, as in a graph")
        one = Untaped(reading, call, loss, variables if variables is not None else loss)
        function = _function_body(reading, loss)
        if function:
            one.locate_call(function)
        elif loss.value.kind is not Kind.TENSOR:
            raise CannotTapeError("whether the loss is a tensor or a function is not known")
        elif variables is None:
            raise CannotTapeError("the variables are not named")
        else:
            one.locate()
        if variables is not None:
            _check_variables(variables)
        found.append(one)
    return widest(found)


def _function_body(reading: Reading, loss: Argument) -> str:
    """The expression that makes the loss, where that is given as a function without parameters."""
    node = loss.node.value
    if isinstance(node, cst.Lambda):
        return reading.code(node.body)
    return f"{reading.code(node)}()" if loss.value.kind in (Kind.FUNCTION, Kind.METHOD) else ""


def _check_variables(variables: Argument) -> None:
    value = variables.value
    if not is_one(value) and not is_several(value):
        raise CannotTapeError("what the variables are is not known")
    if not isinstance(variables.node.value, _REPEATABLE):
        raise CannotTapeError("the variables are given by an expression that would run twice")


def _ask(draft: Draft, one: Untaped, tape: str, target: str, unnamed: str) -> None:
    """The query in place of the call."""
    reading, call, node = draft.reading, one.call, one.node
    variables, asked = call.argument(*_VARIABLES[call.name]), unnamed
    if variables is not None:
        code = reading.code(variables.node.value)
        asked = f"[{code}]" if is_one(variables.value) else code
    weights = next((a for a in call.arguments if a.keyword == "grad_loss"), None)
    more = f", output_gradients={reading.code(weights.node.value)}" if weights is not None else ""
    query = f"{tape}.gradient({target}, {asked}{more})"
    if call.name == "get_gradients":
        draft.rewrite_whole(node, query)
        return
    pairs = f"zip({query}, {asked})"
    if call.name == "compute_gradients":
        draft.rewrite_whole(node, pairs if _goes_over(reading, node) else f"list({pairs})")
        return
    assert isinstance(node.func, cst.Attribute)
    counter = call.argument(1, "global_step")
    counted = f", global_step={reading.code(counter.node.value)}" if counter is not None else ""
    draft.rewrite_whole(node, f"{reading.code(node.func.value)}.apply_gradients({pairs}{counted})")


def _goes_over(reading: Reading, node: cst.Call) -> bool:
    """Whether the pairs are only gone over once, where they are made."""
    parent = reading.parent(node)
    if isinstance(parent, (cst.CompFor, cst.For)):
        return parent.iter is node
    if not isinstance(parent, cst.Arg):
        return False
    outer = reading.parent(parent)
    return parent.star == "*" or (isinstance(outer, cst.Call) and reading.code(outer.func).endswith("apply_gradients"))
