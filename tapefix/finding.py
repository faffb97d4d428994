"""Findings: a break at a position in a file, with a message, and a rewrite when one is known."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tapefix.allowance import Allowance
from tapefix.source.edits import Edit


class Applicability(str, enum.Enum):
    """How far a rewrite may be trusted to keep what the program computes."""

    SAFE = "safe"
    """Keeps the value of every target."""
    UNSAFE = "unsafe"
    """Changes what is computed; applied only on request."""
    ADVICE = "advice"
    """There is no rewrite, only a way out for the reader."""


@dataclass(frozen=True, order=True)
class Range:
    """A stretch of a file. Lines count from 1, columns from 0 in code points; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def called(self, name: Callable[[int], int]) -> Range:
        """The same stretch, with its lines by other names."""
        return replace(self, line=name(self.line), end_line=name(self.end_line))


@dataclass(frozen=True)
class Related:
    """A place that helps to understand a finding: the tape, the source, the query."""

    range: Range
    message: str


@dataclass(frozen=True)
class Rewrite:
    """What a finding changes in the text, as edits that apply together or not at all."""

    title: str
    """What applying it does, in the imperative: "Watch `x` in the tape"."""
    edits: tuple[Edit, ...]
    allows: frozenset[Allowance] = frozenset()
    """What it changes by declaration; nothing, where it is safe."""

    def __post_init__(self) -> None:
        if not self.edits:
            raise ValueError("a rewrite needs an edit")


@dataclass(frozen=True)
class Finding:
    """A break at a position in a file, with a message, and a rewrite when one is known."""

    code: str
    name: str
    message: str
    range: Range
    applicability: Applicability
    rewrite: Rewrite | None = None
    alternatives: tuple[Rewrite, ...] = ()
    """Other rewrites of the same break, the smaller change first: taken when a run rejects those before it."""
    reason: str = ""
    """Why the rewrite is not safe, or why there is none; empty for a safe one."""
    queries: frozenset[int] = frozenset()
    """Lines of the queries whose gradient the break costs: what a run must show to be repaired."""
    keeps: frozenset[int] = frozenset()
    """Lines of queries that nothing is wrong with, whose gradient has to stay as it is: what a run must come by."""
    related: tuple[Related, ...] = field(default=(), compare=False)
    tapes: frozenset[int] = field(default=frozenset(), compare=False)
    """Lines on which the tapes of its queries begin."""

    def __post_init__(self) -> None:
        if self.applicability is Applicability.SAFE and self.rewrite is not None and self.rewrite.allows:
            raise ValueError(f"{self.code}: a safe rewrite changes nothing by declaration")
        if self.alternatives and self.rewrite is None:
            raise ValueError(f"{self.code}: an alternative needs a rewrite that it stands in for")

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """Every rewrite of the break, the preferred one first."""
        return () if self.rewrite is None else (self.rewrite, *self.alternatives)

    def called(self, name: Callable[[int], int]) -> Finding:
        """The same finding, with its lines by other names."""
        return replace(
            self,
            range=self.range.called(name),
            queries=frozenset(map(name, self.queries)),
            keeps=frozenset(map(name, self.keeps)),
            tapes=frozenset(map(name, self.tapes)),
            related=tuple(replace(each, range=each.range.called(name)) for each in self.related),
        )

    @property
    def key(self) -> tuple[int, int, str]:
        """Sort key: position, then code."""
        return (self.range.line, self.range.column, self.code)
