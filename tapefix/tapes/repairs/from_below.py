"""Admission from below: the target, or the inner query, runs after the tape has closed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.admission import Admission, CannotAdmitError, frame_of
from tapefix.tapes.repairs.effects_of import effects_of
from tapefix.tapes.repairs.lifetime import LOOPS
from tapefix.tapes.tape import Query
from tapefix.tapes.values import Operation
from tapefix.tapes.writing.shape import block_of


class FromBelow(Admission):
    """Takes statements that stand below the region into its body.

    They are indented where they follow at once, move to the end of the body when nothing between depends on their
    place, and else the region is made to reach over all of them. A target computed in the query itself gets a name
    inside the region.
    """

    def bring_in(self) -> None:
        """Write the edits for the statements."""
        wanted: list[cst.CSTNode] = []
        hoisted: dict[cst.CSTNode, Query] = {}
        for query, value in self.stray.steps:
            asking = self.sibling(self.reading.node_in(query, frame_of(query)), self.body)
            node = self.place(query, value)
            statement = self.sibling(node, self.body)
            if asking is None or statement is None or self.body.index(statement) <= self.at:
                raise CannotAdmitError(f"line {self.line(node)} does not stand in the block of the `with` statement")
            if statement is not asking:
                if statement not in wanted:
                    wanted.append(statement)
            elif self._is_argument(query, node, asking):
                hoisted[query.node] = query
            else:
                raise CannotAdmitError(
                    f"line {self.line(node)} computes the target and asks for its gradient at once: "
                    "compute it inside the tape, and give it a name"
                )
        self.constants(self.body)
        self._with_needs(wanted, list(hoisted.values()))
        wanted.sort(key=self.body.index)
        last = self.body.index(wanted[-1]) if wanted else self.at
        rest = [statement for statement in self.body[self.at + 1 : last] if statement not in wanted]
        extend = not self._may_pass(rest, wanted)
        for query in hoisted.values():
            asking = self.sibling(query.node, self.body)
            assert asking is not None
            before = self.body[self.at + 1 : self.body.index(asking)]
            others = [statement for statement in before if statement not in wanted]
            clause = self._clause(query)
            does = effects_of(self.reading, query.target_node, *([clause.iter] if clause is not None else ()))
            if clause is not None:
                does.reads.discard(_index(clause))
            if not all(self.does(other).commutes(does) for other in others):
                extend, last = True, max(last, self.body.index(asking) - 1)
        stretch = self.body[self.at + 1 : last + 1]
        if extend:
            self.check_extension([statement for statement in stretch if statement not in wanted])
        if extend or (wanted and not rest):
            self.draft.indent(stretch, self.holder)
        elif wanted:
            self.draft.move_to_end(wanted, self.holder)
        for query in hoisted.values():
            self._hoist(query, stretch[-1] if stretch and (extend or not rest) else None)

    def _is_argument(self, query: Query, node: cst.CSTNode, asking: cst.CSTNode) -> bool:
        """Whether a step happens in the query's target, and the query runs once, or in a plain loop over a range."""
        if query.target_node not in (node, *self.reading.parents(node)):
            return False
        around = [*self.reading.parents(query.node)]
        around = around[: around.index(asking)]
        once = isinstance(asking, cst.SimpleStatementLine) or _heads(asking, (query.node, *around))
        if once and query.frame is frame_of(query):
            return not any(isinstance(parent, (*LOOPS, cst.IfExp, cst.Lambda)) for parent in around)
        clause = self._clause(query)
        if clause is None or any(isinstance(parent, (cst.If, cst.Try, cst.With, cst.Lambda)) for parent in around):
            return False
        if sum(isinstance(parent, LOOPS) for parent in (*around, asking)) != 1:
            return False
        does, repeated = self.does(query.target_node), self.does(asking)
        if does.opaque or does.random or does.prints or does.jumps:
            return False
        return not (does.reads | self.does(clause.iter).reads) & (repeated.binds | repeated.changes) - {_index(clause)}

    def _clause(self, query: Query) -> cst.For | cst.CompFor | None:
        """`for i in range(n)` around a query."""
        loop = next((parent for parent in self.reading.parents(query.node) if isinstance(parent, LOOPS)), None)
        clause = loop.for_in if isinstance(loop, (cst.ListComp, cst.DictComp)) else loop
        if isinstance(clause, cst.CompFor) and (clause.ifs or clause.inner_for_in is not None):
            return None
        if not isinstance(clause, (cst.For, cst.CompFor)) or not isinstance(clause.target, cst.Name):
            return None
        called = clause.iter.func if isinstance(clause.iter, cst.Call) and len(clause.iter.args) == 1 else None
        if called is None or (
            isinstance(loop, cst.For) and _heads(loop, (query.node, *self.reading.parents(query.node)))
        ):
            return None
        if any(value.name != "builtins.range" for value in self.reading.values(called)):
            return None
        if isinstance(clause, cst.For) and _index(clause) in self.does(clause.body).binds:
            return None
        return clause

    def _with_needs(self, wanted: list[cst.CSTNode], queries: Sequence[Query]) -> None:
        """Add what the statements read and the block binds only below the region."""
        pending: list[tuple[int, set[str]]] = [(self.body.index(s), self.does(s).reads) for s in wanted]
        for query in queries:
            asking = self.sibling(query.node, self.body)
            assert asking is not None
            clause = self._clause(query)
            reads = set(self.does(query.target_node).reads)
            if clause is not None:
                reads = (reads | self.does(clause.iter).reads) - {_index(clause)}
            pending.append((self.body.index(asking), reads))
        while pending:
            index, names = pending.pop()
            for earlier in range(self.at + 1, index):
                statement = self.body[earlier]
                if statement not in wanted and self.does(statement).binds & names:
                    wanted.append(statement)
                    pending.append((earlier, self.does(statement).reads))

    def _may_pass(self, rest: Sequence[cst.CSTNode], wanted: Sequence[cst.CSTNode]) -> bool:
        """Whether the wanted statements may run before the others that stand above them."""
        return all(
            self.does(other).commutes(self.does(statement))
            for other in rest
            for statement in wanted
            if self.body.index(other) < self.body.index(statement)
        )

    def _hoist(self, query: Query, behind: cst.CSTNode | None) -> None:
        """Give the target a name inside the region; the targets of a loop, a list of them."""
        code = self.reading.code(query.target_node)
        clause = self._clause(query)
        second = any(value.operation is Operation.GRADIENT for value in self.reading.values(query.target_node))
        if clause is not None:
            name = self._name("targets", "outputs")
            used = f"{name}[{_index(clause)}]"
            code = f"[{code} for {_index(clause)} in {self.reading.code(clause.iter)}]"
        else:
            scalar = re.search(r"loss|error|reduce_|mean|sum", code) is not None
            name = used = self._name(
                *(("first_order",) if second else ("loss", "objective") if scalar else ("target",))
            )
            if "\n" in code and not code.startswith(("(", "[")):
                code = f"({code})"
        indent = block_of(self.reading, self.holder).indent
        if behind is not None:
            self.draft.insert_after(behind, f"{name} = {code}", indent=indent)
        else:
            newline = self.reading.module.default_newline
            self.draft.append(self.holder, f"{indent}{name} = {code}{newline}")
        self.draft.rewrite_whole(query.target_node, used)

    def _name(self, *wished: str) -> str:
        name = free_name(self.reading, wished, self._names)
        self._names.add(name)
        return name


def _heads(statement: cst.CSTNode, around: Sequence[cst.CSTNode]) -> bool:
    """Whether what these nodes stand around belongs to the head of a statement, which is evaluated once."""
    head = (
        statement.iter if isinstance(statement, cst.For) else statement.test if isinstance(statement, cst.If) else None
    )
    return head is not None and head in around


def _index(clause: cst.For | cst.CompFor) -> str:
    return clause.target.value if isinstance(clause.target, cst.Name) else ""


def free_name(reading: Reading, wished: Sequence[str], given: Collection[str] = ()) -> str:
    """A name that the module does not use: the first of those wished for, or the last with a number."""
    taken = reading.tree.names.union(given)
    for name in wished:
        if name not in taken:
            return name
    number = 2
    while f"{wished[-1]}_{number}" in taken:
        number += 1
    return f"{wished[-1]}_{number}"
