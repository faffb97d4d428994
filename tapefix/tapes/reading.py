"""The reading of a module: what every codemod asks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import libcst as cst

from tapefix.finding import Range
from tapefix.source.lines import Lines
from tapefix.source.nesting import string_spans
from tapefix.source.parsing import parse
from tapefix.source.reparsing import reparse
from tapefix.tapes.execution.module import Execution
from tapefix.tapes.execution.state import StoppedError
from tapefix.tapes.expecting import expected_lines
from tapefix.tapes.flow.flow import Answer, Flow
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.observed import Observations, Observed
from tapefix.tapes.tape import Query, Source, Tape
from tapefix.tapes.tree import NodeT, Tree
from tapefix.tapes.values import Frame, Kind, Value

if TYPE_CHECKING:
    from tapefix.tapes.repairs.bindings import Binding
    from tapefix.tapes.repairs.cuts import CutPlan
    from tapefix.tapes.repairs.departures import DeparturePlan
    from tapefix.tapes.repairs.misdirected import Misdirection
    from tapefix.tapes.repairs.watched_twins import WatchedTwin


class Reading:
    """One module as text, tree, positions, and all that an abstract execution of it shows.

    Everything is computed on first use. `observed` adds what a run has seen; `stop` says when nobody waits for it any
    more. `before` is the tree of the text before a change, which is not made again where it is the same.

    Nodes are those of `module`; ask for nothing about nodes of another tree.
    """

    def __init__(
        self,
        text: str,
        module: cst.Module | None = None,
        *,
        observed: Observations | None = None,
        stop: Callable[[], bool] | None = None,
        before: Tree | None = None,
    ) -> None:
        self.text = text
        self._observed = observed
        self._stop = stop
        self.lines = Lines(text)
        self._before = before
        self.module = module if module is not None else _parsed(text, before)
        self._flows: dict[tuple[Query, Source], Flow] = {}

    def go_on(self) -> None:
        """See whether somebody still waits for this reading.

        Raises:
            StoppedError: nobody does.
        """
        if self._stop is not None and self._stop():
            raise StoppedError

    # Tree and text

    @cached_property
    def tree(self) -> Tree:
        """What stands where in the tree, in what order, and inside of what."""
        before, self._before = self._before, None
        return Tree(self.module, self.lines, before)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Start and end offset of a node with its own parentheses, without the white space around it."""
        start, end = self.tree.span(node)
        left = getattr(node, "lpar", ())
        if left and isinstance(left, (list, tuple)):
            # LibCST's positions leave an expression's own parentheses out.
            right = getattr(node, "rpar", left)
            start, end = self.tree.span(left[0])[0], self.tree.span(right[-1])[1]
        return start, end

    def full_span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Start and end offset of a node with the white space and comments that LibCST gives it."""
        return self.tree.full_span(node)

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node as it stands in the file."""
        start, end = self.span(node)
        return self.text[start:end]

    @cached_property
    def _strings(self) -> list[tuple[int, int]]:
        return string_spans(self.text)

    def code_lines(self, start: int, end: int) -> list[int]:
        """Offsets in a stretch at which lines of code or comments begin: none inside a string, none that are blank."""
        first, last = self.lines.position(start)[0], self.lines.position(max(end - 1, start))[0]
        found = []
        for number in range(first, last + 1):
            offset = self.lines.starts[number - 1]
            index = bisect_right(self._strings, (offset, -1)) - 1
            inside = index >= 0 and self._strings[index][0] < offset < self._strings[index][1]
            if offset >= start and not inside and self.lines.line(number).strip():
                found.append(offset)
        return found

    def range(self, node: cst.CSTNode) -> Range:
        """Where a node stands."""
        return self.range_of(*self.span(node))

    def range_of(self, start: int, end: int) -> Range:
        """Lines and columns of two offsets."""
        line, column = self.lines.position(start)
        end_line, end_column = self.lines.position(end)
        return Range(line, column, end_line, end_column)

    def line(self, node: cst.CSTNode) -> int:
        """The line that a node starts on, from 1."""
        return self.lines.position(self.span(node)[0])[0]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds a node; `None` for the module."""
        return self.tree.parent(node)

    def parents(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, from the inside out."""
        current = self.parent(node)
        while current is not None:
            yield current
            current = self.parent(current)

    def statement(self, node: cst.CSTNode) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
        """The innermost statement (a line, or a compound statement) that holds a node."""
        for candidate in (node, *self.parents(node)):
            if isinstance(candidate, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                return candidate
        return None

    def statement_in(self, made: Value | Query, frame: Frame) -> cst.CSTNode | None:
        """The statement of `frame` during which something was made, in it or in a call from it; `None` when neither."""
        node = self.node_in(made, frame)
        return self.statement(node) if node is not None else None

    def node_in(self, made: Value | Query, frame: Frame) -> cst.CSTNode | None:
        """What `frame` was executing when something was made: its node, or the call that led to it."""
        current: Frame | None = made.frame
        node = made.node if made.node is not None else made.statement
        while current is not None and current is not frame:
            if current.closure is not None and current.closure.node is current.node:
                # A comprehension has names of its own, but stands in the frame around it.
                current = current.closure
                continue
            node = current.call
            current = current.caller
        return node if current is frame else None

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | cst.Lambda | None:
        """The innermost function that holds a node."""
        for candidate in self.parents(node):
            if isinstance(candidate, (cst.FunctionDef, cst.Lambda)):
                return candidate
        return None

    def returned(self, function: cst.FunctionDef) -> list[cst.BaseExpression]:
        """The expressions that a function itself returns."""
        found = self.tree.nodes(cst.Return, inside=function)
        return [node.value for node in found if node.value is not None and self.function(node) is function]

    # What the execution shows

    @cached_property
    def execution(self) -> Execution:
        """The abstract execution of the module."""
        execution = Execution(self.module)
        if self._observed is not None:
            execution.observe = self._observe
        execution.given_up = self._stop
        execution.run()
        return execution

    def _observe(self, node: cst.CSTNode) -> Observed | None:
        if node not in self.tree or self._observed is None:
            return None
        start, end = self.tree.span(node)
        return self._observed.get(self.lines.position(start)[0], self.text[start:end])

    @cached_property
    def expected(self) -> frozenset[int]:
        """The lines of the queries of which the code says that they give `None`, or raise."""
        return expected_lines(self.tree, self.lines)

    def expects_nothing(self, query: Query) -> bool:
        """Whether the code says that a query gives `None`, or raises."""
        return self.line(query.node) in self.expected

    @property
    def tapes(self) -> list[Tape]:
        """Every tape that the execution made."""
        return self.execution.tapes

    @property
    def queries(self) -> list[Query]:
        """Every query, once for each time that the execution came by."""
        return self.execution.queries

    def values(self, node: cst.CSTNode) -> list[Value]:
        """What an expression evaluated to, once for each time."""
        return self.execution.values_of.get(node, [])

    def evaluated(self, kind: type[NodeT]) -> list[NodeT]:
        """The nodes of a class that were evaluated, in the order of their first time."""
        return self._evaluated.get(kind, [])

    @cached_property
    def _evaluated(self) -> dict[type[cst.CSTNode], list[Any]]:
        found: dict[type[cst.CSTNode], list[Any]] = {}
        for node in self.execution.values_of:
            found.setdefault(type(node), []).append(node)
        return found

    def flow(self, query: Query, source: Source) -> Flow:
        """The flow from a source of a query to its target."""
        key = (query, source)
        if key not in self._flows:
            self.go_on()
            self._flows[key] = read_flow(query, source)
        return self._flows[key]

    def mendable(self, query: Query, source: Source) -> bool:
        """Whether the path would hold once it stayed in TensorFlow, in floating dtypes, inside the tape."""
        return read_flow(query, source, mended=True, taped=True).connected is not Answer.NO

    def partial(self, flow: Flow) -> bool:
        """Whether a run saw that some of the variables of a source have no gradient, though the others have."""
        if self._observed is None or flow.source.value.kind is not Kind.VARIABLES:
            return False
        return self._observed.is_partial(self.line(flow.query.node))

    def flows(self) -> Iterator[Flow]:
        """The flow of every source of every query.

        Of one that asks the wrong tape, or for the wrong one of two objects with the same numbers, or that the code
        expects to give nothing, there is nothing to learn.
        """
        for query in self.queries:
            if query in self.misdirections and not self.misdirections[query].twin:
                continue
            if self.expects_nothing(query):
                continue
            for source in query.sources:
                if source not in self.twins:
                    yield self.flow(query, source)

    def missing_flows(self) -> Iterator[Flow]:
        """The flows whose answer is `None`, or an error, for certain."""
        return (flow for flow in self.flows() if flow.missing)

    @cached_property
    def bindings(self) -> list[Binding]:
        """Every binding of a name or an attribute, in the order of the text."""
        from tapefix.tapes.repairs.bindings import find_bindings

        return find_bindings(self)

    @cached_property
    def departures(self) -> DeparturePlan:
        """Where paths leave TensorFlow, and what would keep them inside."""
        from tapefix.tapes.repairs.departures import DeparturePlan

        return DeparturePlan(self)

    @cached_property
    def misdirections(self) -> dict[Query, Misdirection]:
        """The queries that ask a tape which another was meant to be."""
        from tapefix.tapes.repairs.misdirected import misdirections

        return {found.query: found for found in misdirections(self)}

    @cached_property
    def twins(self) -> dict[Source, WatchedTwin]:
        """The sources that stand beside the tensor which the tape watches in their place."""
        from tapefix.tapes.repairs.watched_twins import watched_twins

        return watched_twins(self)

    @cached_property
    def cuts(self) -> CutPlan:
        """Where paths stay in TensorFlow, and no gradient comes back."""
        from tapefix.tapes.repairs.cuts import CutPlan

        return CutPlan(self)

    @cached_property
    def tensorflow_name(self) -> str | None:
        """The name under which the module imports TensorFlow: `tf` for `import tensorflow as tf`."""
        for name, value in self.execution.module_frame.names.items():
            if value.name == "tensorflow" and value.node is not None:
                return name
        return None


def _parsed(text: str, before: Tree | None) -> cst.Module:
    parsed = before.parsed if before is not None else None
    return parse(text) if parsed is None else reparse(text, parsed)
