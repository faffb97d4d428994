"""TPF401: two or more queries on a tape that is not persistent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.lifetime import Reuse, keep, reuses
from tapefix.tapes.repairs.merging import merged
from tapefix.tapes.repairs.regions import asked_twice


class ReusedTape(Codemod):
    """A second query on a tape that is not persistent.

    ## What it finds

    Two queries of one tape, both of which a run reaches, where the tape was not made with `persistent=True` and is
    not entered again in between.

    ## Why the gradient is an error

    A tape lets go of what it recorded with its first answer. The second query raises `RuntimeError: A non-persistent
    GradientTape can only be used to compute one set of gradients (or jacobians)`.

    ## What the rewrite does

    Queries of the same target that follow each other become one, with a list of sources. Otherwise the tape is made
    persistent, and dropped with `del` behind its last query, so that it does not hold what it recorded longer than
    needed.

    ## When to ignore it

    Where the error is expected.

    Source: https://www.tensorflow.org/api_docs/python/tf/GradientTape#args
    """

    code: ClassVar[str] = "TPF401"
    name: ClassVar[str] = "reused-tape"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each tape, at its second query."""
        second_order = asked_twice(reading)
        for reuse in reuses(reading):
            if reuse.pairs and reuse.tape not in second_order:
                yield self._finding(reading, reuse)

    def _finding(self, reading: Reading, reuse: Reuse) -> Finding:
        earlier, later = reuse.pairs[0]
        together = merged(reading, reuse)
        kept, reason = keep(reading, reuse.tape)
        return self.finding(
            reading,
            later.node,
            f"the tape is used up: line {reading.line(earlier.node)} has asked it already, and it is not persistent",
            rewrite=together or kept,
            # What stands between the queries may come to depend on their order.
            alternatives=(kept,) if together is not None and kept is not None else (),
            reason="" if together is not None else reason,
            queries=frozenset(reading.line(query.node) for _, query in reuse.pairs),
        )
