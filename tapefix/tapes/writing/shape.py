"""Statements as stretches of text: where they begin and end with their comments, and how they are indented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from tapefix.tapes.reading import Reading


CELL = "# %%"
"""What begins a cell, and belongs to no statement."""


@dataclass(frozen=True)
class StatementText:
    """Whole lines of one statement, the comment lines directly above it included."""

    start: int
    end: int
    """Behind its newline."""
    indent: str


@dataclass(frozen=True)
class Block:
    """The body of a compound statement."""

    statements: tuple[cst.CSTNode, ...]
    indent: str
    inline: bool
    """Stands behind the colon, on the same line."""


def statement_text(reading: Reading, statement: cst.CSTNode) -> StatementText:
    """The whole lines of a statement, with the comment lines directly above that are indented like it."""
    start, end = reading.span(statement)
    if isinstance(statement, cst.BaseSmallStatement):
        parent = reading.parent(statement)
        if parent is not None:
            start, end = reading.span(parent)
    lines = reading.lines
    first = lines.position(start)[0]
    last = lines.position(max(end - 1, start))[0]
    column = start - lines.starts[first - 1]
    indent = lines.line(first)[:column]
    if indent.strip():
        indent = indent[: len(indent) - len(indent.lstrip())]
    while first > 1:
        above = lines.line(first - 1)
        if not above.lstrip().startswith("#") or above[: len(above) - len(above.lstrip())] != indent:
            break
        if above.startswith(CELL):
            break
        first -= 1
    finish = lines.starts[last] if last < lines.count else len(reading.text)
    return StatementText(start=lines.starts[first - 1], end=finish, indent=indent)


def block_of(reading: Reading, holder: cst.BaseCompoundStatement) -> Block:
    """The body of a compound statement."""
    suite = holder.body
    if isinstance(suite, cst.SimpleStatementSuite):
        outer = statement_text(reading, holder).indent
        return Block(statements=tuple(suite.body), indent=outer + reading.module.default_indent, inline=True)
    statements = tuple(suite.body)
    return Block(statements=statements, indent=statement_text(reading, statements[0]).indent, inline=False)


def reindented(reading: Reading, stretch: StatementText, indent: str) -> str:
    """The lines of a statement with another indent; lines that continue a string stay as they are."""
    text = reading.text
    pieces: list[str] = []
    position = stretch.start
    for offset in reading.code_lines(stretch.start, stretch.end):
        pieces.append(text[position:offset])
        position = offset
        if text.startswith(stretch.indent, offset):
            pieces.append(indent)
            position = offset + len(stretch.indent)
    pieces.append(text[position : stretch.end])
    moved = "".join(pieces)
    if not moved.endswith(("\n", "\r")):
        moved += reading.module.default_newline
    return moved


def between(reading: Reading, first: cst.CSTNode, last: cst.CSTNode) -> Sequence[cst.CSTNode] | None:
    """The statements strictly between two statements of one body; `None` when they are not in one."""
    parent = reading.parent(first)
    if parent is None or parent is not reading.parent(last):
        return None
    body = list(getattr(parent, "body", ()))
    if first not in body or last not in body:
        return None
    return body[body.index(first) + 1 : body.index(last)]
