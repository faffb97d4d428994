"""The verdict: what two runs, before and after, say of a rewrite."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, field
from typing import Any


class VerdictStatus(str, enum.Enum):
    """The three verdicts."""

    VERIFIED = "verified"
    REJECTED = "rejected"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Outcome:
    """What a query answered for one source."""

    state: str
    """`none`, `raised`, `zero` (where that counts as none), `graph` (in a session, where no tape was) or `gradient`."""
    shape: tuple[int | None, ...] | None = None
    dtype: str | None = None
    norm: float | None = None
    error: str | None = None

    def __str__(self) -> str:
        if self.state == "raised":
            return self.error or "raised"
        if self.state == "none":
            return "None"
        if self.state == "graph":
            return f"computed by the graph alone{f', norm {self.norm:.6g}' if self.norm is not None else ''}"
        shape = "unknown" if self.shape is None else "(" + ", ".join(map(str, self.shape)) + ")"
        if self.state == "zero":
            return f"zeros {self.dtype} {shape}"
        norm = f", norm {self.norm:.6g}" if self.norm is not None else ""
        return f"gradient {self.dtype} {shape}{norm}"


@dataclass(frozen=True)
class Check:
    """A new gradient against central differences."""

    by_tape: float | None = None
    """The directional derivative by the tape, along the direction where both differ most."""
    by_differences: float | None = None
    tolerance: float | None = None
    directions: int = 0
    unchecked: str | None = None
    """What could not be executed again, when there was nothing to compare with."""
    together: int = 0
    """How many sources were moved at once; 0: this one by itself."""

    def __str__(self) -> str:
        if self.unchecked is not None:
            return f"not checked against differences: {self.unchecked}"
        others = f", with {self.together - 1} other sources" if self.together > 1 else ""
        return f"{self.by_tape:.6g} by tape, {self.by_differences:.6g} by differences{others}"


@dataclass(frozen=True)
class Change:
    """One source of one query, before and after."""

    line: int
    """Line of the query, before."""
    after_line: int
    target: str
    source: str
    before: Outcome
    after: Outcome
    check: Check | None = None

    @property
    def repaired(self) -> bool:
        """Whether there is a gradient now and was none before."""
        return self.before.state != "gradient" and self.after.state == "gradient"


@dataclass(frozen=True)
class Verdict:
    """What the runs say, and the figures behind it."""

    status: VerdictStatus
    reason: str
    changes: tuple[Change, ...] = ()
    still_none: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    device: str = ""
    tensorflow_version: str = ""
    python_version: str = ""
    tolerance: float = 0.0
    sandbox: str = ""
    seconds: float = 0.0
    unreached: frozenset[int] = frozenset()
    """Lines of the claimed queries that neither run came by; they are the reason of a `not run`."""
    allowed: tuple[str, ...] = ()
    """What was let pass because an unsafe rewrite declares it."""

    @property
    def repaired(self) -> tuple[Change, ...]:
        """The changes from no gradient to a gradient."""
        return tuple(change for change in self.changes if change.repaired)

    @property
    def whole(self) -> bool:
        """Whether every gradient that the run after came by is there."""
        return self.status is VerdictStatus.VERIFIED and not self.still_none

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain data."""
        data = asdict(self)
        data["status"] = self.status.value
        data["unreached"] = sorted(self.unreached)
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Verdict:
        """Build a verdict from what `to_json` returned."""
        values = dict(data)
        values["status"] = VerdictStatus(values["status"])
        values["unreached"] = frozenset(values.get("unreached", ()))
        values["changes"] = tuple(_change(change) for change in values.get("changes", ()))
        for name in ("still_none", "notes", "allowed"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)


def _change(data: dict[str, Any]) -> Change:
    values = dict(data)
    values["before"] = _outcome(values["before"])
    values["after"] = _outcome(values["after"])
    values["check"] = Check(**values["check"]) if values.get("check") else None
    return Change(**values)


def _outcome(data: dict[str, Any]) -> Outcome:
    values = dict(data)
    if values.get("shape") is not None:
        values["shape"] = tuple(values["shape"])
    return Outcome(**values)


@dataclass
class Findings:
    """What the comparison of two runs has come to, while it is being made."""

    changes: list[Change] = field(default_factory=list)
    still_none: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    unreached: frozenset[int] = frozenset()
