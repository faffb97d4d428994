"""Styled lines: what a report consists of, shown in colour on a terminal and as plain text elsewhere."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

Span = tuple[str, str]
"""A text and its style, a name of `STYLES`; the empty style is plain."""
Line = tuple[Span, ...]

STYLES = {
    "place": "bold",
    "code": "bold red",
    "margin": "blue",
    "mark": "bold red",
    "note": "cyan",
    "good": "bold green",
    "bad": "bold red",
    "unsure": "bold yellow",
    "dim": "dim",
    "strong": "bold",
}


def plain(lines: Iterable[Line]) -> str:
    """The lines without style."""
    return "".join("".join(text for text, _ in line) + "\n" for line in lines)


def show(lines: Iterable[Line], stream: TextIO) -> None:
    """Write lines, in colour where the stream is a terminal that wants it."""
    if not in_colour(stream):
        stream.write(plain(lines))
        return
    from rich.text import Text

    console = make_console(stream)
    for line in lines:
        console.print(Text.assemble(*((text, STYLES.get(style, style)) for text, style in line)), soft_wrap=True)


def make_console(stream: TextIO) -> Console:
    """A rich console that adds nothing of its own to what it is given."""
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False, force_terminal=in_colour(stream))


def in_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal, and colours are not refused."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at a stream as it is written."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        # A closed stream has no answer.
        return False


def prepare_streams() -> None:
    """Make the standard streams take any file name and any character, instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def visible(text: str) -> str:
    """A line of a file, fit for a terminal: tabs as spaces, control characters as their pictures."""
    return "".join(_visible(character) for character in text)


def width(text: str) -> int:
    """How many columns a text takes on a terminal, after `visible`."""
    return sum(_columns(character) for character in visible(text))


def _visible(character: str) -> str:
    if character == "\t":
        return "    "
    if ord(character) < 32:
        return chr(0x2400 + ord(character))
    # What would turn the direction of writing, or send the terminal a command, is not shown as such.
    if character == "\x7f" or unicodedata.category(character) in ("Cc", "Cf", "Cs"):
        return "\N{REPLACEMENT CHARACTER}"
    return character


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
