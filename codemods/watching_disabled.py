"""TPF203: a tape that watches nothing by itself is asked for a variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.watching import Unwatched, is_keras_variable, unwatched, watch_calls, watchable
from tapefix.tapes.tape import Watch
from tapefix.tapes.values import Kind
from tapefix.tapes.writing.draft import Draft


class WatchingDisabled(Codemod):
    """`watch_accessed_variables=False`, and nobody watches the variable.

    ## What it finds

    A tape made with `watch_accessed_variables=False` that is asked for a variable, or the variables of a model, that no
    `tape.watch` names. Also a `tape.watch(model.trainable_variables)` on such a tape, which Keras 3 does not allow.

    ## Why the gradient is None

    With `watch_accessed_variables=False` a tape treats variables like any other tensor: it follows only what it is told
    to watch. Keras 3 variables are no TensorFlow variables; `tape.watch` refuses them with a `ValueError`.

    ## What the rewrite does

    It puts `tape.watch(v)` first in the body of the tape. For Keras it names what TensorFlow can watch: `v.value` for
    a variable, `[v.value for v in model.trainable_variables]` for a model. This is for Keras 3; under Keras 2 `value`
    is a method and `tape.watch(model.trainable_variables)` works as it is.

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
        for call in calls:
            draft = Draft(reading)
            call.write(draft)
            yield self.finding(
                reading,
                call.unwatched[0].source.node,
                _message(call.shown(reading)),
                rewrite=draft.rewrite(f"Watch `{call.listed}` in the tape"),
                queries=call.queries(reading),
            )
        for found, reason in stuck:
            yield self.finding(
                reading,
                found.source.node,
                _message(reading.code(found.source.node)),
                reason=reason,
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


def _is_refused(kind: Kind) -> bool:
    return kind in (Kind.VARIABLE, Kind.VARIABLES)


def _concerns(found: Unwatched) -> bool:
    value = found.value
    if found.tape.watch_accessed_variables is not False or value.kind not in (Kind.VARIABLE, Kind.VARIABLES):
        return False
    return found.named_by_watch is None and value.dtype.differentiable is not False


def _message(shown: str) -> str:
    return f"the tape does not watch `{shown}`: it was told to watch no variables by itself"
