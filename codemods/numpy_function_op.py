"""TPF106: `tf.numpy_function` between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.departure_kinds import Departure


class NumpyFunctionOp(Codemod):
    """`tf.numpy_function` on the way from a source to the target.

    ## What it finds

    A call of `tf.numpy_function` (or `tf.compat.v1.py_func`) that the target of a gradient is computed with, where no
    other way leads from the source to the target.

    ## Why the gradient is None

    `tf.numpy_function` hands arrays to the function, and makes a tensor of the array that comes back. What happens in
    between is no TensorFlow operation, and has no gradient. `tf.py_function` hands over tensors and asks a tape of its
    own for the gradient; where the function still computes with NumPy, that gradient is 0.0, without a word.

    ## What the rewrite does

    Where the function stands in the same file, and all that it does on the path is known to TensorFlow (TPF101,
    TPF102), it becomes TensorFlow, and `tf.py_function` calls it. A call with a function of NumPy itself becomes
    the operation of TensorFlow. Else there is advice, which names the line in the way.

    Where the same tape is asked for other gradients, and the path is a part of theirs as well (a shared layer, a
    penalty on the same weights), they change with it. Then the rewrite waits for `--unsafe`.

    ## When to ignore it

    When the values are meant to be constants for this gradient: say so with `tf.stop_gradient`. When the function has a
    derivative of its own, give it with `tf.custom_gradient`.

    Source: https://www.tensorflow.org/api_docs/python/tf/numpy_function
    """

    code: ClassVar[str] = "TPF106"
    name: ClassVar[str] = "numpy-function-op"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each call that hands a path over to NumPy."""
        for leaving in reading.departures.of(Departure.NUMPY_FUNCTION_OP):
            code = reading.code(leaving.node.func) if isinstance(leaving.node, cst.Call) else reading.code(leaving.node)
            yield self.finding(
                reading,
                leaving.node,
                f"`{code}` hands arrays to its function: no gradient comes back through it",
                rewrite=leaving.rewrite(reading, f"Compute with tensors in place of `{code}`"),
                reason=leaving.reason,
                queries=frozenset(leaving.queries),
            )
