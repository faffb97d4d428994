"""Taking the body of a `with` statement out of it."""

from __future__ import annotations

import re

import libcst as cst

from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import block_of, statement_text

_HEAD_END = re.compile(r"[\s,)]*:[ \t]*(#[^\r\n]*)?(?:\r\n|[\r\n])")


def unwrap(draft: Draft, holder: cst.With) -> None:
    """Delete the line of a `with` statement, and dedent what stands below it; a comment behind it stays."""
    reading = draft.reading
    block = block_of(reading, holder)
    start, first = reading.span(holder)[0], reading.span(block.statements[0])[0]
    if block.inline:
        draft.replace_lines(start, first, "")
        return
    items_end = reading.span(holder.items[-1])[1]
    head = _HEAD_END.match(reading.text, items_end, first)
    if head is None:
        return
    begin = reading.lines.starts[reading.lines.position(start)[0] - 1]
    margin, comment = reading.text[begin:start], head.group(1)
    kept = f"{margin}{comment}{reading.module.default_newline}" if comment else ""
    draft.replace_lines(begin, head.end(), kept)
    below = statement_text(reading, block.statements[0]).start
    for offset in reading.code_lines(head.end(), below) if head.end() < below else ():
        # Comments that a blank line parts from the first statement.
        if reading.text.startswith(block.indent, offset):
            draft.replace_lines(offset + len(margin), offset + len(block.indent), "")
    draft.dedent(block.statements, holder)
