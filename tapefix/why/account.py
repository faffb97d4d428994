"""The account of a query: for each source without a gradient the path to the target, and the breaks on it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from tapefix.finding import Range


class Cause(str, enum.Enum):
    """What a break can be."""

    LEFT = "left-tensorflow"
    REWRAPPED = "rewrapped"
    NUMPY_FUNCTION = "numpy-function"
    NOT_WATCHED = "not-watched"
    WATCHED_LATE = "watched-late"
    BEFORE_TAPE = "before-tape"
    AFTER_TAPE = "after-tape"
    OTHER_TAPE = "other-tape"
    QUERY_OUTSIDE = "query-outside"
    STOPPED_RECORDING = "stopped-recording"
    STOPPED_GRADIENT = "stopped-gradient"
    INTEGER = "integer"
    NO_GRADIENT = "no-gradient"
    ASSIGNED = "assigned"
    REPLACED = "replaced"
    OTHER_OBJECT = "other-object"
    DERIVED_OBJECT = "derived-object"
    SYMBOLIC = "symbolic"
    NOT_A_TENSOR = "not-a-tensor"
    TAPE_USED = "tape-used"
    INDEPENDENT = "independent"
    STOPPED_SHORT = "stopped-short"
    """The run raised before it could ask, in a way that a rule knows; `Break.detail` holds the rule's code."""
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Place:
    """An expression of the project's code."""

    path: str
    """Relative to the project; empty for the script itself."""
    range: Range
    text: str
    function: str
    """The function that it stands in; empty at the top of a module."""

    @property
    def line(self) -> int:
        """The line it begins in."""
        return self.range.line

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.path else f"line {self.line}"

    @classmethod
    def of(cls, data: dict[str, Any] | None) -> Place | None:
        """Build it from the record of a run."""
        if data is None:
            return None
        stretch = Range(data["line"], data["column"], data["end_line"], data["end_column"])
        return cls(data["path"], stretch, data["text"], data["function"])


@dataclass(frozen=True)
class Thing:
    """A value as the run saw it."""

    what: str
    """`variable`, `tensor`, `array`, `number` or `object`."""
    type: str
    name: str
    dtype: str | None
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        kind = self.type if self.what == "object" else self.what
        form = "" if self.shape is None else " (" + ", ".join("?" if n is None else str(n) for n in self.shape) + ")"
        # A shape of one dimension is written as Python does.
        form = form.replace(")", ",)") if self.shape is not None and len(self.shape) == 1 else form
        return f"{kind} {self.dtype}{form}" if self.dtype is not None else f"{kind}{form}"

    @classmethod
    def of(cls, data: dict[str, Any] | None) -> Thing | None:
        """Build it from the record of a run."""
        if data is None:
            return None
        shape = None if data["shape"] is None else tuple(data["shape"])
        return cls(data["what"], data["class"], data["name"], data["dtype"], shape)


@dataclass(frozen=True)
class Break:
    """One place where a path leaves what the tape can see, and the cause."""

    cause: Cause
    place: Place | None
    """Where; None when it happened outside the project's code."""
    made_by: str
    """The operation, or what is called there."""
    callee: str
    """The full name of what is called there: `numpy.mean`."""
    detail: str
    value: Thing | None
    other: Thing | None
    """A value that explains it: a twin, what the source was derived from, the variable that was replaced."""
    other_place: Place | None
    other_callee: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Break:
        """Build it from the record of a run."""
        return cls(
            cause=Cause(data["cause"]),
            place=Place.of(data["place"]),
            made_by=data["made_by"],
            callee=data["callee"],
            detail=data["detail"],
            value=Thing.of(data["value"]),
            other=Thing.of(data["other"]),
            other_place=Place.of(data["other_place"]),
            other_callee=data["other_callee"],
        )


@dataclass(frozen=True)
class Step:
    """What one expression made of the path, in one operation or in many."""

    place: Place | None
    ops: tuple[str, ...]
    fault: str
    """Why the tape cannot follow it; empty when it can."""
    value: Thing | None
    """What came of it."""
    skipped: int = 0
    """How many steps stand for this one in a very long path."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Step:
        """Build it from the record of a run."""
        if "skipped" in data:
            return cls(None, (), "", None, data["skipped"])
        return cls(Place.of(data["place"]), tuple(data["ops"]), data["fault"], Thing.of(data["value"]))


@dataclass(frozen=True)
class SourceAccount:
    """Why one source of a query has no gradient."""

    label: str
    """The source as the text calls it."""
    source: Thing
    breaks: tuple[Break, ...]
    """In the order of the path, from the source on; never empty."""
    path: tuple[Step, ...]
    """From the source to the target; empty when nothing leads there."""
    partial: bool
    """Whether the trace was full before the query came, so that something may be missing."""

    @classmethod
    def of(cls, label: str, data: dict[str, Any]) -> SourceAccount:
        """Build it from the record of a run."""
        source = Thing.of(data["source"])
        assert source is not None
        breaks = tuple(Break.of(found) for found in data["breaks"])
        return cls(label, source, breaks, tuple(Step.of(step) for step in data["path"]), bool(data["full"]))


@dataclass(frozen=True)
class QueryAccount:
    """One query of a run, and an account of each source that it has no gradient for."""

    line: int
    method: str
    function: str
    occurrence: int
    target: str
    target_value: Thing | None
    error: str
    """What it raised; empty when it answered."""
    found: tuple[str, ...]
    """Labels of the sources that have a gradient."""
    missing: tuple[SourceAccount, ...]
