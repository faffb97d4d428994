"""Admission from above: the forward pass runs before the tape begins to record."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.admission import Admission, CannotAdmitError
from tapefix.tapes.values import Kind
from tapefix.tapes.writing.shape import block_of

_WRITING = {"assign", "assign_add", "assign_sub", "apply_gradients"}


class FromAbove(Admission):
    """Takes statements that stand above the region into its body.

    They move behind its first `watch` calls when nothing between depends on their place; else the `with` line moves up
    over all of them.
    """

    def bring_in(self) -> None:
        """Write the edits for the statements."""
        near: list[cst.CSTNode] = []
        far: list[cst.CSTNode] = []
        for query, value in self.stray.steps:
            node = self.place(query, value)
            statement = self.sibling(node, self.body[: self.at])
            if statement is not None:
                near.append(statement)
                continue
            place = self._enclosing(node)
            if place is None:
                raise CannotAdmitError(
                    f"line {self.line(node)} does not stand above the `with` statement in its function"
                )
            far.append(place)
        near = sorted(dict.fromkeys(near), key=self.body.index)
        far = sorted(dict.fromkeys(far), key=self.reading.span)
        self.constants([*far, *near])
        for statement in far:
            self._check_far(statement, [*far, *near])
        leading = self._leading_watches()
        first = self.body.index(near[0]) if near else self.at
        rest = [statement for statement in self.body[first : self.at] if statement not in near]
        if self._may_sink(rest, near):
            made = {name for statement in (*far, *near) for name in self.does(statement).binds}
            before = list(itertools.takewhile(lambda statement: not self.does(statement).reads & made, leading))
            self.draft.move_to_start([*far, *near], self.holder, behind=before[-1] if before else None)
            return
        if far:
            raise CannotAdmitError("statements between depend on their order")
        self.check_extension(rest)
        changed = next((statement for statement in rest if _writes_variables(self.reading, statement)), None)
        if changed is not None:
            # With the tape over both, the gradient would be that of the variables as they were.
            raise CannotAdmitError(
                f"line {self.line(changed)} changes variables in between: run the forward pass again, inside the tape"
            )
        watched = {name for statement in leading for name in self.does(statement).reads}
        if any(self.does(statement).binds & watched for statement in self.body[first : self.at]):
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
            self.does(statement).commutes(self.does(other))
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
            statement = self.sibling(node, body)
            if statement is not None and held in body and body.index(statement) < body.index(held):
                return statement
        return None

    def _check_far(self, statement: cst.CSTNode, moving: Sequence[cst.CSTNode]) -> None:
        """A statement that moves into a loop or a branch must neither feel its place nor how often it runs."""
        does = self.does(statement)
        if does.opaque or does.prints or does.jumps or (does.random and not _only_models(self.reading, statement)):
            raise CannotAdmitError(f"line {self.line(statement)} does more than compute, and would run more than once")
        levels = self._levels()
        for level, (body, held) in enumerate(levels):
            start = body.index(statement) + 1 if statement in body else 0
            for other in body[start : body.index(held)]:
                if other not in moving and not self.does(other).commutes(does):
                    raise CannotAdmitError(f"line {self.line(other)} depends on what line {self.line(statement)} does")
            if statement in body:
                again = self.does(held).binds & (does.reads | does.binds)
                if again or does.reads & does.binds:
                    raise CannotAdmitError(f"line {self.line(statement)} would come to something else each time")
                # A `for` is taken to run at least once: what it binds is there behind it.
                certain = all(isinstance(holder, cst.For) for _, holder in levels[1 : level + 1])
                self._check_needs(statement, levels[level:], levels[level - 1][0], behind=not certain)
                return

    def _check_needs(
        self,
        statement: cst.CSTNode,
        levels: Sequence[tuple[list[cst.CSTNode], cst.CSTNode]],
        inner: list[cst.CSTNode],
        *,
        behind: bool,
    ) -> None:
        """What runs whether the loop or the branch does or not must not need what moves into it."""
        names = self.does(statement).binds
        first, last = self.reading.span(inner[0])[0], self.reading.span(inner[-1])[1]

        for name in self.reading.tree.nodes(cst.Name, inside=levels[0][1]):
            if name.value in names and not first <= self.reading.span(name)[0] < last:
                raise CannotAdmitError(f"line {self.line(name)} needs `{name.value}` as well")
        for body, held in levels if behind else ():
            for other in body[body.index(held) + 1 :]:
                needed = self.does(other).reads & names
                if needed:
                    raise CannotAdmitError(f"line {self.line(other)} needs `{min(needed)}` as well")
                if isinstance(other, cst.SimpleStatementLine):
                    names = names - self.does(other).binds


def _writes_variables(reading: Reading, statement: cst.CSTNode) -> bool:
    functions = (call.func for call in reading.tree.nodes(cst.Call, inside=statement))
    return any(isinstance(function, cst.Attribute) and function.attr.value in _WRITING for function in functions)


def _only_models(reading: Reading, statement: cst.CSTNode) -> bool:
    """Whether what may be random in a statement are calls of models."""
    found: list[bool] = []

    class _Calls(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            names = [value.name for value in reading.values(node.func) if value.kind is Kind.LIBRARY]
            found.append(any(".random" in name or name.endswith("dropout") for name in names))

    statement.visit(_Calls())
    return not any(found)
