"""TPF305: a query asks a tape, and another is the one that recorded its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.misdirected import Misdirection
from tapefix.tapes.writing.draft import Draft


class OneTapeForTwo(Codemod):
    """A query asks the wrong one of several tapes.

    ## What it finds

    A query whose target its tape has not recorded, where exactly one other tape in sight has: two models, two tapes,
    and a name that got mixed up. And two queries of one tape, beside another that recorded the same and is never asked.

    ## Why the gradient is None, or an error

    A tape knows what ran while it was open, and nothing else. One that is not persistent answers only once.

    ## What the rewrite does

    The query asks the other tape. Tapes that recorded both targets may be swapped as one likes, and are left alone.

    ## When to ignore it

    Never, as long as the gradient is wanted.

    Source: https://www.tensorflow.org/tutorials/generative/dcgan#define_the_training_loop
    """

    code: ClassVar[str] = "TPF305"
    name: ClassVar[str] = "one-tape-for-two"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each query whose right tape has a name."""
        for wrong in reading.misdirections.values():
            if wrong.name is None:
                continue
            asked = wrong.place.node
            draft = Draft(reading)
            draft.rewrite_whole(asked, wrong.name)
            yield self.finding(
                reading,
                asked,
                self._message(reading, wrong, reading.code(asked)),
                rewrite=draft.rewrite(f"Ask `{wrong.name}`"),
                queries=frozenset({reading.line(wrong.query.node)}),
            )

    def _message(self, reading: Reading, wrong: Misdirection, asked: str) -> str:
        if wrong.earlier is None:
            return f"`{asked}` has not recorded `{reading.code(wrong.query.target_node)}`: `{wrong.name}` has"
        line = reading.line(wrong.earlier.node)
        return (
            f"`{asked}` answers once, and line {line} asks it: `{wrong.name}` has recorded the same, and nobody asks it"
        )
