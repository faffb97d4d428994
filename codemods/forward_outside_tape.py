"""TPF301: the forward pass runs before the tape records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.admit import admit
from tapefix.tapes.repairs.regions import Side, strays


class ForwardOutsideTape(Codemod):
    """The forward pass runs before the tape begins to record.

    ## What it finds

    A step between a source and the target (a call of the model, an operation on the watched tensor) that runs
    before the `with` statement of the tape, where no other way leads from the source to the target.

    ## Why the gradient is None

    A tape records what runs while it is open. The result of an earlier operation is a constant to it.

    ## What the rewrite does

    It moves the statements on the path to the beginning of the tape's body, behind its `watch` calls, in order and
    with their comments. Where statements in between need the results, or the order of effects would change, the
    `with` line moves up instead, over all of them.

    ## When to ignore it

    When the early result is meant as a constant and the gradient is not needed: say so with `tf.stop_gradient`.

    Source: https://www.tensorflow.org/guide/autodiff#getting_a_gradient_of_none
    """

    code: ClassVar[str] = "TPF301"
    name: ClassVar[str] = "forward-outside-tape"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each tape, with all that has to come in."""
        for stray in strays(reading):
            if stray.side is not Side.BEFORE:
                continue
            rewrite, reason = admit(reading, stray, "Run the forward pass inside the tape")
            node = stray.place(reading)
            yield self.finding(
                reading,
                node,
                f"`{reading.code(node)}` runs before the tape begins to record: the path to the target is not on it",
                rewrite=rewrite,
                reason=reason,
                queries=stray.lines(reading),
            )
