"""Reading the record of a run: lines of JSON, as the child wrote them, become evidence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tapefix.verify.evidence import Effect, End, Evidence, Printed, Query, Site, Value
from tapefix.verify.naming import named
from tapefix.verify.session_evidence import SESSION_EVENTS, SessionEvidence


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
            _note_watches(queries, event["watched"])
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


def _note_watches(queries: list[Query], watched: dict[str, Any]) -> None:
    """What was watched after all, behind the query that asked for it, was watched too late."""
    for account in (account for query in queries for account in query.why if account):
        place = watched.get(str(account.get("unwatched")))
        for found in account["breaks"] if place is not None else ():
            if found["cause"] == "not-watched":
                found.update(cause="watched-late", place=place, detail="")


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
