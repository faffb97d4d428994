"""A LibCST tree and its text: what stands where, in what order, and inside of what."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from types import TracebackType
from typing import TypeVar

import libcst as cst
from libcst._nodes.internal import CodegenState

from tapefix.source.lines import Lines
from tapefix.source.reparsing import Parsed

Span = tuple[int, int]
NodeT = TypeVar("NodeT", bound=cst.CSTNode)


class Tree:
    """The spans, the parents and the order of all nodes of a module, found in one pass.

    LibCST's metadata providers say the same, in a pass for each and by lines and columns; this is most of what the
    reading of a module used to cost. Offsets count code points of the text.

    Each statement of the module is a part by itself, which is taken from the tree `before` where that has it.
    """

    def __init__(self, module: cst.Module, lines: Lines, before: Tree | None = None) -> None:
        self._module = module
        self._lines = lines
        self._place = lines.unparsed
        # LibCST ends a text without a final newline as if it had one.
        self._length = len(lines.text)
        known = before.parts if before is not None and before._writes_like(module) else {}
        statements = (*module.header, *module.body, *module.footer)
        self._parts = [known.get(id(statement)) or _part(module, statement) for statement in statements]
        self._order: list[cst.CSTNode] = [module]
        """The nodes as the text comes by them."""
        self._firsts: list[int] = []
        """Of each part, the place of its first node in this order."""
        self._bases = [0]
        """Of each part, the offset at which it begins; at last, where the text ends for LibCST."""
        for part in self._parts:
            self._firsts.append(len(self._order))
            self._bases.append(self._bases[-1] + part.ends[0])
            self._order += part.order
        # The hash of a node is a call of Python, and that of a number is not. The tree keeps its nodes alive.
        self._index = dict(zip(map(id, self._order), range(len(self._order)), strict=True))
        self._of_kind: dict[tuple[type[cst.CSTNode], ...], list[int]] = {}

    def __contains__(self, node: cst.CSTNode) -> bool:
        return id(node) in self._index

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node begins and ends, without the white space around it."""
        index = self._index[id(node)]
        number = bisect_right(self._firsts, index) - 1
        found = self._parts[number].plain.get(id(node)) if index else None
        return self.full_span(node) if found is None else self._placed(number, *found)

    def full_span(self, node: cst.CSTNode) -> Span:
        """Where a node begins and ends, with the white space and comments that belong to it."""
        index = self._index[id(node)]
        if not index:
            return 0, self._length
        number = bisect_right(self._firsts, index) - 1
        part, local = self._parts[number], index - self._firsts[number]
        return self._placed(number, part.starts[local], part.ends[local])

    def _placed(self, number: int, start: int, end: int) -> Span:
        """A stretch of a part as one of the text."""
        base = self._bases[number]
        start, end = base + start, base + end
        if self._place is not None:
            start, end = self._place(start), self._place(end)
        return min(start, self._length), min(end, self._length)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds a node; `None` for the module, and for what is not of this tree."""
        index = self._index.get(id(node), 0)
        if not index:
            return None
        number = bisect_right(self._firsts, index) - 1
        first = self._firsts[number]
        above = self._parts[number].above[index - first]
        return self._module if above is None else self._order[first + above]

    def nodes(self, *kinds: type[NodeT], inside: cst.CSTNode | None = None) -> Iterator[NodeT]:
        """The nodes of some classes, in the order of the text, an outer one before those in it; `inside` included."""
        places = self._places(kinds)
        index = self._index[id(inside)] if inside is not None else 0
        if index:
            number = bisect_right(self._firsts, index) - 1
            first = self._firsts[number]
            last = first + self._parts[number].lasts[index - first]
            places = places[bisect_left(places, index) : bisect_left(places, last)]
        order = self._order
        return (order[place] for place in places)  # type: ignore[misc]  # These are the places of such nodes.

    def _places(self, kinds: tuple[type[cst.CSTNode], ...]) -> list[int]:
        """Where nodes of some classes stand in the order. Whether a node is of an abstract class is dear to ask."""
        if kinds not in self._of_kind:
            wanted = [kind for kind in self._classes if issubclass(kind, kinds)]
            found = [0] if issubclass(cst.Module, kinds) else []
            for first, part in zip(self._firsts, self._parts, strict=True):
                places = [part.kinds[kind] for kind in wanted if kind in part.kinds]
                found += [first + place for place in (places[0] if len(places) == 1 else sorted(chain(*places)))]
            self._of_kind[kinds] = found
        return self._of_kind[kinds]

    @cached_property
    def _classes(self) -> set[type[cst.CSTNode]]:
        return {kind for part in self._parts for kind in part.kinds}

    # What the tree of the text after a change takes over

    @property
    def parts(self) -> dict[int, _Part]:
        """The parts, by the identity of their statements."""
        return {id(part.order[0]): part for part in self._parts}

    def _writes_like(self, module: cst.Module) -> bool:
        """Whether the same statement has the same text in both modules."""
        ours = self._module
        return (ours.default_indent, ours.default_newline) == (module.default_indent, module.default_newline)

    @property
    def parsed(self) -> Parsed | None:
        """What was parsed, for `reparse`; `None` where the statements are not the whole of the text."""
        module, text = self._module, self._lines.parsed
        written = self._bases[-1] - (0 if module.has_trailing_newline else len(module.default_newline))
        if not module.body or written != len(text):
            return None
        first = len(module.header)
        block = next((place for place in self._places((cst.IndentedBlock,))), None)
        if block is not None:
            number = bisect_right(self._firsts, block) - 1
            block = self._bases[number] + self._parts[number].starts[block - self._firsts[number]]
        return Parsed(text, module, self._bases[first : first + len(module.body) + 1], block)

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


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """What was found of one statement of a module. Places and offsets count from its beginning."""

    order: list[cst.CSTNode]
    """The nodes as the text comes by them; what follows in lists is by their place in this one."""
    starts: list[int]
    ends: list[int]
    lasts: list[int]
    """The place behind the last node inside."""
    above: list[int | None]
    """The place of the node that holds it; none for the statement."""
    plain: dict[int, Span]
    """By identity: what a node without the white space around it covers, where that is less."""
    kinds: dict[type[cst.CSTNode], list[int]]
    """The places of the nodes of each class."""


def _part(module: cst.Module, statement: cst.CSTNode) -> _Part:
    recorder = _Recorder(module)
    statement._codegen(recorder)
    kinds: dict[type[cst.CSTNode], list[int]] = {}
    for place, node in enumerate(recorder.order):
        kinds.setdefault(type(node), []).append(place)
    return _Part(recorder.order, recorder.starts, recorder.ends, recorder.lasts, recorder.above, recorder.plain, kinds)


class _Recorder(CodegenState):
    """Notes, while a tree is written out as text, where each node begins and ends."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.offset = 0
        self.order: list[cst.CSTNode] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.lasts: list[int] = []
        self.above: list[int | None] = []
        self.plain: dict[int, Span] = {}
        self._open: list[int] = []

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
        self.above.append(self._open[-1] if self._open else None)
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
