"""The script's text by the names of TensorFlow 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import libcst as cst

from tapefix.source.edits import Edit, apply_edits
from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.layers import Layer, Layers
from tapefix.tapes.sessions.names import COUNTERS, CannotConvertError, dotted, is_dropped, renamed
from tapefix.tapes.sessions.steps import Step
from tapefix.tapes.writing.shape import statement_text
from tapefix.tapes.writing.written import TIGHT


class Text:
    """What code is called by the names of TensorFlow 2."""

    def __init__(self, reading: Reading, layers: Layers) -> None:
        self.reading = reading
        self.layers = layers

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
        found, cuts = [], []
        for layer in self.layers.all:
            (begin, first), (last, stop) = self.layers.cuts[layer.call]
            if start <= begin and stop <= end:
                found += [Edit(begin, first, f"{layer.name}("), Edit(last, stop, ")")]
                cuts += [(begin, first), (last, stop)]
        for node in self._chains:
            begin, stop = self.reading.span(node)
            if start <= begin and stop <= end and not any(cut <= begin < upto for cut, upto in cuts):
                found += self._edits(node)
        return found

    def _is_cut(self, offset: int) -> bool:
        return any(start <= offset < end for cuts in self.layers.cuts.values() for start, end in cuts)

    def _counter(self, call: cst.Call) -> str:
        """The variable that counts steps, which a graph has once."""
        others = [other for other in self._chains if dotted(self.reading, other) in COUNTERS]
        if call.args or len(others) > 1:
            raise CannotConvertError("the graph's counter of steps is asked for more than once")
        tf = self.reading.tensorflow_name
        return f'{tf}.Variable(0, trainable=False, dtype={tf}.int64, name="global_step")'

    def made(self, layer: Layer) -> str:
        """The statement that makes a layer of Keras, its settings on the lines on which they stand."""
        end = self.reading.span(layer.call)[1]
        func = self.reading.span(layer.call.func)[1]
        settings = self._without(layer.call, layer.inputs)
        text = self._stretch(func, settings[0]) + self._stretch(settings[1], end)
        return f"{layer.name} = {self.reading.tensorflow_name}.keras.layers.{layer.twin}{text}"

    def _without(self, call: cst.Call, value: cst.BaseExpression) -> tuple[int, int]:
        """The stretch that goes with one argument of a call."""
        spans = [self.reading.span(given) for given in call.args]
        index = next(index for index, given in enumerate(call.args) if given.value is value)
        if index + 1 < len(spans):
            return spans[index][0], spans[index + 1][0]
        return (spans[index - 1][1] if index else spans[index][0]), spans[index][1]

    def _edits(self, node: cst.Attribute) -> list[Edit]:
        reading, name = self.reading, dotted(self.reading, node)
        parent = reading.parent(node)
        call = parent if isinstance(parent, cst.Call) and parent.func is node else None
        if name is None or is_dropped(name):
            raise CannotConvertError(f"`{reading.code(node)}` is called inside of something else")
        if name in COUNTERS and call is not None:
            return [Edit(*reading.span(call), self._counter(call))]
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
            if step in self.layers.of_step:
                # The comments stay with the layer.
                above = self.reading.span(step.node)[0] - len(stretch.indent)
                stretch = replace(stretch, start=above)
            anew = [
                Edit(offset, offset + len(stretch.indent), indent)
                for offset in self.reading.code_lines(stretch.start, stretch.end)
                if self.reading.text.startswith(stretch.indent, offset) and not self._is_cut(offset)
            ]
            lines += self._stretch(stretch.start, stretch.end, anew).splitlines()
        return lines
