"""TPF107: the only path from a source to the target is hidden from the tape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.stopped import HiddenPlan


class StoppedGradientOnPath(Codemod):
    """`tf.stop_gradient` or `tape.stop_recording()` hides the only path from the tape.

    ## What it finds

    A call of `tf.stop_gradient`, or a block under `tape.stop_recording()`, that every way from the source to the
    target of a gradient goes through.

    ## Why the gradient is None

    Both are there to say that a value is a constant for the gradient: the tape does not follow it any further back.
    Where no other way leads to the source, nothing is left to answer with.

    ## What the rewrite does

    It takes the call away and keeps what it was called with, or takes the block out of the `with` statement. The values
    stay as they are. It is unsafe, as the stop may be meant, and the question wrong: it is applied only when unsafe
    rewrites are asked for. Where another gradient goes past the same stop, there is advice only.

    ## When to ignore it

    When the value is meant to be a constant, and `None` is the right answer (the target of a value function, a teacher,
    the other branch of a siamese network): then ask for no gradient there.

    Source: https://www.tensorflow.org/guide/autodiff#stop_gradient
    """

    code: ClassVar[str] = "TPF107"
    name: ClassVar[str] = "stopped-gradient-on-path"
    applicability: ClassVar[Applicability] = Applicability.UNSAFE
    reason: ClassVar[str] = "the stop may be meant, and then no gradient should be asked for"

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each stop that cuts the only path."""
        for hidden in HiddenPlan(reading):
            code = " ".join(reading.code(hidden.node.func).split())
            title = f"Take `{code}` away" if hidden.block is None else f"Take the block out of `{code}()`"
            yield self.finding(
                reading,
                hidden.node,
                f"`{code}` hides the only path from the tape: no gradient comes back through it",
                rewrite=hidden.rewrite(reading, title),
                reason=hidden.obstacle,
                queries=frozenset(hidden.queries),
            )
