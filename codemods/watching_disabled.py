"""TPF203: a tape that watches nothing by itself is asked for a variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding, Rewrite
from tapefix.tapes.flow.holding import has_weights
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.watching import (
    Unwatched,
    is_keras_variable,
    unwatched,
    wants_variables,
    watch_calls,
    watchable,
)
from tapefix.tapes.tape import Tape, Watch
from tapefix.tapes.values import Kind, Operation
from tapefix.tapes.writing.draft import Draft


class WatchingDisabled(Codemod):
    """`watch_accessed_variables=False`, and nobody watches the variable.

    ## What it finds

    A tape made with `watch_accessed_variables=False` that is asked for a variable, for the variables of a model, or for
    what a model makes in the tape, that no `tape.watch` names. Also a `tape.watch(model.trainable_variables)` on such a
    tape, which Keras 3 does not allow.

    ## Why the gradient is None

    With `watch_accessed_variables=False` a tape treats variables like any other tensor: it follows only what it is told
    to watch. Keras 3 variables are no TensorFlow variables; `tape.watch` refuses them with a `ValueError`.

    ## What the rewrite does

    It puts `tape.watch(v)` first in the body of the tape. For Keras it names what TensorFlow can watch: `v.value` for
    a variable, `[v.value for v in model.trainable_variables]` for a model. This is for Keras 3; under Keras 2 `value`
    is a method and `tape.watch(model.trainable_variables)` works as it is. Where the weights do not exist yet, or have
    no name, when the tape begins to record, `watch_accessed_variables=False` goes.

    ## When to ignore it

    With Keras 2 (`tf_keras`), for the second kind.

    Source: https://www.tensorflow.org/guide/autodiff#controlling_what_the_tape_watches
    """

    code: ClassVar[str] = "TPF203"
    name: ClassVar[str] = "watching-disabled"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield a finding for each tape with variables to watch, and for each `watch` that Keras refuses."""
        wanted = [found for found in unwatched(reading) if _concerns(found)]
        calls, stuck = watch_calls(reading, wanted, lambda found, name: watchable(name, found.value))
        covered = {found.source.node for call in calls for found in call.unwatched}
        reasons = {found.source.node: reason for found, reason in stuck if found.source.node not in covered}
        tensors = [found for found in unwatched(reading) if wants_variables(found)]
        unnamed = [found for found, _ in watch_calls(reading, tensors)[1]]
        opened = {found.tape.node for found in wanted if found.source.node in reasons or _without_weights(found)}
        opened |= {found.tape.node for found in unnamed}
        for call in calls:
            if call.unwatched[0].tape.node in opened:
                continue
            draft = Draft(reading)
            call.write(draft)
            yield self.finding(
                reading,
                call.unwatched[0].source.node,
                _message(call.shown(reading)),
                rewrite=draft.rewrite(f"Watch `{call.listed}` in the tape"),
                queries=call.queries(reading),
            )
        for found in (*wanted, *unnamed):
            if found.tape.node in opened:
                rewrite = _opened(reading, found.tape)
                yield self.finding(
                    reading,
                    found.source.node,
                    _message(reading.code(found.source.node)),
                    rewrite=rewrite,
                    reason=""
                    if rewrite is not None
                    else reasons.get(found.source.node, "it has no weights before the tape"),
                    queries=frozenset({reading.line(found.query.node)}),
                )
        for tape in reading.tapes:
            if tape.watch_accessed_variables is False:
                for watch in tape.watches:
                    yield from self._refused(reading, watch, [reading.line(query.node) for query in tape.queries])

    def _refused(self, reading: Reading, watch: Watch, queries: list[int]) -> Iterator[Finding]:
        for argument in watch.node.args:
            nodes: list[cst.BaseExpression] = [argument.value]
            if isinstance(argument.value, (cst.List, cst.Tuple)):
                nodes = [element.value for element in argument.value.elements]
            for node in nodes:
                values = reading.values(node)
                if not values or not all(_is_refused(value.kind) and is_keras_variable(value) for value in values):
                    continue
                name = reading.code(node)
                draft = Draft(reading)
                draft.replace(node, watchable(name, values[0]))
                yield self.finding(
                    reading,
                    node,
                    f"`tape.watch` refuses `{name}`: Keras variables are not TensorFlow's",
                    rewrite=draft.rewrite(f"Watch what `{name}` holds for TensorFlow"),
                    queries=frozenset(queries),
                )


def _without_weights(found: Unwatched) -> bool:
    """Whether a model may get the weights that are asked for only in the tape: there is nothing to watch before."""
    value = found.value
    owner = value.receiver if value.operation is Operation.ATTRIBUTE else None
    return (
        owner is not None
        and is_keras_variable(value)
        and not has_weights(owner, found.region.frame, found.region.entered)
    )


def _opened(reading: Reading, tape: Tape) -> Rewrite | None:
    """Let the tape watch what it comes by; `None` where its setting is not written out."""
    for argument in tape.node.args:
        keyword = argument.keyword is not None and argument.keyword.value == "watch_accessed_variables"
        if keyword and isinstance(argument.value, cst.Name) and argument.value.value == "False":
            draft = Draft(reading)
            draft.remove_argument(tape.node, argument)
            return draft.rewrite("Let the tape watch variables by itself")
    return None


def _is_refused(kind: Kind) -> bool:
    return kind in (Kind.VARIABLE, Kind.VARIABLES)


def _concerns(found: Unwatched) -> bool:
    value = found.value
    if found.tape.watch_accessed_variables is not False or value.kind not in (Kind.VARIABLE, Kind.VARIABLES):
        return False
    return found.named_by_watch is None and value.dtype.differentiable is not False


def _message(shown: str) -> str:
    return f"the tape does not watch `{shown}`: it was told to watch no variables by itself"
