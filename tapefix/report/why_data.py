"""The account of a script's missing gradients as plain data, for JSON."""

from __future__ import annotations

from typing import Any

from tapefix.report.data import location
from tapefix.why import Break, Explanation, Place, QueryAccount, SourceAccount, Step, Thing
from tapefix.why.rules import rule_of
from tapefix.why.sentences import sentence


def why_data(explanation: Explanation) -> dict[str, Any]:
    """Why the gradients of a script are missing."""
    return {
        "end": {"reason": explanation.end.reason, "message": explanation.end.describe(), "line": explanation.end.line},
        "answered": explanation.answered,
        "unreached": list(explanation.unreached),
        "device": explanation.device,
        "stop": None if explanation.stop is None else _stop_data(explanation.stop),
        "queries": [_query_data(query) for query in explanation.queries],
    }


def _stop_data(stop: Break) -> dict[str, Any]:
    return {"code": rule_of(stop), "place": _place_data(stop.place)}


def _query_data(query: QueryAccount) -> dict[str, Any]:
    return {
        "line": query.line,
        "method": query.method,
        "function": query.function,
        "occurrence": query.occurrence,
        "target": query.target,
        "error": query.error or None,
        "found": list(query.found),
        "missing": [
            {
                "source": account.label,
                "value": _thing_data(account.source),
                "breaks": [_break_data(found, account) for found in account.breaks],
                "path": [_step_data(step) for step in account.path],
                "partial": account.partial,
            }
            for account in query.missing
        ],
    }


def _break_data(found: Break, account: SourceAccount) -> dict[str, Any]:
    return {
        "cause": found.cause.value,
        "code": rule_of(found),
        "message": sentence(found, account),
        "place": _place_data(found.place),
        "value": _thing_data(found.value),
        "other": _thing_data(found.other),
        "other_place": _place_data(found.other_place),
    }


def _step_data(step: Step) -> dict[str, Any]:
    return {
        "place": _place_data(step.place),
        "operations": list(step.ops),
        "fault": step.fault or None,
        "value": _thing_data(step.value),
        "skipped": step.skipped,
    }


def _place_data(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "file": place.path or None,
        "location": location(place.range),
        "text": place.text,
        "function": place.function or None,
    }


def _thing_data(thing: Thing | None) -> dict[str, Any] | None:
    if thing is None:
        return None
    shape = None if thing.shape is None else list(thing.shape)
    return {"what": thing.what, "type": thing.type, "name": thing.name or None, "dtype": thing.dtype, "shape": shape}
