"""TPF503: a comparison between a source and its target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.flow.stops import Stop, stop_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.cuts import Cut
from tapefix.tapes.values import Value

HITS = "a share of hits has no gradient: take the loss that stands for it, a cross-entropy, and keep this for the log"
COUNT = "a count or a position has no gradient: take a smooth measure, such as a sum of `tf.sigmoid` or `tf.abs`"
THRESHOLD = "a threshold has no gradient: take a smooth step instead, such as `tf.sigmoid(k * ({}))`"
_GREATER = (cst.GreaterThan, cst.GreaterThanEqual)
_LESS = (cst.LessThan, cst.LessThanEqual)


class ComparisonOnPath(Codemod):
    """A comparison or a count is all that leads from the source to the target.

    ## What it finds

    `a > b`, `tf.equal`, `tf.math.is_nan`, `tf.math.count_nonzero`, `tf.searchsorted` or an accuracy on the way from a
    source to the target of a gradient, where no other way leads there. A mask that is multiplied with the path, or a
    condition that picks between two branches of it, is no such thing.

    ## Why the gradient is None

    A truth value jumps from one side to the other, and stays the same for small changes on each: its derivative is zero
    wherever there is one. TensorFlow answers `None`, also when it is cast to a floating dtype afterwards.

    ## What the rewrite does

    There is none: what a smooth stand-in should look like depends on what is learned. For an accuracy, it is the loss,
    such as the cross-entropy. For a threshold `p > t`, it is `tf.sigmoid(k * (p - t))`, the steeper the larger `k` is.

    ## When to ignore it

    When no gradient is meant: then it should not be asked for.

    Source: https://www.tensorflow.org/guide/autodiff#getting_a_gradient_of_none
    """

    code: ClassVar[str] = "TPF503"
    name: ClassVar[str] = "comparison-on-path"
    applicability: ClassVar[Applicability] = Applicability.ADVICE
    reason: ClassVar[str] = "which smooth function stands for it is a matter of what is learned"

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each comparison or count that cuts the only path."""
        found: dict[cst.CSTNode, tuple[Cut, Value]] = {}
        for cut in reading.cuts.of(Stop.COMPARISON, Stop.COUNT, Stop.SELECTION):
            for value in cut.values:
                if cut.stop is not Stop.SELECTION:
                    found.setdefault(cut.node, (cut, value))
                    continue
                # A selected index that is compared with a label.
                compared = next((e for e in cut.behind(value) if stop_of(e) is Stop.COMPARISON), None)
                if compared is not None and compared.node is not None:
                    found.setdefault(compared.node, (cut, compared))
        for node, (cut, value) in found.items():
            code = " ".join(reading.code(node).split())
            what = "a count or a position" if stop_of(value) is Stop.COUNT else "true or false"
            yield self.finding(
                reading,
                node,
                f"`{code}` is {what}: it does not follow small changes of what is compared",
                reason=_way_out(reading, cut, value),
                queries=frozenset(cut.queries),
            )


def _way_out(reading: Reading, cut: Cut, value: Value) -> str:
    short = value.name.rpartition(".")[2].lower()
    if cut.stop is Stop.SELECTION or "accuracy" in short or short in ("equal", "in_top_k"):
        return HITS
    if stop_of(value) is Stop.COUNT:
        return COUNT
    return THRESHOLD.format(_difference(reading, value))


def _difference(reading: Reading, value: Value) -> str:
    """What is positive where the comparison is true, in the words of the file."""
    node = value.node
    if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
        left, right = reading.code(node.left), reading.code(node.comparisons[0].comparator)
        if isinstance(node.comparisons[0].operator, _GREATER):
            return f"{left} - {right}"
        if isinstance(node.comparisons[0].operator, _LESS):
            return f"{right} - {left}"
    short = value.name.rpartition(".")[2]
    if short.startswith(("greater", "less")) and len(value.arguments) >= 2:
        left, right = (reading.code(argument.node.value) for argument in value.arguments[:2])
        return f"{left} - {right}" if short.startswith("greater") else f"{right} - {left}"
    return "a - b"
