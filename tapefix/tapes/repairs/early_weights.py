"""Lists of weights that are read too early, and where to read them instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.effects import dotted
from tapefix.tapes.repairs.effects_of import effects_of
from tapefix.tapes.repairs.handles import SCOPES
from tapefix.tapes.repairs.lifetime import LOOPS, binds, holds
from tapefix.tapes.repairs.unbuilt import COLLECTIONS, is_unbuilt
from tapefix.tapes.tape import Query
from tapefix.tapes.values import Frame, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft


@dataclass
class EarlyRead:
    """One reading of a model's weights while it has none, and the queries that ask for them."""

    node: cst.BaseExpression
    """`model.trainable_variables`, or a sum of such."""
    statement: cst.SimpleStatementLine
    name: str
    """What the list is bound to: `weights`, or `self.weights`."""
    queries: list[Query] = field(default_factory=list)


def early_reads(reading: Reading) -> list[EarlyRead]:
    """Every list of weights that is empty for certain when a query asks for it."""
    found: dict[cst.CSTNode, EarlyRead] = {}
    for query in reading.queries:
        name = dotted(query.sources_node)
        if name is None or not query.sources:
            continue
        reads = [_early(reading, query, source.value, name) for source in query.sources]
        known = [read for read in reads if read is not None]
        if len({read.node for read in known}) != 1 or len(known) != len(reads):
            continue
        if any(reading.flow(query, source).reaches for source in query.sources):
            found.setdefault(known[0].node, known[0]).queries.append(query)
    return list(found.values())


def _early(reading: Reading, query: Query, value: Value, name: str) -> EarlyRead | None:
    """Where the weights were read into the name by which the query asks for them."""
    node, owner = value.node, value.receiver
    if value.kind is not Kind.VARIABLES or value.operation is not Operation.ATTRIBUTE or value.name not in COLLECTIONS:
        return None
    if not isinstance(node, cst.Attribute) or owner is None or node is query.sources_node:
        return None
    whole: cst.BaseExpression = node
    while isinstance(around := reading.parent(whole), cst.BinaryOperation) and isinstance(around.operator, cst.Add):
        whole = around
    assign = reading.parent(whole)
    statement = reading.parent(assign) if assign is not None else None
    if not isinstance(assign, cst.Assign) or not isinstance(statement, cst.SimpleStatementLine):
        return None
    if len(assign.targets) != 1 or len(statement.body) != 1 or dotted(assign.targets[0].target) != name:
        return None
    if not _same_execution(value.frame, owner) or not is_unbuilt(owner, value.time):
        return None
    return EarlyRead(whole, statement, name)


def _same_execution(frame: Frame, owner: Value) -> bool:
    """Whether nothing that the reading did not see can have built the model between its making and this place."""
    current: Frame | None = frame
    while current is not None:
        if current is owner.frame:
            return True
        if current.root:
            return False
        current = current.caller
    return True


# Reading them later


def read_later(reading: Reading, early: EarlyRead) -> tuple[Rewrite | None, str]:
    """The list read behind the `with` statement, or wherever it is used; or why that cannot be."""
    uses = _uses(reading, early)
    if uses is None:
        return None, f"`{early.name}` is used in a way that cannot be followed"
    draft = Draft(reading)
    holder = _holder(reading, early, uses)
    if holder is not None:
        draft.move_behind([early.statement], holder)
        return draft.rewrite("Read the weights behind the tape"), ""
    if any(not _later(reading, early, use) for use in uses):
        return None, f"`{early.name}` is also used where it may change the target, or before the model is called"
    if not all(_in_sight(reading, early, use) for use in uses):
        return None, f"`{reading.code(early.node)}` means something else where `{early.name}` is used"
    code = reading.code(early.node)
    for use in uses:
        alone = isinstance(early.node, cst.Attribute) or isinstance(reading.parent(use), cst.Arg)
        draft.rewrite_whole(use, code if alone else f"({code})")
    draft.delete_all([early.statement])
    return draft.rewrite("Read the weights where they are used"), ""


