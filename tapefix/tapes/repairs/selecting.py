"""Sources that were selected for a query from what the target is really made of: a slice, a reshaped copy, a cast.

The gradient of a part is that part of the gradient, so the whole is asked for, and the part taken of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.flow.flow import Answer, Flow
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.bindings import Binding
from tapefix.tapes.repairs.numbers import free_name
from tapefix.tapes.tape import Query, Source, Tape
from tapefix.tapes.values import Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_SELECTING = {"cast", "expand_dims", "gather", "reshape", "slice", "squeeze", "transpose"}
_COPYING = {"constant", "convert_to_tensor", "identity"}
_MAX_STEPS = 4


@dataclass(eq=False)
class Selection:
    """A source that is a part of what the target is made of."""

    flow: Flow
    whole: cst.BaseExpression
    """What the target is made of, as it is written."""
    prefix: str
    """What stands in front of the whole to make the part."""
    suffix: str
    inline: bool
    """Whether the part is made in the query itself."""
    copied: bool
    """Whether it is all of it: another object with the same numbers."""
    obstacle: str = ""

    @property
    def query(self) -> Query:
        """The query."""
        return self.flow.query

    @property
    def source(self) -> Source:
        """The part that it asks for."""
        return self.flow.source

    def of(self, whole: str) -> str:
        """The same part of something else."""
        return f"{self.prefix}{whole}{self.suffix}"


def selections(reading: Reading) -> dict[cst.Call, list[Selection]]:
    """The sources that were selected for a query, with no other way to the target, for each query in the text.

    A query that asks for copies alone has them all `copied`.
    """
    found: dict[cst.Call, dict[cst.CSTNode, Selection]] = {}
    for flow in reading.flows():
        query = flow.query
        if flow.reaches or flow.connected is not Answer.NO or query.unconnected_zero or query.tape.escaped:
            continue
        steps = list(_steps(flow))
        if not steps:
            continue
        selection = _selection(reading, flow, steps, reading.bindings)
        if selection is not None:
            found.setdefault(query.node, {}).setdefault(flow.source.node, selection)
    return {node: list(of_query.values()) for node, of_query in found.items()}


def _steps(flow: Flow) -> Iterator[Value]:
    """From the source back to what the target is made of; nothing when it is not made of any of it."""
    steps: list[Value] = []
    value = flow.source.value
    while len(steps) < _MAX_STEPS:
        content = _selected_of(value)
        if content is None:
            return
        steps.append(value)
        value = content
        whole = Source(value, flow.source.node)
        if value.is_tensor and read_flow(flow.query, whole).reaches:
            if read_flow(flow.query, whole, mended=True, taped=True).connected is not Answer.NO:
                yield from steps
            return


def _selected_of(value: Value) -> Value | None:
    """What a part was selected from."""
    if value.kind is not Kind.TENSOR or value.dtype.differentiable is False:
        return None
    if value.operation is Operation.SUBSCRIPT and isinstance(value.node, cst.Subscript):
        return value.receiver if step_of(value) is Step.TENSOR else None
    if value.operation is not Operation.CALL or not isinstance(value.node, cst.Call):
        return None
    root, _, short = value.name.rpartition(".")
    first = value.arguments[0] if value.arguments else None
    plain = first is not None and first.keyword is None and not first.star
    return (
        first.value if first is not None and plain and root == "tensorflow" and short in _SELECTING | _COPYING else None
    )


def _selection(reading: Reading, flow: Flow, steps: list[Value], everything: list[Binding]) -> Selection | None:
    prefix = suffix = ""
    content: cst.BaseExpression | None = None
    for step in steps:
        node = step.node
        assert isinstance(node, (cst.Subscript, cst.Call))
        if content is not None and content is not node:
            return None
        content = node.value if isinstance(node, cst.Subscript) else node.args[0].value
        (start, end), (inner, inner_end) = reading.span(node), reading.span(content)
        prefix, suffix = prefix + reading.text[start:inner], reading.text[inner_end:end] + suffix
    assert content is not None
    inline = steps[0].node is flow.source.node
    copied = all(step.name.rpartition(".")[2] in _COPYING and len(step.arguments) == 1 for step in steps)
    if copied:
        prefix = suffix = ""
    selection = Selection(flow, content, prefix, suffix, inline, copied)
    if flow.query.method != "gradient" and not copied:
        selection.obstacle = f"in a {flow.query.method.replace('_', ' ')} the part stands among its last axes"
    elif "#" in prefix + suffix:
        selection.obstacle = "a comment stands in it"
    elif _assigned_since(steps[-1], flow.query):
        selection.obstacle = f"`{reading.code(content)}` has been assigned since"
    elif not inline:
        selection.obstacle = _elsewhere(reading, flow, steps[0], content, everything)
    return selection


def _assigned_since(part: Value, query: Query) -> bool:
    """Whether a variable holds other numbers by the time of the query than when the part was taken."""
    whole = _selected_of(part)
    users = whole.users if whole is not None and whole.kind is Kind.VARIABLE else []
    return any(part.time < user.time < query.time and user.name.startswith(("assign", "scatter")) for user in users)


def _elsewhere(reading: Reading, flow: Flow, part: Value, whole: cst.BaseExpression, everything: list[Binding]) -> str:
    """Why what makes a part cannot be said again at the query."""
    shown = reading.code(whole)
    if part.node is None or reading.function(part.node) is not reading.function(flow.query.node):
        return f"`{shown}` has no name where the query stands"
    made = next((b for b in everything if part in b.made), None)
    names = [node for node in _names(part.node) if reading.values(node) and not _is_library(reading, node)]
    for name in names:
        held = [b for b in everything if any(n == name.value for _, n in b.slots) and _sees(reading, b, part.node)]
        if len(held) != 1:
            return f"`{name.value}` may be another one by then"
    return "" if made is not None else f"`{shown}` has no name where the query stands"


def _sees(reading: Reading, binding: Binding, node: cst.CSTNode) -> bool:
    function = reading.function(node)
    return any(scope in (function, reading.module) for scope, _ in binding.slots)


def _names(node: cst.CSTNode) -> Iterator[cst.Name]:
    if isinstance(node, cst.Name):
        yield node
    elif isinstance(node, (cst.Attribute, cst.Arg)):
        yield from _names(node.value)
    else:
        for child in node.children:
            yield from _names(child)


def _is_library(reading: Reading, node: cst.CSTNode) -> bool:
    return all(value.kind is Kind.LIBRARY for value in reading.values(node))


# Writing


def whole_asked(reading: Reading, parts: list[Selection], everything: Iterable[Selection]) -> Draft | str:
    """Ask for the whole in place of its parts, and take the parts of the answer; or why that cannot be written.

    `everything` are the parts of all queries.
    """
    obstacle = next((part.obstacle for part in parts if part.obstacle), "")
    if obstacle:
        return obstacle
    draft = Draft(reading)
    query = parts[0].query
    start, end = reading.span(query.node)
    if all(part.copied for part in parts):
        for part in parts:
            _ask_whole(reading, draft, part)
    elif parts[0].source.node is query.sources_node:
        _ask_whole(reading, draft, parts[0])
        draft.insert(start, parts[0].prefix)
        draft.insert(end, parts[0].suffix)
    else:
        targets = _unpacked(reading, query)
        if targets is None:
            return "the answer is a list"
        statement = reading.statement(query.node)
        assert statement is not None
        wholes = {reading.code(part.whole) for part in parts}
        if len(parts) == len(targets) and len(wholes) == 1 and len(parts) > 1:
            name = free_name(reading, "gradient")
            first, last = reading.span(query.sources_node)
            asked = reading.text[start:first] + wholes.pop() + reading.text[last:end]
            draft.insert_before(statement, f"{name} = {asked}")
            draft.rewrite_whole(query.node, ", ".join(part.of(name) for part in parts))
        else:
            for part in parts:
                _ask_whole(reading, draft, part)
                index = [source.node for source in query.sources].index(part.source.node)
                if not part.copied:
                    draft.insert_after(statement, f"{targets[index]} = {part.of(targets[index])}")
    _watch_whole(reading, draft, parts[0].query.tape, [part for part in everything if not part.obstacle])
    return draft


def _ask_whole(reading: Reading, draft: Draft, part: Selection) -> None:
    if part.inline:
        draft.replace(part.source.node, part.whole)
    else:
        draft.rewrite_whole(part.source.node, reading.code(part.whole))


def _unpacked(reading: Reading, query: Query) -> list[str] | None:
    """The names that the answers are given to, one for each source."""
    assignment = reading.parent(query.node)
    if not isinstance(assignment, cst.Assign) or len(assignment.targets) != 1:
        return None
    line = reading.parent(assignment)
    target = assignment.targets[0].target
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or not isinstance(target, cst.Tuple):
        return None
    names = [reading.code(e.value) for e in target.elements if isinstance(e.value, (cst.Name, cst.Attribute))]
    several = isinstance(query.sources_node, (cst.List, cst.Tuple))
    return names if several and len(names) == len(target.elements) == len(query.sources) else None


def _watch_whole(reading: Reading, draft: Draft, tape: Tape, parts: list[Selection]) -> None:
    """A `watch` that names nothing but these parts watches the whole."""
    values = {value: part for part in parts for value in reading.values(part.source.node)}
    for watch in tape.watches:
        named = [values.get(value) for value in watch.values]
        wholes = {reading.code(part.whole) for part in named if part is not None}
        if None in named or len(wholes) != 1 or len(watch.node.args) != 1:
            continue
        whole, statement = wholes.pop(), reading.statement(watch.node)
        watched = {reading.code(a.value) for other in tape.watches if other is not watch for a in other.node.args}
        alone = isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
        if whole in watched and alone and statement is not None:
            draft.delete(statement)
        else:
            draft.rewrite_whole(watch.node.args[0].value, whole, shared=True)
