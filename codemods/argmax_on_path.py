"""TPF501: an index between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Allowance, Applicability, Codemod, Finding, Rewrite
from tapefix.tapes.flow.stops import Stop
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.cuts import Cut
from tapefix.tapes.repairs.indices import is_compared, select_value
from tapefix.tapes.repairs.straight import estimator
from tapefix.tapes.writing.draft import Draft


class ArgmaxOnPath(Codemod):
    """An index is all that leads from the source to the target.

    ## What it finds

    `tf.argmax`, `tf.argsort`, the indices of `tf.math.top_k`, or one-hot vectors of such, on the way from a source to
    the target of a gradient, where no other way leads there.

    ## Why the gradient is None

    Which entry is the largest does not change when the entries change a little. An index is a whole number, and no
    tape follows it: the answer is `None`, or zeros where the index is asked for itself.

    ## What the rewrite does

    Where the target is the index itself, its sum or its mean, it takes the value in place of the index:
    `tf.reduce_max` for `tf.argmax`, `tf.sort` for `tf.argsort`, the values of `top_k` for its indices. One-hot
    vectors of `tf.argmax` keep their value, and a straight-through estimator leads the gradient past them to the
    scores. Anything else that is done with an index is left alone.

    ## When to ignore it

    When the index is meant, as a prediction or an action: then no gradient should be asked for it.

    Source: https://www.tensorflow.org/guide/autodiff#3_took_gradients_through_an_integer_or_string
    """

    code: ClassVar[str] = "TPF501"
    name: ClassVar[str] = "argmax-on-path"
    applicability: ClassVar[Applicability] = Applicability.UNSAFE
    reason: ClassVar[str] = "the target is another one, or its gradient that of an estimator"

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each index that cuts the only path."""
        taken: set[str] = set()
        for cut in reading.cuts.of(Stop.SELECTION):
            if all(is_compared(cut, value) for value in cut.values):
                # A share of hits: that is another rule's.
                continue
            rewrite, reason = _estimated(reading, cut, taken)
            if rewrite is None and not reason:
                rewrite, reason = _selected(reading, cut)
            code = " ".join(reading.code(cut.node).split())
            yield self.finding(
                reading,
                cut.node,
                f"`{code}` is an index: it does not follow small changes of what it was taken from",
                rewrite=rewrite,
                reason=reason,
                queries=frozenset(cut.queries),
            )


def _selected(reading: Reading, cut: Cut) -> tuple[Rewrite | None, str]:
    draft = Draft(reading)
    reason = select_value(reading, cut, draft)
    if reason:
        return None, reason
    allows = [Allowance.VALUE, *([Allowance.ZERO] if cut.silent else [])]
    return draft.rewrite("Take the value in place of its index", *allows), ""


def _estimated(reading: Reading, cut: Cut, taken: set[str]) -> tuple[Rewrite | None, str]:
    """What leads the gradient past one-hot vectors; neither that nor a reason where there are none."""
    found = estimator(reading, cut)
    if isinstance(found, str):
        return None, ""
    draft = Draft(reading)
    reason = found.write(draft, taken)
    if reason:
        return None, reason
    return draft.rewrite("Lead the gradient past it to the scores", Allowance.STRAIGHT_THROUGH), ""
