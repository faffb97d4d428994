"""TPF404: a query that cannot reach its tape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.scope import out_of_scope


class TapeOutOfScope(Codemod):
    """A query before the tape, behind its `del`, or behind another tape of the same name.

    ## What it finds

    A query above the `with` statement that makes or enters its tape; one that comes after `del tape`, also in the
    next pass of a loop; and one whose target another tape recorded, of which a second `with ... as tape` has taken
    the name.

    ## Why the gradient is None, or an error

    A name stands for what it was bound to last. The tape that is there now did not record the target; and where none
    is there, Python raises `NameError` or `UnboundLocalError`.

    ## What the rewrite does

    It takes the query behind the `with` statement with all that needs its answer, takes the `del` behind the last
    query, or gives the first tape a name of its own.

    ## When to ignore it

    Where the error is expected.

    Source: https://www.tensorflow.org/guide/autodiff#gradient_tapes
    """

    code: ClassVar[str] = "TPF404"
    name: ClassVar[str] = "tape-out-of-scope"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each tape that queries cannot reach."""
        for found in out_of_scope(reading):
            yield self.finding(
                reading,
                found.node,
                found.message,
                rewrite=found.rewrite,
                reason=found.reason,
                queries=frozenset(reading.line(call) for call in found.calls),
            )
