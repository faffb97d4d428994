"""TPF603: `optimizer.minimize`, which Keras 3 has no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.minimizing import minimizations


class MinimizeTensor(Codemod):
    """`optimizer.minimize(loss, variables)` of an optimizer of Keras.

    ## What it finds

    A call of `minimize` of a Keras optimizer: with a loss that is a tensor, with a function that computes the loss, or
    with `tape=`.

    ## Why the gradient is an error

    The optimizers of Keras 3 have no `minimize`: `AttributeError: 'Adam' object has no attribute 'minimize'`. Those of
    Keras 2 have one, but with a tensor it asks for the tape that has recorded the loss, and raises without it.

    ## What the rewrite does

    It records what computes the loss on a tape (or takes the tape that has), asks it for the gradients, and hands them
    to `apply_gradients`. That works in every version.

    ## When to ignore it

    Where Keras 2 is meant and the loss is a function. Files that name `tf_keras` are left alone.

    Source: https://www.tensorflow.org/guide/basic_training_loops#define_a_training_loop
    """

    code: ClassVar[str] = "TPF603"
    name: ClassVar[str] = "minimize-tensor"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each call."""
        for found in minimizations(reading):
            yield self.finding(
                reading,
                found.node,
                "the optimizers of Keras 3 have no `minimize`: ask a tape for the gradients, and apply them",
                rewrite=found.rewrite,
                reason=found.reason,
                queries=frozenset({reading.line(found.node)}),
            )
