"""Functions of Keras's backend that give gradients of a graph: `K.gradients` in a `K.function`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.flow.flow import ancestors
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.effects_of import effects_of
from tapefix.tapes.repairs.untaped import CannotTapeError
from tapefix.tapes.values import Argument, Kind, Operation, Value

FUNCTION, GRADIENTS, PHASE = "keras.backend.function", "keras.backend.gradients", "keras.backend.learning_phase"
_SEQUENTIAL = ("keras.Sequential", "keras.models.Sequential")


@dataclass(eq=False)
class Leaf:
    """A symbolic tensor of a model that a backend function is made of: its input, or the output of a layer."""

    value: Value
    expression: str
    """How the file names it, where the function is made."""
    node: cst.CSTNode | None = None
    """The expression that reads it from its model or layer, in the block of the function."""
    name: str = ""
    """The name of what stands for it inside the function that takes its place."""

    @property
    def owner(self) -> Value | None:
        """The model or layer that it was read from."""
        read = self.value.receiver if self.value.operation is Operation.SUBSCRIPT else self.value
        return read.receiver if read is not None and read.operation is Operation.ATTRIBUTE else None

    @property
    def is_output(self) -> bool:
        """Whether it is what a model or layer gives."""
        read = self.value.receiver if self.value.operation is Operation.SUBSCRIPT else self.value
        return read is not None and read.name in ("output", "outputs")

    def stands_for(self, value: Value) -> bool:
        """Whether a value is this tensor; `model.inputs[0]` is the same each time."""
        if value is self.value:
            return True
        if (
            not _is_leaf(value)
            or value.operation is not Operation.SUBSCRIPT
            or value.receiver is not self.value.receiver
        ):
            return False
        return [part.constant for part in value.inputs[1:]] == [part.constant for part in self.value.inputs[1:]]


@dataclass(eq=False)
class BackendFunction:
    """One call of `K.function` whose outputs hold gradients, with the statements that define these."""

    reading: Reading
    call: Value
    inputs: list[Leaf] = field(default_factory=list)
    phase: int | None = None
    """The position of the learning phase among the inputs."""
    leaves: list[Leaf] = field(default_factory=list)
    """The outputs of layers and of the model."""
    statements: list[cst.SimpleStatementLine] = field(default_factory=list)
    """What defines the symbolic outputs, in order."""
    query: Value | None = None

    @property
    def node(self) -> cst.Call:
        """The call of `K.function`."""
        assert isinstance(self.call.node, cst.Call)
        return self.call.node

    @property
    def statement(self) -> cst.SimpleStatementLine:
        """The statement that binds the function to a name."""
        statement = self.reading.statement(self.node)
        assert isinstance(statement, cst.SimpleStatementLine)
        return statement

    @property
    def name(self) -> str:
        """The name of the function."""
        part = self.statement.body[0]
        if isinstance(part, cst.Assign) and part.value is self.node and len(part.targets) == 1:
            target = part.targets[0].target
            if isinstance(target, cst.Name) and len(self.statement.body) == 1:
                return target.value
        raise CannotTapeError("the function is not bound to a name")

    def read(self) -> None:
        """Find out what the function is made of.

        Raises:
            CannotTapeError: some of it is not known, or needed elsewhere as well.
        """
        inputs, outputs = self.call.argument(0, "inputs"), self.call.argument(1, "outputs")
        if inputs is None or outputs is None or len(self.call.arguments) != 2 or not self.name:
            raise CannotTapeError("what the function is made of is not known")
        made = ancestors(_parts(outputs))
        queries = [value for value in made if value.name == GRADIENTS]
        if len(queries) != 1:
            raise CannotTapeError("the function holds several gradients")
        self.query = queries[0]
        self._read_inputs(inputs)
        for value in made:
            known = any(leaf.stands_for(value) for leaf in (*self.inputs, *self.leaves))
            if _is_leaf(value) and not known and not any(_reads_part(user, made) for user in value.users):
                self.leaves.append(self._leaf(value))
        self._read_statements(made)
        self._check_others()

    def _read_inputs(self, inputs: Argument) -> None:
        for position, value in enumerate(_parts(inputs)):
            if value.name == PHASE:
                self.phase = position
            elif _is_leaf(value) or value.kind is Kind.SYMBOLIC:
                self.inputs.append(self._leaf(value))
            else:
                raise CannotTapeError("what the function takes is not known")
        if len(self.inputs) != 1 or self.phase == 0:
            raise CannotTapeError("the function does not take one batch")

    def _leaf(self, value: Value) -> Leaf:
        body = list(self._body())
        above = body[: body.index(self.statement) + 1]
        node = self._named_in(above, value)
        for statement in above:
            part = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
            if isinstance(part, cst.Assign) and part.value is node and isinstance(part.targets[0].target, cst.Name):
                name = part.targets[0].target.value
                return Leaf(value, name, node, name)
        if isinstance(value.node, cst.Call):
            name = next((n for n, held in self.call.frame.names.items() if held is value), "")
            if not name:
                raise CannotTapeError("an input of the model has no name")
            return Leaf(value, name, None, name)
        if node is None:
            raise CannotTapeError("the tensors of the model come from another function")
        owner = value.receiver
        expression = self.reading.code(node)
        whole = isinstance(node, cst.Attribute) and node.attr.value in ("input", "output")
        if owner is not None and owner.name in _SEQUENTIAL and whole and isinstance(node, cst.Attribute):
            # A sequential model of Keras 3 has no `output` before it is called.
            expression = f"{self.reading.code(node.value)}.{node.attr.value}s[0]"
        return Leaf(value, expression, node)

    def _named_in(self, statements: Sequence[cst.CSTNode], value: Value) -> cst.CSTNode | None:
        """The last expression in some statements that reads a tensor from its model or layer."""
        found: cst.CSTNode | None = None
        for statement in statements:
            for node in self.reading.tree.nodes(cst.Attribute, cst.Subscript, inside=statement):
                if any(held is value for held in self.reading.values(node)):
                    found = node
        return found

    def _body(self) -> Sequence[cst.CSTNode]:
        parent = self.reading.parent(self.statement)
        if not isinstance(parent, (cst.IndentedBlock, cst.Module)):
            raise CannotTapeError("the function is made in a block of one line")
        return parent.body

    def _read_statements(self, made: Sequence[Value]) -> None:
        """The statements that compute with symbolic tensors, as they stand in the block of the call."""
        symbolic: set[Value] = set()
        found: dict[cst.CSTNode, None] = {}
        for value in made:
            if any(leaf.stands_for(value) for leaf in (*self.inputs, *self.leaves)):
                symbolic.add(value)
            elif any(part in symbolic for part in value.inputs) and value.kind not in (Kind.MODEL, Kind.LAYER):
                symbolic.add(value)
                statement = self.reading.statement_in(value, self.call.frame)
                if statement is not None:
                    found[statement] = None
        found.pop(self.statement, None)
        body = list(self._body())
        for statement in found:
            simple = isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
            if statement not in body or not simple:
                raise CannotTapeError("what defines the outputs does not stand in the block of the function")
            assert isinstance(statement, cst.SimpleStatementLine)
            if not isinstance(statement.body[0], (cst.Assign, cst.AugAssign, cst.AnnAssign)):
                raise CannotTapeError("what defines the outputs does more than that")
            self.statements.append(statement)
        self.statements.sort(key=self.reading.span)

    def _check_others(self) -> None:
        """Refuse where something else needs what would move into the function."""
        names = effects_of(self.reading, *self.statements).binds if self.statements else set()
        scope = next(p for p in self.reading.parents(self.statement) if isinstance(p, (cst.FunctionDef, cst.Module)))
        own = [*self.statements, self.statement]
        last = self.reading.span(self.statement)[1]
        bound: set[str] = set()
        uses = sorted(self.reading.tree.nodes(cst.Name, inside=scope), key=self.reading.span)
        for use in uses:
            parent = self.reading.parent(use)
            if use.value not in names or any(p in own for p in self.reading.parents(use)):
                continue
            if self._is_local(use, scope):
                continue
            if isinstance(parent, (cst.AssignTarget, cst.Param, cst.NameItem)) or (
                isinstance(parent, cst.Attribute) and parent.attr is use
            ):
                bound |= {use.value} if self.reading.span(use)[0] > last else set()
            elif isinstance(parent, (cst.Element, cst.CompFor, cst.For)) and not self._reads(use):
                bound.add(use.value)
            elif use.value not in bound and not (isinstance(parent, cst.Arg) and parent.keyword is use):
                raise CannotTapeError(f"line {self.reading.line(use)} needs `{use.value}` as well")

    def _binds(self, function: cst.CSTNode, name: str) -> bool:
        """Whether something in a function binds a name."""
        nodes = self.reading.tree.nodes
        parameters = [node.name for node in nodes(cst.Param, inside=function)]
        assigned = [node.target for node in nodes(cst.AssignTarget, inside=function)]
        counted = [node.target for node in nodes(cst.CompFor, inside=function)]
        bound = (*parameters, *assigned, *counted)
        return any(isinstance(target, cst.Name) and target.value == name for target in bound)

    def _is_local(self, use: cst.Name, scope: cst.CSTNode) -> bool:
        """Whether a name belongs to a function inside the scope, which binds it itself."""
        for parent in self.reading.parents(use):
            if parent is scope:
                return False
            if isinstance(parent, (cst.FunctionDef, cst.Lambda)) and self._binds(parent, use.value):
                return True
        return False

    def _reads(self, use: cst.Name) -> bool:
        """Whether a name in a display is read, and not the target of an unpacking."""
        for parent in self.reading.parents(use):
            if isinstance(parent, (cst.AssignTarget, cst.CompFor)):
                return False
            if isinstance(parent, cst.For):
                return not any(p is parent.target for p in (use, *self.reading.parents(use)))
            if isinstance(parent, cst.BaseStatement):
                break
        return True


def backend_functions(reading: Reading) -> Iterator[tuple[cst.Call, list[Value]]]:
    """Every call of `K.function` whose outputs are made of `K.gradients`, with its executions."""
    found: dict[cst.Call, list[Value]] = {}
    for node in reading.evaluated(cst.Call):
        made = [v for v in reading.values(node) if v.node is node and v.name == FUNCTION and _of_library(v)]
        if made and any(value.name == GRADIENTS for value in ancestors(made)):
            found[node] = made
    yield from found.items()


def _is_leaf(value: Value) -> bool:
    """Whether it is a symbolic tensor read from a model or layer: `x.output`, `x.outputs[0]`."""
    if value.operation is Operation.ATTRIBUTE:
        return value.name in ("input", "output") and value.kind in (Kind.SYMBOLIC, Kind.UNKNOWN)
    owner = value.receiver
    if value.operation is not Operation.SUBSCRIPT or owner is None or owner.operation is not Operation.ATTRIBUTE:
        return False
    return owner.name in ("inputs", "outputs") and all(isinstance(i.constant, int) for i in value.inputs[1:])


def _reads_part(user: Value, made: Sequence[Value]) -> bool:
    """Whether a value is only the list that another leaf is taken from."""
    return user in made and _is_leaf(user)


def _of_library(call: Value) -> bool:
    """Whether it is a call of the library's function, and not of what that gave."""
    return call.receiver is not None and call.receiver.kind is Kind.LIBRARY


def _parts(argument: Argument) -> list[Value]:
    return argument.value.elements if argument.value.elements is not None else [argument.value]
