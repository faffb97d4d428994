"""TPF206: the source is made of integers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.integers import float_plan
from tapefix.tapes.repairs.watching import unwatched
from tapefix.tapes.values import Dtype
from tapefix.tapes.writing.draft import Draft


class IntegerDtype(Codemod):
    """A gradient is asked for a tensor or variable of an integer dtype.

    ## What it finds

    A source of dtype `int32`, `int64`, `uint8` or `bool`: `tf.Variable(3)`, `tf.constant([1, 2])`, `tf.range(5)`, an
    integer array made into a tensor, a `dtype=tf.int32`.

    ## Why the gradient is None

    Integers have no infinitesimal changes. A tape watches none of them, even when it is told to, and warns: "The
    dtype of the watched tensor must be floating".

    ## What the rewrite does

    It makes the source floating where its dtype arises: `3` becomes `3.0`, `dtype=tf.int32` becomes
    `dtype=tf.float32`, and around anything else goes `tf.cast(..., tf.float32)`. Integer tensors that are combined
    with it become floating, too. Nothing is rewritten where the integers also count, select or label: as an index, a
    shape, a class, a token.

    ## When to ignore it

    When the integer is meant: then its gradient should not be asked for.

    Source: https://www.tensorflow.org/guide/autodiff#3_took_gradients_through_an_integer_or_string
    """

    code: ClassVar[str] = "TPF206"
    name: ClassVar[str] = "integer-dtype"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each integer source, at the place where its dtype arises."""
        for found in unwatched(reading):
            value = found.value
            if not value.is_tensor or value.dtype not in (Dtype.INTEGER, Dtype.BOOL):
                continue
            plan = float_plan(reading, found.flow)
            if plan is None:
                continue
            rewrite = None
            if not plan.reason:
                draft = Draft(reading)
                plan.write(draft)
                rewrite = draft.rewrite(f"Make `{reading.code(found.source.node)}` floating")
            yield self.finding(
                reading,
                plan.origin,
                f"`{reading.code(found.source.node)}` is made of integers: a tape only follows floating numbers",
                rewrite=rewrite,
                reason=plan.reason,
                queries=frozenset({reading.line(found.query.node)}),
            )
