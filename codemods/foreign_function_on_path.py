"""TPF108: SciPy or another library computes between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.departure_kinds import Departure


class ForeignFunctionOnPath(Codemod):
    """SciPy, scikit-learn, OpenCV or PIL computes on the way from a source to the target.

    ## What it finds

    A function of another library that the target of a gradient is computed with, where no other way leads from the
    source to the target: `scipy.special.expit(t)`, `stats.norm.logpdf(t)`, `mean_squared_error(y, t)` of scikit-learn,
    `cv2.resize(t, size)`, `Image.fromarray(t)`.

    ## Why the gradient is None

    A tape records TensorFlow operations. These libraries take the values out of a tensor by themselves, without
    `.numpy()`, and give arrays, numbers or images that do not know what they were computed from.

    ## What the rewrite does

    It writes the TensorFlow operation of the same meaning where there is one: the functions of `scipy.special`
    (`tf.sigmoid` for `expit`, `tf.reduce_logsumexp`, `tf.math.lgamma` …), the normal distribution and the distances
    written out, with the same axis, location and scale. SciPy often answers in float64; TensorFlow keeps the dtype of
    the tensor. For all else there is advice only: the finding names the way out. `tf.py_function` is none, it hands
    back zeros.

    Where the same tape is asked for other gradients, and the path is a part of theirs as well (a shared layer, a
    penalty on the same weights), they change with it. Then the rewrite waits for `--unsafe`.

    ## When to ignore it

    When the values are meant to be constants for this gradient (an augmented image, weights from a fit): say so with
    `tf.stop_gradient`.

    Source: https://www.tensorflow.org/guide/autodiff#2_did_calculations_outside_of_tensorflow
    """

    code: ClassVar[str] = "TPF108"
    name: ClassVar[str] = "foreign-function-on-path"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each call of another library that a path goes through."""
        for leaving in reading.departures.of(Departure.FOREIGN):
            code = reading.code(leaving.node.func) if isinstance(leaving.node, cst.Call) else reading.code(leaving.node)
            code = " ".join(code.split())
            yield self.finding(
                reading,
                leaving.node,
                f"`{code}` computes outside TensorFlow: no gradient comes back through it",
                rewrite=leaving.rewrite(reading, f"Compute `{code}` with TensorFlow"),
                reason=leaving.reason,
                queries=frozenset(leaving.queries),
            )
