"""Tapes that a query cannot reach: not yet made, gone already, or hidden behind another of the same name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.effects_of import effects_of
from tapefix.tapes.repairs.from_below import free_name
from tapefix.tapes.repairs.handles import SCOPES, Handles
from tapefix.tapes.repairs.lifetime import LOOPS, binds, holds
from tapefix.tapes.repairs.misdirected import Misdirection
from tapefix.tapes.tape import QUERY_METHODS, Deletion
from tapefix.tapes.values import Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_CONDITIONS = (cst.If, cst.IfExp, cst.BooleanOperation, cst.Try, cst.TryStar, cst.Match, cst.Lambda, *LOOPS)


@dataclass(frozen=True)
class OutOfScope:
    """Queries of one tape that cannot reach it, and what mends that."""

    node: cst.CSTNode
    message: str
    calls: tuple[cst.Call, ...]
    rewrite: Rewrite | None
    reason: str = ""


def out_of_scope(reading: Reading) -> Iterator[OutOfScope]:
    """Every tape that certain queries cannot reach."""
    yield from _hidden(reading)
    lost = list(_lost(reading))
    yield from _early(reading, lost)
    yield from _deleted(reading, lost)


# Hidden behind another tape of the same name


def _hidden(reading: Reading) -> Iterator[OutOfScope]:
    groups: dict[cst.Call, list[Misdirection]] = {}
    for wrong in reading.misdirections.values():
        if wrong.name is None:
            groups.setdefault(wrong.right.node, []).append(wrong)
    for made, wrongs in groups.items():
        name, target = reading.code(wrongs[0].place.node), reading.code(wrongs[0].query.target_node)
        rewrite = _renamed(reading, made, wrongs)
        yield OutOfScope(
            wrongs[0].place.node,
            f"`{name}` is another tape by now: the one of line {reading.line(made)} recorded `{target}`",
            tuple(wrong.query.node for wrong in wrongs),
            rewrite,
            "" if rewrite is not None else "the name of the two tapes is used in a way that cannot be followed",
        )


def _renamed(reading: Reading, made: cst.Call, wrongs: Sequence[Misdirection]) -> Rewrite | None:
    """Give the earlier tape a name of its own."""
    handles = Handles(reading)
    tapes = [tape for tape in reading.tapes if tape.node is made]
    scope = _scope(reading, made)
    nodes = [node for tape in tapes for node in handles.nodes(tape) if _scope(reading, node) is scope]
    for node in nodes:
        if any(value.tape is not None and value.tape not in tapes for value in reading.values(node)):
            return None
        if not isinstance(node, cst.Name):
            return None
    name = _name_for(reading, wrongs[0])
    draft = Draft(reading)
    for node in dict.fromkeys([*nodes, *(wrong.place.node for wrong in wrongs)]):
        draft.rewrite_whole(node, name)
    return draft.rewrite(f"Give the tape a name of its own: `{name}`")


def _name_for(reading: Reading, wrong: Misdirection) -> str:
    """`gen_tape` for one that recorded `gen_loss`."""
    target = wrong.query.target_node
    words = target.value.lower().split("_") if isinstance(target, cst.Name) else []
    stem = "_".join(
        word for word in words if word and word not in ("loss", "losses", "cost", "error", "value", "total")
    )
    wished = [f"{stem}_tape"] if stem and stem not in ("y", "z", "out", "output") else []
    return free_name(reading, [*wished, "first_tape"])


def _scope(reading: Reading, node: cst.CSTNode) -> cst.CSTNode:
    return next(parent for parent in reading.parents(node) if isinstance(parent, SCOPES))


# Not made yet


def _lost(reading: Reading) -> Iterator[tuple[cst.Call, cst.Name]]:
    """Queries of something that no name stands for at that time, and the name."""
    if any(isinstance(part, cst.ImportFrom) and isinstance(part.names, cst.ImportStar) for part in _imports(reading)):
        return
    for node in reading.evaluated(cst.Call):
        if isinstance(node.func, cst.Attribute):
            name = node.func.value
            if node.func.attr.value not in QUERY_METHODS or not isinstance(name, cst.Name):
                continue
            if any(_unbound(value, name) for value in reading.values(name)) and not _guarded(reading, node):
                yield node, name


def _guarded(reading: Reading, node: cst.CSTNode) -> bool:
    """Whether an error may be caught."""
    return any(isinstance(parent, (cst.Try, cst.TryStar)) for parent in reading.parents(node))


def _imports(reading: Reading) -> Iterator[cst.CSTNode]:
    for statement in reading.module.body:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from statement.body


def _unbound(value: Value, name: cst.Name) -> bool:
    node = value.node
    return value.operation is Operation.UNKNOWN and isinstance(node, cst.Name) and node.value == name.value


def _early(reading: Reading, lost: Sequence[tuple[cst.Call, cst.Name]]) -> Iterator[OutOfScope]:
    for call, name in lost:
        holder = _made_below(reading, call, name.value)
        if holder is not None:
            yield _later(reading, call, holder, f"`{name.value}` is made only below, at line {reading.line(holder)}")
    for query in reading.queries:
        region = query.tape.regions[0] if query.tape.regions else None
        if region is None or region.node is None or region.entered < query.time or query.frame is not region.frame:
            continue
        if _unconditional(reading, query.node) and _below(reading, query.node, region.node):
            yield _later(
                reading,
                query.node,
                region.node,
                f"the tape has recorded nothing yet: it is entered below, at line {reading.line(region.node)}",
            )


def _made_below(reading: Reading, call: cst.Call, name: str) -> cst.With | None:
    """The `with` statement, behind a query in its block, that makes the tape of that name."""
    if not _unconditional(reading, call):
        return None
    for statement in _rest(reading, call):
        if isinstance(statement, cst.With):
            for item in statement.items:
                bound = item.asname.name if item.asname is not None else None
                if isinstance(bound, cst.Name) and bound.value == name:
                    taped = any(value.kind is Kind.TAPE for value in reading.values(item.item))
                    return statement if taped else None
        if binds(statement, name):
            return None
    return None


def _unconditional(reading: Reading, call: cst.Call) -> bool:
    """Whether a query runs whenever its line does."""
    statement = reading.statement(call)
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    inner = [parent for parent in reading.parents(call) if holds(reading, statement, parent)]
    return not _guarded(reading, call) and not any(isinstance(parent, _CONDITIONS) for parent in inner)


def _rest(reading: Reading, node: cst.CSTNode) -> list[cst.CSTNode]:
    """What follows the line of a node in its block."""
    statement = reading.statement(node)
    body = list(getattr(reading.parent(statement), "body", ())) if statement is not None else []
    return body[body.index(statement) + 1 :] if statement in body else []


def _below(reading: Reading, call: cst.Call, holder: cst.With) -> bool:
    return holder in _rest(reading, call)


def _later(reading: Reading, call: cst.Call, holder: cst.With, message: str) -> OutOfScope:
    """Take a query, and what needs its answer, behind the `with` statement."""
    statement = reading.statement(call)
    assert statement is not None
    rest = _rest(reading, call)
    at = rest.index(holder)
    does = {other: effects_of(reading, other) for other in (statement, *rest)}
    moving: list[cst.CSTNode] = [statement]
    bound = set(does[statement].binds)
    for other in rest[:at]:
        if does[other].reads & bound:
            moving.append(other)
            bound |= does[other].binds
    needed = {name for other in moving for name in does[other].reads} - bound
    anchor = max(
        (index for index, other in enumerate(rest) if index >= at and (index == at or does[other].binds & needed)),
    )
    between = [other for other in rest[: anchor + 1] if other not in moving]
    if any(does[other].reads & bound for other in between) or any(does[other].jumps for other in [*moving, *between]):
        return OutOfScope(call, message, (call,), None, "what is recorded needs the answer")
    draft = Draft(reading)
    draft.move_behind(moving, rest[anchor])
    return OutOfScope(call, message, (call,), draft.rewrite("Ask behind the `with` statement"))


# Gone already


def _deleted(reading: Reading, lost: Sequence[tuple[cst.Call, cst.Name]]) -> Iterator[OutOfScope]:
    seen: set[cst.CSTNode] = set()
    for gone in reading.execution.deletions:
        if gone.statement is None or gone.statement in seen:
            continue
        calls = [call for call, name in lost if name.value == gone.name and _misses(reading, call, gone)]
        if not calls:
            continue
        seen.add(gone.statement)
        rewrite = _moved_down(reading, gone, calls)
        yield OutOfScope(
            gone.statement,
            f"`{gone.name}` is deleted here, and asked at line {reading.line(calls[0])}",
            tuple(calls),
            rewrite,
            "" if rewrite is not None else "where the tape is needed for the last time is not plain to see",
        )


def _misses(reading: Reading, call: cst.Call, gone: Deletion) -> bool:
    """Whether a query finds the name deleted: below in the block of the `del`, or in the next pass of its loop."""
    assert gone.statement is not None
    if _scope(reading, call) is not _scope(reading, gone.statement):
        return False
    block = reading.parent(gone.statement)
    return block is not None and holds(reading, block, call)


def _moved_down(reading: Reading, gone: Deletion, calls: Sequence[cst.Call]) -> Rewrite | None:
    """`del tape` behind what needs the tape for the last time."""
    statement = gone.statement
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    names = _deleted_names(statement)
    anchor = _last_need(reading, statement, gone, names)
    if anchor is None:
        return None
    draft = Draft(reading)
    if isinstance(anchor, cst.SimpleStatementLine) and any(isinstance(part, cst.Return) for part in anchor.body):
        draft.delete_all([statement])
        return draft.rewrite(f"Leave `{gone.name}` to the end of the function")
    if effects_of(reading, anchor).jumps and not isinstance(anchor, (cst.For, cst.While)):
        return None
    draft.move_behind([statement], anchor)
    return draft.rewrite(f"Delete `{gone.name}` behind its last query")


def _deleted_names(statement: cst.SimpleStatementLine) -> set[str]:
    drop = statement.body[0]
    if not isinstance(drop, cst.Del):
        return set()
    parts = [element.value for element in drop.target.elements] if isinstance(drop.target, cst.Tuple) else [drop.target]
    return {part.value for part in parts if isinstance(part, cst.Name)}


def _last_need(reading: Reading, statement: cst.CSTNode, gone: Deletion, names: set[str]) -> cst.CSTNode | None:
    """The last statement, in the block of the `del` or behind its loop, that uses one of the names."""
    held: cst.CSTNode = statement
    for parent in reading.parents(statement):
        if isinstance(parent, SCOPES):
            break
        if isinstance(parent, (cst.For, cst.While)) and not holds(reading, parent, gone.tape.node):
            held = parent
    block = reading.parent(held)
    body = list(getattr(block, "body", ()))
    if held not in body:
        return None
    last = held if held is not statement else None
    for other in body[body.index(held) + 1 :]:
        if effects_of(reading, other).reads & names:
            last = other
        if any(binds(other, name) for name in names):
            break
    return last
