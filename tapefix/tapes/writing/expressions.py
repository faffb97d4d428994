"""Drafting changes of expressions: what a replacement keeps stays where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from tapefix.allowance import Allowance
from tapefix.finding import Rewrite
from tapefix.source.edits import Edit
from tapefix.tapes.reading import Reading
from tapefix.tapes.writing.gaps import change_gap
from tapefix.tapes.writing.shape import statement_text


@dataclass(frozen=True)
class Bare:
    """A node that a replacement keeps without its own parentheses."""

    node: cst.BaseExpression


class ExpressionDraft:
    """Collects edits of expressions, arguments and imports.

    Expressions that a replacement keeps stay where they are, so that rewrites inside them still apply.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.edits: list[Edit] = []

    def rewrite(self, title: str, *allows: Allowance) -> Rewrite:
        """The rewrite, with a title in the imperative, and what it changes by declaration."""
        return Rewrite(title=title, edits=tuple(self.edits), allows=frozenset(allows))

    def _edit(self, start: int, end: int, replacement: str, *, shared: bool = False) -> None:
        edit = Edit(start, end, replacement, shared)
        if not (shared and edit in self.edits) and (start != end or replacement):
            self.edits.append(edit)

    def replace(self, node: cst.CSTNode, *pieces: str | cst.CSTNode | Bare, joined: bool = False) -> None:
        """Replace a node by pieces of text and nodes.

        Nodes inside `node` that come in the order of the source stay in place: only the text around them changes.
        Any other node is copied as it stands. `joined` says that line breaks between the pieces need not stay.
        """
        start, end = self.reading.span(node)
        position = start
        text = ""
        in_call = isinstance(pieces[0], str) and re.search(r"\w\($", pieces[0]) is not None
        for piece in pieces:
            if isinstance(piece, str):
                text += piece
                continue
            inner_start, inner_end = self._kept(piece)
            if position <= inner_start and inner_end <= end:
                self._change(position, inner_start, text, in_call=False, joined=joined)
                position, text = inner_end, ""
            else:
                text += self.reading.text[inner_start:inner_end]
        self._change(position, end, text, in_call=in_call, joined=joined)

    def _kept(self, piece: cst.CSTNode | Bare) -> tuple[int, int]:
        if not isinstance(piece, Bare):
            return self.reading.span(piece)
        start, end = self.reading.span(piece.node)
        inside = self.reading.text[start + 1 : end - 1]
        # White space beside the parentheses may hold a comment.
        return (start + 1, end - 1) if inside == inside.strip() else (start, end)

    def _change(self, start: int, end: int, text: str, *, in_call: bool, joined: bool) -> None:
        """Replace a stretch of text without expressions of interest, token by token."""
        if start == end or (joined and "#" not in self.reading.text[start:end]):
            self._edit(start, end, text)
            return
        for edit in change_gap(self.reading.text, start, end, text, in_call=in_call):
            self._edit(edit.start, edit.end, edit.replacement)

    def rewrite_whole(self, node: cst.CSTNode, text: str, *, shared: bool = False) -> None:
        """Replace a node by other text, whatever the two have in common."""
        start, end = self.reading.span(node)
        self._edit(start, end, text, shared=shared)

    def remove_call(self, call: cst.Call) -> None:
        """`x.method(...)` becomes `x`."""
        assert isinstance(call.func, cst.Attribute)
        self.replace(call, call.func.value)

    def replace_lines(self, start: int, end: int, text: str) -> None:
        """Replace whole lines, or put text in front of one by replacing its first character along."""
        self._edit(start, end, text)

    def insert(self, offset: int, text: str, *, shared: bool = False) -> None:
        """Insert text at an offset."""
        self._edit(offset, offset, text, shared=shared)

    def add_argument(self, call: cst.Call, text: str) -> None:
        """Add an argument at the end of a call; two rewrites that want the same one share it."""
        end = self.reading.span(call)[1] - 1
        if not call.args:
            self._edit(end, end, text, shared=True)
            return
        last = call.args[-1]
        _, last_end = self.reading.span(last.value)
        self._edit(last_end, last_end, f", {text}", shared=True)

    def remove_argument(self, call: cst.Call, argument: cst.Arg) -> None:
        """Take an argument out of a call, with its comma."""
        index = next(i for i, other in enumerate(call.args) if other is argument)
        start = self.reading.span(argument)[0]
        end = self.reading.span(argument.value)[1]
        if index + 1 < len(call.args):
            end = self.reading.span(call.args[index + 1])[0]
        elif index > 0:
            start = self.reading.span(call.args[index - 1].value)[1]
        else:
            inside = self.reading.span(call.func)[1] + 1, self.reading.span(call)[1] - 1
            if isinstance(argument.comma, cst.Comma):
                end = self.reading.text.index(",", end) + 1
            around = self.reading.text[inside[0] : start] + self.reading.text[end : inside[1]]
            # The only one leaves no empty lines between the parentheses.
            start, end = (start, end) if around.strip() else inside
        self._edit(start, end, "")

    def tensorflow(self) -> str:
        """The name to call TensorFlow by; imports it when the module does not."""
        name = self.reading.tensorflow_name
        if name is None:
            self.add_import("import tensorflow as tf")
            return "tf"
        return name

    def add_import(self, statement: str) -> None:
        """Add an import behind the last one at the top of the module, or behind its docstring."""
        body = self.reading.module.body
        last: cst.CSTNode | None = body[0] if body and self.reading.module.get_docstring() is not None else None
        for node in body:
            if isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], (cst.Import, cst.ImportFrom)):
                last = node
        newline = self.reading.module.default_newline
        if last is None:
            self._edit(0, 0, f"{statement}{newline}", shared=True)
            return
        stretch = statement_text(self.reading, last)
        self._edit(stretch.end, stretch.end, f"{statement}{newline}", shared=True)
