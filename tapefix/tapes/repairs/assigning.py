"""Assignments inside a tape whose variable is read again on the way to the target.

A variable does not remember what was assigned. The tensor that is assigned goes on by a name of its own, and the
assignment stays beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import libcst as cst

from tapefix.tapes.flow.flow import Answer, Flow, ancestors
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.numbers import free_name
from tapefix.tapes.repairs.watching import is_keras_variable
from tapefix.tapes.tape import Tape
from tapefix.tapes.values import Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.written import TIGHT

_ASSIGNING = {"assign": "", "assign_add": "+", "assign_sub": "-"}


@dataclass(eq=False)
class Assignment:
    """One call that assigns to a variable, on the way from sources to targets."""

    node: cst.Call
    values: list[Value] = field(default_factory=list)
    """The call, each time it was made."""
    reads: dict[cst.BaseExpression, None] = field(default_factory=dict)
    """Where the variable is read on the way, behind the assignment."""
    queries: set[int] = field(default_factory=set)
    obstacle: str = ""


def assignments(reading: Reading) -> list[Assignment]:
    """Every assignment at which a tape certainly loses a source."""
    found: dict[cst.CSTNode, Assignment] = {}
    for flow in reading.flows():
        query = flow.query
        if flow.reaches or flow.connected is not Answer.NO or query.unconnected_zero or query.tape.escaped:
            continue
        for made, users in _on_the_way(flow):
            assert isinstance(made.node, cst.Call)
            if made.receiver is not None and is_keras_variable(made.receiver) and not _alone(reading, made.node):
                # Those of Keras give the tensor back.
                continue
            assignment = found.setdefault(made.node, Assignment(made.node))
            assignment.values.append(made)
            assignment.queries.add(reading.line(query.node))
            assignment.obstacle = assignment.obstacle or _reads(reading, assignment, made, users, query.tape)
    return list(found.values())


def _on_the_way(flow: Flow) -> Iterator[tuple[Value, list[Value]]]:
    """The assignments that lead from the source to the target, with what reads their variable behind them."""
    found: dict[Value, dict[Value, None]] = {}
    if _leads(flow, flow.query.targets, found, set()):
        for made, users in found.items():
            yield made, list(users)


def _leads(flow: Flow, ends: Iterable[Value], found: dict[Value, dict[Value, None]], seen: set[Value]) -> bool:
    """Whether something is made of the source by way of assignments; those are collected."""
    leads = False
    ends = tuple(ends)
    path = ancestors(ends)
    inside = set(path)
    for variable in path:
        if variable.kind is not Kind.VARIABLE or variable in seen:
            continue
        for made in variable.users:
            readers = [user for user in variable.users if user in inside and user.time > made.time]
            if not _assigns(made, flow) or not readers:
                continue
            content = made.arguments[0].value
            if _made_of_source(flow, content) or _leads(flow, (content,), found, seen | {variable}):
                found.setdefault(made, {}).update(dict.fromkeys(readers))
                leads = True
    return leads


def _assigns(made: Value, flow: Flow) -> bool:
    if made.operation is not Operation.METHOD_CALL or made.name not in _ASSIGNING or not made.arguments:
        return False
    return flow.query.tape in made.tapes and made.time < flow.query.time and isinstance(made.node, cst.Call)


def _made_of_source(flow: Flow, content: Value) -> bool:
    if flow.source.value not in ancestors([content]):
        return False
    there = replace(flow.query, targets=(content,), target=content)
    return read_flow(there, flow.source, mended=True).connected is not Answer.NO


def _reads(reading: Reading, assignment: Assignment, made: Value, users: list[Value], tape: Tape) -> str:
    """Note where the variable is read; or say why the tensor cannot go on in its place."""
    node = assignment.node
    statement = reading.statement(node)
    block = reading.parent(statement) if statement is not None else None
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1 or block is None:
        return "the assignment stands on a line with other statements"
    if any(source.value is made.receiver for query in tape.queries for source in query.sources):
        return "the gradient of the variable is asked for, too"
    inside = list(reading.parents(node))
    looped = any(isinstance(p, (cst.For, cst.While)) for p in inside[: _depth(reading, inside, tape)])
    if len(node.args) != 1 or node.args[0].star or node.args[0].keyword is not None:
        return "the assignment has arguments of its own"
    for user in users:
        place = reading.node_in(user, made.frame)
        names = [name for name in _names(place) if made.receiver in reading.values(name)] if place is not None else []
        if place is node or (place is not None and any(p is node for p in reading.parents(place))):
            # `v.assign(v + x)` reads what was assigned in an earlier pass.
            return "each pass reads what the one before has assigned"
        if not names:
            return "the variable is read in another function"
        for name in names:
            if any(p is node for p in reading.parents(name)):
                continue
            if block not in reading.parents(name) and looped:
                return "each pass reads what the one before has assigned"
            if block not in reading.parents(name):
                return "the variable is read where the assignment may not have been made"
            if reading.span(name) < reading.span(node):
                return "each pass reads what the one before has assigned"
            assignment.reads[name] = None
    others = [
        other
        for other in (made.receiver.users if made.receiver is not None else ())
        if other.name in _ASSIGNING and other.operation is Operation.METHOD_CALL and other.node is not node
    ]
    if any(made.time < other.time < max(user.time for user in users) for other in others):
        return "the variable is assigned again before it is read"
    return ""


def _depth(reading: Reading, around: list[cst.CSTNode], tape: Tape) -> int:
    """How many of the nodes around an assignment stand inside the tape."""
    holders = [region.node for region in tape.regions]
    return next((index for index, node in enumerate(around) if node in holders), len(around))


def _alone(reading: Reading, node: cst.Call) -> bool:
    return isinstance(reading.parent(node), cst.Expr)


def _names(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    if isinstance(node, (cst.Name, cst.Attribute)):
        yield node
    if not isinstance(node, cst.Name):
        for child in node.children:
            yield from _names(child)


def written(reading: Reading, assignment: Assignment) -> Draft | str:
    """Let the tensor go on, and assign beside it; or why that cannot be written."""
    if assignment.obstacle:
        return assignment.obstacle
    node = assignment.node
    assert isinstance(node.func, cst.Attribute)
    statement = reading.statement(node)
    assert isinstance(statement, cst.SimpleStatementLine)
    variable, content = node.func.value, node.args[0].value
    last = variable.attr.value if isinstance(variable, cst.Attribute) else reading.code(variable)
    if not last.isidentifier():
        return "the variable has no name"
    name = free_name(reading, f"new_{last}")
    operator = _ASSIGNING[node.func.attr.value]
    shown = reading.code(content)
    if operator and not isinstance(content, TIGHT) and not content.lpar:
        shown = f"({shown})"
    lead = f"{reading.code(variable)} {operator} " if operator else ""
    draft = Draft(reading)
    if isinstance(statement.body[0], cst.Expr) and statement.body[0].value is node:
        draft.insert_after(statement, f"{reading.code(variable)}.assign({name})")
        draft.replace(node, f"{name} = {lead}", content) if not operator else draft.rewrite_whole(
            node, f"{name} = {lead}{shown}"
        )
    else:
        draft.insert_before(statement, f"{name} = {lead}{shown}")
        draft.insert_before(statement, f"{reading.code(variable)}.assign({name})")
        draft.rewrite_whole(node, name)
    for read in assignment.reads:
        whole = _value_of(reading, read)
        draft.rewrite_whole(whole, name)
    return draft


def _value_of(reading: Reading, read: cst.BaseExpression) -> cst.BaseExpression:
    """`v.value()` and `v.read_value()` are what they read."""
    parent = reading.parent(read)
    if isinstance(parent, cst.Attribute) and parent.attr.value in ("value", "read_value"):
        call = reading.parent(parent)
        return call if isinstance(call, cst.Call) and call.func is parent else parent
    return read
