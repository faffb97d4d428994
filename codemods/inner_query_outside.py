"""TPF304: the first gradient of a second derivative is asked for outside the tape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.admit import admit
from tapefix.tapes.repairs.regions import Side, strays


class InnerQueryOutside(Codemod):
    """The first gradient of a second derivative is asked for outside the tape that has to record it.

    ## What it finds

    A query whose target is made of another query's answer, where that first query runs after the tape of the second
    one has closed: the inner of two nested tapes asked one indent too far left, or one persistent tape asked for
    `gradient(gradient(y, x), x)`.

    ## Why the gradient is None

    To differentiate a gradient, the tape must record how that gradient was computed: its query has to run inside.

    ## What the rewrite does

    It takes the first query, and what is computed from its answer, to the end of the tape's body. Where one tape
    serves for both queries it is made persistent.

    ## When to ignore it

    When the first answer is meant as a constant: say so with `tf.stop_gradient`.

    Source: https://www.tensorflow.org/guide/advanced_autodiff#higher-order_gradients
    """

    code: ClassVar[str] = "TPF304"
    name: ClassVar[str] = "inner-query-outside"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each tape that misses an inner query."""
        for stray in strays(reading):
            if stray.side is not Side.AFTER or not stray.second_order:
                continue
            rewrite, reason = admit(reading, stray, "Ask for the first gradient inside the tape")
            node = stray.place(reading)
            yield self.finding(
                reading,
                node,
                f"`{reading.code(node)}` runs after the tape has closed: its answer cannot be differentiated",
                rewrite=rewrite,
                reason=reason,
                queries=stray.lines(reading),
            )
