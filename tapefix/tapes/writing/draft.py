"""Drafting a rewrite: from nodes and statements to the edits that change as little text as can be."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.source.edits import Edit
from tapefix.tapes.writing.expressions import Bare, ExpressionDraft
from tapefix.tapes.writing.shape import Block, StatementText, block_of, reindented, statement_text

__all__ = ["Bare", "Draft"]


class Draft(ExpressionDraft):
    """Collects the edits of one rewrite; statements that move or go take their comments along."""

    def prepend(self, holder: cst.BaseCompoundStatement, line: str, *, shared: bool = False) -> None:
        """Put a statement first into the body of a compound statement."""
        block = block_of(self.reading, holder)
        newline = self.reading.module.default_newline
        if block.inline:
            self._open(block, [line], shared=shared)
            return
        first = statement_text(self.reading, block.statements[0])
        self._edit(first.start, first.start, f"{block.indent}{line}{newline}", shared=shared)

    def append(self, holder: cst.BaseCompoundStatement, lines: str, *, shared: bool = False) -> None:
        """Put whole lines, already indented for it, at the end of the body of a compound statement."""
        block = block_of(self.reading, holder)
        if block.inline:
            self._open(block, [], shared=shared)
        last = statement_text(self.reading, block.statements[-1])
        self._at_line_end(last, lines, shared=shared)

    def _open(self, block: Block, lines: Sequence[str], *, shared: bool) -> None:
        """Turn `with tape: y = f(x)` into a block of its own."""
        newline = self.reading.module.default_newline
        start = self.reading.span(block.statements[0])[0]
        head = self.reading.text.rindex(":", 0, start) + 1
        text = newline + "".join(f"{block.indent}{line}{newline}" for line in lines) + block.indent
        if Edit(head, start, text, shared) not in self.edits:
            self._edit(head, start, text, shared=shared)

    def insert_after(
        self, statement: cst.CSTNode, line: str, *, shared: bool = False, indent: str | None = None
    ) -> None:
        """Put a statement on a line of its own behind another, indented like it where nothing else is said."""
        stretch = statement_text(self.reading, statement)
        newline = self.reading.module.default_newline
        margin = stretch.indent if indent is None else indent
        self._at_line_end(stretch, f"{margin}{line}{newline}", shared=shared)

    def insert_before(self, statement: cst.CSTNode, line: str, *, shared: bool = False) -> None:
        """Put a statement on a line of its own in front of another, above the comments that belong to that one."""
        stretch = statement_text(self.reading, statement)
        newline = self.reading.module.default_newline
        self._edit(stretch.start, stretch.start, f"{stretch.indent}{line}{newline}", shared=shared)

    def _at_line_end(self, stretch: StatementText, lines: str, *, shared: bool) -> None:
        newline = self.reading.module.default_newline
        if stretch.end > 0 and self.reading.text[stretch.end - 1] not in "\r\n":
            # The file ends without a newline, and so it will.
            body = lines[: -len(newline)] if lines.endswith(newline) else lines
            self._edit(stretch.end, stretch.end, newline + body, shared=shared)
            return
        self._edit(stretch.end, stretch.end, lines, shared=shared)

    def delete(self, statement: cst.CSTNode) -> None:
        """Remove a statement; comments above it go along, one behind it too."""
        stretch = statement_text(self.reading, statement)
        self._edit(stretch.start, stretch.end, "")

    def delete_line(self, statement: cst.SimpleStatementLine) -> None:
        """Remove a statement; the comments above it, and one behind it, stay above what follows."""
        stretch = statement_text(self.reading, statement)
        start, end = self.reading.span(statement)
        kept = self.reading.text[end : stretch.end].lstrip("; \t")
        self._edit(start - len(stretch.indent), stretch.end, stretch.indent + kept if kept.startswith("#") else "")

    def delete_all(self, statements: Sequence[cst.CSTNode]) -> None:
        """Remove statements in the order of the text; where blank lines stood on both sides, they stay on one."""
        runs: list[tuple[int, int]] = []
        for statement in statements:
            stretch = statement_text(self.reading, statement)
            if runs and not self.reading.text[runs[-1][1] : stretch.start].strip():
                runs[-1] = (runs[-1][0], stretch.end)
            else:
                runs.append((stretch.start, stretch.end))
        for start, end in runs:
            self._edit(start, self._over_blank_lines(start, end), "")

    def _over_blank_lines(self, start: int, end: int) -> int:
        """The end of a stretch that goes, with as many of the blank lines below as there are above."""
        lines = self.reading.lines
        above = lines.position(start)[0] - 1
        below = lines.position(end)[0]
        if above > 0 and lines.line(above).rstrip().endswith(":"):
            # What a block begins with has none above.
            while below < lines.count and not lines.line(below).strip():
                below += 1
            return max(end, lines.starts[below - 1])
        while above > 0 and below < lines.count and lines.starts[below - 1] >= end:
            if lines.line(above).strip() or lines.line(below).strip():
                break
            above, below = above - 1, below + 1
        return max(end, lines.starts[below - 1])

    def text_of(self, statements: Sequence[cst.CSTNode], indent: str) -> str:
        """The lines of statements with their comments, indented anew; a blank line between two neighbours stays."""
        lines, end = "", -1
        for statement in statements:
            stretch = statement_text(self.reading, statement)
            if 0 <= end < stretch.start and not self.reading.text[end : stretch.start].strip():
                lines += self.reading.module.default_newline
            lines += reindented(self.reading, stretch, indent)
            end = stretch.end
        return lines

    def move_to_end(self, statements: Sequence[cst.CSTNode], holder: cst.BaseCompoundStatement) -> None:
        """Move statements to the end of a body, in order."""
        block = block_of(self.reading, holder)
        self.append(holder, self.text_of(statements, block.indent))
        self.delete_all(statements)

    def move_behind(self, statements: Sequence[cst.CSTNode], anchor: cst.CSTNode) -> None:
        """Move statements behind another one, in order."""
        stretch = statement_text(self.reading, anchor)
        lines, end = self.text_of(statements, stretch.indent), stretch.end
        apart = all(statement_text(self.reading, statement).end < end for statement in statements)
        if apart and end < len(self.reading.text):
            # What another rewrite puts at the end of the anchor's body has to stand in front of these lines.
            around = self.reading.text[end - 1 : end + 1]
            self._edit(end - 1, end + 1, around[:1] + lines + around[1:])
        else:
            self._at_line_end(stretch, lines, shared=False)
        self.delete_all(statements)

    def move_to_start(
        self,
        statements: Sequence[cst.CSTNode],
        holder: cst.BaseCompoundStatement,
        *,
        behind: cst.CSTNode | None = None,
    ) -> None:
        """Move statements to the start of a body, in order; `behind` one of its statements, when that is given."""
        block = block_of(self.reading, holder)
        lines = self.text_of(statements, block.indent)
        if block.inline:
            self._open(block, [lines.strip()], shared=False)
        elif behind is not None:
            self._at_line_end(statement_text(self.reading, behind), lines, shared=False)
        else:
            # What another rewrite puts first into the body (a `watch`) has to stand in front of these lines: taking the
            # characters around the place makes the two take turns.
            start = statement_text(self.reading, block.statements[0]).start
            around = self.reading.text[start - 1 : start + 1]
            self._edit(start - 1, start + 1, around[:1] + lines + around[1:])
        self.delete_all(statements)

    def extend_upwards(
        self, holder: cst.With, statements: Sequence[cst.CSTNode], leading: Sequence[cst.CSTNode] = ()
    ) -> None:
        """Take the statements that directly precede a `with` into its body, in front of all but the `leading` ones."""
        text, block = self.reading.text, block_of(self.reading, holder)
        whole = statement_text(self.reading, holder)
        newline = self.reading.module.default_newline
        above = statement_text(self.reading, statements[0]).start
        if block.inline:
            start = self.reading.span(block.statements[0])[0]
            colon = text.rindex(":", 0, start) + 1
            header, rest = text[whole.start : colon] + newline, start
        elif len(leading) == len(block.statements):
            header, rest = text[whole.start : whole.end], whole.end
        else:
            rest = statement_text(self.reading, block.statements[len(leading)]).start
            header = text[whole.start : rest]
        self._edit(above, above, header)
        for offset in self.reading.code_lines(above, statement_text(self.reading, statements[-1]).end):
            self._edit(offset, offset, block.indent[len(whole.indent) :])
        # One character more than has to go, so that nothing is put between the body and what now precedes it.
        self._edit(whole.start, rest + 1, (block.indent if block.inline else "") + text[rest : rest + 1])

    def enclose(
        self, anchor: cst.CSTNode, statements: Sequence[cst.CSTNode], header: Sequence[str], extra: Sequence[str]
    ) -> None:
        """Indent statements under a new head of a block at `anchor`; `extra` are lines at the end of the block.

        The lines of head and end are indented against the head by four spaces. Whatever else wants one of the lines
        has to wait for its turn.
        """
        newline, unit = self.reading.module.default_newline, self.reading.module.default_indent
        stretch = statement_text(self.reading, anchor)

        def written(lines: Sequence[str]) -> str:
            return "".join(f"{stretch.indent}{line.replace('    ', unit, 1)}{newline}" for line in lines)

        if not statements:
            text = written([*header, *extra])
            self._edit(stretch.start, stretch.start + 1, text + self.reading.text[stretch.start])
            return
        last = statement_text(self.reading, statements[-1])
        leading = written(header)
        for offset in self.reading.code_lines(stretch.start, last.end):
            self._edit(offset, offset + 1, leading + unit + self.reading.text[offset])
            leading = ""
        if extra:
            self._at_line_end(last, written(extra), shared=False)

    def dedent(self, statements: Sequence[cst.CSTNode], holder: cst.BaseCompoundStatement) -> None:
        """Take the last statements of a body out of it, behind the compound statement, with the comments below them."""
        block, outer = block_of(self.reading, holder), statement_text(self.reading, holder).indent
        start = statement_text(self.reading, statements[0]).start
        end = statement_text(self.reading, statements[-1]).end
        lines = self.reading.lines
        number = lines.position(max(end - 1, start))[0] + 1
        while number <= lines.count and (
            not lines.line(number).strip() or lines.line(number).startswith(f"{block.indent}#")
        ):
            end = lines.starts[number - 1] + len(lines.line(number))
            number += 1
        for offset in self.reading.code_lines(start, end):
            if self.reading.text.startswith(block.indent, offset):
                self._edit(offset + len(outer), offset + len(block.indent), "")

    def indent(self, statements: Sequence[cst.CSTNode], holder: cst.BaseCompoundStatement) -> None:
        """Take statements that directly follow a compound statement into its body, by indenting them.

        Two rewrites that want a line at the same place share it.
        """
        block = block_of(self.reading, holder)
        if block.inline:
            self._open(block, [], shared=False)
        outer = statement_text(self.reading, holder).indent
        extra = block.indent[len(outer) :]
        start = statement_text(self.reading, statements[0]).start
        end = statement_text(self.reading, statements[-1]).end
        for offset in self.reading.code_lines(start, end):
            self._edit(offset, offset, extra, shared=True)
