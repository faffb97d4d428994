"""Parsing a text again after a change: only the statements of the module around the change are parsed anew."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapefix.source.errors import ParseError
from tapefix.source.parsing import parse

if TYPE_CHECKING:
    import libcst


@dataclass(frozen=True, eq=False)
class Parsed:
    """A text that was parsed, and where the statements of its module stand."""

    text: str
    """As LibCST was given it."""
    module: libcst.Module
    starts: Sequence[int]
    """Where each statement begins, with the lines above that LibCST gives to it; at last the end of the last one."""
    first_block: int | None
    """Where the first indented block is: by its indentation LibCST measures all others."""


def reparse(text: str, before: Parsed) -> libcst.Module:
    """The tree that `parse` makes of a text, with the nodes of an earlier text for statements that have not changed.

    Raises:
        ParseError: it is no Python 3, or nests too deep to be read.
    """
    # A form feed may be left out of what LibCST is given.
    module = _patched(text, before) if "\f" not in text else None
    return parse(text) if module is None else module


def _patched(text: str, before: Parsed) -> libcst.Module | None:
    """The tree with new statements around the change; `None` where they could be read in another way by themselves.

    An unchanged statement on either side is parsed with them, for a comment between two statements may belong to
    either. Before and behind them stand statements of our own, so that none is the first or the last of its text.
    """
    old, starts, module = before.text, before.starts, before.module
    if text == old:
        return module
    head = _same_start(old, text)
    tail = _same_end(old[head:], text[head:])
    first = bisect_right(starts, head) - 2
    behind = bisect_left(starts, len(old) - tail) + 1
    if first < 0 or module.default_newline == "\r":
        # What stands above the first statement is the module's, and its line end is that of most others. A CR of ours
        # would be one line end with an LF behind it.
        return None
    indented = before.first_block is not None and before.first_block < starts[first + 1]
    newline = module.default_newline
    # Behind a block of ours, an indented comment would be taken for a part of it.
    above = f"if 0:{newline}{module.default_indent}0{newline}0{newline}" if indented else f"0{newline}"
    ours = 2 if indented else 1
    last = behind >= len(starts) - 1
    below = "" if last else f"0{newline}"
    end = len(text) if last else starts[behind] + len(text) - len(old)
    try:
        made = parse(above + text[starts[first] : end] + below)
    except ParseError:
        # Parsed as a whole, it is refused with the right place, or it is none.
        return None
    if not indented and not _indents_alike(made, before, behind):
        return None
    if last:
        body = (*module.body[:first], *made.body[ours:])
        return module.with_changes(body=body, footer=made.footer, has_trailing_newline=made.has_trailing_newline)
    if len(made.body) < ours + 2 or [made.code_for_node(part) for part in made.body[-2:]] != [
        old[starts[behind - 1] : starts[behind]],
        below,
    ]:
        # The change reaches further: it opens a string, say, that another one ends.
        return None
    return module.with_changes(body=(*module.body[:first], *made.body[ours:-1], *module.body[behind:]))


def _indents_alike(made: libcst.Module, before: Parsed, behind: int) -> bool:
    """Whether the first block of all has the indentation that it had, when no unchanged one stands above."""
    if _has_block(made):
        return made.default_indent == before.module.default_indent
    return before.first_block is None or before.first_block >= before.starts[min(behind, len(before.starts) - 1)]


def _has_block(node: libcst.CSTNode) -> bool:
    import libcst

    return isinstance(node, libcst.IndentedBlock) or any(map(_has_block, node.children))


def _same_start(left: str, right: str) -> int:
    """How many characters two texts have in common at their beginning."""
    shorter = min(len(left), len(right))
    return bisect_left(range(shorter), True, key=lambda at: left[: at + 1] != right[: at + 1])


def _same_end(left: str, right: str) -> int:
    """How many characters two texts have in common at their end."""
    shorter = min(len(left), len(right))
    return bisect_left(range(1, shorter + 1), True, key=lambda size: left[-size:] != right[-size:])
