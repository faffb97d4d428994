"""Evidence: what a run recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tapefix.verify.session_evidence import SessionEvidence

Value = dict[str, Any]
"""A value as the child describes it: class, dtype, shape, and numbers or projections of them."""

State = Literal["none", "raised", "gradient"]


@dataclass(frozen=True)
class Site:
    """One call of a query method in the text."""

    line: int
    column: int
    end_line: int
    end_column: int
    method: str
    target: str
    sources: tuple[str, ...]
    whole: str
    statement: int = 0


@dataclass(frozen=True)
class Query:
    """One query as it was made in a run."""

    order: int
    site: int | None
    key: str
    line: int
    function: str
    method: str
    occurrence: int
    symbolic: bool
    targets: tuple[Value, ...]
    sources: tuple[Value, ...]
    traces: tuple[Value, ...]
    answers: tuple[Value, ...]
    weights: tuple[Value, ...]
    """The query's `output_gradients`."""
    error: Value | None
    target_text: str
    labels: tuple[str, ...]
    tape: int = 0
    """Which of the tapes that the run asked, counted from 1; 0 where it asked without one."""
    why: tuple[Value, ...] = ()
    """For each source of a traced query its account; an empty one where there is a gradient."""
    origins: tuple[tuple[Value, ...], ...] = ()
    """For each source without an answer: the tensors that it was selected from, and the positions it takes of each."""
    taken: tuple[frozenset[str], ...] = ()
    """For each source: the positions that the script took of the answer."""


@dataclass(frozen=True)
class Pair:
    """One source of one query, and what the query answered for it."""

    query: Query
    index: int
    silent: bool = False
    """Zeros that count as no answer."""

    @property
    def source(self) -> Value:
        """The source as it was."""
        return self.query.sources[self.index]

    @property
    def label(self) -> str:
        """The source as the text calls it."""
        return self.query.labels[self.index]

    @property
    def answer(self) -> Value:
        """The answer; empty when the query raised."""
        return self.query.answers[self.index] if self.index < len(self.query.answers) else {}

    @property
    def trace(self) -> Value:
        """Whether recorded operations lead from the source to the target, where that is known."""
        return self.query.traces[self.index] if self.index < len(self.query.traces) else {}

    @property
    def origins(self) -> tuple[Value, ...]:
        """The tensors that the source was selected from, when there was no answer."""
        return self.query.origins[self.index] if self.index < len(self.query.origins) else ()

    @property
    def taken(self) -> frozenset[str]:
        """The positions that the script took of the answer."""
        return self.query.taken[self.index] if self.index < len(self.query.taken) else frozenset()

    @property
    def filler(self) -> Literal["none", "zeros", "zero"]:
        """What stood in place of a gradient: zeros, or the one `0.0` that `tf.py_function` gives beside its path."""
        if self.silent:
            return "zeros"
        lost = self.trace.get("hidden") is True and self.answer.get("norm") == 0.0
        if lost:
            return "zeros" if self.answer.get("shape") == self.source.get("shape") else "zero"
        return "none"

    @property
    def state(self) -> State:
        """What came of it; zeros without any path count as no answer."""
        if self.query.error is not None:
            return "raised"
        answer = self.answer
        if self.filler != "none" or not answer or answer.get("class") == "none":
            return "none"
        if answer.get("norm") == 0.0 and self.trace.get("connected") is False:
            return "none"
        return "gradient"

    @property
    def broken(self) -> bool:
        """Whether there is no gradient."""
        return self.state != "gradient"

    @property
    def channel(self) -> tuple[str, int]:
        """What stays the same from one time to the next: the site, and the source's place in it."""
        return self.query.key, self.index


@dataclass(frozen=True)
class Printed:
    """What one line wrote to standard output in a row."""

    order: int
    line: int | None
    direct: bool
    text: str


@dataclass(frozen=True)
class Effect:
    """A change to a file, or a process started."""

    order: int
    line: int
    effect: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class End:
    """How a run ended."""

    reason: str
    """One of `finished`, `sampled`, `exit`, `raised`; a limit: `timeout`, `memory`, `output`, `processes`; `killed`; or
    what kept it from beginning: `device`, `recorder`."""
    type: str = ""
    message: str = ""
    line: int | None = None
    code: str = ""

    @property
    def regular(self) -> bool:
        """Whether the run came to a good end, or to the end of its sample."""
        return self.whole or self.reason == "sampled"

    @property
    def whole(self) -> bool:
        """Whether the run came to its own end, and a good one."""
        return self.reason == "finished" or (self.reason == "exit" and self.code == "0")

    def describe(self) -> str:
        """Say it in words."""
        where = f" at line {self.line}" if self.line else ""
        if self.reason == "raised":
            message = " ".join(self.message.split())
            return f"raised {self.type}{where}: {message[:200]}"
        words = {
            "timeout": "reached the time limit",
            "memory": "reached the memory limit",
            "output": "reached the limit on output",
            "processes": "started too many processes",
            "exit": f"exited with code {self.code}{where}",
            "killed": f"was ended by signal {self.code}",
        }
        return words.get(self.reason, self.reason)


@dataclass(frozen=True)
class Evidence:
    """What one run recorded."""

    end: End
    queries: tuple[Query, ...] = ()
    prints: tuple[Printed, ...] = ()
    effects: tuple[Effect, ...] = ()
    sites: tuple[Site, ...] = ()
    devices: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_bytes: int = 0
    random_graph: bool = False
    """Whether a graph draws random numbers."""
    notes: tuple[str, ...] = field(default=())
    kept: str = ""
    """The folder of its answers, where it was to keep them."""
    session: SessionEvidence = field(default_factory=SessionEvidence)
    observed: tuple[Value, ...] = ()
    """What the expressions of the script evaluated to, in a traced run."""
    deleted: dict[str, Value] = field(default_factory=dict)
    """Where names were deleted last, in a traced run."""

    def pairs(self) -> Iterator[Pair]:
        """Yield every (target, source) pair in order."""
        for query in self.queries:
            for index in range(len(query.sources)):
                pair = Pair(query, index)
                yield replace(pair, silent=True) if pair.answer.get("made_up") else pair
