"""Runs that raise before they ask a tape: the errors that a rule of the catalogue knows."""

from __future__ import annotations

import re

from tapefix.finding import Range
from tapefix.verify import Evidence
from tapefix.why.account import Break, Cause, Place

_KNOWN = (
    (r"has no attribute 'minimize'", "TPF603"),
    (r"'[A-Z]\w*' object has no attribute '(?:compute|get)_gradients'", "TPF704"),
    (r"passed to Optimizer\.compute_gradients should be a function", "TPF704"),
    (r"\.train' has no attribute '\w*Optimizer'", "TPF704"),
    (r"tf\.gradients is not supported when eager execution is enabled", "TPF701"),
    (r"backend' has no attribute '(?:gradients|function)'", "TPF702"),
    (r"tensorflow\.contrib|has no attribute '(?:contrib|enable_eager_execution)'", "TPF703"),
    (r"'NoneType' object has no attribute '_tape'", "TPF202"),
    (r"Passed in object .*KerasTensor", "TPF601"),
    (r"Passed in object .*type '?ndarray", "TPF205"),
    (r"'numpy\.ndarray' object has no attribute '(?:assign\w*|trainable|value)'", "TPF205"),
)
EMPTY = "TPF605"
"""The rule for a list of weights that is read before there are any."""
_NAME = re.compile(r"(?:name|local variable) '(\w+)'")


def ending(evidence: Evidence, text: str) -> Break | None:
    """Return what ended a run, as a break of the rule that knows it; None for any other end.

    A query for the gradient of an empty list ends it as well, at once or with nothing learned.

    Once a query has no answer, what the script makes of that is no news.
    """
    end = evidence.end
    if any(any(query.why) for query in evidence.queries):
        return None
    empty = next((query for query in evidence.queries if not query.sources and query.error is None), None)
    if empty is not None:
        return _break(EMPTY, _line(text, empty.line))
    if end.reason != "raised" or end.line is None:
        return None
    if end.type in ("NameError", "UnboundLocalError"):
        return _tape_gone(evidence, text) or _made_local(evidence, text)
    code = next((code for pattern, code in _KNOWN if re.search(pattern, end.message)), None)
    return None if code is None else _break(code, _line(text, end.line))


def _tape_gone(evidence: Evidence, text: str) -> Break | None:
    """A query whose tape is not there: deleted before it, or not made yet."""
    end = evidence.end
    named = _NAME.search(end.message)
    assert end.line is not None
    line = text.splitlines()[end.line - 1] if end.line <= len(text.splitlines()) else ""
    if named is None or not re.search(rf"\b{named.group(1)}\s*\.\s*(?:batch_)?(?:gradient|jacobian)\b", line):
        return None
    deleted = Place.of(evidence.deleted.get(named.group(1)))
    return _break("TPF404", deleted or _line(text, end.line))


def _made_local(evidence: Evidence, text: str) -> Break | None:
    """`w = w - step` in a function, where `w` was a global variable: the assignment makes the name a local one."""
    end = evidence.end
    named = _NAME.search(end.message)
    assert end.line is not None
    if end.type != "UnboundLocalError" or named is None:
        return None
    assignment = re.compile(rf"\s*{named.group(1)}\s*(?:[-+*/]=|=(?!=).*\b{named.group(1)}\b)")
    lines = text.splitlines()
    found = [number for number, line in enumerate(lines, start=1) if number >= end.line and assignment.match(line)]
    return _break("TPF207", _line(text, found[0])) if found else None


def _break(code: str, place: Place) -> Break:
    return Break(Cause.STOPPED_SHORT, place, "", "", code, None, None, None, "")


def _line(text: str, number: int) -> Place:
    lines = text.splitlines()
    line = lines[number - 1] if number <= len(lines) else ""
    indent = len(line) - len(line.lstrip())
    return Place("", Range(number, indent, number, len(line.rstrip())), line.strip(), "")
