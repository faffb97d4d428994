"""TPF102: NumPy computes between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.departure_kinds import Departure


class NumpyFunctionOnPath(Codemod):
    """NumPy computes on the way from a source to the target.

    ## What it finds

    A NumPy function, or a method, an operator or an item of an array, that the target of a gradient is computed with,
    where no other way leads from the source to the target: `np.mean(t)`, `np.linalg.norm(t)`, `a.sum(axis=1)`.

    ## Why the gradient is None

    A tape records TensorFlow operations. NumPy takes the values out of a tensor by itself, without `.numpy()`, and
    gives an array that does not know what it was computed from.

    ## What the rewrite does

    It writes the TensorFlow operation of the same meaning, with the same `axis`, `keepdims`, `dtype` and so on; where
    TensorFlow has none under a name of its own, the one of `tf.experimental.numpy`. What has no exact twin is left
    alone, and with it the whole path: the finding then says what stands in the way.

    Where the same tape is asked for other gradients, and the path is a part of theirs as well (a shared layer, a
    penalty on the same weights), they change with it. Then the rewrite waits for `--unsafe`.

    ## When to ignore it

    When the values are meant to be constants for this gradient: say so with `tf.stop_gradient`.

    Source: https://www.tensorflow.org/guide/tf_numpy
    """

    code: ClassVar[str] = "TPF102"
    name: ClassVar[str] = "numpy-function-on-path"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each operation of NumPy that a path goes through."""
        for leaving in reading.departures.of(Departure.NUMPY_FUNCTION):
            code = _shown(reading, leaving.node)
            yield self.finding(
                reading,
                leaving.node,
                f"`{code}` is computed by NumPy: no gradient comes back through it",
                rewrite=leaving.rewrite(reading, f"Compute `{code}` with TensorFlow"),
                reason=leaving.reason,
                queries=frozenset(leaving.queries),
            )


def _shown(reading: Reading, node: cst.CSTNode) -> str:
    """The function, method or operator by its name; what it gets would only be in the way."""
    if isinstance(node, cst.Call):
        return reading.code(node.func) if not isinstance(node.func, cst.Attribute) else _dotted(reading, node.func)
    if isinstance(node, cst.Attribute):
        return _dotted(reading, node)
    return " ".join(reading.code(node).split())


def _dotted(reading: Reading, node: cst.Attribute) -> str:
    code = reading.code(node)
    return code if all(part.isidentifier() for part in code.split(".")) else f".{node.attr.value}"
