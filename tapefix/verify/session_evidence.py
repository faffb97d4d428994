"""What a run recorded of a graph that it trains in a session, or did outside of one in its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SESSION_EVENTS = ("step", "fetch", "initial", "laid", "stood_in", "saved", "summary")


@dataclass(frozen=True)
class TrainingStep:
    """One step of training, as the session took it: what it computed, and from what."""

    line: int
    loss: dict[str, Any]
    names: tuple[str, ...]
    variables: tuple[dict[str, Any], ...]
    """Before the step."""
    gradients: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Summarized:
    """One summary, as it was written to a file."""

    line: int
    kind: str
    tag: str
    step: int | None
    value: dict[str, Any]
    """The number, or what a histogram says of many."""


@dataclass
class SessionEvidence:
    """Everything of it, in order."""

    steps: list[TrainingStep] = field(default_factory=list)
    fetched: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """The values that the script got to see, with the lines where it took them."""
    initial: list[dict[str, Any]] | None = None
    """What the variables began with, in the order in which they were made; `None` where that is not known."""
    laid: list[str] = field(default_factory=list)
    """The variables that would have begun with other values, and were given those of the run before."""

    saved: list[tuple[int, str, list[dict[str, Any]]]] = field(default_factory=list)
    """What the script wrote of its variables: the line, the path of the file, and the values in it."""
    summaries: list[Summarized] = field(default_factory=list)
    stood_in: list[str] = field(default_factory=list)
    """What TensorFlow 1 had and the TensorFlow of the run has not, and was made up for."""

    def add(self, kind: str, event: dict[str, Any]) -> None:
        """Take in one event of the record."""
        if kind == "step":
            parts = (tuple(event[name]) for name in ("names", "variables", "gradients"))
            self.steps.append(TrainingStep(event["line"], event["loss"], *parts))
        elif kind == "fetch":
            self.fetched.append((event["line"], event["value"]))
        elif kind == "initial":
            self.initial = event["values"]
        elif kind == "saved":
            self.saved.append((event["line"], event["path"], event["values"]))
        elif kind == "summary":
            self.summaries.append(Summarized(event["line"], event["form"], event["tag"], event["step"], event["value"]))
        elif kind == "stood_in":
            self.stood_in.append(event["name"])
        else:
            self.laid.append(event["name"])
