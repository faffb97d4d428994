"""Findings as text: where, what, the lines concerned with the place underlined, and the way out."""

from __future__ import annotations

from collections.abc import Iterator

from tapefix.finding import Applicability, Finding, Range, Related
from tapefix.report.lines import Line, visible, width
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tapefix.suppressions import Notice

_CONTEXT = 1
_LONGEST = 4
"""Ranges of more lines than this show their first and last line only."""


def finding_lines(
    finding: Finding, source: SourceText, *, excerpt: bool = True, told: set[Related] | None = None
) -> Iterator[Line]:
    """One finding, in the manner of a compiler. Of its related places, those that were `told` are not told again."""
    place = f"{source.name}:{finding.range.line}:{finding.range.column + 1}:"
    yield ((place, "place"), (" ", ""), (finding.code, "code"), (f" {finding.message}", ""))
    if not excerpt:
        return
    margin = len(str(min(finding.range.end_line + _CONTEXT, source.lines.count)))
    yield from excerpt_lines(source, finding.range, margin)
    for related in finding.related:
        if told is not None and related in told:
            continue
        if told is not None:
            told.add(related)
        where = f"line {related.range.line}: "
        yield ((" " * margin + " = ", "margin"), ("note: ", "note"), (where + related.message, ""))
    advice = help_text(finding)
    if advice:
        yield ((" " * margin + " = ", "margin"), ("help: ", "note"), (advice, ""))
    yield ()


def help_text(finding: Finding) -> str:
    """What to do about a finding."""
    if finding.rewrite is None:
        return finding.reason
    if finding.applicability is Applicability.UNSAFE:
        return f"{finding.rewrite.title} (only with --unsafe: {finding.reason})"
    return finding.rewrite.title


def excerpt_lines(source: SourceText, place: Range, margin: int) -> Iterator[Line]:
    """The lines of a range with a line around them, the range underlined."""
    lines = source.lines
    first = max(place.line - _CONTEXT, 1)
    last = min(place.end_line + _CONTEXT, lines.count)
    long = place.end_line - place.line >= _LONGEST
    yield ((" " * margin + " |", "margin"),)
    for number in range(first, last + 1):
        if long and place.line + 1 < number < place.end_line:
            if number == place.line + 2:
                yield (("." * margin + " |", "margin"),)
            continue
        text = lines.line(number)
        # The empty line after the last newline is none of the file's.
        if number == lines.count and not text and number > place.end_line:
            continue
        yield ((f"{number:>{margin}} | ", "margin"), (visible(text), ""))
        mark = _underline(text, number, place)
        if mark:
            yield ((" " * margin + " | ", "margin"), (mark, "mark"))
    yield ((" " * margin + " |", "margin"),)


def _underline(text: str, number: int, place: Range) -> str:
    if not place.line <= number <= place.end_line:
        return ""
    indent = len(text) - len(text.lstrip())
    start = place.column if number == place.line else indent
    end = place.end_column if number == place.end_line else len(text.rstrip())
    if number != place.line and end <= start:
        return ""
    return " " * width(text[:start]) + "^" * max(width(text[start:end]), 1)


def notice_lines(notice: Notice, name: str) -> Iterator[Line]:
    """What there is to say about a comment of ours."""
    place = f"{name}:{notice.line}:{notice.column + 1}:"
    yield ((place, "place"), (" warning: ", "unsure"), (notice.message, ""))


def error_lines(error: SourceError, source: SourceText | None = None) -> Iterator[Line]:
    """A file that is left out, and why."""
    yield ((f"{error.place}:", "place"), (" error: ", "bad"), (error.message, ""))
    if source is not None and error.line is not None and error.line <= source.lines.count:
        column = error.column or 0
        if len(source.lines.line(error.line)) <= 400:
            margin = len(str(error.line + _CONTEXT))
            yield from excerpt_lines(source, Range(error.line, column, error.line, column + 1), margin)
