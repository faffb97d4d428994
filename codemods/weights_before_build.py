"""TPF605: the weights of a model are read before it has any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.early_weights import early_reads, read_later


class WeightsBeforeBuild(Codemod):
    """The weights of a model are read before it has any.

    ## What it finds

    `weights = model.trainable_variables`, used as the sources of a query, where the model has not been called or built
    by then: a `Sequential` without an input shape, or a subclass of `keras.Model` or `keras.layers.Layer`.

    ## Why the gradient is missing

    Keras makes the weights at the first call. The list that was read before is empty, and stays so: the query answers
    `[]`, and `apply_gradients` raises `ValueError: not enough values to unpack (expected 2, got 0)`.

    ## What the rewrite does

    It reads the list behind the tape, after the model has been called; or, where it is used in another function, right
    where it is used.

    ## When to ignore it

    Where other code builds the model before the list is read.

    Source: https://www.tensorflow.org/guide/keras/making_new_layers_and_models_via_subclassing
    """

    code: ClassVar[str] = "TPF605"
    name: ClassVar[str] = "weights-before-build"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each list that is read too early."""
        for early in early_reads(reading):
            rewrite, reason = read_later(reading, early)
            yield self.finding(
                reading,
                early.node,
                f"a model makes its weights when it is first called: `{early.name}` stays empty",
                rewrite=rewrite,
                reason=reason,
                queries=frozenset(reading.line(query.node) for query in early.queries),
            )
