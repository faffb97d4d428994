"""TPF602: the features come from one call, the scores from another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding, Related
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.disjoint import disjoint_calls, one_call, repeated_calls
from tapefix.tapes.repairs.wiring import stale_outputs, wired_anew


class DisjointForward(Codemod):
    """Features and scores from two calls that no gradient connects.

    ## What it finds

    A gradient of scores with respect to the features of a layer, where the features come from a call of a model for
    features (or of a part of the model), and the scores from a second call, of the whole model, on the same batch.
    Also a two-output model that takes `layer.output` of a `Sequential` that was built by `add`.

    ## Why the gradient is None

    The second call computes the features anew, for itself. The tensor that the first call gave has the same numbers,
    but nothing that leads to the scores was made of it. Keras 3 wires a `Sequential` that knows its inputs anew with
    each `add`; `layer.output` is that of the first wiring, so that there, too, the features are computed twice.

    ## What the rewrite does

    It lets one model give both: the model for features gets the output of the whole model as a second one where it
    serves nothing else; otherwise a new model is built in front of the tape. One call then takes the place of both.
    Where the layer sits in a model that is itself a layer, or was wired more than once, a function that comes along
    makes the calls between the layers anew (this needs Keras 3).

    ## When to ignore it

    Never, as long as the gradient is wanted. Where more than one call may be meant there is advice only.

    Source: https://www.tensorflow.org/guide/keras/functional_api#extract_and_reuse_nodes_in_the_graph_of_layers
    """

    code: ClassVar[str] = "TPF602"
    name: ClassVar[str] = "disjoint-forward"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each call that makes the features a second time."""
        for found in disjoint_calls(reading):
            rewrite, reason = one_call(reading, found)
            shown, line = reading.code(found.source.node), reading.line(found.features.node)
            yield self.finding(
                reading,
                found.scores.node,
                f"this call does not go over `{shown}`, which line {line} has computed in a call of its own",
                rewrite=rewrite,
                reason=reason,
                queries=frozenset({reading.line(found.query.node)}),
                related=(Related(reading.range(found.features.node), "the features are computed here"),),
            )
        for found in repeated_calls(reading):
            shown, line = reading.code(found.source.node), reading.line(found.features.node)
            yield self.finding(
                reading,
                found.scores.node,
                f"this call does not go over `{shown}`, which line {line} has computed in a call of its own",
                reason="let one call serve both: hand the features on, or let the code that calls again return them",
                queries=frozenset({reading.line(found.query.node)}),
            )
        for stale in stale_outputs(reading):
            rewrite, reason = wired_anew(reading, stale)
            shown = reading.code(stale.source.node)
            yield self.finding(
                reading,
                stale.node,
                f"`{shown}` is of an earlier wiring of the layers: the scores are not made of it",
                rewrite=rewrite,
                reason=reason,
                queries=frozenset({reading.line(stale.query.node)}),
            )
