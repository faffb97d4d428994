"""Functions of `tf.contrib.eager` that turn a function into one that gives gradients, written with a tape."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.untaped import CannotTapeError
from tapefix.tapes.values import Kind
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import statement_text

FORMS = (
    "gradients_function",
    "value_and_gradients_function",
    "implicit_gradients",
    "implicit_value_and_gradients",
)
_OWN_NAMES = {"args", "kwargs", "arg", "tape", "value", "variables", "inputs"}


class TapedFunction:
    """One call such as `tfe.implicit_gradients(loss)`, and the function with a tape that takes its place."""

    def __init__(self, reading: Reading, call: cst.Call, form: str, taken: set[str]) -> None:
        self.reading = reading
        self.call = call
        self.form = form
        self.taken = taken
        """Names that were given to such functions already."""

    def write(self, draft: Draft) -> cst.CSTNode:
        """Define the function in front of the statement, or in place of the one that binds it; gives back what it was.

        Raises:
            CannotTapeError: what it does cannot be told, or not be written there.
        """
        statement = self.reading.statement(self.call)
        if not isinstance(statement, (cst.SimpleStatementLine, cst.For)):
            raise CannotTapeError("a function cannot be defined in front of this statement")
        self._check_place(statement)
        function, positions = self._arguments()
        part = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        bound = self._bound(part) if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 else ""
        name = bound or self._fresh(function)
        stretch = statement_text(self.reading, statement)
        start = self.reading.span(part if bound and part is not None else statement)[0]
        line = self.reading.lines.starts[self.reading.lines.position(start)[0] - 1]
        newline = self.reading.module.default_newline
        lines = self._lines(draft, name, function, positions)
        text = "".join((stretch.indent + one if one else "") + newline for one in lines)
        above, below = self._blank_lines(draft, line, stretch.end, at_top=not stretch.indent)
        if bound:
            draft.replace_lines(line, stretch.end, newline * above + text + newline * below)
            return statement
        draft.replace_lines(
            line, line + 1, newline * above + text + newline * (1 if stretch.indent else 2) + self.reading.text[line]
        )
        draft.rewrite_whole(self.call, name)
        return self.call

    def _check_place(self, statement: cst.CSTNode) -> None:
        for parent in self.reading.parents(statement):
            if isinstance(parent, cst.ClassDef):
                raise CannotTapeError("in the body of a class the function would become a method")
            if isinstance(parent, (cst.FunctionDef, cst.SimpleStatementSuite)):
                break
        for parent in self.reading.parents(self.call):
            if parent is statement:
                return
            if isinstance(parent, (cst.Lambda, cst.BaseComp)):
                raise CannotTapeError("the function is made inside an expression that runs more than once")

    def _arguments(self) -> tuple[cst.BaseExpression, list[int] | None]:
        """The function, and the positions of the parameters to differentiate by; `None` for all."""
        given = self.call.args
        if not given or given[0].star or given[0].keyword is not None:
            raise CannotTapeError("the function is not given by itself")
        function = given[0].value
        roots = {name.value for name in self.reading.tree.nodes(cst.Name, inside=function)}
        if not isinstance(function, (cst.Name, cst.Attribute, cst.Lambda)) or roots & _OWN_NAMES:
            raise CannotTapeError("the function is not given by a name")
        if isinstance(function, cst.Name) and self._bindings(function.value) > 1:
            raise CannotTapeError(f"`{function.value}` is bound to several things")
        if len(given) == 1:
            return function, None
        listed = given[1].value
        if len(given) > 2 or self.form.startswith("implicit") or not isinstance(listed, cst.List):
            raise CannotTapeError("which parameters are meant is not known")
        return function, [self._position(function, element.value) for element in listed.elements]

    def _position(self, function: cst.BaseExpression, wanted: cst.BaseExpression) -> int:
        if isinstance(wanted, cst.Integer):
            return wanted.evaluated_value
        for value in self.reading.values(function):
            node = value.definition.node if value.kind is Kind.FUNCTION and value.definition is not None else None
            if isinstance(node, (cst.FunctionDef, cst.Lambda)) and isinstance(wanted, cst.SimpleString):
                names = [parameter.name.value for parameter in node.params.params]
                if wanted.evaluated_value in names:
                    return names.index(str(wanted.evaluated_value))
        raise CannotTapeError("which parameters are meant is not known")

    def _bindings(self, name: str) -> int:
        assigned = [node.target for node in self.reading.tree.nodes(cst.AssignTarget)]
        defined = [node.name for node in self.reading.tree.nodes(cst.FunctionDef)]
        return sum(isinstance(bound, cst.Name) and bound.value == name for bound in (*assigned, *defined))

    def _bound(self, part: cst.CSTNode | None) -> str:
        """The name that a statement binds the function to, where that is all it does."""
        if not isinstance(part, cst.Assign) or part.value is not self.call or len(part.targets) != 1:
            return ""
        target = part.targets[0].target
        if not isinstance(target, cst.Name):
            return ""
        function = self.call.args[0].value
        if isinstance(function, cst.Name) and function.value == target.value:
            raise CannotTapeError(f"`{target.value}` would call itself")
        return target.value

    def _fresh(self, function: cst.BaseExpression) -> str:
        names = self.reading.tree.nodes(cst.Name)
        used = {name.value for name in names if isinstance(name, cst.Name)}
        base = function.attr.value if isinstance(function, cst.Attribute) else getattr(function, "value", "")
        name = f"gradients_of_{base}" if base else "gradients"
        number = 1
        found = name
        while found in used or found in self.taken:
            number += 1
            found = f"{name}_{number}"
        self.taken.add(found)
        return found

    def _lines(self, draft: Draft, name: str, function: cst.BaseExpression, positions: list[int] | None) -> list[str]:
        tf, unit, shown = draft.tensorflow(), self.reading.module.default_indent, self.reading.code(function)
        shown = f"({shown})" if isinstance(function, cst.Lambda) else shown
        value = "value, " if "value" in self.form else ""
        if self.form.startswith("implicit"):
            return [
                f"def {name}(*args, **kwargs):",
                f"{unit}with {tf}.GradientTape() as tape:",
                f"{unit}{unit}value = {shown}(*args, **kwargs)",
                f"{unit}variables = tape.watched_variables()",
                f"{unit}return {value}list(zip(tape.gradient(value, variables), variables))",
            ]
        if positions is None:
            convert = [f"{unit}args = [{tf}.convert_to_tensor(arg) for arg in args]"]
            asked = "args"
        else:
            convert = [f"{unit}args = list(args)"]
            convert += [f"{unit}args[{place}] = {tf}.convert_to_tensor(args[{place}])" for place in positions]
            asked = "[" + ", ".join(f"args[{place}]" for place in positions) + "]"
        return [
            f"def {name}(*args):",
            *convert,
            f"{unit}with {tf}.GradientTape() as tape:",
            f"{unit}{unit}tape.watch({asked})",
            f"{unit}{unit}value = {shown}(*args)",
            f"{unit}return {value}tape.gradient(value, {asked})",
        ]

    def _blank_lines(self, draft: Draft, start: int, end: int, *, at_top: bool) -> tuple[int, int]:
        """How many blank lines are missing above and below a definition that stands there."""
        lines = self.reading.lines
        wanted = 2 if at_top else 1
        first, last = lines.position(start)[0], lines.position(max(end - 1, start))[0]
        above = 0
        while first - above > 1 and not lines.line(first - above - 1).strip():
            above += 1
        below = 0
        while last + below < lines.count and not lines.line(last + below + 1).strip():
            below += 1
        previous = lines.line(first - above - 1) if first - above > 1 else ""
        if any(edit.end == lines.starts[first - above - 1] and edit.replacement.endswith("\n") for edit in draft.edits):
            # A definition that has just been written above keeps its distance by itself.
            return 0, max(0, wanted - below) if last + below < lines.count else 0
        opens = previous.rstrip().endswith(":") or previous.lstrip().startswith("#") or not previous
        ends = last + below >= lines.count
        return (0 if opens else max(0, wanted - above)), (0 if ends else max(0, wanted - below))
