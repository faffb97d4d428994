"""Gradients that old code asks for without a tape, and the tape that has to record what they are asked of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.flow.flow import Answer
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.effects_of import effects_of
from tapefix.tapes.repairs.tape_names import fresh_name, tape_name
from tapefix.tapes.repairs.watching import is_tensor_source
from tapefix.tapes.tape import Query, Source, Tape
from tapefix.tapes.values import Argument, Dtype, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_SUITES = (cst.IndentedBlock, cst.Module)
_SCOPES = (cst.FunctionDef, cst.Lambda, cst.Module)


class CannotTapeError(Exception):
    """Why no tape can be written around what makes a target."""


def calls_of(
    reading: Reading, names: Collection[str], operation: Operation = Operation.CALL
) -> dict[cst.Call, list[Value]]:
    """Every call of library functions (or of methods) by these names, with each time that the execution came by."""
    found: dict[cst.Call, list[Value]] = {}
    for node in reading.evaluated(cst.Call):
        made = [v for v in reading.values(node) if v.node is node and v.operation is operation and v.name in names]
        if made:
            found[node] = made
    return found


@dataclass(eq=False)
class Untaped:
    """One call that asks for a gradient without a tape, and the statements that a tape has to record for it."""

    reading: Reading
    call: Value
    target: Argument
    sources: Argument
    body: list[cst.CSTNode] = field(default_factory=list)
    """The block that holds both what makes the target and the call."""
    first: int = 0
    last: int = -1
    """Where in the block the tape begins and ends; nothing when the target is made in the call itself."""
    inline: bool = False
    """Whether the target is made, in part, by the expression that the call is given."""
    expression: str = ""
    """What makes the target, where that is not what the call is given: the body of a function without parameters."""
    reached: list[Source] = field(default_factory=list)
    """The sources that the target is made of."""

    @property
    def node(self) -> cst.Call:
        """The call."""
        assert isinstance(self.call.node, cst.Call)
        return self.call.node

    @property
    def stretch(self) -> list[cst.CSTNode]:
        """The statements that go into the tape."""
        return self.body[self.first : self.last + 1]

    def locate(self) -> None:
        """Find the statements that lead from the sources to the target.

        Raises:
            CannotTapeError: there is no such stretch of statements in one block.
        """
        holder = self._holder()
        places = self._places()
        self.inline = any(self._inside(place, self.target.node.value) for place in places)
        outside = [place for place in places if not self._inside(place, self.node)]
        if not outside and not self.inline:
            raise CannotTapeError("nothing shows how the target is made of what the gradient is asked for")
        if self.inline:
            self._check_order(holder)
        self._choose_block(holder, outside)

    def locate_call(self, expression: str) -> None:
        """Take as the target what calling a function without parameters gives, at the statement of the call.

        Raises:
            CannotTapeError: what runs before it would run after it.
        """
        holder = self._holder()
        self.expression, self.inline = expression, True
        self._check_order(holder)
        self._choose_block(holder, [])

    def _holder(self) -> cst.BaseStatement:
        holder = self.reading.statement(self.node)
        if isinstance(holder, cst.For) and self._inside(self.node, holder.iter):
            return holder
        if not isinstance(holder, cst.SimpleStatementLine) or len(holder.body) != 1:
            raise CannotTapeError("the call stands in the head of a statement, or shares its line with another one")
        return holder

    def _places(self) -> list[cst.CSTNode]:
        """What the frame of the call was executing at each step between the sources and the target."""
        query, sources = _as_query(self.call, self.target, self.sources)
        found: dict[cst.CSTNode, None] = {}
        for source in sources:
            flow = read_flow(query, source, mended=True, taped=True)
            if not flow.reaches and flow.connected is Answer.NO:
                # Nothing leads there: the answer is `None`, by a tape as well.
                continue
            if not flow.reaches:
                shown = self.reading.code(source.node)
                raise CannotTapeError(f"nothing shows how the target is made of `{shown}`")
            self.reached.append(source)
            for value in flow.path:
                taken = step_of(value) in (Step.TENSOR, Step.MODEL, Step.UNKNOWN, Step.OUT)
                if value is source.value or not taken or flow.followed[value] is Answer.NO:
                    continue
                node = self.reading.node_in(value, self.call.frame)
                if node is None:
                    raise CannotTapeError("the target is made in another function")
                found[node] = None
        return list(found)

    def _inside(self, node: cst.CSTNode, holder: cst.CSTNode) -> bool:
        return node is holder or any(parent is holder for parent in self.reading.parents(node))

    def _choose_block(self, holder: cst.CSTNode, outside: Sequence[cst.CSTNode]) -> None:
        """The innermost block that holds every step as one of its statements, above the one with the call."""
        held: cst.CSTNode = holder
        for parent in self.reading.parents(holder):
            if isinstance(parent, _SUITES):
                body: list[cst.CSTNode] = list(parent.body)
                at = body.index(held)
                statements = [self._sibling(place, body[:at]) for place in outside]
                if all(statement is not None for statement in statements):
                    indices = [body.index(statement) for statement in statements if statement is not None]
                    if self.inline and held is not holder:
                        raise CannotTapeError("a part of the target is made outside the block of the call")
                    self.body = body
                    self.first = min(indices, default=at)
                    self.last = at - 1 if self.inline else max(indices)
                    return
                if any(self._sibling(place, body[at : at + 1]) is not None for place in outside):
                    raise CannotTapeError("the statements that make the target do not stand in one block")
            if isinstance(parent, _SCOPES):
                break
            held = parent if isinstance(parent, cst.BaseStatement) else held
        raise CannotTapeError("the statements that make the target do not stand above the call")

    def _sibling(self, node: cst.CSTNode, body: Sequence[cst.CSTNode]) -> cst.CSTNode | None:
        return next((place for place in (node, *self.reading.parents(node)) if place in body), None)

    def _check_order(self, holder: cst.CSTNode) -> None:
        """Refuse to take an expression out of its statement past something that runs before it."""
        start = self.reading.span(self.node)[0]
        for parent in self.reading.parents(self.node):
            if parent is holder:
                break
            if isinstance(parent, (cst.IfExp, cst.BooleanOperation, cst.Lambda, cst.BaseComp, cst.FormattedString)):
                raise CannotTapeError("the target is made inside an expression that may not run, or run more than once")
        for call in self.reading.tree.nodes(cst.Call, cst.NamedExpr, cst.Await, inside=holder):
            if self.reading.span(call)[1] <= start:
                raise CannotTapeError("the target is made inside an expression behind another call")

    # Writing

    def enclose(
        self, draft: Draft, tape: str, target: str, *, sharing: Sequence[Untaped] = (), behind: Sequence[str] = ()
    ) -> None:
        """Write the `with` statement; `target` names what the call was given as an expression.

        `sharing` are all calls that ask the same tape; `behind` are lines to put between the tape and the call.
        """
        statement = self.reading.statement(self.node)
        assert statement is not None
        anchor = self.stretch[0] if self.stretch else statement
        header = [f"with {draft.tensorflow()}.GradientTape() as {tape}:"]
        watched = list(dict.fromkeys(name for one in sharing or (self,) for name in one.watched()))
        if watched:
            listed = ", ".join(watched)
            header.append(f"    {tape}.watch({listed if len(watched) == 1 else f'[{listed}]'})")
        made = self.expression or self.reading.code(self.target.node.value)
        lines = [f"    {target} = {made}"] if self.inline else []
        draft.enclose(anchor, self.stretch, header, [*lines, *behind])

    def watched(self) -> list[str]:
        """The sources that are tensors, by the names that they have where the tape begins."""
        names: dict[str, None] = {}
        binds = effects_of(self.reading, *self.body[self.first : self.body.index(self._held()) + 1]).binds
        start = min((self.reading.span(node)[0] for node in self.stretch), default=None)
        for source in self.reached:
            value, node = source.value, source.node
            if not is_tensor_source(value) or value.dtype in (Dtype.INTEGER, Dtype.BOOL):
                continue
            made = self.reading.node_in(value, self.call.frame)
            late = made is not None and start is not None and self.reading.span(made)[0] >= start
            if isinstance(node, (cst.Name, cst.Attribute)) and not late:
                name = self.reading.code(node)
                if name not in binds and name.partition(".")[0] not in binds:
                    names[name] = None
        return list(names)

    def _held(self) -> cst.CSTNode:
        held = self._sibling(self.node, self.body)
        assert held is not None
        return held

    def fresh(self, *wanted: str) -> str:
        """The first of these names that the function (or module) of the call does not use yet."""
        return fresh_name(self.reading, self.node, *wanted)

    def tape_name(self) -> str:
        """A name for the tape."""
        statement = self._held()
        return tape_name(self.reading, self.stretch[0] if self.stretch else statement, statement)


def widest(found: Sequence[Untaped]) -> Untaped:
    """One for all executions of a call: with the widest stretch that any of them needs.

    Raises:
        CannotTapeError: it differs from execution to execution where the target is made.
    """
    first = found[0]
    if any(one.body != first.body or one.inline != first.inline for one in found):
        raise CannotTapeError("the statements that make the target differ from call to call")
    first.first, first.last = min(one.first for one in found), max(one.last for one in found)
    return first


def grouped(found: Sequence[Untaped]) -> list[list[Untaped]]:
    """Calls that one tape serves: its stretch covers what all of them need, and they all stand behind it."""
    groups: list[list[Untaped]] = []
    for one in found:
        for group in groups:
            if _joins(group, one):
                group.append(one)
                first, last = min(m.first for m in group), max(m.last for m in group)
                for member in group:
                    member.first, member.last = first, last
                break
        else:
            groups.append([one])
    return groups


def _joins(group: Sequence[Untaped], one: Untaped) -> bool:
    other = group[0]
    if one.call.frame is not other.call.frame or one.body != other.body or one.inline or other.inline:
        return False
    if one.node is other.node:
        return False
    if one.first > other.last or other.first > one.last:
        return False
    last = max(one.last, other.last)
    return all(member.body.index(member._held()) > last for member in (*group, one))


def _as_query(call: Value, target: Argument, sources: Argument) -> tuple[Query, list[Source]]:
    """The question as it would be put to a tape."""
    assert isinstance(call.node, cst.Call)
    found = _sources(sources.value, sources.node.value)
    query = Query(
        node=call.node,
        method="gradient",
        tape=Tape(node=call.node, frame=call.frame, time=call.time, branch=call.branch),
        target=target.value,
        target_node=target.node.value,
        targets=tuple(_leaves(target.value)),
        sources=tuple(found),
        sources_node=sources.node.value,
        time=call.time,
        frame=call.frame,
        statement=call.statement,
        branch=call.branch,
        recording=frozenset(),
        arguments=call.arguments,
    )
    return query, found


def _leaves(value: Value) -> list[Value]:
    if value.elements is None:
        return [value]
    return [leaf for element in value.elements for leaf in _leaves(element)]


def _sources(value: Value, node: cst.BaseExpression) -> list[Source]:
    if value.elements is None:
        return [Source(value, node)]
    parts: list[cst.BaseExpression] = [node] * len(value.elements)
    if isinstance(node, (cst.List, cst.Tuple)) and len(node.elements) == len(value.elements):
        parts = [element.value for element in node.elements]
    return [source for element, part in zip(value.elements, parts, strict=True) for source in _sources(element, part)]


def is_one(value: Value) -> bool:
    """Whether sources are a single one for certain."""
    return value.kind in (Kind.TENSOR, Kind.VARIABLE, Kind.NDARRAY, Kind.SCALAR)


def is_several(value: Value) -> bool:
    """Whether sources are a list of them for certain."""
    return value.kind in (Kind.SEQUENCE, Kind.VARIABLES)
