"""The script's text by the names of TensorFlow 2."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import libcst as cst

from tapefix.source.edits import Edit, apply_edits
from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.names import CannotConvertError, dotted, is_dropped, renamed
from tapefix.tapes.sessions.steps import Step
from tapefix.tapes.writing.shape import statement_text
from tapefix.tapes.writing.written import TIGHT


class Text:
    """What code is called by the names of TensorFlow 2."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    @cached_property
    def _chains(self) -> list[cst.Attribute]:
        """The longest expressions that name something of TensorFlow."""
        found = []
        for node in self.reading.tree.nodes(cst.Attribute):
            parent = self.reading.parent(node)
            longer = isinstance(parent, cst.Attribute) and parent.value is node and dotted(self.reading, parent)
            if not longer and dotted(self.reading, node) is not None:
                found.append(node)
        return found

    def edits(self, start: int, end: int) -> list[Edit]:
        """The edits that give what stands in a stretch its names in TensorFlow 2.

        Raises:
            CannotConvertError: something in it has none.
        """
        found: list[Edit] = []
        for node in self._chains:
            begin, stop = self.reading.span(node)
            if start <= begin and stop <= end:
                found += self._edits(node)
        return found

    def _edits(self, node: cst.Attribute) -> list[Edit]:
        reading, name = self.reading, dotted(self.reading, node)
        parent = reading.parent(node)
        call = parent if isinstance(parent, cst.Call) and parent.func is node else None
        if name is None or is_dropped(name):
            raise CannotConvertError(f"`{reading.code(node)}` is called inside of something else")
        new, keywords = renamed(name, call)
        found = [Edit(*reading.span(node), f"{reading.tensorflow_name}.{new}")]
        for given in call.args if call is not None else ():
            if given.keyword is not None and given.keyword.value in keywords:
                found.append(Edit(*reading.span(given.keyword), keywords[given.keyword.value]))
        return [edit for edit in found if reading.text[edit.start : edit.end] != edit.replacement]

    def of(self, node: cst.CSTNode) -> str:
        """The text of an expression."""
        return self._stretch(*self.reading.span(node))

    def in_parentheses(self, node: cst.BaseExpression) -> str:
        """The text of an expression, in parentheses where something is to follow that it must not fall apart at."""
        text = self.of(node)
        return text if isinstance(node, TIGHT) or node.lpar else f"({text})"

    def _stretch(self, start: int, end: int, more: Sequence[Edit] = ()) -> str:
        edits = [*self.edits(start, end), *more]
        moved = [Edit(edit.start - start, edit.end - start, edit.replacement) for edit in edits]
        return apply_edits(self.reading.text[start:end], moved)

    def statements(self, steps: Sequence[Step], indent: str) -> list[str]:
        """The lines of statements with the comments above them, indented anew."""
        lines: list[str] = []
        for step in steps:
            stretch = statement_text(self.reading, step.node)
            anew = [
                Edit(offset, offset + len(stretch.indent), indent)
                for offset in self.reading.code_lines(stretch.start, stretch.end)
                if self.reading.text.startswith(stretch.indent, offset)
            ]
            lines += self._stretch(stretch.start, stretch.end, anew).splitlines()
        return lines