def _uses(reading: Reading, early: EarlyRead) -> list[cst.BaseExpression] | None:
    """Every expression that reads the list; `None` where the name may stand for something else as well."""
    scope = reading.module if "." in early.name else _scope(reading, early.statement)
    found: list[cst.BaseExpression] = []
    others: list[cst.CSTNode] = []

    def visit(node: cst.Name | cst.Attribute) -> None:
        parent = reading.parent(node)
        label = isinstance(parent, cst.Attribute) and parent.attr is node
        label = label or (isinstance(parent, cst.Arg) and parent.keyword is node)
        if label or dotted(node) != early.name:
            return
        if isinstance(parent, cst.AssignTarget) and holds(reading, early.statement, parent):
            return
        if (
            "." not in early.name
            and _scope(reading, node) is not scope
            and _own_name(_scope(reading, node), early.name)
        ):
            return
        values = reading.values(node)
        changed = isinstance(parent, (cst.AssignTarget, cst.AugAssign, cst.Del, cst.AsName, cst.Param))
        known = bool(values) and all(value.kind in (Kind.VARIABLES, Kind.SEQUENCE) for value in values)
        (found if known and not changed else others).append(node)

    class _Visitor(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            visit(node)

        def visit_Attribute(self, node: cst.Attribute) -> None:
            visit(node)

    scope.visit(_Visitor())
    return None if others or not found else found


def _scope(reading: Reading, node: cst.CSTNode) -> cst.CSTNode:
    return next(parent for parent in reading.parents(node) if isinstance(parent, SCOPES))


def _holder(reading: Reading, early: EarlyRead, uses: Sequence[cst.BaseExpression]) -> cst.With | None:
    """The `with` statement behind which every use stands, in the block of the list or in a loop below it."""
    scope = _scope(reading, early.statement)
    for query in early.queries:
        region = query.tape.region
        holder = region.node if region is not None else None
        if holder is None or _scope(reading, holder) is not scope or "." in early.name:
            return None
        block = reading.parent(holder)
        if block is None or not all(holds(reading, block, use) for use in uses):
            return None
        end = reading.span(holder)[1]
        if any(reading.span(use)[0] < end for use in uses):
            return None
        between = [p for p in reading.parents(holder) if not holds(reading, p, early.statement)]
        if any(not isinstance(p, (cst.IndentedBlock, cst.With, *LOOPS)) for p in between):
            return None
        return holder
    return None


def _later(reading: Reading, early: EarlyRead, use: cst.BaseExpression) -> bool:
    """Whether a use stands behind a `with` statement in which the model is called, and so changes no target."""
    for query in early.queries:
        holder = query.tape.region.node if query.tape.region is not None else None
        if holder is None or _scope(reading, holder) is not _scope(reading, use):
            continue
        block = reading.parent(holder)
        if block is not None and holds(reading, block, use) and reading.span(use)[0] > reading.span(holder)[1]:
            return True
    return False


def _in_sight(reading: Reading, early: EarlyRead, use: cst.BaseExpression) -> bool:
    """Whether the models go by the same names where the list is used."""
    names = {name for name in effects_of(reading, early.node).reads if "." not in name}
    here, there = _scope(reading, early.statement), _scope(reading, use)
    if here is there:
        return not any(_rebinds(reading, early.statement, name) for name in names)
    if "." in early.name:
        return names == {"self"} and early.name.startswith("self.")
    return here is reading.module and not any(_own_name(there, name) for name in names)


def _own_name(scope: cst.CSTNode, name: str) -> bool:
    if not isinstance(scope, (cst.FunctionDef, cst.Lambda)):
        return False
    every = (*scope.params.posonly_params, *scope.params.params, *scope.params.kwonly_params)
    return any(parameter.name.value == name for parameter in every) or binds(scope.body, name)


def _rebinds(reading: Reading, behind: cst.CSTNode, name: str) -> bool:
    """Whether a name gets another meaning below a statement, in its block."""
    body = list(getattr(reading.parent(behind), "body", ()))
    return any(binds(statement, name) for statement in body[body.index(behind) + 1 :])
