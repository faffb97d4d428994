"""TPF704: optimizers of TensorFlow 1, and what they were asked for without a tape, in eager code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding, Tag
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.old_steps import old_steps


class ComputeGradients(Codemod):
    """An optimizer is asked for gradients without a tape, or is one that TensorFlow 2 has no more.

    ## What it finds

    In eager code: `compute_gradients(loss, …)` and `minimize(loss, …)` of an optimizer of `tf.train` whose loss is a
    tensor, `compute_gradients` and `get_gradients` of an optimizer of Keras, and `tf.train.AdamOptimizer` and its like,
    which are gone.

    ## Why the gradient is an error

    Eager code leaves no graph behind that an optimizer could walk back over: `RuntimeError: loss passed to
    Optimizer.compute_gradients should be a function when eager execution is enabled`. Optimizers of Keras have no such
    methods, and `tf.train` has no optimizers: `AttributeError`.

    ## What the rewrite does

    It records what makes the loss on a tape and pairs the tape's answers with the variables. An optimizer that is gone
    becomes the one of Keras that computes the same: `epsilon` and whatever else differs by default is written out, and
    a `global_step` counts by itself. `RMSPropOptimizer` begins with another mean square than that of Keras, and comes
    from `tf.compat.v1.train` instead.

    ## When to ignore it

    Where the code is meant for graphs of TensorFlow 1 all along.

    Source: https://www.tensorflow.org/guide/migrate
    """

    code: ClassVar[str] = "TPF704"
    name: ClassVar[str] = "compute-gradients"
    applicability: ClassVar[Applicability] = Applicability.SAFE
    tag: ClassVar[Tag | None] = Tag.DEPRECATED

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each call, and one for each optimizer."""
        for step in old_steps(reading):
            yield self.finding(
                reading, step.node, step.message, rewrite=step.rewrite, reason=step.reason, queries=step.lines
            )
