"""A LibCST tree and its text: what stands where, in what order, and inside of what."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from types import TracebackType
from typing import TypeVar

import libcst as cst
from libcst._nodes.internal import CodegenState

from tapefix.source.lines import Lines

Span = tuple[int, int]
NodeT = TypeVar("NodeT", bound=cst.CSTNode)


class Tree:
    """The spans, the parents and the order of all nodes of a module, found in one pass.

    LibCST's metadata providers say the same, in a pass for each and by lines and columns; this is most of what the
    reading of a module used to cost. Offsets count code points of the text.
    """

    def __init__(self, module: cst.Module, lines: Lines) -> None:
        recorder = _Recorder(module)
        module._codegen(recorder)
        self._order = recorder.order
        self._starts = recorder.starts
        self._ends = recorder.ends
        self._lasts = recorder.lasts
        self._above = recorder.above
        self._plain = recorder.plain
        # The hash of a node is a call of Python, and that of a number is not. The tree keeps its nodes alive.
        self._index = {id(node): index for index, node in enumerate(self._order)}
        self._of_kind: dict[tuple[type[cst.CSTNode], ...], list[int]] = {}
        if lines.unparsed is not None:
            place = lines.unparsed
            self._starts, self._ends = [list(map(place, offsets)) for offsets in (self._starts, self._ends)]
            self._plain = {key: (place(start), place(end)) for key, (start, end) in self._plain.items()}
        # LibCST ends a text without a final newline as if it had one.
        self._length = len(lines.text)

    def __contains__(self, node: cst.CSTNode) -> bool:
        return id(node) in self._index

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node begins and ends, without the white space around it."""
        found = self._plain.get(id(node))
        if found is None:
            return self.full_span(node)
        return min(found[0], self._length), min(found[1], self._length)

    def full_span(self, node: cst.CSTNode) -> Span:
        """Where a node begins and ends, with the white space and comments that belong to it."""
        index = self._index[id(node)]
        return min(self._starts[index], self._length), min(self._ends[index], self._length)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds a node; `None` for the module, and for what is not of this tree."""
        index = self._index.get(id(node), 0)
        return self._order[self._above[index]] if index else None

    def nodes(self, *kinds: type[NodeT], inside: cst.CSTNode | None = None) -> Iterator[NodeT]:
        """The nodes of some classes, in the order of the text, an outer one before those in it; `inside` included."""
        places = self._places(kinds)
        if inside is not None:
            first = self._index[id(inside)]
            places = places[bisect_left(places, first) : bisect_left(places, self._lasts[first])]
        order = self._order
        return (order[place] for place in places)  # type: ignore[misc]  # These are the places of such nodes.

    def _places(self, kinds: tuple[type[cst.CSTNode], ...]) -> list[int]:
        """Where nodes of some classes stand in the order. Whether a node is of an abstract class is dear to ask."""
        if kinds not in self._of_kind:
            found = [places for kind, places in self._by_class.items() if issubclass(kind, kinds)]
            self._of_kind[kinds] = (
                found[0] if len(found) == 1 else sorted(place for places in found for place in places)
            )
        return self._of_kind[kinds]

    @cached_property
    def _by_class(self) -> dict[type[cst.CSTNode], list[int]]:
        found: dict[type[cst.CSTNode], list[int]] = {}
        for place, node in enumerate(self._order):
            found.setdefault(type(node), []).append(place)
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name in the text, those of attributes and keywords included."""
        return frozenset(name.value for name in self.nodes(cst.Name))

    @cached_property
    def given(self) -> dict[str, list[cst.BaseExpression]]:
        """What calls are given as arguments, by the name that it ends with; under "" what is no name or attribute."""
        found: dict[str, list[cst.BaseExpression]] = {}
        for argument in self.nodes(cst.Arg):
            value = argument.value
            last = value.attr if isinstance(value, cst.Attribute) else value
            found.setdefault(last.value if isinstance(last, cst.Name) else "", []).append(value)
        return found


class _Recorder(CodegenState):
    """Notes, while a tree is written out as text, where each node begins and ends."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.offset = 0
        self.order: list[cst.CSTNode] = []
        """The nodes as the text comes by them; what follows in lists is by their place in this one."""
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.lasts: list[int] = []
        """The place behind the last node inside."""
        self.above: list[int] = []
        """The place of the node that holds it."""
        self.plain: dict[int, Span] = {}
        """By identity: what a node without the white space around it covers, where that is less."""
        self._open: list[int] = [0]

    def add_indent_tokens(self) -> None:
        self.tokens.extend(self.indent_tokens)
        for token in self.indent_tokens:
            self.offset += len(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.offset += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        index = len(self.order)
        self.order.append(node)
        self.starts.append(self.offset)
        self.ends.append(0)
        self.lasts.append(0)
        self.above.append(self._open[-1])
        self._open.append(index)

    def after_codegen(self, node: cst.CSTNode) -> None:
        index = self._open.pop()
        self.ends[index] = self.offset
        self.lasts[index] = len(self.order)

    def covered(self, node: cst.CSTNode) -> Span:
        """What a node that is written out already covers."""
        found = self.plain.get(id(node))
        if found is None:
            index = next(i for i in reversed(range(len(self.order))) if self.order[i] is node)
            found = self.starts[index], self.ends[index]
        return found

    def record_syntactic_position(  # type: ignore[override]  # An object is quicker than a generator, 10,000 times.
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _Stretch:
        return _Stretch(self, node, start_node, end_node)


class _Stretch:
    """What a node begins and ends with, white space apart."""

    __slots__ = ("end_node", "node", "recorder", "start", "start_node")

    def __init__(
        self, recorder: _Recorder, node: cst.CSTNode, start_node: cst.CSTNode | None, end_node: cst.CSTNode | None
    ) -> None:
        self.recorder = recorder
        self.node = node
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        self.start = self.recorder.offset

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        recorder = self.recorder
        start = self.start if self.start_node is None else recorder.covered(self.start_node)[0]
        end = recorder.offset if self.end_node is None else recorder.covered(self.end_node)[1]
        recorder.plain[id(self.node)] = (start, end)
