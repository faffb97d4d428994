"""TPF204: the source is a variable that no tape watches by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.watching import Unwatched, unwatched, watch_calls, watchable
from tapefix.tapes.values import Kind
from tapefix.tapes.writing.draft import Draft


class UntrainableVariable(Codemod):
    """A gradient is asked for a variable made with `trainable=False`.

    ## What it finds

    A source that is a `tf.Variable(..., trainable=False)` or `keras.Variable(..., trainable=False)` and is never
    given to `tape.watch`.

    ## Why the gradient is None

    A tape watches by itself only the variables that are trainable. (The weights of a frozen Keras layer still are:
    freezing takes them out of `trainable_variables`, and their gradient, asked for by name, exists.)

    ## What the rewrite does

    It puts `tape.watch(v)` first in the body of the tape; for a variable of Keras `tape.watch(v.value)`. The variable
    stays out of everything that goes by `trainable`.

    ## When to ignore it

    When the variable is a state, such as a moving average, and its gradient is not wanted: take it out of the
    sources. For `model.non_trainable_variables` there is advice only.

    Source: https://www.tensorflow.org/guide/autodiff#controlling_what_the_tape_watches
    """

    code: ClassVar[str] = "TPF204"
    name: ClassVar[str] = "untrainable-variable"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each place where a tape has such variables to watch."""
        wanted = [found for found in unwatched(reading) if _concerns(found)]
        single = [found for found in wanted if found.value.kind is Kind.VARIABLE]
        calls, stuck = watch_calls(reading, single, lambda found, name: watchable(name, found.value))
        for call in calls:
            draft = Draft(reading)
            call.write(draft)
            yield self.finding(
                reading,
                call.unwatched[0].source.node,
                f"no tape watches `{call.shown(reading)}` by itself: it is not trainable",
                rewrite=draft.rewrite(f"Watch `{call.listed}` in the tape"),
                queries=call.queries(reading),
            )
        states = "they hold states such as moving averages; watch the `value` of those whose gradient is wanted"
        for found, reason in stuck + [(found, states) for found in wanted if found.value.kind is Kind.VARIABLES]:
            yield self.finding(
                reading,
                found.source.node,
                f"no tape watches `{reading.code(found.source.node)}` by itself: not trainable",
                reason=reason,
                queries=frozenset({reading.line(found.query.node)}),
            )


def _concerns(found: Unwatched) -> bool:
    value = found.value
    if value.kind not in (Kind.VARIABLE, Kind.VARIABLES) or value.trainable is not False:
        return False
    if found.tape.watch_accessed_variables is False or found.named_by_watch is not None:
        return False
    return value.dtype.differentiable is not False
