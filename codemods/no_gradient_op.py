"""TPF506: an operation without a gradient between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.flow.stops import Stop, operation_without_gradient
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.gradientless import way_out, write_twin
from tapefix.tapes.writing.draft import Draft


class NoGradientOp(Codemod):
    """An operation for which TensorFlow has no gradient is all that leads from the source to the target.

    ## What it finds

    A function on the way from a source to the target of a gradient that executes an operation without a gradient, where
    no other way leads there: `tf.image.adjust_hue`, `tf.image.resize` with `method="area"`, `tf.linalg.lu`,
    `tf.math.bincount` with weights, `tf.random.shuffle`, `tf.unique` and others. The finding names the operation.

    ## Why the gradient is None

    TensorFlow keeps a gradient for each operation that was given one. For the others, a tape raises `LookupError:
    gradient registry has no entry for: ...` where their result is asked for, and answers `None` where some are declared
    to have none, or where nothing comes back to them.

    ## What the rewrite does

    It writes the same computation in operations that have a gradient, where such are known: for
    `tf.image.adjust_contrast`, `tf.math.bincount` with weights, `tf.random.shuffle` and `tf.truncatemod`. For the
    others, the finding says what else to do.

    ## When to ignore it

    When the operation only prepares data: then no gradient should be asked for what it was given.

    Source: https://www.tensorflow.org/guide/autodiff#no_gradient_registered
    """

    code: ClassVar[str] = "TPF506"
    name: ClassVar[str] = "no-gradient-op"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each operation without a gradient that cuts the only path."""
        for cut in reading.cuts.of(Stop.GRADIENTLESS):
            draft = Draft(reading)
            written = write_twin(reading, cut, draft)
            code = " ".join(reading.code(cut.node).split())
            operation = operation_without_gradient(cut.values[0])
            yield self.finding(
                reading,
                cut.node,
                f"`{code}` executes `{operation}`, for which TensorFlow has no gradient",
                rewrite=draft.rewrite("Write it in operations that have a gradient") if written else None,
                reason="" if written else cut.held or way_out(cut.values[0]),
                queries=frozenset(cut.queries),
            )
