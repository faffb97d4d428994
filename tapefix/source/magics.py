"""What of a notebook's cell is IPython's and no Python: magics, shell lines, help."""

from __future__ import annotations

import enum
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from tapefix.source.errors import ParseError
from tapefix.source.nesting import STRING
from tapefix.source.parsing import parse

PYTHON_BODIES = frozenset({"time", "capture", "prun"})
"""Cell magics whose body runs as Python among the notebook's own names; of all others, nothing in the cell does."""

TIME = "%time"
TIMED = "'%t';"
"""Stands for `%time` in front of a statement, which runs like any other: as long, so that every column stays."""


class Stand(str, enum.Enum):
    """What a masked stretch becomes; a comment that names the stretch follows."""

    COMMENT = " "
    """Indented like no statement: a comment right above one would be taken for its own, and moved along."""
    PASS = "pass  "
    """In a block, which may not be empty."""
    OUTPUT = "get_ipython().getoutput()  "
    """What a shell line gives: nobody knows it but a run."""
    VALUE = "get_ipython().run_line_magic()  "
    TIMED = TIMED


@dataclass(frozen=True)
class Stretch:
    """A part of one line of a cell that is masked."""

    start: int
    end: int
    stand: Stand
    statement: bool = False
    """Whether it stands where IPython has a statement, and not where one goes on."""


@dataclass(frozen=True)
class Masking:
    """How a cell is masked."""

    stretches: tuple[Stretch, ...]
    whole: bool = False
    """Whether nothing in the cell is Python, so that nothing may be put into it either."""
    headed: bool = False
    """Whether it begins with a cell magic, which has to stay first."""
    error: ParseError | None = None
    """Why the cell is no Python though its magics are masked; then all of it is masked. Lines are those of the cell."""


_CELL_MAGIC = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*%%(?P<name>[^\s]*)")
_INDENT = re.compile(r"[ \t\f]*")
_ESCAPE = re.compile(r"[ \t\f]*(?P<at>%|!|\?|[/,;](?=[A-Za-z_]))")
# What IPython takes for a magic though it lacks its sign; only where a cell is no Python otherwise.
_SIGNLESS = re.compile(
    r"[ \t]*(?P<at>(?:pip3?|conda|mamba|cd|ls|ll|cat|cp|mv|rm|mkdir|rmdir|man|run|load_ext|matplotlib|pylab)"
    r"[ \t]+(?![=(\[,:;])\S)"
)
_TIME = re.compile(rf"{TIME}[ \t]+(?=[^\s\\])")
_FUTURE = re.compile(r"from[ \t]+__future__[ \t]+import\b")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_TOKEN = re.compile(
    rf"(?P<text>{STRING})"
    r"""
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<skip>\#[^\r\n]*|\\(?:\r\n|[\r\n]))
    | (?P<newline>\r\n|[\r\n])
    | (?P<assigned>(?<![=!<>:])=[ \t]*(?=%[A-Za-z_]|!(?!=)))
    | (?P<help>\?)
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=2048)
def read_cell(text: str, later: bool = False, timed: bool = True) -> Masking:
    """Find what is to be masked in a cell.

    `later` says that code stands in a cell before it, so that a `from __future__ import` may not stay; `timed` that
    `TIMED` may stand for `%time`.
    """
    magic = _CELL_MAGIC.match(text)
    if magic is not None and magic["name"] not in PYTHON_BODIES:
        return Masking(tuple(_lines(text, 0, len(text))), whole=True, headed=True)
    masking = Masking(tuple(_stretches(text, later, timed, signless=False)), headed=magic is not None)
    error = _error(text, masking)
    if error is not None:
        other = replace(masking, stretches=tuple(_stretches(text, later, timed, signless=True)))
        if other != masking and _error(text, other) is None:
            return other
        return replace(masking, stretches=tuple(_lines(text, 0, len(text))), whole=True, error=error)
    return masking


def _error(text: str, masking: Masking) -> ParseError | None:
    masked = _masked(text, masking)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Parse only, with `await` at the top as in a notebook: much faster than a tree of LibCST.
            compile(masked, "<cell>", "exec", 0x400 | 0x2000, dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        # LibCST reads more than the Python that runs it may.
        try:
            parse(masked)
        except ParseError as error:
            return error
    return None


def _masked(text: str, masking: Masking) -> str:
    pieces, position = [], 0
    for stretch in masking.stretches:
        stand = stretch.stand
        written = TIMED if stand is Stand.TIMED else f"{stand.value}#"
        # At the left margin it ends every block, as a comment would not.
        pieces += [text[position : stretch.start], "pass#" if stretch.statement else written]
        position = stretch.end
    return "".join((*pieces, text[position:]))


def _stretches(text: str, later: bool, timed: bool, *, signless: bool) -> Iterator[Stretch]:
    position = statement = depth = 0
    whole = False
    begins = True
    while position < len(text):
        if begins:
            begins, whole = False, False
            statement = _INDENT.match(text, position).end()  # type: ignore[union-attr]  # it matches anywhere
            escape = _ESCAPE.match(text, position) or (_SIGNLESS.match(text, position) if signless else None)
            if escape is not None:
                start = escape.start("at")
                end = _carried_end(text, start)
                found = _TIME.match(text, start) if timed else None
                if found is not None and _simple(text[found.end() : end]):
                    yield Stretch(start, start + len(TIME), Stand.TIMED)
                    position = start + len(TIME)
                    continue
                yield from _lines(text, start, end)
                position = _behind_newline(text, end)
                begins = True
                continue
            whole = later and _FUTURE.match(text, position) is not None
        token = _TOKEN.search(text, position)
        if token is None:
            break
        position = token.end()
        kind = token.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(depth - 1, 0)
        elif kind == "help":
            whole = whole or not depth
        elif kind == "assigned" and not depth:
            end = _carried_end(text, position)
            first = _NEWLINE.search(text, position, end)
            stand = Stand.OUTPUT if text[position] == "!" else Stand.VALUE
            yield Stretch(position, first.start() if first is not None else end, stand)
            if first is not None:
                yield from (replace(line, statement=False) for line in _lines(text, first.end(), end))
            position = end
        elif kind == "newline" and not depth:
            if whole:
                yield from _lines(text, statement, token.start())
            begins = True
    if whole and not begins:
        yield from _lines(text, statement, len(text))


def _lines(text: str, start: int, end: int) -> Iterator[Stretch]:
    """The stretches for all of some lines; `start` is the first character of the first that is masked."""
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    stand = Stand.PASS if start > line_start else Stand.COMMENT
    first = True
    while (newline := _NEWLINE.search(text, start, end)) is not None:
        yield Stretch(start, newline.start(), stand, first)
        start, stand, first = newline.end(), Stand.COMMENT, False
    # Behind the last newline of a cell there is no line.
    if start < end:
        yield Stretch(start, end, stand, first)


def _carried_end(text: str, start: int) -> int:
    """The end of a line, and of those that backslashes join to it."""
    while True:
        newline = _NEWLINE.search(text, start)
        if newline is None:
            return len(text)
        if text[newline.start() - 1 : newline.start()] != "\\":
            return newline.start()
        start = newline.end()


def _behind_newline(text: str, end: int) -> int:
    newline = _NEWLINE.match(text, end)
    return end if newline is None else newline.end()


def _simple(text: str) -> bool:
    """Whether a text can stand behind a semicolon."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(f"pass;{text}\n", "<cell>", "exec", 0x400 | 0x2000, dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
