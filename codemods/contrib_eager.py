"""TPF703: `tf.contrib.eager` and `tf.enable_eager_execution`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding, Tag
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.contrib import migrations


class ContribEager(Codemod):
    """Eager execution as TensorFlow 1 had it: `tf.contrib.eager`, `tf.enable_eager_execution`.

    ## What it finds

    An import of `tensorflow.contrib.eager` (or `tf.contrib.eager` spelled out) with all that the file takes from it,
    and calls of `tf.enable_eager_execution`, in a file that asks for gradients. Files that build graphs and run
    sessions are left alone.

    ## Why the gradient is an error

    TensorFlow 2 has no `contrib`, and nothing to enable: `ModuleNotFoundError: No module named 'tensorflow.contrib'`,
    `AttributeError: module 'tensorflow' has no attribute 'enable_eager_execution'`. The script ends before its tapes.

    ## What the rewrite does

    `tfe.GradientTape`, `tfe.Variable` and the like get the names that they have in TensorFlow 2; the import and the
    call that enables eager execution go. Functions that TensorFlow 2 has under another name are called by that:
    `tf.math.log` for `tf.log`, `tf.random.normal` for `tf.random_normal`. `tfe.gradients_function(f)` and its kin
    become a function with a tape, which is called as before and gives what it gave: gradients for the arguments, or
    pairs of gradient and variable.

    ## When to ignore it

    Where the code has to run under TensorFlow 1 as well.

    Source: https://www.tensorflow.org/guide/migrate
    """

    code: ClassVar[str] = "TPF703"
    name: ClassVar[str] = "contrib-eager"
    applicability: ClassVar[Applicability] = Applicability.SAFE
    tag: ClassVar[Tag | None] = Tag.DEPRECATED

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for the module, and one for each call that enables eager execution."""
        for found in migrations(reading):
            yield self.finding(
                reading,
                found.node,
                f"TensorFlow 2 has no `{found.shown}`",
                rewrite=found.rewrite,
                reason=found.reason,
                queries=found.lines(reading),
            )
