"""TPF201: the source is a tensor that the tape does not watch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.integers import becomes_floating, integer_variables
from tapefix.tapes.repairs.replacing import replacements
from tapefix.tapes.repairs.strangers import wrong_watches
from tapefix.tapes.repairs.watching import (
    Unwatched,
    is_keras_variable,
    is_tensor_source,
    unwatched,
    wants_variables,
    watch_calls,
)
from tapefix.tapes.writing.draft import Draft


class UnwatchedTensor(Codemod):
    """A gradient is asked for a tensor that the tape does not watch.

    ## What it finds

    A source that is a plain tensor (a constant, an argument, a batch of a dataset, the result of a TensorFlow function)
    and is never given to `tape.watch`, though the target is computed from it.

    ## Why the gradient is None

    A tape watches trainable variables by itself, and nothing else. What is computed from an unwatched tensor is not
    recorded for it.

    ## What the rewrite does

    It puts `tape.watch(x)` first in the body of the tape; one call for several sources. A tensor that is made inside
    the tape is watched right behind the statement that makes it. With nested tapes, each tape watches what it is
    asked for.

    ## When to ignore it

    Never, as long as the gradient is wanted.

    Source: https://www.tensorflow.org/guide/autodiff#controlling_what_the_tape_watches
    """

    code: ClassVar[str] = "TPF201"
    name: ClassVar[str] = "unwatched-tensor"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each place where a tape has tensors to watch."""
        others = {one.value for found in replacements(reading) if found.decided for one in found.unwatched}
        others |= {wrong.unwatched.value for wrong in wrong_watches(reading)}
        wanted = [found for found in unwatched(reading) if found.value not in others and _concerns(reading, found)]
        calls, stuck = watch_calls(reading, wanted)
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
            if wants_variables(found):
                continue
            yield self.finding(
                reading,
                found.source.node,
                _message(reading.code(found.source.node)),
                reason=reason,
                queries=frozenset({reading.line(found.query.node)}),
            )


def _concerns(reading: Reading, found: Unwatched) -> bool:
    value = found.value
    if not is_tensor_source(value) or found.named_by_watch is not None:
        return False
    if any(is_keras_variable(other) for other in reading.values(found.source.node)):
        # At times it is a variable of Keras, which `watch` refuses.
        return False
    if integer_variables(value):
        # First the variable becomes floating; then it shows whether it is to be changed in place.
        return False
    return value.dtype.differentiable is not False or becomes_floating(reading, found.flow)


def _message(shown: str) -> str:
    return f"the tape does not watch `{shown}`: it is a tensor, not a trainable variable"
