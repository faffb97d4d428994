"""TPF403: a persistent tape that is asked only once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding, Tag
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.idle import idle_tapes, let_go


class IdlePersistence(Codemod):
    """A persistent tape that is asked only once.

    ## What it finds

    `persistent=True` on a tape that every run asks once at most: one query, or one in each branch of an `if`. A query
    that a loop repeats on the same tape, a `jacobian` with `experimental_use_pfor`, and a tape that is handed to code
    which cannot be seen count as more than one.

    ## Why the gradient is right, and the tape too large

    No gradient is missing. But a persistent tape holds every intermediate result until it is dropped, where another
    lets go of them with its answer: on an accelerator that is often what no longer fits into memory.

    ## What the rewrite does

    It takes the argument away, and the `del tape` that only a persistent tape needs. Every gradient and value stays
    as it is.

    ## When to ignore it

    Where you are about to ask the tape again, or where code outside of the file does.

    Source: https://www.tensorflow.org/api_docs/python/tf/GradientTape#args
    """

    code: ClassVar[str] = "TPF403"
    name: ClassVar[str] = "idle-persistence"
    applicability: ClassVar[Applicability] = Applicability.SAFE
    tag: ClassVar[Tag | None] = Tag.UNNECESSARY

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each call that makes such tapes."""
        for tapes in idle_tapes(reading):
            rewrite = let_go(reading, tapes[0])
            if rewrite is not None:
                yield self.finding(
                    reading,
                    tapes[0].node,
                    "the tape is persistent, and asked only once: it holds on to what it recorded for nothing",
                    rewrite=rewrite,
                    keeps=frozenset(reading.line(query.node) for tape in tapes for query in tape.queries),
                )
