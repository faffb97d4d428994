"""Recognising Python 2, so that the message says so instead of "invalid syntax"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tapefix.source.errors import ParseError
from tapefix.source.nesting import string_spans

if TYPE_CHECKING:
    from tapefix.source.text import SourceText

_START = r"(?:(?<=[\r\n;:])|\A)[ \t\f]*"
# What follows the word `print` when it is a statement and not a name: a name, a number, a string, a sign.
_OPERAND = r"(?:[ \t]+(?!(?:in|is|and|or|if|not[ \t]+in)\b)[\w`~]|[ \t]*[\"'])"
_PARAMETERS = r"\b(?:def[ \t]+\w+[ \t]*\(|lambda\b)(?:[^()\r\n:]*,)?[ \t]*"
_MARKS = (
    ("the print statement", re.compile(_START + r"(?P<at>print)" + _OPERAND)),
    ("the exec statement", re.compile(_START + r"(?P<at>exec)[ \t]+(?=[\w\"'])")),
    ("backticks", re.compile(r"(?P<at>`)[^`\r\n]*`")),
    ("the operator <>", re.compile(r"(?P<at><>)")),
    ("an octal number without 0o", re.compile(r"(?<![\w.])(?<![eE][-+])(?P<at>0+[1-7][0-7]*[lL]?)(?![\w.])")),
    ("a long integer", re.compile(r"(?<![\w.])(?P<at>(?:0[xX][0-9a-fA-F]+|\d+)[lL])\b")),
    ("a ur'' string", re.compile(r"(?<!\w)(?P<at>[uU][rR])(?=[\"'])")),
    ("raise with a comma", re.compile(_START + r"(?P<at>raise)[ \t]+[\w.]+[ \t]*,")),
    ("a tuple parameter", re.compile(_PARAMETERS + r"(?P<at>\()[\w, \t]+\)[ \t]*[,):]")),
)
_CAUGHT = r"except[ \t]+(?:[\w.]+|\([^()]*\))[ \t]*"
_EXCEPT = re.compile(_START + _CAUGHT + r"(?P<at>,)[ \t]*(?:[a-z_][\w.]*|\([\w, \t]+\))[ \t]*:")
_COMMENT = re.compile(r"#[^\r\n]*")


def python_2(source: SourceText, *, only_accepted: bool = False) -> ParseError | None:
    """The error for the first thing in a text that only Python 2 has.

    `only_accepted` looks only for what LibCST accepts in another meaning: `except E, e` catches two classes in
    Python 3.14, and no class is called `e`. The rest can only be trusted once a text has failed to parse.
    """
    if only_accepted and "except" not in source.text:
        return None
    marks = (("except with a comma", _EXCEPT),) if only_accepted else (*_MARKS, ("except with a comma", _EXCEPT))
    found = [(start, what) for what, pattern in marks for start in _outside_strings(source.text, pattern)]
    if not found:
        return None
    start, what = min(found)
    line, column = source.lines.position(start)
    way_out = "convert the file first, for example with fissix, which goes on where 2to3 has ended"
    message = f"this is Python 2 ({what}); tapefix reads Python 3, so {way_out}"
    return ParseError(source.name, message, line, column)


def _outside_strings(text: str, pattern: re.Pattern[str]) -> Iterator[int]:
    """Where a pattern first matches in code."""
    match = pattern.search(text)
    if match is None:
        return
    spans = string_spans(text)
    begins = [begin for begin, _ in spans]
    while match is not None:
        at = match.start("at")
        index = bisect_right(begins, at) - 1
        inside = index >= 0 and at < spans[index][1]
        line_start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
        comment = any(
            not any(begin <= hash_.start() < end for begin, end in spans[max(index - 50, 0) : index + 50])
            for hash_ in _COMMENT.finditer(text, line_start, at)
        )
        # A ur'' prefix is not part of what the scan takes for the string.
        if not comment and (not inside or spans[index][0] == at):
            yield at
            return
        match = pattern.search(text, match.end())
