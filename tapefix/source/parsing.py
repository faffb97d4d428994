"""From text to tree, with an error that names the place and the cause."""

from __future__ import annotations

import re
import sys
import warnings
from typing import TYPE_CHECKING

from tapefix.source.errors import ParseError
from tapefix.source.legacy import python_2
from tapefix.source.nesting import MAX_BLOCKS, MAX_BRACKETS, MAX_DEPTH, Nesting, measure
from tapefix.source.text import SourceText

if TYPE_CHECKING:
    import libcst

# What walking one level of a LibCST tree takes of Python's stack, with room for a walker of our own.
_FRAMES_PER_LEVEL = 25
_TOKENIZER = re.compile(r"tokenizer error: (?P<message>[^\n]*)")
_PARSER = re.compile(r"error at (?P<line>\d+):(?P<column>\d+)")


def parse(source: SourceText | str) -> libcst.Module:
    """Parse a text into a LibCST tree. Positions in it become offsets through `SourceText.lines`.

    Raises:
        ParseError: it is no Python 3, or nests too deep to be read.
    """
    import libcst

    if isinstance(source, str):
        source = SourceText.of(source)
    nesting = measure(source.text)
    if nesting.excessive:
        raise _too_deep(source, nesting)
    _make_room(nesting)
    try:
        module = libcst.parse_module(source.lines.parsed)
    except libcst.ParserSyntaxError as error:
        raise _explain(source, str(error)) from None
    except RecursionError:
        raise ParseError(source.name, "the code nests too deep to be read", nesting.line, 0) from None
    clause = python_2(source, only_accepted=True)
    if clause is not None:
        raise clause
    return module


def parses(text: str) -> bool:
    """Whether a text is Python 3."""
    try:
        parse(text)
    except ParseError:
        return False
    return True


def _make_room(nesting: Nesting) -> None:
    needed = 1000 + _FRAMES_PER_LEVEL * nesting.depth
    if nesting.depth > 20 and sys.getrecursionlimit() < needed:
        # Never lowered again: the tree outlives this call, and is walked by the rules.
        sys.setrecursionlimit(needed)


def _too_deep(source: SourceText, nesting: Nesting) -> ParseError:
    error = _ask_python(source)
    # An unclosed bracket makes everything after it look nested; then Python knows the true cause.
    if error is not None and "too many nested" not in error.message and "too complex" not in error.message:
        return error
    if nesting.brackets > MAX_BRACKETS:
        message = f"{nesting.brackets} brackets inside each other; Python itself reads {MAX_BRACKETS}"
    else:
        message = (
            f"an expression (or an if-elif chain) of {nesting.depth} nested parts; tapefix reads up to {MAX_DEPTH}"
        )
    return ParseError(source.name, message, nesting.line, 0)


def _explain(source: SourceText, message: str) -> ParseError:
    """The error in CPython's words where CPython sees one too: LibCST's own position is often line 1."""
    legacy = python_2(source)
    if legacy is not None:
        return legacy
    error = _ask_python(source)
    if error is not None:
        return error
    if "too many indentation levels" in message:
        return ParseError(source.name, f"blocks nest too deep; Python itself reads {MAX_BLOCKS} levels")
    tokenizer = _TOKENIZER.search(message)
    if tokenizer is not None:
        return ParseError(source.name, f"syntax error: {tokenizer['message']}")
    place = _PARSER.search(message)
    if place is None:
        return ParseError(source.name, "syntax error")
    return ParseError(source.name, "syntax error", int(place["line"]), int(place["column"]))


def _ask_python(source: SourceText) -> ParseError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.text, source.name, "exec", 0x400, dont_inherit=True)  # 0x400: parse only
    except SyntaxError as error:
        line = error.lineno or 1
        column = max((error.offset or 1) - 1, 0)
        return ParseError(source.name, f"syntax error: {error.msg}", line, column)
    except (MemoryError, RecursionError):
        return ParseError(source.name, "syntax error: too complex")
    except ValueError as error:
        return ParseError(source.name, f"syntax error: {error}")
    return None
