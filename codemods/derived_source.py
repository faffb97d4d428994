"""TPF208: the source is a part of what the target is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.selecting import selections, whole_asked


class DerivedSource(Codemod):
    """A gradient is asked for a slice or a reshaped copy, made beside the path.

    ## What it finds

    `tape.gradient(y, x[0])`, `tape.gradient(u, xt[:, 0:1])`, `tape.gradient(y, tf.reshape(x, [-1]))`: a slice, a
    reshaped, transposed or cast tensor, made for the query or under a name of its own, where the target is computed
    from the whole `x`.

    ## Why the gradient is None

    Each slice is a new tensor. The target is not made of it, however equal the numbers are.

    ## What the rewrite does

    It asks for the whole and takes the part of the answer: `tape.gradient(y, x)[0]`. The gradient of a part is that
    part of the gradient. Where several parts of one tensor are asked for at once, one query serves them all.

    A Jacobian has the axes of the source last; there it only tells.

    ## When to ignore it

    Never, as long as the gradient is wanted. Where the network is to be called with the parts, put them together inside
    the tape: `u = net(tf.concat([x, t], axis=1))`.

    Source: https://www.tensorflow.org/guide/autodiff#getting_a_gradient_of_none
    """

    code: ClassVar[str] = "TPF208"
    name: ClassVar[str] = "derived-source"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each query that asks for parts."""
        found = selections(reading)
        everything = [part for parts in found.values() for part in parts]
        for node, parts in found.items():
            if all(part.copied for part in parts):
                continue
            written = whole_asked(reading, parts, everything)
            shown = ", ".join(dict.fromkeys(reading.code(part.source.node) for part in parts))
            wholes = ", ".join(dict.fromkeys(reading.code(part.whole) for part in parts))
            yield self.finding(
                reading,
                parts[0].source.node,
                f"the target is made of `{wholes}`, not of `{shown}`, which stands beside the path",
                rewrite=written.rewrite(f"Ask for `{wholes}`") if not isinstance(written, str) else None,
                reason=written if isinstance(written, str) else "",
                queries=frozenset({reading.line(node)}),
            )
