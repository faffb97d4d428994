"""Writing a function with a tape in place of a `K.function`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.backend_functions import BackendFunction, Leaf
from tapefix.tapes.repairs.untaped import CannotTapeError, is_one
from tapefix.tapes.values import Kind
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import statement_text

_SWITCHES = {"set_learning_phase"}


class BackendWriter:
    """Writes the sub-model, the function, and what becomes of the statements that defined its outputs."""

    def __init__(self, reading: Reading, function: BackendFunction) -> None:
        self.reading = reading
        self.function = function
        self.draft = Draft(reading)
        self.tape = self.target = ""
        self.used: set[str] = set()
        """Names inside the function."""
        for holder in (*function.statements, function.statement):
            self.used |= self._names(holder)

    def rewrite(self) -> Rewrite:
        """All edits.

        Raises:
            CannotTapeError: something of it cannot be written.
        """
        function = self.function
        self._name_leaves()
        self.tape, self.target = self._fresh("tape"), self._fresh("target")
        model, call = self._model()
        place = statement_text(self.reading, function.statement)
        lines = [*model, f"def {function.name}(inputs):", *self._body(call)]
        newline = self.reading.module.default_newline
        text = "".join((place.indent + line if line else "") + newline for line in lines)
        if not model:
            text = newline * self._missing_above(place.start, 1 if place.indent else 2) + text
        start = self.reading.span(function.statement)[0]
        line = self.reading.lines.starts[self.reading.lines.position(start)[0] - 1]
        text += newline * self._missing_below(place.end, 1 if place.indent else 2)
        self.draft.replace_lines(line, place.end, text)
        self.draft.delete_all(function.statements)
        self._drop_switches()
        return self.draft.rewrite(f"Make `{function.name}` a function with a tape")

    def _missing_below(self, end: int, wanted: int) -> int:
        lines = self.reading.lines
        last = lines.position(max(end - 1, 0))[0]
        below = 0
        while last + below < lines.count and not lines.line(last + below + 1).strip():
            below += 1
        return 0 if last + below >= lines.count else max(0, wanted - below)

    def _missing_above(self, start: int, wanted: int) -> int:
        lines = self.reading.lines
        first, gone = lines.position(start)[0], set()
        for statement in self.function.statements:
            stretch = statement_text(self.reading, statement)
            gone |= set(range(lines.position(stretch.start)[0], lines.position(stretch.end - 1)[0] + 1))
        above, number = 0, first - 1
        while number > 0 and (number in gone or not lines.line(number).strip()):
            above += number not in gone
            number -= 1
        return 0 if number < 1 or lines.line(number).rstrip().endswith(":") else max(0, wanted - above)

    def _name_leaves(self) -> None:
        for leaf in (*self.function.inputs, *self.function.leaves):
            if not leaf.name:
                leaf.name = self._fresh(self._wish(leaf))
            self.used.add(leaf.name)

    def _names(self, holder: cst.CSTNode) -> set[str]:
        return {name.value for name in self.reading.tree.nodes(cst.Name, inside=holder)}

    def _wish(self, leaf: Leaf) -> str:
        if leaf in self.function.inputs:
            return "batch"
        return "predictions" if leaf.owner is not None and leaf.owner.kind is Kind.MODEL else "features"

    def _fresh(self, name: str) -> str:
        found, number = name, 1
        while found in self.used:
            number += 1
            found = f"{name}_{number}"
        self.used.add(found)
        return found

    def _model(self) -> tuple[list[str], str]:
        """The lines that make the sub-model, and the statement that calls a model inside the function."""
        function, batch = self.function, self.function.inputs[0]
        training = f", training=bool(inputs[{function.phase}])" if function.phase is not None else ""
        owner = batch.owner
        outputs = [leaf for leaf in function.leaves if leaf.is_output]
        if len(outputs) != len(function.leaves):
            raise CannotTapeError("inputs of layers stand between")
        locals_ = ", ".join(leaf.name for leaf in outputs)
        read = _read_from(batch)
        if len(outputs) == 1 and owner is not None and outputs[0].owner is owner and owner.kind is Kind.MODEL and read:
            return [], f"{locals_} = {self.reading.code(read)}({batch.name}{training})"
        if not outputs:
            raise CannotTapeError("no output of a model stands between")
        taken = batch.expression
        if owner is not None and owner.kind is Kind.MODEL and read is not None and not taken.isidentifier():
            taken = f"{self.reading.code(read)}.inputs[0]"
        listed = ", ".join(leaf.expression for leaf in outputs)
        self.used |= self._names(self.reading.module)
        name = self._fresh(f"{function.name}_model")
        given = listed if len(outputs) == 1 else f"[{listed}]"
        line = f"{name} = {self.draft.tensorflow()}.keras.Model({taken}, {given})"
        blank = [""] if statement_text(self.reading, function.statement).indent else ["", ""]
        return [line, *blank], f"{locals_} = {name}({batch.name}{training})"

    def _body(self, call: str) -> list[str]:
        function, unit, tf = self.function, self.reading.module.default_indent, self.draft.tensorflow()
        batch, query = function.inputs[0], function.query
        assert query is not None
        assert isinstance(query.node, cst.Call)
        tape = self.tape
        asked, inside = self._asked(query.node, tape)
        reached = next((n for n, s in enumerate(function.statements) if self._holds(s, query.node)), None)
        before, behind = function.statements[:reached], function.statements[reached:] if reached is not None else []
        lines = [
            f"{unit}{batch.name} = {tf}.cast(inputs[0], {tf}.keras.backend.floatx())",
            f"{unit}with {tf}.GradientTape() as {tape}:",
            f"{unit}{unit}{tape}.watch({batch.name})",
            f"{unit}{unit}{call}",
        ]
        lines += self._lines(before, unit + unit, {})
        lines += [f"{unit}{unit}{line}" for line in inside]
        moved = self._lines(behind, unit, asked)
        lines += ["", *moved] if moved and before and self._apart(before[-1], behind[0]) else moved
        outputs = function.call.argument(1, "outputs")
        assert outputs is not None
        node = outputs.node.value
        if isinstance(node, (cst.List, cst.Tuple)):
            parts = [self._text(element.value, asked) for element in node.elements]
            return [*lines, f"{unit}return [{', '.join(f'{_operand(part)}.numpy()' for part in parts)}]"]
        if outputs.value.elements is not None or outputs.value is query:
            return [*lines, f"{unit}return [value.numpy() for value in {self._text(node, asked)}]"]
        return [*lines, f"{unit}return {_operand(self._text(node, asked))}.numpy()"]

    def _asked(self, node: cst.Call, tape: str) -> tuple[dict[cst.CSTNode, str], list[str]]:
        """What the call of `K.gradients` becomes, and the line that names its target where it has no name."""
        query = self.function.query
        assert query is not None
        target, sources = query.argument(0, "loss"), query.argument(1, "variables")
        if target is None or sources is None:
            raise CannotTapeError("what `K.gradients` is given is not known")
        inside: list[str] = []
        shown = self._text(target.node.value, {})
        if not isinstance(target.node.value, cst.Name):
            inside.append(f"{self.target} = {shown}")
            shown = self.target
        value, given = sources.value, sources.node.value
        single = is_one(value) or value.kind is Kind.SYMBOLIC
        parent = self.reading.parent(node)
        first = isinstance(parent, cst.Subscript) and self.reading.code(parent).endswith("[0]")
        if not single and value.kind not in (Kind.SEQUENCE, Kind.VARIABLES):
            raise CannotTapeError("whether the gradient is asked for a list or a single tensor is not known")
        if single and first and parent is not None:
            return {parent: f"{tape}.gradient({shown}, {self._text(given, {})})"}, inside
        listed = f"[{self._text(given, {})}]" if single else self._text(given, {})
        return {node: f"{tape}.gradient({shown}, {listed})"}, inside

    def _lines(
        self, statements: Sequence[cst.SimpleStatementLine], indent: str, asked: Mapping[cst.CSTNode, str]
    ) -> list[str]:
        """The lines of statements with their comments, indented for the function; a blank line between two stays."""
        lines: list[str] = []
        for number, statement in enumerate(statements):
            if number and self._apart(statements[number - 1], statement):
                lines.append("")
            stretch = statement_text(self.reading, statement)
            text = self._text_of(stretch.start, stretch.end, statement, asked)
            lines += [indent + line.removeprefix(stretch.indent) for line in text.splitlines()]
        return lines

    def _apart(self, first: cst.CSTNode, second: cst.CSTNode) -> bool:
        """Whether nothing but a blank line stands between two statements."""
        end, start = statement_text(self.reading, first).end, statement_text(self.reading, second).start
        return end < start and not self.reading.text[end:start].strip()

    def _text(self, node: cst.CSTNode, asked: Mapping[cst.CSTNode, str]) -> str:
        start, end = self.reading.span(node)
        return self._text_of(start, end, node, asked)

    def _text_of(self, start: int, end: int, holder: cst.CSTNode, asked: Mapping[cst.CSTNode, str]) -> str:
        """A stretch of the text, with the symbolic tensors by their names inside the function."""
        pieces: list[tuple[int, int, str]] = []
        for node, text in asked.items():
            if self._holds(holder, node):
                pieces.append((*self.reading.span(node), text))
        for leaf in (*self.function.inputs, *self.function.leaves):
            for node in self.reading.tree.nodes(cst.Attribute, cst.Subscript, inside=holder):
                if any(leaf.stands_for(value) for value in self.reading.values(node)):
                    pieces.append((*self.reading.span(node), leaf.name))
        for node in self.reading.tree.nodes(cst.Attribute, inside=holder):
            if self._standalone_backend(node.value):
                pieces.append((*self.reading.span(node.value), f"{self.draft.tensorflow()}.keras.backend"))
        text, position = "", start
        for first, last, new in sorted(pieces, key=lambda piece: (piece[0], -piece[1])):
            if first < position:
                continue
            text += self.reading.text[position:first] + new
            position = last
        return text + self.reading.text[position:end]

    def _standalone_backend(self, node: cst.BaseExpression) -> bool:
        """Whether it is the backend of the package `keras`, which has no functions of that kind any more."""
        if not isinstance(node, cst.Name):
            return False
        for value in self.reading.values(node):
            line = self.reading.statement(value.node) if isinstance(value.node, cst.ImportAlias) else None
            if value.name == "keras.backend" and line is not None and "tensorflow" not in self.reading.code(line):
                return True
        return False

    def _holds(self, holder: cst.CSTNode, node: cst.CSTNode) -> bool:
        return holder is node or any(parent is holder for parent in self.reading.parents(node))

    def _drop_switches(self) -> None:
        """`K.set_learning_phase(0)` says what holds anyway, and is gone."""
        for call in self.reading.tree.nodes(cst.Call):
            func = call.func
            named = isinstance(func, cst.Attribute) and func.attr.value in _SWITCHES
            off = len(call.args) == 1 and self.reading.code(call.args[0].value) in ("0", "False")
            statement = self.reading.statement(call)
            if named and off and isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
                body = getattr(self.reading.parent(statement), "body", ())
                if len(body) > 1 and isinstance(statement.body[0], cst.Expr):
                    self.draft.delete_all([statement])


def _operand(text: str) -> str:
    """An expression as it stands in front of `.numpy()`."""
    node = cst.parse_expression(text)
    tight = isinstance(node, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)) or bool(node.lpar)
    return text if tight else f"({text})"


def _read_from(leaf: Leaf) -> cst.BaseExpression | None:
    """The expression for the model or layer that a tensor is read from."""
    node = leaf.node
    if isinstance(node, cst.Subscript):
        node = node.value
    return node.value if isinstance(node, cst.Attribute) else None
