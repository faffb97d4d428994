"""TPF103: a Python number between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.departure_kinds import Departure


class PythonScalarOnPath(Codemod):
    """A Python number on the way from a source to the target.

    ## What it finds

    A call of `float`, `.item()`, `.tolist()` or a function of `math` on what the target of a gradient is computed
    from, where no other way leads from the source to the target.

    ## Why the gradient is None

    A Python number is a bare value. A tape follows tensors, and `float(t)` is none.

    ## What the rewrite does

    It keeps the tensor, with the TensorFlow operation in place of that of `math`. Where the number is also used off
    the path, by something that needs a number, `float(...)` moves to that place. `int`, `round` and `bool` have no
    derivative: for these there is advice only.

    Where the same tape is asked for other gradients, and the path is a part of theirs as well (a shared layer, a
    penalty on the same weights), they change with it. Then the rewrite waits for `--unsafe`.

    ## When to ignore it

    When the number is meant to be a constant for this gradient: say so with `tf.stop_gradient`.

    Source: https://www.tensorflow.org/guide/autodiff#2_did_calculations_outside_of_tensorflow
    """

    code: ClassVar[str] = "TPF103"
    name: ClassVar[str] = "python-scalar-on-path"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each call that makes a Python number of what a path goes through."""
        for leaving in reading.departures.of(Departure.PYTHON_SCALAR):
            code = " ".join(reading.code(leaving.node).split())
            yield self.finding(
                reading,
                leaving.node,
                f"`{code}` is a Python number: no gradient comes back through it",
                rewrite=leaving.rewrite(reading, f"Keep the tensor in place of `{code}`"),
                reason=leaving.reason,
                queries=frozenset(leaving.queries),
            )
