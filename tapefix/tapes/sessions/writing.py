"""Writing a script that trained a graph in a session as one that trains with a tape."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from tapefix.allowance import Allowance
from tapefix.finding import Rewrite
from tapefix.source.edits import Edit, apply_edits
from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.functions import Functions
from tapefix.tapes.sessions.layers import Layers
from tapefix.tapes.sessions.looking import function_of, imports, is_load, local_names
from tapefix.tapes.sessions.names import CannotConvertError
from tapefix.tapes.sessions.optimizers import optimizer_text
from tapefix.tapes.sessions.runs import Run, Runs, simple
from tapefix.tapes.sessions.savers import Savers
from tapefix.tapes.sessions.script import Script
from tapefix.tapes.sessions.steps import GONE, Role, Step
from tapefix.tapes.sessions.text import Text
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import CELL, statement_text


class Writer:
    """The edits that take one script out of its session."""

    def __init__(self, reading: Reading, minimize: cst.Call) -> None:
        self.reading = reading
        self.script = Script(reading, minimize)
        self.runs = Runs(self.script)
        self.text = Text(reading, Layers(self.script))
        self.functions = Functions(self.script, self.runs, self.text)
        self.draft = Draft(reading)
        self.edits: list[Edit] = []
        self.deleted: list[tuple[int, int]] = []
        self.replaced: list[tuple[int, int]] = []

    def rewrite(self) -> Rewrite:
        """The rewrite of the whole script.

        Raises:
            CannotConvertError: a part of it is not known to mean the same outside a graph.
        """
        self._delete()
        self._optimizers()
        self._layers()
        savers = Savers(self.functions, self._margin)
        for start, end, text in (*savers.replacements(), *self.functions.summing.replacements()):
            self._replace(start, end, text)
        for run in self.runs.runs:
            self._run(run)
        self._feeds()
        self._import()
        self._rename()
        self._check_rest()
        self._outdent()
        self._functions()
        return Rewrite("Train with a tape, outside of a session", tuple(self.edits), frozenset({Allowance.GRAPH}))

    # What goes

    def _delete(self) -> None:
        gone = [step for step in self.script.steps if self._goes(step) or self._is_bare(step)]
        runs = [run for run in self.runs.runs if run.initializes]
        nodes: list[cst.BaseStatement] = [step.node for step in gone] + [run.statement for run in runs]
        nodes += self._behaviour(nodes)
        nodes.sort(key=self.reading.span)
        self.draft.delete_all(nodes)
        self.edits += self.draft.edits
        self.deleted = [(edit.start, edit.end) for edit in self.draft.edits]
        for header in self.script.headers:
            start = statement_text(self.reading, header).start
            end = self.reading.text.find("\n", self.reading.span(header.items[-1])[1]) + 1
            if not self._is_deleted(start):
                own = self.reading.span(header)[0]
                if not self._is_emptied(header):
                    # The comments above belong to what moves out.
                    start = own - len(statement_text(self.reading, header).indent)
                self.edits.append(Edit(start, end, ""))
                self.deleted.append((start, end))

    def _is_emptied(self, header: cst.With) -> bool:
        """Whether nothing is left of what stands in a `with` statement that goes."""
        return all(self._goes(step) for step in self.script.steps if self._holds(header, step.node))

    def _goes(self, step: Step) -> bool:
        """Whether nothing is left of a statement where it stands; layers are still made there."""
        return step.role in GONE and step not in self.text.layers.of_step

    def _behaviour(self, known: Sequence[cst.CSTNode]) -> list[cst.BaseStatement]:
        """Statements apart from the graph that make TensorFlow 2 behave as TensorFlow 1 did."""
        found: list[cst.BaseStatement] = []
        for node in self.reading.module.body:
            if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 and node not in known:
                part = node.body[0]
                call = part.value if isinstance(part, cst.Expr) else None
                if self.script.graph.called(call) in ("disable_v2_behavior", "disable_eager_execution"):
                    found.append(node)
        return found

    def _is_bare(self, step: Step) -> bool:
        """Whether a statement is the step of training, and its optimizer is made elsewhere."""
        func = self.script.minimize.func
        assert isinstance(func, cst.Attribute)
        return step.role is Role.TRAIN and isinstance(func.value, cst.Name)

    def _is_deleted(self, offset: int) -> bool:
        return any(start <= offset < end for start, end in self.deleted)

    def _is_replaced(self, offset: int) -> bool:
        return self._is_deleted(offset) or any(start <= offset < end for start, end in self.replaced)

    # What becomes another thing

    def _replace(self, start: int, end: int, text: str) -> None:
        self.edits.append(Edit(start, end, text))
        self.replaced.append((start, end))

    def _optimizers(self) -> None:
        func = self.script.minimize.func
        assert isinstance(func, cst.Attribute)
        for step in self.script.steps:
            if step.role is Role.OPTIMIZER and isinstance(step.value, cst.Call):
                self._replace(*self.reading.span(step.value), optimizer_text(self.reading, step.value, self.text))
            if step.role is Role.TRAIN and isinstance(func.value, cst.Call):
                made = optimizer_text(self.reading, func.value, self.text)
                assert isinstance(step.node, cst.SimpleStatementLine)
                self._replace(*self.reading.span(step.node.body[0]), f"{self.functions.optimizer} = {made}")

    def _layers(self) -> None:
        for step, layers in self.text.layers.of_step.items():
            assert isinstance(step.node, cst.SimpleStatementLine)
            newline, own = self.reading.module.default_newline, statement_text(self.reading, step.node).indent
            text = (newline + own).join(self.text.made(layer) for layer in layers)
            moved = text.replace(newline + own, newline + self._margin(step.node))
            self._replace(*self.reading.span(step.node.body[0]), moved)
        for function, layers in self.text.layers.of_function.items():
            stretch, newline = statement_text(self.reading, function), self.reading.module.default_newline
            lines = (f"{stretch.indent}{self.text.made(layer)}{newline}" for layer in layers)
            gap = newline if stretch.indent else newline * 2
            self.edits.append(Edit(stretch.start, stretch.start, "".join(lines) + gap))

    def _run(self, run: Run) -> None:
        if run.initializes:
            return
        start, end = self.reading.span(run.call)
        text = self._called(run)
        if run.targets is not None and run.thrown:
            kept = [self.reading.code(run.targets[index]) for index in run.kept]
            assert isinstance(run.statement, cst.SimpleStatementLine)
            start, end = self.reading.span(run.statement.body[0])
            text = f"{', '.join(kept)} = {text}" if kept else text
        self._replace(start, end, text)

    def _called(self, run: Run) -> str:
        function = self.functions.of_run.get(run)
        if function is None:
            left, right = ("", "") if run.targets is not None and len(run.fetches) > 1 else run.brackets
            values = [f"{self.text.in_parentheses(fetch.node)}.numpy()" for fetch in run.fetches]
            return f"{left}{', '.join(values)}{right}"
        if run.feed_name:
            return f"{function.name}(**{run.feed_name})"
        extra = [node for name, node in run.feeds.items() if name not in function.parameters]
        if not simple(extra):
            raise CannotConvertError("a run is fed more than it needs, by an expression that may do something besides")
        given = [(name, self.text.of(run.feeds[name])) for name in function.parameters]
        same = [name for name in run.feeds if name in function.parameters] == function.parameters
        # What is fed is evaluated in the order in which it stands.
        if not same and not simple([run.feeds[name] for name in function.parameters]):
            given = [(name, self.text.of(run.feeds[name])) for name in run.feeds if name in function.parameters]
            return f"{function.name}({', '.join(f'{name}={text}' for name, text in given)})"
        return f"{function.name}({', '.join(text for _, text in given)})"

    def _feeds(self) -> None:
        """The dictionaries that are fed by a name have the names of parameters for keys."""
        for assign in (assign for assigns in self.runs.feeding.values() for assign in assigns):
            assert isinstance(assign.value, cst.Dict)
            for element in assign.value.elements:
                if isinstance(element, cst.DictElement) and isinstance(element.key, cst.Name):
                    self._replace(*self.reading.span(element.key), f'"{element.key.value}"')

    def _outdent(self) -> None:
        """Move out what stood in a session or in a name scope."""
        for step in self.script.steps:
            if not self._is_inside(step.node):
                continue
            margin = self._margin(step.node)
            stretch = statement_text(self.reading, step.node)
            cut = len(stretch.indent) - len(margin)
            for offset in self.reading.code_lines(stretch.start, stretch.end):
                if not self._is_replaced(offset) and self.reading.text.startswith(stretch.indent, offset):
                    self.edits.append(Edit(offset + len(margin), offset + len(margin) + cut, ""))

    def _holds(self, header: cst.With, node: cst.CSTNode) -> bool:
        return any(parent is header for parent in self.reading.parents(node))

    def _outermost(self, node: cst.CSTNode) -> cst.CSTNode:
        """The first of the `with` statements that go around a statement."""
        return next(header for header in self.script.headers if self._holds(header, node))

    def _margin(self, node: cst.CSTNode) -> str:
        """How a statement is indented once it has moved out."""
        return statement_text(self.reading, self._outermost(node) if self._is_inside(node) else node).indent

    def _import(self) -> None:
        imported = imports(self.reading)
        for statement in imported:
            code = self.reading.code(statement)
            plain = re.fullmatch(r"import tensorflow(\.compat\.v1)?( as \w+)?", code)
            if plain is None:
                raise CannotConvertError(f"`{code}` has no place in TensorFlow 2 that is known")
            if len(imported) > 1 and all("import tensorflow" in self.reading.code(other) for other in imported):
                raise CannotConvertError("TensorFlow is imported more than once")
            if plain.group(1) and not plain.group(2):
                raise CannotConvertError("`tensorflow.compat.v1` is spelled out")
            if plain.group(1):
                self.edits.append(Edit(*self.reading.span(statement), f"import tensorflow{plain.group(2)}"))

    def _rename(self) -> None:
        """Give what stays its names in TensorFlow 2."""
        found: list[Edit] = []
        position = 0
        for start, end in sorted([*self.deleted, *self.replaced]):
            if position < start:
                found += self.text.edits(position, start)
            position = max(position, end)
        self.edits += found + self.text.edits(position, len(self.reading.text))

    def _check_rest(self) -> None:
        """Nothing that stays may read what goes."""
        gone = (*GONE, Role.TRAIN, Role.SAVER)
        for name in self.reading.tree.nodes(cst.Name, inside=self.script.scope):
            if not is_load(self.reading, name) or self._is_replaced(self.reading.span(name)[0]) or self._is_own(name):
                continue
            if not (self._is_gone(name, gone) or name.value in self.script.graph.sessions):
                continue
            line = self.reading.line(name)
            raise CannotConvertError(
                f"`{name.value}` is used in line {line} in a way that has no meaning outside a graph"
            )

    def _is_gone(self, name: cst.Name, gone: Sequence[Role]) -> bool:
        """Whether a name stands for what goes; in a function of its own, whenever that is called."""
        bindings = self.script.graph.bindings
        if function_of(self.reading, name) is function_of(self.reading, self.script.minimize):
            return self.script.graph.role(name) in gone
        return any(role in gone for role in bindings.roles(name.value))

    def _is_own(self, name: cst.Name) -> bool:
        """Whether a function around a name, inside the scope, has it for itself."""
        for parent in self.reading.parents(name):
            if parent is self.script.scope:
                return False
            if isinstance(parent, (cst.FunctionDef, cst.Lambda)) and name.value in local_names(self.reading, parent):
                return True
        return False

    # The functions

    def _functions(self) -> None:
        """Put the functions in front of what first calls one of them."""
        anchor = self._anchor()
        stretch = statement_text(self.reading, anchor)
        indent = self._margin(anchor)
        newline = self.reading.module.default_newline
        gap = 2 if isinstance(self.script.scope, cst.Module) and not indent else 1
        functions = self.functions.lines(indent)
        text = (newline * (gap + 1)).join(newline.join(lines) for lines in functions) + newline * (gap + 1)
        above = self._applied(0, stretch.start).rstrip(" \t")
        begins = not above.strip() or above.rstrip("\r\n").rpartition("\n")[2].startswith(CELL)
        blank = (len(above) - len(above.rstrip("\r\n"))) // len(newline)
        missing = 0 if begins else max(0, gap + 1 - blank)
        self.edits.insert(0, Edit(stretch.start, stretch.start, newline * missing + text))

    def _is_inside(self, node: cst.CSTNode) -> bool:
        return any(self._holds(header, node) for header in self.script.headers)

    def _anchor(self) -> cst.BaseStatement:
        """The statement in front of which the functions stand: the first that calls one, or the session around it."""
        first = next(
            step.node
            for step in self.script.steps
            if step.role is Role.RUNNING
            and any(run in self.functions.of_run and self._in(run, step) for run in self.runs.runs)
        )
        for parent in self.reading.parents(first):
            if isinstance(parent, cst.With) and parent in self.script.headers and not self._builds(parent):
                first = parent
        return first

    def _builds(self, header: cst.With) -> bool:
        """Whether a part of the graph that stays stands in a `with` statement."""
        return any(
            self._holds(header, step.node)
            and not (step.role in (Role.PYTHON, Role.RUNNING, Role.WRITER) or self._goes(step))
            for step in self.script.steps
        )

    def _in(self, run: Run, step: Step) -> bool:
        start, end = self.reading.span(step.node)
        return start <= self.reading.span(run.call)[0] < end

    def _applied(self, start: int, end: int) -> str:
        inside = [edit for edit in self.edits if start <= edit.start and edit.end <= end]
        moved = [Edit(edit.start - start, edit.end - start, edit.replacement) for edit in inside]
        return apply_edits(self.reading.text[start:end], moved)
