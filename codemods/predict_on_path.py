"""TPF104: `predict` between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.departure_kinds import Departure


class PredictOnPath(Codemod):
    """`model.predict` on the way from a source to the target.

    ## What it finds

    A call of `predict` or `predict_on_batch` of a Keras model that the target of a gradient is computed with, where no
    other way leads from the source to the target.

    ## Why the gradient is None

    `predict` runs the model in a graph of its own, batch by batch, and gives NumPy arrays. The tape sees none of it.

    ## What the rewrite does

    It calls the model: `model(x, training=False)`, which computes the same values. What only steers `predict`
    (`batch_size`, `verbose`) goes. Where the array is also used off the path, by something that needs an array,
    `.numpy()` moves to that place.

    Where the same tape is asked for other gradients, and the path is a part of theirs as well (a shared layer, a
    penalty on the same weights), they change with it. Then the rewrite waits for `--unsafe`.

    ## When to ignore it

    When the prediction is meant to be a constant for this gradient (a teacher, a target network): say so with
    `tf.stop_gradient`.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/Model#predict
    """

    code: ClassVar[str] = "TPF104"
    name: ClassVar[str] = "predict-on-path"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each prediction that a path goes through."""
        for leaving in reading.departures.of(Departure.PREDICT):
            code = reading.code(leaving.node.func) if isinstance(leaving.node, cst.Call) else reading.code(leaving.node)
            yield self.finding(
                reading,
                leaving.node,
                f"`{code}` gives an array: the tape does not see inside, and no gradient comes back through it",
                rewrite=leaving.rewrite(reading, f"Call the model in place of `{code}`"),
                reason=leaving.reason,
                queries=frozenset(leaving.queries),
            )
