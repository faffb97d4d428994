"""TPF201: the source is a tensor that the tape does not watch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.draft import Draft
from tapefix.tapes.reading import Reading
from tapefix.tapes.watching import Unwatched, bound_before, is_tensor_source, tape_name, unwatched


class UnwatchedTensor(Codemod):
    """A gradient is asked for a tensor that the tape does not watch.

    ## What it finds

    A source that is a plain tensor (a constant, an argument, a batch of a dataset, the result of a TensorFlow function)
    made before the tape began to record, and never given to `tape.watch`.

    ## Why the gradient is None

    A tape watches trainable variables by itself, and nothing else. What is computed from an unwatched tensor is not
    recorded for it.

    ## What the rewrite does

    It puts `tape.watch(x)` first in the body of the tape; one call for several sources.

    ## When to ignore it

    Never, as long as the gradient is wanted.

    Source: https://www.tensorflow.org/guide/autodiff#controlling_what_the_tape_watches
    """

    code: ClassVar[str] = "TPF201"
    name: ClassVar[str] = "unwatched-tensor"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each query, with a `watch` for all its tensors."""
        groups: dict[tuple[cst.CSTNode, cst.CSTNode], list[Unwatched]] = {}
        for found in unwatched(reading):
            if is_tensor_source(found.value) and found.value.dtype.differentiable is not False:
                groups.setdefault((found.query.node, found.region.node or found.query.node), []).append(found)
        for (node, _), group in groups.items():
            yield self._finding(reading, node, group)

    def _finding(self, reading: Reading, node: cst.CSTNode, group: list[Unwatched]) -> Finding:
        names: dict[str, None] = {}
        reason = ""
        region = group[0].region
        tape = tape_name(region)
        for found in group:
            name = bound_before(reading, found.region, found.source)
            if name is None:
                reason = f"`{reading.code(found.source.node)}` has no name when the tape begins to record"
            else:
                names[name] = None
        if region.node is None or tape is None:
            reason = "the tape is not entered by a `with` statement under a name"
        shown = ", ".join(dict.fromkeys(reading.code(found.source.node) for found in group))
        rewrite = None
        if not reason and region.node is not None:
            draft = Draft(reading)
            listed = ", ".join(names)
            draft.prepend(region.node, f"{tape}.watch({listed if len(names) == 1 else f'[{listed}]'})", shared=True)
            rewrite = draft.rewrite(f"Watch `{listed}` in the tape")
        return self.finding(
            reading,
            group[0].source.node,
            f"the tape does not watch `{shown}`: it is a tensor, not a trainable variable",
            rewrite=rewrite,
            reason=reason,
            queries=frozenset({reading.line(node)}),
        )
