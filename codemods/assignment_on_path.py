"""TPF504: an assignment to a variable stands on the path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.assigning import assignments, written


class AssignmentOnPath(Codemod):
    """A variable is assigned inside the tape, and then read on the way to the target.

    ## What it finds

    `v.assign(f(x))`, `v.assign_add(…)` or `v.assign_sub(…)` inside a tape, where the target is computed from `v`
    behind it and the gradient is asked for `x`.

    ## Why the gradient is None

    A variable holds numbers and no history. Reading it begins a new path, at the variable: what was computed before
    the assignment is lost.

    ## What the rewrite does

    It gives the tensor a name, goes on with it, and assigns it to the variable beside the path: `new_v = f(x)`,
    `v.assign(new_v)`. The variable holds what it held. In a loop in which each pass reads what the one before has
    assigned, it only tells: there the tensor has to be carried from pass to pass.

    ## When to ignore it

    When the state is meant to be a constant, as in truncated backpropagation through time: say so with
    `tf.stop_gradient`.

    Source: https://www.tensorflow.org/guide/autodiff#4_took_gradients_through_a_stateful_object
    """

    code: ClassVar[str] = "TPF504"
    name: ClassVar[str] = "assignment-on-path"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each assignment at which a path ends."""
        for assignment in assignments(reading):
            draft = written(reading, assignment)
            shown = reading.code(assignment.node.func)
            yield self.finding(
                reading,
                assignment.node,
                f"`{shown}` keeps the numbers and forgets the path: no gradient comes back through the variable",
                rewrite=draft.rewrite("Go on with the tensor, and assign it beside")
                if not isinstance(draft, str)
                else None,
                reason=draft if isinstance(draft, str) else "",
                queries=frozenset(assignment.queries),
            )
