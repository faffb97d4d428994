"""Admission from below: the target, or the inner query, runs after the tape has closed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import libcst as cst

from tapefix.tapes.admission import Admission, CannotAdmitError, frame_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.shape import block_of
from tapefix.tapes.tape import Query
from tapefix.tapes.values import Operation


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
                raise CannotAdmitError(f"line {self.line(node)} computes the target and asks for its gradient at once")
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
            does = self.does(query.target_node)
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
        """Whether a step happens in the query's target, and the query is all that its statement repeats or guards."""
        if query.frame is not frame_of(query) or not isinstance(asking, cst.SimpleStatementLine):
            return False
        return query.target_node in (node, *self.reading.parents(node))

    def _with_needs(self, wanted: list[cst.CSTNode], queries: Sequence[Query]) -> None:
        """Add what the statements read and the block binds only below the region."""
        pending: list[tuple[int, set[str]]] = [(self.body.index(s), self.does(s).reads) for s in wanted]
        for query in queries:
            asking = self.sibling(query.node, self.body)
            assert asking is not None
            pending.append((self.body.index(asking), self.does(query.target_node).reads))
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
