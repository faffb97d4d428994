"""TPF604: gradients that are `None` by right are applied with the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.unused import unfiltered


class UnfilteredNone(Codemod):
    """Gradients and variables are applied in pairs though some have no gradient.

    ## What it finds

    `zip(gradients, variables)` in `apply_gradients`, or in a loop that updates the variables, where the loss is not
    made of some of the variables: another head of the network, a weight that is not used.

    ## Why the gradient is None

    What the loss does not depend on has no gradient. Optimizers of Keras warn (`Gradients do not exist for variables
    ...`) and leave such variables alone; in a loop of one's own, `None` times the learning rate is a `TypeError`.

    ## What the rewrite does

    It leaves out the pairs without a gradient: `[(g, v) for g, v in zip(gradients, variables) if g is not None]`. The
    other variables are updated as before.

    ## When to ignore it

    When the warning is wanted: it also tells of gradients that are lost by mistake, and the filter hides those. Better
    than the filter is to ask only for the variables of the part that is trained.

    Source: https://www.tensorflow.org/guide/autodiff#getting_a_gradient_of_none
    """

    code: ClassVar[str] = "TPF604"
    name: ClassVar[str] = "unfiltered-none"
    applicability: ClassVar[Applicability] = Applicability.UNSAFE
    reason: ClassVar[str] = "the filter also hides gradients that are lost by mistake"

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each list of pairs."""
        for found in unfiltered(reading):
            yield self.finding(
                reading,
                found.node,
                f"the target is not made of {found.shown}: the gradient is None, and nothing leaves it out",
                rewrite=found.rewrite(reading),
            )
