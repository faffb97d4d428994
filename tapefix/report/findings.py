"""Findings as text: where, what, the lines concerned with the place underlined, and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tapefix.finding import Applicability, Finding, Range, Related
from tapefix.report.lines import Line, visible, width
from tapefix.source.errors import SourceError
from tapefix.source.places import place
from tapefix.source.text import SourceText
from tapefix.suppressions import Notice

_CONTEXT = 1
_LONGEST = 4
"""Ranges of more lines than this show their first and last line only."""


def finding_lines(
    finding: Finding, source: SourceText, *, excerpt: bool = True, told: set[Related] | None = None
) -> Iterator[Line]:
    """One finding, in the manner of a compiler. Of its related places, those that were `told` are not told again."""
    where = place(source.name, finding.range.line, finding.range.column) + ":"
    yield ((where, "place"), (" ", ""), (finding.code, "code"), (f" {finding.message}", ""))
    if not excerpt:
        return
    margin = _margin(source, finding.range)
    yield from excerpt_lines(source, finding.range, margin)
    for related in finding.related:
        if told is not None and related in told:
            continue
        if told is not None:
            told.add(related)
        line = f"line {related.range.line}: "
        yield ((" " * margin + " = ", "margin"), ("note: ", "note"), (line + related.message, ""))
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


def _margin(source: SourceText, where: Range) -> int:
    lines, _, last = source.stretch(where.line, where.end_line)
    return len(str(min(last + _CONTEXT, lines.count)))


def excerpt_lines(source: SourceText, where: Range, margin: int) -> Iterator[Line]:
    """The lines of a range with a line around them, the range underlined."""
    lines, start, end = source.stretch(where.line, where.end_line)
    stretch = replace(where, line=start, end_line=end)
    first = max(stretch.line - _CONTEXT, 1)
    last = min(stretch.end_line + _CONTEXT, lines.count)
    long = stretch.end_line - stretch.line >= _LONGEST
    yield ((" " * margin + " |", "margin"),)
    for number in range(first, last + 1):
        if long and stretch.line + 1 < number < stretch.end_line:
            if number == stretch.line + 2:
                yield (("." * margin + " |", "margin"),)
            continue
        text = lines.line(number)
        # The empty line after the last newline is none of the file's.
        if number == lines.count and not text and number > stretch.end_line:
            continue
        yield ((f"{number:>{margin}} | ", "margin"), (visible(text), ""))
        mark = _underline(text, number, stretch)
        if mark:
            yield ((" " * margin + " | ", "margin"), (mark, "mark"))
    yield ((" " * margin + " |", "margin"),)


def _underline(text: str, number: int, where: Range) -> str:
    if not where.line <= number <= where.end_line:
        return ""
    indent = len(text) - len(text.lstrip())
    start = where.column if number == where.line else indent
    end = where.end_column if number == where.end_line else len(text.rstrip())
    if number != where.line and end <= start:
        return ""
    return " " * width(text[:start]) + "^" * max(width(text[start:end]), 1)


def notice_lines(notice: Notice, name: str) -> Iterator[Line]:
    """What there is to say of a place that is no finding."""
    where = place(name, notice.line, notice.column) + ":"
    yield ((where, "place"), (" warning: ", "unsure"), (notice.message, ""))


def error_lines(error: SourceError, source: SourceText | None = None) -> Iterator[Line]:
    """A file that is left out, and why."""
    yield ((f"{error.place}:", "place"), (" error: ", "bad"), (error.message, ""))
    if source is not None and error.line is not None and error.line <= source.lines.count:
        column = error.column or 0
        if len(source.lines.line(error.line)) <= 400:
            where = Range(error.line, column, error.line, column + 1)
            yield from excerpt_lines(source, where, _margin(source, where))
