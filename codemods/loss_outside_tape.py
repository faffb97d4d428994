"""TPF302: the loss is computed after the tape has closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.admit import admit
from tapefix.tapes.repairs.regions import Side, strays


class LossOutsideTape(Codemod):
    """The loss is computed after the tape has closed.

    ## What it finds

    A step between a source and the target (the loss, its mean, a slice of the output) that runs behind the `with`
    statement of the tape, where no other way leads from the source to the target. It may stand in the query itself,
    as in `tape.gradient(tf.reduce_mean(loss), w)`.

    ## Why the gradient is None

    A tape records what runs while it is open. The target was never seen by it.

    ## What the rewrite does

    It takes the statements on the path into the tape's body: it indents them when they follow at once, moves them
    to its end with their comments when nothing in between depends on the order, and else indents everything up to
    them. A target computed in the query gets a name inside the tape.

    ## When to ignore it

    Never, as long as the gradient is wanted.

    Source: https://www.tensorflow.org/guide/autodiff#getting_a_gradient_of_none
    """

    code: ClassVar[str] = "TPF302"
    name: ClassVar[str] = "loss-outside-tape"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each tape, with all that has to come in."""
        for stray in strays(reading):
            if stray.side is not Side.AFTER or stray.second_order:
                continue
            rewrite, reason = admit(reading, stray, "Compute the target inside the tape")
            node = stray.place(reading)
            yield self.finding(
                reading,
                node,
                f"`{reading.code(node)}` runs after the tape has closed: the path to the target is not on it",
                rewrite=rewrite,
                reason=reason,
                queries=stray.lines(reading),
            )
