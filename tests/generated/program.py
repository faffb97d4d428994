"""A correct program, and where it can be broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, ParentNodeProvider

HERE = Path(__file__).resolve().parent
MARK = "\0"
"""In a replacement: the line on which the break is."""
QUERIES = ("gradient", "jacobian", "batch_jacobian")


@dataclass(frozen=True)
class Edit:
    """A stretch of the text, and what stands there instead."""

    start: int
    end: int
    new: str


@dataclass
class Tape:
    """A `with` statement that opens a tape."""

    node: cst.With
    call: cst.Call
    name: str


@dataclass(eq=False)
class Program:
    """A correct program, read."""

    name: str
    text: str
    tapes: list[Tape] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        wrapper = MetadataWrapper(cst.parse_module(self.text), unsafe_skip_copy=True)
        assert self.text.isascii(), f"{self.name}: offsets are those of bytes"
        self.tree = wrapper.module
        self._spans = wrapper.resolve(ByteSpanPositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        for node in self.all(cst.With):
            for item in node.items:
                call = item.item
                if isinstance(call, cst.Call) and self.code(call.func).endswith("GradientTape") and item.asname:
                    self.tapes.append(Tape(node, call, self.code(item.asname.name)))

    def all(self, kind: Any, below: cst.CSTNode | None = None) -> list[Any]:
        """Every node of a kind, in the order of the text."""
        found: list[cst.CSTNode] = []
        waiting = [below or self.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, kind):
                found.append(node)
            waiting.extend(reversed(node.children))
        return found

    def code(self, node: cst.CSTNode) -> str:
        """A node as it is written."""
        start, end = self.span(node)
        return self.text[start:end]

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node is."""
        span = self._spans[node]
        return span.start, span.start + span.length

    def parents(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """What a node is in, from the inside out."""
        while (above := self._parents.get(node)) is not None:
            yield above
            node = above

    def lines(self, statements: Sequence[cst.CSTNode]) -> tuple[int, int]:
        """The whole lines of neighbouring statements, with the comments above them."""
        start, end = self.span(statements[0])[0], self.span(statements[-1])[1]
        start = self.text.rfind("\n", 0, start) + 1
        while (above := self.text.rfind("\n", 0, max(start - 1, 0)) + 1) < start:
            if not self.text[above:start].strip().startswith("#"):
                break
            start = above
        stop = self.text.find("\n", end)
        return start, len(self.text) if stop < 0 else stop + 1

    def indent(self, statement: cst.CSTNode) -> str:
        """What stands in front of a statement."""
        start = self.span(statement)[0]
        return self.text[self.text.rfind("\n", 0, start) + 1 : start]

    def inside(self, node: cst.CSTNode) -> bool:
        """Whether a node may be on a path: in a tape's block or in a function."""
        bodies = {tape.node for tape in self.tapes}
        return any(isinstance(p, cst.FunctionDef) or p in bodies for p in self.parents(node))

    def assignments(self) -> Iterator[tuple[str, cst.BaseExpression, cst.SimpleStatementLine]]:
        """`name = expression` where it may be on a path."""
        for line in self.all(cst.SimpleStatementLine):
            only = line.body[0]
            if len(line.body) != 1 or not isinstance(only, cst.Assign) or len(only.targets) != 1:
                continue
            target = only.targets[0].target
            if isinstance(target, cst.Name) and self.all(_COMPUTING, only.value) and self.inside(line):
                yield target.value, only.value, line

    def queries(self, tape: Tape | None = None) -> list[cst.Call]:
        """The calls that ask a tape."""
        names = {t.name for t in self.tapes if tape is None or t is tape}
        found = []
        for call in self.all(cst.Call):
            func = call.func
            if isinstance(func, cst.Attribute) and func.attr.value in QUERIES and self.code(func.value) in names:
                found.append(call)
        return found

    def changed(self, edits: Sequence[Edit]) -> tuple[str, tuple[int, ...]]:
        """The text after edits, and the lines that they mark."""
        pieces, last = [], 0
        for edit in sorted(edits, key=lambda e: (e.start, e.end)):
            if edit.start < last:
                return self.text, ()
            pieces += [self.text[last : edit.start], edit.new]
            last = edit.end
        text = "".join([*pieces, self.text[last:]])
        lines = tuple(dict.fromkeys(text.count("\n", 0, at) + 1 for at, char in enumerate(text) if char == MARK))
        return text.replace(MARK, ""), lines

    def with_numpy(self) -> list[Edit]:
        """The import that NumPy needs, where there is none."""
        if "import numpy as np" in self.text:
            return []
        first = self.text.find("import tensorflow as tf")
        at = self.text.rfind("\n", 0, first) + 1
        return [Edit(at, at, "import numpy as np\n")]


_COMPUTING = (cst.Call, cst.BinaryOperation, cst.UnaryOperation, cst.Subscript)
