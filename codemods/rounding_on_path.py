"""TPF502: a rounding between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Allowance, Applicability, Codemod, Finding, Rewrite
from tapefix.tapes.flow.stops import Stop
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.cuts import Cut
from tapefix.tapes.repairs.straight import estimator
from tapefix.tapes.writing.draft import Draft


class RoundingOnPath(Codemod):
    """A rounding is all that leads from the source to the target.

    ## What it finds

    `tf.round`, `tf.floor`, `tf.math.ceil`, `tf.sign`, `//` or a cast to integers on the way from a source to the
    target of a gradient, where no other way leads there.

    ## Why the gradient is None

    A rounded number does not follow small changes of what it was rounded from: the derivative is zero wherever there
    is one. TensorFlow answers `None`; for `tf.sign` it answers zeros, without a word.

    ## What the rewrite does

    It writes a straight-through estimator, `x + tf.stop_gradient(tf.round(x) - x)`: the value is that of
    `tf.round(x)`, and the gradient goes past the rounding as if it were not there. Whole numbers that are used as
    such, as an index or a label, are left alone.

    ## When to ignore it

    When zero is the answer that is meant. Beyond some range, an estimator that is clipped may serve better: put
    `tf.clip_by_value` around what is rounded.

    Source: https://www.tensorflow.org/api_docs/python/tf/stop_gradient
    """

    code: ClassVar[str] = "TPF502"
    name: ClassVar[str] = "rounding-on-path"
    applicability: ClassVar[Applicability] = Applicability.UNSAFE
    reason: ClassVar[str] = "the gradient of a straight-through estimator is not the derivative of what is computed"

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each rounding that cuts the only path."""
        taken: set[str] = set()
        for cut in reading.cuts.of(Stop.ROUNDING):
            code = " ".join(reading.code(cut.node).split())
            rewrite, reason = _estimated(reading, cut, taken)
            answer = "is zero everywhere" if cut.silent else "is lost"
            yield self.finding(
                reading,
                cut.node,
                f"the gradient {answer} at `{code}`: a rounded number does not follow small changes",
                rewrite=rewrite,
                reason=reason,
                queries=frozenset(cut.queries),
            )


def _estimated(reading: Reading, cut: Cut, taken: set[str]) -> tuple[Rewrite | None, str]:
    found = estimator(reading, cut)
    if isinstance(found, str):
        return None, found
    draft = Draft(reading)
    obstacle = found.write(draft, taken)
    if obstacle:
        return None, obstacle
    allows = [Allowance.STRAIGHT_THROUGH, *([Allowance.ZERO] if cut.silent else [])]
    return draft.rewrite("Lead the gradient past it by a straight-through estimator", *allows), ""
