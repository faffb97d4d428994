"""Abstract execution of statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from tapefix.tapes.execution.expressions import Expressions
from tapefix.tapes.execution.state import truth
from tapefix.tapes.tape import Deletion, Pause, Region, Tape
from tapefix.tapes.values import Definition, Frame, Kind, Operation, Value

LOOP_PASSES = 2
"""A loop's body is executed this often: the second pass sees what the first has left."""


class Statements(Expressions):
    """Executes bodies. Each method returns whether the flow ends there (return, raise, break, continue)."""

    loop_ends: list[str]

    def body(self, statements: Sequence[cst.BaseStatement | cst.BaseSmallStatement]) -> bool:
        """Execute statements in order until the flow ends."""
        return any(self.execute(statement) for statement in statements)

    def execute(self, statement: cst.BaseStatement | cst.BaseSmallStatement) -> bool:
        """Execute one statement."""
        outer = self.statement
        if isinstance(statement, cst.SimpleStatementLine):
            self.statement = statement
            ended = any(self.small(part) for part in statement.body)
        elif isinstance(statement, cst.BaseSmallStatement):
            ended = self.small(statement)
        else:
            self.statement = statement
            ended = self.compound(statement)
        self.statement = outer
        return ended

    def block(self, body: cst.BaseSuite) -> bool:
        """Execute an indented block or the statements behind a colon."""
        return self.body(body.body)

    # Simple statements

    def small(self, node: cst.BaseSmallStatement) -> bool:
        """Execute a statement that has no body of its own."""
        if isinstance(node, cst.Expr):
            self.evaluate(node.value)
        elif isinstance(node, cst.Assign):
            value = self.evaluate(node.value)
            for target in node.targets:
                self.assign(target.target, value)
        elif isinstance(node, cst.AnnAssign):
            if node.value is not None:
                self.assign(node.target, self.evaluate(node.value))
        elif isinstance(node, cst.AugAssign):
            self.augment(node)
        elif isinstance(node, cst.Return):
            self.frame.returns.append(self.evaluate(node.value) if node.value else self.literal(node, None))
            return True
        elif isinstance(node, cst.Raise):
            if node.exc:
                self.evaluate(node.exc)
            return True
        elif isinstance(node, (cst.Break, cst.Continue)):
            self.loop_ends.append("break" if isinstance(node, cst.Break) else "continue")
            return True
        elif isinstance(node, (cst.Global, cst.Nonlocal)):
            self.frame.global_names.update(item.name.value for item in node.names)
        elif isinstance(node, cst.Import):
            self.import_modules(node)
        elif isinstance(node, cst.ImportFrom):
            self.import_names(node)
        elif isinstance(node, cst.Assert):
            self.evaluate(node.test)
        elif isinstance(node, cst.Del):
            self.delete(node.target)
        return False

    def delete(self, target: cst.BaseDelTargetExpression) -> None:
        """Forget a deleted name."""
        for part in [element.value for element in target.elements] if isinstance(target, cst.Tuple) else [target]:
            if isinstance(part, cst.Name):
                value = self.frame.names.get(part.value)
                if value is not None and value.tape is not None and value.kind is Kind.TAPE:
                    self.time += 1
                    self.deletions.append(Deletion(part.value, value.tape, self.statement, self.frame, self.time))
                self.set_name(self.frame, part.value, None)

    def import_modules(self, node: cst.Import) -> None:
        """`import a.b`, `import a.b as c`."""
        for alias in node.names:
            dotted = alias.evaluated_name
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                self.bind(alias.asname.name.value, self.library(alias, dotted))
            else:
                root = dotted.partition(".")[0]
                self.bind(root, self.library(alias, root))

    def import_names(self, node: cst.ImportFrom) -> None:
        """`from a import b as c`; what a star import binds is looked up there."""
        if node.module is None or node.relative or isinstance(node.names, cst.ImportStar):
            if not isinstance(node.names, cst.ImportStar):
                for alias in node.names:
                    name = alias.evaluated_alias or alias.evaluated_name
                    self.bind(name, self.unknown(alias))
            else:
                known = node.module is not None and not node.relative
                self.star_modules.append(self.module.code_for_node(node.module) if known and node.module else "")
            return
        module = self.module.code_for_node(node.module)
        if module == "__future__":
            return
        for alias in node.names:
            bound = alias.evaluated_alias or alias.evaluated_name
            self.bind(bound, self.library(alias, f"{module}.{alias.evaluated_name}"))

    # Compound statements

    def compound(self, node: cst.BaseStatement) -> bool:
        """Execute a statement that has bodies."""
        if isinstance(node, cst.If):
            return self.branch_on(node)
        if isinstance(node, cst.For):
            return self.loop(node, lambda: self.evaluate(node.iter))
        if isinstance(node, cst.While):
            return self.loop(node, None)
        if isinstance(node, cst.With):
            return self.enter(node, list(node.items))
        if isinstance(node, (cst.Try, cst.TryStar)):
            return self.attempt(node)
        if isinstance(node, cst.FunctionDef):
            self.define_function(node)
        elif isinstance(node, cst.ClassDef):
            self.define_class(node)
        elif isinstance(node, cst.Match):
            self.evaluate(node.subject)
            return self.arms([lambda case=case: self.block(case.body) for case in node.cases] + [lambda: False])
        return False

    def branch_on(self, node: cst.If) -> bool:
        """`if`/`elif`/`else`; an arm that can never be taken is left out."""
        known = truth(self.evaluate(node.test))
        orelse = node.orelse

        def otherwise() -> bool:
            if isinstance(orelse, cst.If):
                return self.execute(orelse)
            return self.block(orelse.body) if orelse is not None else False

        if known is True:
            return self.block(node.body)
        if known is False:
            return otherwise()
        return self.arms([lambda: self.block(node.body), otherwise])

    def loop(self, node: cst.For | cst.While, iterable: Callable[[], Value] | None) -> bool:
        """Execute the body as often as is known, twice where it is not: once from outside, once from itself."""
        source = iterable() if iterable is not None else None
        items: list[Value] | None = None
        if source is not None:
            items = self.items_of(source)
        passes = LOOP_PASSES if items is None else min(len(items), LOOP_PASSES + 1)
        for index in range(passes):
            if isinstance(node, cst.For) and source is not None:
                element = items[index] if items is not None else self.element(node.target, source)
                self.assign(node.target, element)
            elif isinstance(node, cst.While) and truth(self.evaluate(node.test)) is False:
                break
            outer, self.loop_ends = self.loop_ends, []
            branch = self.branch
            ended = self.block(node.body)
            self.branch = branch
            ends, self.loop_ends = self.loop_ends, outer
            if ended and "continue" not in ends:
                # Every way through the body leaves the loop.
                if "break" in ends:
                    break
                return True
        if node.orelse is not None:
            self.block(node.orelse.body)
        return False

    def attempt(self, node: cst.Try | cst.TryStar) -> bool:
        """`try`: the handlers run from what the body has left, joined with what was before."""
        handlers = list(node.handlers)

        def normal() -> bool:
            ended = self.block(node.body)
            return self.block(node.orelse.body) if not ended and node.orelse is not None else ended

        def handled(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
            if handler.name is not None and isinstance(handler.name.name, cst.Name):
                self.bind(handler.name.name.value, self.unknown(handler))
            return self.block(handler.body)

        arms: list[Callable[[], bool]] = [normal]
        arms += [lambda handler=handler: handled(handler) for handler in handlers]  # type: ignore[misc]
        # mypy cannot type a lambda with a default argument; each arm takes none and returns a bool.
        ended = self.arms(arms) if handlers else normal()
        if node.finalbody is not None:
            ended = self.block(node.finalbody.body) or ended
        return ended

    def enter(self, node: cst.With, items: list[cst.WithItem]) -> bool:
        """`with`: one item after another, then the body, then the tapes stop recording in reverse."""
        entered: list[tuple[Tape, Region]] = []
        stopped: list[tuple[Tape, cst.WithItem, int]] = []
        for item in items:
            manager = self.evaluate(item.item)
            if manager.kind is Kind.TAPE and manager.tape is not None:
                entered.append((manager.tape, self.start(manager.tape, node, item)))
            elif manager.operation is Operation.METHOD_CALL and manager.name == "stop_recording":
                tape = manager.tape
                if tape is not None and tape in self.recording:
                    self.recording.remove(tape)
                    stopped.append((tape, item, self.time))
            if item.asname is not None:
                value = manager if manager.kind is Kind.TAPE else self.unknown(item, (manager,))
                self.assign(item.asname.name, value)
        ended = self.block(node.body)
        for tape, region in reversed(entered):
            self.stop(tape, region)
        for tape, item, since in stopped:
            self.recording.append(tape)
            tape.pauses.append(Pause(node, item, since, self.time))
        return ended

    def start(self, tape: Tape, node: cst.With | None, item: cst.WithItem | None) -> Region:
        """A tape begins to record."""
        self.time += 1
        region = Region(node=node, item=item, frame=self.frame, entered=self.time, names=dict(self.frame.names))
        tape.regions.append(region)
        self.recording.append(tape)
        return region

    def stop(self, tape: Tape, region: Region) -> None:
        """A tape ends recording."""
        self.time += 1
        region.left = self.time
        if tape in self.recording:
            self.recording.remove(tape)

    # Definitions

    def define_function(self, node: cst.FunctionDef) -> None:
        """Bind a function; its defaults and decorators are evaluated now, as Python does."""
        decorators = tuple(self.evaluate(decorator.decorator) for decorator in node.decorators)
        definition = Definition(
            node=node,
            closure=self.frame,
            name=node.name.value,
            defaults=self.defaults(node.params),
            decorators=decorators,
        )
        value = self.make(Kind.FUNCTION, Operation.DEFINITION, node, name=node.name.value, definition=definition)
        self.definitions.append((value, definition))
        self.bind(node.name.value, value)

    def define_class(self, node: cst.ClassDef) -> None:
        """Bind a class; its body runs in a scope whose names are the members."""
        bases = tuple(self.evaluate(base.value) for base in node.bases)
        definition = Definition(node=node, closure=self.frame, name=node.name.value, bases=bases)
        scope = Frame(node=node, caller=self.frame, depth=self.frame.depth, closure=self.frame)
        outer, self.frame = self.frame, scope
        self.block(node.body)
        self.frame = outer
        definition.members = scope.names
        for member in scope.names.values():
            if member.definition is not None and member.definition.closure is scope:
                # Methods do not see the names of the class body.
                member.definition.closure = outer
                member.definition.owner = definition
        value = self.make(Kind.CLASS, Operation.DEFINITION, node, name=node.name.value, definition=definition)
        self.bind(node.name.value, value)
