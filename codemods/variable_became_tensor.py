"""TPF207: a variable is replaced by a tensor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.replacing import replacements


class VariableBecameTensor(Codemod):
    """A variable is replaced by a tensor, so that the next gradient is missing.

    ## What it finds

    An update such as `w = w - lr * g`, `x = x + 1` or `w -= lr * g` of a variable, after which a tape is asked for `w`
    again: in the next pass of a loop, or the next call.

    ## Why the gradient is None

    Arithmetic on a variable gives a tensor. From the second step on `w` is that tensor, and a tape watches by itself
    only variables. (`w -= lr * g` on a `tf.Variable` raises: ``RuntimeError: `variable -= value` with `tf.Variable`s is
    not supported``. On a variable of Keras it gives a tensor, too.)

    ## What the rewrite does

    It changes the variable in place: `w.assign_sub(lr * g)`, `w.assign_add(1.0)`, `w.assign(...)` for anything else.
    Where the tensor was printed afterwards, the variable's value is.

    It does nothing where in-place changes would show: another name, a list or an object keeps the variable, or what it
    was. There TPF201 watches the tensor.

    ## When to ignore it

    Never, as long as the gradient is wanted.

    Source: https://www.tensorflow.org/guide/autodiff#1_replaced_a_variable_with_a_tensor
    """

    code: ClassVar[str] = "TPF207"
    name: ClassVar[str] = "variable-became-tensor"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each update, or group of updates that belong together."""
        for found in replacements(reading):
            if not found.decided:
                continue
            effect = "raises" if found.raises else "leaves a tensor under the name of a variable"
            yield self.finding(
                reading,
                found.steps[0].node,
                f"the assignment to `{found.shown}` {effect}: the next tape does not watch it",
                rewrite=found.rewrite(reading, f"Change `{found.shown}` in place"),
                reason=found.reason,
                queries=found.queries(reading),
            )
