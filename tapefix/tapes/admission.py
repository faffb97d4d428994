"""Admission: how what stands outside a region gets in, in the order in which it runs now."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import libcst as cst

from tapefix.tapes.draft import Draft
from tapefix.tapes.effects import Effects, effects
from tapefix.tapes.lifetime import persist
from tapefix.tapes.reading import Reading
from tapefix.tapes.regions import Side, Stray
from tapefix.tapes.shape import block_of
from tapefix.tapes.tape import Query
from tapefix.tapes.values import Frame, Kind, Operation, Value

_CONSTANT_BY_NAME = re.compile(r"target|baseline|advantage|bootstrap|(^|_)td(_|$)", re.IGNORECASE)


class CannotAdmitError(Exception):
    """Why the steps cannot be brought into the region."""


class Admission:
    """Brings the steps of one stray into its region.

    Statements on the path move into the body when nothing between depends on their place; otherwise the region is
    made to reach over all of them. A target computed in the query itself gets a name inside the region.
    """

    def __init__(self, reading: Reading, stray: Stray) -> None:
        self.reading = reading
        self.stray = stray
        self.holder = stray.holder
        self.draft = Draft(reading)
        block = reading.parent(self.holder)
        self.body: list[cst.CSTNode] = list(getattr(block, "body", ()))
        self.at = self.body.index(self.holder)
        self._effects: dict[cst.CSTNode, Effects] = {}
        self._names: set[str] = set()

    def write(self) -> Draft:
        """The edits that bring everything in.

        Raises:
            CannotAdmitError: it cannot be done without a change of what the code does.
        """
        if self.stray.side is Side.AFTER:
            self._from_below()
        else:
            self._from_above()
        self._keep_tapes()
        return self.draft

    # What has to come in

    def _does(self, node: cst.CSTNode) -> Effects:
        if node not in self._effects:
            self._effects[node] = effects(self.reading, node)
        return self._effects[node]

    def _line(self, node: cst.CSTNode) -> int:
        return self.reading.line(node)

    def _sibling(self, node: cst.CSTNode | None, body: Sequence[cst.CSTNode]) -> cst.CSTNode | None:
        """The statement of a body that holds a node."""
        if node is None:
            return None
        return next((place for place in (node, *self.reading.parents(node)) if place in body), None)

    def _place(self, query: Query, value: Value) -> cst.CSTNode:
        node = self.reading.node_in(value, _frame(query))
        if node is None:
            where = f" (line {self._line(value.node)})" if value.node is not None else ""
            raise CannotAdmitError(f"it happens in another function{where}")
        return node

    def _constants(self, statements: Sequence[cst.CSTNode]) -> None:
        """Refuse to choose where a value may be meant as a constant, such as the target of a value function."""
        starts = {
            self._sibling(self.reading.node_in(value, _frame(query)), statements)
            for query, value in self.stray.steps
            if value in self.stray.breaks
        }
        starts.discard(None)
        for statement in starts if len(starts) > 1 else ():
            assert statement is not None
            name = next((name for name in self._does(statement).binds if _CONSTANT_BY_NAME.search(name)), None)
            if name is not None:
                raise CannotAdmitError(f"`{name}` may be meant as a constant for this gradient")

    # From below

    def _from_below(self) -> None:
        wanted: list[cst.CSTNode] = []
        hoisted: dict[cst.CSTNode, Query] = {}
        for query, value in self.stray.steps:
            asking = self._sibling(self.reading.node_in(query, _frame(query)), self.body)
            node = self._place(query, value)
            statement = self._sibling(node, self.body)
            if asking is None or statement is None or self.body.index(statement) <= self.at:
                raise CannotAdmitError(f"line {self._line(node)} does not stand in the block of the `with` statement")
            if statement is not asking:
                if statement not in wanted:
                    wanted.append(statement)
            elif self._is_argument(query, node, asking):
                hoisted[query.node] = query
            else:
                raise CannotAdmitError(f"line {self._line(node)} computes the target and asks for its gradient at once")
        self._constants(self.body)
        self._with_needs(wanted, list(hoisted.values()))
        wanted.sort(key=self.body.index)
        last = self.body.index(wanted[-1]) if wanted else self.at
        rest = [statement for statement in self.body[self.at + 1 : last] if statement not in wanted]
        extend = not self._may_pass(rest, wanted)
        for query in hoisted.values():
            asking = self._sibling(query.node, self.body)
            assert asking is not None
            before = self.body[self.at + 1 : self.body.index(asking)]
            others = [statement for statement in before if statement not in wanted]
            does = self._does(query.target_node)
            if not all(self._does(other).commutes(does) for other in others):
                extend, last = True, max(last, self.body.index(asking) - 1)
        stretch = self.body[self.at + 1 : last + 1]
        if extend:
            self._check_extension([statement for statement in stretch if statement not in wanted])
        if extend or (wanted and not rest):
            self.draft.indent(stretch, self.holder)
        elif wanted:
            self.draft.move_to_end(wanted, self.holder)
        for query in hoisted.values():
            self._hoist(query, stretch[-1] if stretch and (extend or not rest) else None)

    def _is_argument(self, query: Query, node: cst.CSTNode, asking: cst.CSTNode) -> bool:
        """Whether a step happens in the query's target, and the query is all that its statement repeats or guards."""
        if query.frame is not _frame(query) or not isinstance(asking, cst.SimpleStatementLine):
            return False
        return query.target_node in (node, *self.reading.parents(node))

    def _with_needs(self, wanted: list[cst.CSTNode], queries: Sequence[Query]) -> None:
        """Add what the statements read and the block binds only below the region."""
        pending: list[tuple[int, set[str]]] = [(self.body.index(s), self._does(s).reads) for s in wanted]
        for query in queries:
            asking = self._sibling(query.node, self.body)
            assert asking is not None
            pending.append((self.body.index(asking), self._does(query.target_node).reads))
        while pending:
            index, names = pending.pop()
            for earlier in range(self.at + 1, index):
                statement = self.body[earlier]
                if statement not in wanted and self._does(statement).binds & names:
                    wanted.append(statement)
                    pending.append((earlier, self._does(statement).reads))

    def _may_pass(self, rest: Sequence[cst.CSTNode], wanted: Sequence[cst.CSTNode]) -> bool:
        """Whether the wanted statements may run before the others that stand above them."""
        return all(
            self._does(other).commutes(self._does(statement))
            for other in rest
            for statement in wanted
            if self.body.index(other) < self.body.index(statement)
        )

    def _check_extension(self, others: Sequence[cst.CSTNode]) -> None:
        """Nothing that is only taken in because it stands between may ask the tape."""
        asked = [query for losing in self.stray.queries for query in losing.tape.queries]
        for query in asked:
            place = self._sibling(self.reading.node_in(query, _frame(query)), others)
            if place is not None:
                raise CannotAdmitError(f"line {self._line(place)} asks the tape in between")

    def _hoist(self, query: Query, behind: cst.CSTNode | None) -> None:
        """Give the target a name inside the region."""
        code = self.reading.code(query.target_node)
        if "\n" in code and not code.startswith(("(", "[")):
            code = f"({code})"
        second = any(value.operation is Operation.GRADIENT for value in self.reading.values(query.target_node))
        scalar = re.search(r"loss|error|reduce_|mean|sum", code) is not None
        wished = ("first_order",) if second else ("loss", "objective") if scalar else ("target", "target_value")
        name = free_name(self.reading, wished, self._names)
        self._names.add(name)
        indent = block_of(self.reading, self.holder).indent
        if behind is not None:
            self.draft.insert_after(behind, f"{name} = {code}", indent=indent)
        else:
            newline = self.reading.module.default_newline
            self.draft.append(self.holder, f"{indent}{name} = {code}{newline}")
        self.draft.replace(query.target_node, name)

    # From above

    def _from_above(self) -> None:
        near: list[cst.CSTNode] = []
        far: list[cst.CSTNode] = []
        for query, value in self.stray.steps:
            node = self._place(query, value)
            statement = self._sibling(node, self.body[: self.at])
            if statement is not None:
                near.append(statement)
                continue
            place = self._enclosing(node)
            if place is None:
                raise CannotAdmitError(f"line {self._line(node)} does not stand above the `with` statement in its function")
            far.append(place)
        near = sorted(dict.fromkeys(near), key=self.body.index)
        far = sorted(dict.fromkeys(far), key=self.reading.span)
        self._constants([*far, *near])
        for statement in far:
            self._check_far(statement, [*far, *near])
        leading = self._leading_watches()
        first = self.body.index(near[0]) if near else self.at
        rest = [statement for statement in self.body[first : self.at] if statement not in near]
        if self._may_sink(rest, near):
            self.draft.move_to_start([*far, *near], self.holder, behind=leading[-1] if leading else None)
            return
        if far:
            raise CannotAdmitError("statements between depend on their order")
        self._check_extension(rest)
        watched = {name for statement in leading for name in self._does(statement).reads}
        if any(self._does(statement).binds & watched for statement in self.body[first : self.at]):
            raise CannotAdmitError("the tape watches what is made only then")
        self.draft.extend_upwards(self.holder, self.body[first : self.at], leading)

    def _leading_watches(self) -> list[cst.CSTNode]:
        """The `watch` calls that the body begins with."""
        block = block_of(self.reading, self.holder)
        found: list[cst.CSTNode] = []
        for statement in () if block.inline else block.statements:
            if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
                break
            call = statement.body[0].value if isinstance(statement.body[0], cst.Expr) else None
            if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
                break
            if call.func.attr.value != "watch":
                break
            found.append(statement)
        return found

    def _may_sink(self, rest: Sequence[cst.CSTNode], near: Sequence[cst.CSTNode]) -> bool:
        """Whether the statements may run after the others that stand below them."""
        return all(
            self._does(statement).commutes(self._does(other))
            for statement in near
            for other in rest
            if self.body.index(other) > self.body.index(statement)
        )

    def _levels(self) -> list[tuple[list[cst.CSTNode], cst.CSTNode]]:
        """The bodies around the region in its function, from the inside out, each with its statement that holds it."""
        found: list[tuple[list[cst.CSTNode], cst.CSTNode]] = []
        held: cst.CSTNode = self.holder
        for parent in self.reading.parents(self.holder):
            if isinstance(parent, (cst.IndentedBlock, cst.Module)):
                found.append((list(parent.body), held))
            if isinstance(parent, (cst.FunctionDef, cst.ClassDef)):
                break
            held = parent if isinstance(parent, cst.BaseStatement) else held
        return found

    def _enclosing(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The statement above the region, in a body around it, that holds a node."""
        for body, held in self._levels()[1:]:
            statement = self._sibling(node, body)
            if statement is not None and held in body and body.index(statement) < body.index(held):
                return statement
        return None

    def _check_far(self, statement: cst.CSTNode, moving: Sequence[cst.CSTNode]) -> None:
        """A statement that moves into a loop or a branch must neither feel its place nor how often it runs."""
        does = self._does(statement)
        if does.opaque or does.prints or does.jumps or (does.random and not _only_models(self.reading, statement)):
            raise CannotAdmitError(f"line {self._line(statement)} does more than compute, and would run more than once")
        for body, held in self._levels():
            start = body.index(statement) + 1 if statement in body else 0
            for other in body[start : body.index(held)]:
                if other not in moving and not self._does(other).commutes(does):
                    raise CannotAdmitError(f"line {self._line(other)} depends on what line {self._line(statement)} does")
            if statement in body:
                again = self._does(held).binds & (does.reads | does.binds)
                if again or does.reads & does.binds:
                    raise CannotAdmitError(f"line {self._line(statement)} would come to something else each time")
                return

    # Tapes

    def _keep_tapes(self) -> None:
        """A tape that answers inside its own region and again later has to last."""
        for query, value in self.stray.steps:
            if value.operation is Operation.GRADIENT and value.tape is query.tape and query.tape.persistent is False:
                obstacle = persist(self.draft, query.tape)
                if obstacle:
                    raise CannotAdmitError(obstacle)


def _frame(query: Query) -> Frame:
    """The frame in which the tape that a query asks has recorded."""
    region = query.tape.region
    return region.frame if region is not None else query.frame


def admit(reading: Reading, stray: Stray) -> Draft | str:
    """The edits that bring a stray into its region, or why there are none."""
    try:
        return Admission(reading, stray).write()
    except CannotAdmitError as error:
        return str(error)


def _only_models(reading: Reading, statement: cst.CSTNode) -> bool:
    """Whether what may be random in a statement are calls of models."""
    found: list[bool] = []

    class _Calls(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            names = [value.name for value in reading.values(node.func) if value.kind is Kind.LIBRARY]
            found.append(any(".random" in name or name.endswith("dropout") for name in names))

    statement.visit(_Calls())
    return not any(found)


def free_name(reading: Reading, wished: Sequence[str], given: Collection[str] = ()) -> str:
    """A name that the module does not use: the first of those wished for, or the last with a number."""
    taken: set[str] = set(given)

    class _Names(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            taken.add(node.value)

    reading.module.visit(_Names())
    for name in wished:
        if name not in taken:
            return name
    number = 2
    while f"{wished[-1]}_{number}" in taken:
        number += 1
    return f"{wished[-1]}_{number}"
