"""TPF701: `tf.gradients` in eager code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding, Tag
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.old_queries import OldGradients, old_gradients


class TfGradients(Codemod):
    """`tf.gradients` is called in eager code, where it raises.

    ## What it finds

    A call of `tf.gradients(ys, xs)` that a run reaches outside any graph: on the level of the module, or in a function
    that the module calls and that is no `tf.function`.

    ## Why the gradient is an error

    `tf.gradients` walks back over the operations of a graph. Eager code leaves none behind, so the call raises
    `RuntimeError: tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead`.

    ## What the rewrite does

    It records the statements that lead from `xs` to `ys` on a tape, watches those of `xs` that are tensors, and asks
    the tape. As before there is one gradient for each of `xs`, summed over `ys`; `grad_ys` becomes `output_gradients`.

    ## When to ignore it

    Where the code is meant for graphs of TensorFlow 1 all along.

    Source: https://www.tensorflow.org/api_docs/python/tf/gradients
    """

    code: ClassVar[str] = "TPF701"
    name: ClassVar[str] = "tf-gradients"
    applicability: ClassVar[Applicability] = Applicability.SAFE
    tag: ClassVar[Tag | None] = Tag.DEPRECATED

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each tape to write, at the first call that asks it."""
        for found in old_gradients(reading):
            yield self._finding(reading, found)

    def _finding(self, reading: Reading, found: OldGradients) -> Finding:
        return self.finding(
            reading,
            found.node,
            "`tf.gradients` raises in eager code: there is no graph to walk back over",
            rewrite=found.rewrite,
            reason=found.reason,
            queries=found.lines(reading),
        )
