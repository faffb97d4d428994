"""What an unsafe rewrite declares that it changes: the verdict allows this much, and nothing besides."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

LINES = frozenset[int]


class Allowance(str, enum.Enum):
    """The closed set of what may be declared, for the queries that a rewrite claims."""

    VALUE = "value"
    """Their targets have other values than before, in the same shape; so has what is printed of them."""
    STRAIGHT_THROUGH = "straight-through"
    """A straight-through estimator lies on the path: what it stops is held for the differences."""
    ZERO = "zero"
    """A gradient that was zero in every entry counts as missing."""
    WHOLE = "whole"
    """Where a tape lacked the gradient of one source, others may gain the part that came to them by the same path."""
    GRAPH = "graph"
    """A graph of TensorFlow 1, run in a session, is what the text before makes; the one after does without."""


class Allowed:
    """Which allowances hold for which queries: by line, or for all."""

    def __init__(self, lines: Mapping[Allowance, LINES | None] | None = None) -> None:
        self._lines = dict(lines or {})

    def __bool__(self) -> bool:
        return bool(self._lines)

    @classmethod
    def everywhere(cls, allowances: Iterable[Allowance]) -> Allowed:
        """The same for every query."""
        return cls(dict.fromkeys(allowances))

    def lines(self, allowance: Allowance) -> LINES | None:
        """The lines of the queries that it holds for; `None` for all of them."""
        return self._lines.get(allowance, frozenset())
