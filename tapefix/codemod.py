"""What a codemod derives from, and what it yields: findings, each with its own rewrite."""

from __future__ import annotations

import enum
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from tapefix.source.edits import Edit

if TYPE_CHECKING:
    from tapefix.tapes.reading import Reading


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
    reason: str = ""
    """Why the rewrite is not safe, or why there is none; empty for a safe one."""
    queries: frozenset[int] = frozenset()
    """Lines of the queries whose gradient the break costs: what a run must show to be repaired."""
    related: tuple[Related, ...] = field(default=(), compare=False)

    @property
    def key(self) -> tuple[int, int, str]:
        """Sort key: position, then code."""
        return (self.range.line, self.range.column, self.code)


class Codemod(ABC):
    """One rule: finds one kind of break and writes its rewrite.

    A subclass sets the class attributes, writes the rule's page as its docstring, and yields findings from `find`.
    It is found through the entry-point group `tapefix.codemods`; nothing has to be listed anywhere.
    """

    code: ClassVar[str]
    """For example `TPF101`; stable once released."""
    name: ClassVar[str]
    """Kebab-case; equals the file's name with underscores, and the folder of its fixtures."""
    applicability: ClassVar[Applicability]
    reason: ClassVar[str] = ""
    """Why the rule's rewrite is unsafe or missing; empty for a safe rule."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        code = getattr(cls, "code", None)
        if code is not None and not re.fullmatch(r"[A-Z]{2,6}\d{3}", code):
            raise TypeError(f"{cls.__name__}.code must look like TPF101, not {code!r}")

    @abstractmethod
    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield the findings of this rule in one module."""

    @classmethod
    def page(cls) -> str:
        """The rule's page: its docstring, without the indent."""
        import inspect

        return inspect.getdoc(cls) or ""
