"""The lifetime of tapes: queries on one that an earlier query has used up, and how to keep it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import Query, Tape
from tapefix.tapes.values import Frame, exclusive
from tapefix.tapes.writing.draft import Draft

LOOPS = (cst.For, cst.While, cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
"""What executes its body again and again."""

_SCOPES = (cst.FunctionDef, cst.Lambda, cst.ClassDef, cst.Module)


@dataclass
class Reuse:
    """A tape that is not persistent, and the queries that find it used up."""

    tape: Tape
    pairs: list[tuple[Query, Query]] = field(default_factory=list)
    """A query that has used the tape up, and a later one, at another place."""
    repeated: list[tuple[Query, Query, cst.CSTNode]] = field(default_factory=list)
    """Two executions of one query, and the loop that repeats it."""


def reuses(reading: Reading) -> list[Reuse]:
    """Every tape of which a second query raises, for certain; the executions of one `with` each count."""
    found = []
    for tape in reading.tapes:
        if tape.persistent is not False or len(tape.queries) < 2:
            continue
        reuse = Reuse(tape)
        queries = sorted(tape.queries, key=lambda query: query.time)
        for index, later in enumerate(queries):
            if _guarded(reading, later):
                continue
            for earlier in reversed(queries[:index]):
                if _restarted(tape, earlier, later) or exclusive(earlier.branch, later.branch):
                    continue
                repeated = _repeated(reading, earlier, later)
                if repeated is None:
                    reuse.pairs.append((earlier, later))
                elif not _leaves(reading, *repeated):
                    reuse.repeated.append((earlier, later, repeated[1]))
                else:
                    continue
                break
        if reuse.pairs or reuse.repeated:
            found.append(reuse)
    return found


def _restarted(tape: Tape, earlier: Query, later: Query) -> bool:
    """Whether the tape was entered again in between: it then begins anew. (`reset` after a query raises.)"""
    return any(earlier.time < region.entered < later.time for region in tape.regions)


def _guarded(reading: Reading, query: Query) -> bool:
    """Whether the error is expected: caught, or asserted."""
    for node in _all_parents(reading, query):
        if isinstance(node, cst.Try):
            types = [reading.code(h.type) if h.type is not None else "Exception" for h in node.handlers]
            if any(name in kind for kind in types for name in ("RuntimeError", "Exception")):
                return True
        if isinstance(node, cst.With) and any("raises" in reading.code(i.item).lower() for i in node.items):
            return True
    return False


def _all_parents(reading: Reading, query: Query) -> Iterator[cst.CSTNode]:
    """What stands around a query, and around the calls that led to it."""
    frame: Frame | None = query.frame
    node: cst.CSTNode | None = query.node
    while frame is not None and node is not None:
        yield from reading.parents(node)
        node, frame = frame.call, frame.caller


def chain(reading: Reading, query: Query) -> list[tuple[Frame, cst.CSTNode]]:
    """The frames around a query with what each was executing, from the module on."""
    found: list[tuple[Frame, cst.CSTNode]] = []
    frame: Frame | None = query.frame
    while frame is not None:
        node = reading.node_in(query, frame)
        if node is not None:
            found.append((frame, node))
        frame = frame.caller
    return found[::-1]


def _repeated(reading: Reading, earlier: Query, later: Query) -> tuple[cst.CSTNode, cst.CSTNode] | None:
    """What executes one query twice: the query or the call that leads to it, and the loop around that.

    `None` when the queries stand at two places, or come from two calls.
    """
    first, second = chain(reading, earlier), chain(reading, later)
    if len(first) != len(second) or any(one is not other for (_, one), (_, other) in zip(first, second, strict=True)):
        return None
    for _, node in second:
        loop = next((parent for parent in reading.parents(node) if isinstance(parent, LOOPS)), None)
        if loop is not None and not holds(reading, loop, later.tape.node):
            return node, loop
    return None


def holds(reading: Reading, holder: cst.CSTNode, node: cst.CSTNode) -> bool:
    """Whether one node stands in another."""
    return any(parent is holder for parent in reading.parents(node))


def binds(statement: cst.CSTNode, name: str) -> bool:
    """Whether a statement gives a name to something, in an assignment or behind `as`."""
    found: list[bool] = []

    class _Bound(cst.CSTVisitor):
        def visit_AsName(self, node: cst.AsName) -> None:
            found.append(isinstance(node.name, cst.Name) and node.name.value == name)

        def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
            found.append(isinstance(node.target, cst.Name) and node.target.value == name)

    statement.visit(_Bound())
    return any(found)


def _leaves(reading: Reading, repeated: cst.CSTNode, loop: cst.CSTNode) -> bool:
    """Whether the query may well be reached once only: under a condition that picks one pass, or before a `break`."""
    for node in reading.parents(repeated):
        if node is loop:
            break
        if isinstance(node, cst.If) and _picks(node.test):
            return True
        if isinstance(node, (cst.IndentedBlock, cst.SimpleStatementSuite)) and any(_breaks(part) for part in node.body):
            return True
    return False


def _breaks(statement: cst.CSTNode) -> bool:
    if isinstance(statement, cst.SimpleStatementLine):
        return any(isinstance(part, (cst.Break, cst.Return, cst.Raise)) for part in statement.body)
    return isinstance(statement, (cst.Break, cst.Return, cst.Raise))


def _picks(test: cst.BaseExpression) -> bool:
    """Whether a condition may hold for one pass only."""
    if isinstance(test, cst.Comparison):
        return any(isinstance(part.operator, (cst.Equal, cst.Is)) for part in test.comparisons)
    if isinstance(test, cst.BooleanOperation):
        return _picks(test.left) or _picks(test.right)
    return isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not)


# Keeping a tape


def persist(draft: Draft, tape: Tape) -> str:
    """Make a tape persistent. Returns why it cannot be done; empty when it is."""
    call = tape.node
    given: cst.Arg | None = None
    for index, argument in enumerate(call.args):
        if argument.star:
            return "what the tape is made with is not known"
        if argument.keyword is None:
            given = argument if index == 0 else given
        elif argument.keyword.value == "persistent":
            given = argument
        elif argument.keyword.value != "watch_accessed_variables":
            return f"`{argument.keyword.value}` is no argument of a tape"
    if given is None:
        draft.add_argument(call, "persistent=True")
    elif isinstance(given.value, cst.Name) and given.value.value == "False":
        draft.replace(given.value, "True")
    else:
        return f"`{draft.reading.code(given.value)}` decides whether the tape is persistent"
    return ""


def release(draft: Draft, tape: Tape) -> None:
    """Drop the tape behind its last query, where its name is of no more use: a persistent tape holds what it recorded.

    Only in the block of the `with` statement that makes the tape, and only for a plain local name.
    """
    reading, region = draft.reading, tape.region
    if region is None or region.node is None or region.item is None or region.item.item is not tape.node:
        return
    asname = region.item.asname
    block = reading.parent(region.node)
    if asname is None or not isinstance(asname.name, cst.Name):
        return
    if not isinstance(block, (cst.IndentedBlock, cst.Module)):
        return
    last = 0
    body = list(block.body)
    for query in tape.queries:
        node = reading.node_in(query, region.frame)
        place = next((p for p in (node, *reading.parents(node)) if p in body), None) if node is not None else None
        if place is None or _returns(place):
            return
        last = max(last, body.index(place))  # type: ignore[arg-type]  # it is in the body
    if _used_elsewhere(reading, region.node, body[last], asname.name.value):
        return
    if any(gone.tape is tape for gone in reading.execution.deletions):
        return
    draft.insert_after(body[last], f"del {asname.name.value}", shared=True)


def _returns(statement: cst.CSTNode) -> bool:
    """Whether a statement may leave the block that it stands in."""
    found: list[cst.CSTNode] = []
    loops: list[cst.CSTNode] = []

    class _Ends(cst.CSTVisitor):
        def on_visit(self, node: cst.CSTNode) -> bool:
            if isinstance(node, (cst.For, cst.While)):
                loops.append(node)
            leaves = isinstance(node, (cst.Break, cst.Continue)) and not loops
            if leaves or isinstance(node, (cst.Return, cst.Raise, cst.Yield)):
                found.append(node)
            return not isinstance(node, (cst.FunctionDef, cst.Lambda))

        def on_leave(self, original_node: cst.CSTNode) -> None:
            if loops and loops[-1] is original_node:
                loops.pop()

    statement.visit(_Ends())
    return bool(found)


def _used_elsewhere(reading: Reading, holder: cst.With, last: cst.CSTNode, name: str) -> bool:
    """Whether the name is read or deleted behind `last`, in a function or a later pass, before it is bound again."""
    scope = next(p for p in reading.parents(holder) if isinstance(p, _SCOPES))
    start, end = reading.span(holder)[0], reading.span(last)[1]
    loop = next((p for p in reading.parents(holder) if isinstance(p, (*LOOPS, *_SCOPES))), scope)
    again = reading.span(loop)[0] if isinstance(loop, LOOPS) else start
    uses: list[tuple[int, bool]] = []
    for node in reading.tree.nodes(cst.Name, inside=scope):
        if node.value != name:
            continue
        parent = reading.parent(node)
        if isinstance(parent, cst.NameItem):
            # `global` or `nonlocal`: another scope has it, too.
            return True
        if isinstance(parent, cst.Attribute) and parent.attr is node:
            continue
        if isinstance(parent, cst.Arg) and parent.keyword is node:
            continue
        owner = next(p for p in reading.parents(node) if isinstance(p, _SCOPES))
        if owner is scope:
            uses.append((reading.span(node)[0], isinstance(parent, (cst.AsName, cst.AssignTarget))))
        elif not isinstance(owner, (cst.FunctionDef, cst.Lambda)) or not _binds(owner, name):
            return True
    uses.sort()
    behind = next((binds for position, binds in uses if position >= end), True)
    before = next((binds for position, binds in uses if again <= position), True)
    return not behind or not before


def _binds(function: cst.FunctionDef | cst.Lambda, name: str) -> bool:
    """Whether a function has the name for itself."""
    parameters = function.params
    every = (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
    return any(parameter.name.value == name for parameter in every) or binds(function.body, name)


def keep(reading: Reading, tape: Tape) -> tuple[Rewrite | None, str]:
    """A persistent tape, dropped where it has served; or why it cannot be had."""
    draft = Draft(reading)
    obstacle = persist(draft, tape)
    if obstacle:
        return None, obstacle
    release(draft, tape)
    return draft.rewrite("Make the tape persistent"), ""
