"""TPF101: `.numpy()` between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.departure_kinds import Departure


class NumpyMethodOnPath(Codemod):
    """`.numpy()` on the way from a source to the target.

    ## What it finds

    A call of `.numpy()`, `._numpy()` or `.eval()` on a tensor that the target of a gradient is computed from, where no
    other way leads from the source to the target.

    ## Why the gradient is None

    A tape records TensorFlow operations. `.numpy()` copies the values into an array, and an array does not know what it
    was computed from: for the tape, the path ends there.

    ## What the rewrite does

    It drops the call, so that the value stays a tensor. NumPy functions further down the path become TensorFlow ones in
    the same step (TPF102). Where the array is also used off the path, by something that needs an array, `.numpy()`
    moves to that place.

    Where the same tape is asked for other gradients, and the path is a part of theirs as well (a shared layer, a
    penalty on the same weights), they change with it. Then the rewrite waits for `--unsafe`.

    ## When to ignore it

    When the values are meant to be constants for this gradient (targets of a value function, importance weights): say
    so with `tf.stop_gradient`.

    Source: https://www.tensorflow.org/guide/autodiff#2_did_calculations_outside_of_tensorflow
    """

    code: ClassVar[str] = "TPF101"
    name: ClassVar[str] = "numpy-method-on-path"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each call that takes a path out of TensorFlow."""
        for leaving in reading.departures.of(Departure.NUMPY_METHOD):
            call = reading.code(leaving.node)
            yield self.finding(
                reading,
                leaving.node,
                f"`{call}` takes the path out of TensorFlow: no gradient comes back through it",
                rewrite=leaving.rewrite(reading, f"Keep the tensor: drop the call in `{call}`"),
                reason=leaving.reason,
                queries=frozenset(leaving.queries),
            )
