"""TPF303: a query inside the block of its own persistent tape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.inside import queries_inside


class QueryInsideTape(Codemod):
    """A query inside the block of its own persistent tape.

    ## What it finds

    A query in the `with` block of the persistent tape that it asks, where no query needs anything that runs from
    there on: neither its answer, as for a second derivative, nor what is computed behind it. A tape that is not
    persistent stops recording at its query, and is left alone.

    ## Why the gradient is right, and slow

    No gradient is missing. But the tape goes on recording, now the operations that compute the gradient, and keeps
    their results too. TensorFlow warns that this is "significantly less efficient".

    ## What the rewrite does

    It takes everything from the query on out of the block, in the same order and with its comments, into that of an
    outer tape where there is one. Every gradient and value stays as it is.

    ## When to ignore it

    Where you are about to differentiate the answer.

    Source: https://www.tensorflow.org/guide/advanced_autodiff#higher-order_gradients
    """

    code: ClassVar[str] = "TPF303"
    name: ClassVar[str] = "query-inside-tape"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each `with` statement, at its first query."""
        for inside in queries_inside(reading):
            yield self.finding(
                reading,
                inside.place(reading),
                "the tape is still recording, and records for nothing how it answers",
                rewrite=inside.moved_out(reading),
                keeps=frozenset(reading.line(query.node) for query in inside.queries),
            )
