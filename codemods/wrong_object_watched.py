"""TPF209: another object is asked for, or watched, than the one on the path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.selecting import selections, whole_asked
from tapefix.tapes.repairs.strangers import strangers, wrong_watches


class WrongObjectWatched(Codemod):
    """The source, or what is watched, is another object than the one on the path.

    ## What it finds

    A copy as the source: `copy = tf.identity(x)`, `v = tf.Variable(x)`, where the target is computed from `x`. A
    `tape.watch(x)` from which nothing is recorded, while the gradient is asked for `batch`. A tensor made of `x`, such
    as `x / 255.0`, as the source of a target that is computed from `x` itself. An array as the source, while the tape
    watches the tensor that was made of it.

    ## Why the gradient is None

    A tape knows tensors as objects, not by their numbers. A copy has no part in what the original is used for.

    ## What the rewrite does

    It asks for the object on the path in place of its copy. A variable that was made of a tensor is read on the path in
    the tensor's place. A `watch` that serves nothing names the source. What is watched is asked for in place of what it
    was made of. Where the source has other numbers than what is on the path, there is advice only: one of the two is a
    slip, and the program does not say which.

    ## When to ignore it

    Never, as long as the gradient is wanted.

    Source: https://www.tensorflow.org/guide/autodiff#getting_a_gradient_of_none
    """

    code: ClassVar[str] = "TPF209"
    name: ClassVar[str] = "wrong-object-watched"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield a finding for each copy that is asked for, and for each `watch` of the wrong tensor."""
        found = selections(reading)
        everything = [part for parts in found.values() for part in parts]
        for node, parts in found.items():
            if not all(part.copied for part in parts):
                continue
            draft = whole_asked(reading, parts, everything)
            shown = ", ".join(dict.fromkeys(reading.code(part.source.node) for part in parts))
            wholes = ", ".join(dict.fromkeys(reading.code(part.whole) for part in parts))
            yield self.finding(
                reading,
                parts[0].source.node,
                f"`{shown}` is a copy: the target is made of `{wholes}`",
                rewrite=draft.rewrite(f"Ask for `{wholes}`") if not isinstance(draft, str) else None,
                reason=draft if isinstance(draft, str) else "",
                queries=frozenset({reading.line(node)}),
            )
        for stranger in strangers(reading):
            source = stranger.flow.source.node
            if any(part.source.node is source for part in everything):
                continue
            draft = stranger.written(reading)
            yield self.finding(
                reading,
                source,
                f"`{reading.code(source)}` stands beside the path: the target is made of `{stranger.shown(reading)}`",
                rewrite=draft.rewrite(f"Use `{reading.code(source)}` on the path")
                if not isinstance(draft, str)
                else None,
                reason=draft if isinstance(draft, str) else "",
                queries=frozenset({reading.line(stranger.query.node)}),
            )
        for twin in {twin.source.node: twin for twin in reading.twins.values()}.values():
            asked = twin.source.node
            yield self.finding(
                reading,
                asked,
                f"`{reading.code(asked)}` is not what the tape watches: that is `{twin.name}`, which was made of it",
                rewrite=twin.written(reading).rewrite(f"Ask for `{twin.name}`"),
                queries=frozenset({reading.line(twin.query.node)}),
            )
        for wrong in wrong_watches(reading):
            watched = reading.code(wrong.watch.node.args[0].value)
            yield self.finding(
                reading,
                wrong.watch.node,
                f"the tape watches `{watched}`, of which it records nothing; the gradient is asked for `{wrong.name}`",
                rewrite=wrong.written(reading).rewrite(f"Watch `{wrong.name}`"),
                queries=frozenset({reading.line(wrong.unwatched.query.node)}),
            )
