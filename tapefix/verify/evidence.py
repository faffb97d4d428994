"""Evidence: what a run recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from tapefix.verify.naming import named
from tapefix.verify.session_evidence import SESSION_EVENTS, SessionEvidence

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
        return self.reason in ("finished", "sampled") or (self.reason == "exit" and self.code == "0")

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


def read_evidence(
    record: Path, answer: dict[str, Any], changes: list[str], called: Callable[[int], int] = int
) -> Evidence:
    """Build the evidence of a run from its record and the server's word on how it ended.

    `called` says what the lines of the script are called in what is said of them.
    """
    queries: list[Query] = []
    prints: list[Printed] = []
    effects: list[Effect] = []
    sites: list[Site] = []
    devices: tuple[str, ...] = ()
    end: End | None = None
    observed: tuple[Value, ...] = ()
    deleted: dict[str, Value] = {}
    random_graph = False
    session = SessionEvidence()
    taken: dict[tuple[str, int, int], set[str]] = {}
    for order, event in enumerate(_events(record, called)):
        kind = event.pop("kind", "")
        if kind == "query":
            queries.append(_query(order, event, sites))
        elif kind == "print":
            prints.append(Printed(order, event["line"], event["direct"], event["text"]))
        elif kind == "effect":
            effects.append(Effect(order, event["line"], event["effect"], tuple(event["paths"])))
        elif kind == "sites":
            sites = [Site(**{**site, "sources": tuple(site["sources"])}) for site in event["sites"]]
        elif kind == "view":
            taken.setdefault((event["key"], event["occurrence"], event["index"]), set()).add(event["places"])
        elif kind == "notice":
            random_graph = True
        elif kind == "observed":
            observed, deleted = tuple(event["rows"]), dict(event["deleted"])
        elif kind == "start":
            devices = tuple(event["devices"])
        elif kind in SESSION_EVENTS:
            session.add(kind, event)
        elif kind == "end":
            end = _end(event)
    return Evidence(
        end=_limited(answer) or end or _killed(answer),
        queries=tuple(_with_taken(query, taken) for query in queries),
        prints=tuple(prints),
        effects=tuple(effects),
        sites=tuple(sites),
        devices=devices,
        changes=tuple(changes),
        observed=observed,
        deleted=deleted,
        session=session,
        seconds=float(answer.get("seconds", 0.0)),
        random_graph=random_graph,
        peak_bytes=int(answer.get("peak", 0)),
    )


def _events(record: Path, called: Callable[[int], int]) -> Iterator[dict[str, Any]]:
    try:
        data = record.read_bytes()
    except OSError:
        return
    for line in data.split(b"\n"):
        try:
            event = json.loads(line, object_hook=None if called is int else partial(named, called))
        except ValueError:
            # The last line of a run that was killed while it wrote.
            continue
        if isinstance(event, dict):
            yield event


def _query(order: int, event: dict[str, Any], sites: list[Site]) -> Query:
    site = event["site"]
    sources = tuple(event.get("sources", ()))
    text = sites[site] if site is not None and site < len(sites) else None
    if text is not None and len(text.sources) == len(sources):
        labels = text.sources
    else:
        whole = text.whole if text is not None else ""
        labels = (whole,) if len(sources) == 1 else tuple(f"{whole}[{index}]" for index in range(len(sources)))
    labels = tuple(label or source.get("name") or "the source" for label, source in zip(labels, sources, strict=True))
    return Query(
        order=order,
        site=site,
        key=event["key"],
        line=text.line if text is not None else event["line"],
        function=event["function"],
        method=event["method"],
        occurrence=event["occurrence"],
        symbolic=event["symbolic"],
        targets=tuple(event.get("targets", ())),
        sources=sources,
        traces=tuple(event.get("traces", ())),
        answers=tuple(event.get("answers", ())),
        weights=tuple(event.get("weights", ())),
        error=event.get("error"),
        target_text=text.target if text is not None else "",
        labels=labels,
        tape=event.get("tape", 0),
        why=tuple(event.get("why", ())),
        origins=tuple(tuple(found) for found in event.get("origins", ())),
    )


def _with_taken(query: Query, taken: dict[tuple[str, int, int], set[str]]) -> Query:
    places = [taken.get((query.key, query.occurrence, index), set()) for index in range(len(query.sources))]
    return replace(query, taken=tuple(map(frozenset, places))) if any(places) else query


def _end(event: dict[str, Any]) -> End:
    return End(
        event["reason"],
        type=str(event.get("type", "")),
        message=str(event.get("message", event.get("found", ""))),
        line=event.get("line"),
        code=str(event.get("code", "")),
    )


def _limited(answer: dict[str, Any]) -> End | None:
    return End(answer["limit"]) if answer.get("limit") else None


def _killed(answer: dict[str, Any]) -> End:
    if "signal" in answer:
        return End("killed", code=str(answer["signal"]))
    return End("exit", code=str(answer.get("exit", "unknown")))
