"""TPF402: one query executed again and again on a tape that is not persistent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.lifetime import keep, reuses
from tapefix.tapes.repairs.merging import gathered
from tapefix.tapes.repairs.regions import asked_twice


class ReusedTapeInLoop(Codemod):
    """A loop asks a tape that is not persistent again and again.

    ## What it finds

    A query in a loop or a comprehension, where the tape was made outside of it, without `persistent=True`, and is not
    entered again in the loop.

    ## Why the gradient is an error

    A tape lets go of what it recorded with its first answer. The second pass raises `RuntimeError: A non-persistent
    GradientTape can only be used to compute one set of gradients (or jacobians)`.

    ## What the rewrite does

    `[tape.gradient(loss, v) for v in model.trainable_variables]` becomes one query with the whole list. Otherwise
    the tape is made persistent, and dropped with `del` behind the loop.

    ## When to ignore it

    Where the error is expected.

    Source: https://www.tensorflow.org/api_docs/python/tf/GradientTape#args
    """

    code: ClassVar[str] = "TPF402"
    name: ClassVar[str] = "reused-tape-in-loop"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each query that a loop repeats."""
        second_order = asked_twice(reading)
        for reuse in reuses(reading):
            if reuse.tape in second_order:
                continue
            for _, later, loop in reuse.repeated:
                rewrite, reason = gathered(reading, reuse, later, loop), ""
                if rewrite is None:
                    rewrite, reason = keep(reading, reuse.tape)
                yield self.finding(
                    reading,
                    later.node,
                    "the tape is used up after the first pass of the loop: it is not persistent",
                    rewrite=rewrite,
                    reason=reason,
                    queries=frozenset({reading.line(later.node)}),
                )
