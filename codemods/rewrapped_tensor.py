"""TPF105: a tensor made anew between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.departure_kinds import Departure


class RewrappedTensor(Codemod):
    """A tensor made anew of its values, on the way from a source to the target.

    ## What it finds

    A `tf.Variable`, `tf.constant`, `tf.convert_to_tensor` or `np.array` made of what the target of a gradient is
    computed from: of a tensor's values, or of a list of such.

    ## Why the gradient is None

    What is made of values alone starts a history of its own. A new variable does not remember the tensor that it got
    its first value from, nor a constant the array.

    ## What the rewrite does

    It keeps the tensor, and makes one tensor of a list of tensors with `tf.stack`. A dtype that was named is kept by
    `tf.cast`.

    Where the same tape is asked for other gradients, and the path is a part of theirs as well (a shared layer, a
    penalty on the same weights), they change with it. Then the rewrite waits for `--unsafe`.

    ## When to ignore it

    When the copy is meant to be a leaf of its own: ask for its gradient instead, or say so with `tf.stop_gradient`.

    Source: https://www.tensorflow.org/guide/autodiff#2_did_calculations_outside_of_tensorflow
    """

    code: ClassVar[str] = "TPF105"
    name: ClassVar[str] = "rewrapped-tensor"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each tensor that is made anew of what a path goes through."""
        for leaving in reading.departures.of(Departure.REWRAPPED):
            code = reading.code(leaving.node.func) if isinstance(leaving.node, cst.Call) else reading.code(leaving.node)
            yield self.finding(
                reading,
                leaving.node,
                f"`{code}` does not remember what it was made of: no gradient comes back through it",
                rewrite=leaving.rewrite(reading, f"Keep the tensor in place of `{code}`"),
                reason=leaving.reason,
                queries=frozenset(leaving.queries),
            )
