"""TPF505: a metric of Keras in place of a loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Allowance, Applicability, Codemod, Finding, Rewrite
from tapefix.tapes.flow.stops import Stop
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.cuts import Cut
from tapefix.tapes.repairs.metrics import NoLossError, take_loss
from tapefix.tapes.writing.draft import Draft


class MetricAsLoss(Codemod):
    """A gradient is asked for what a metric of Keras gives.

    ## What it finds

    `metric(y, p)`, `metric.result()` or `metric.update_state(y, p)` of a `tf.keras.metrics` object as the target of a
    gradient, or between a source and the target, where no other way leads there.

    ## Why the gradient is None

    A metric adds what it is given to variables of its own, and reads its result from these. A variable does not
    remember what was added to it. `update_state` gives nothing at all: its gradient raises a `TypeError`.

    ## What the rewrite does

    It takes the loss of the same meaning with the same arguments: `tf.keras.losses.MeanSquaredError` for the metric of
    that name, and likewise for the other errors, the cross-entropies, the hinges, `Poisson` and `KLDivergence`; the
    tensor itself for `tf.keras.metrics.Mean`. The metric is updated as before where the file uses it for more. From the
    second update on, the value is another: that of the batch, not the mean of all batches.

    ## When to ignore it

    Never. What is only logged needs no gradient, and is not reported.

    Source: https://www.tensorflow.org/guide/autodiff#4_took_gradients_through_a_stateful_object
    """

    code: ClassVar[str] = "TPF505"
    name: ClassVar[str] = "metric-as-loss"
    applicability: ClassVar[Applicability] = Applicability.UNSAFE
    reason: ClassVar[str] = "a metric is the mean over all batches, a loss that of one"

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each metric that cuts the only path."""
        for cut in reading.cuts.of(Stop.METRIC):
            rewrite, reason = _rewritten(reading, cut)
            code = " ".join(reading.code(cut.node).split())
            yield self.finding(
                reading,
                cut.node,
                f"`{code}` is read from the variables of a metric, which do not remember what was added to them",
                rewrite=rewrite,
                reason=reason,
                queries=frozenset(cut.queries),
            )


def _rewritten(reading: Reading, cut: Cut) -> tuple[Rewrite | None, str]:
    draft = Draft(reading)
    try:
        take_loss(reading, cut, draft)
    except NoLossError as error:
        return None, str(error)
    return draft.rewrite("Take the loss of the same meaning", Allowance.VALUE), ""
