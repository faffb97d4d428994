"""A script that trains a graph in a session, statement by statement: what each has to do with the graph."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.looking import bound_names, function_of, loads, names_in, stores
from tapefix.tapes.sessions.names import RANDOM, CannotConvertError, dotted, is_dropped

INITIALIZERS = ("global_variables_initializer", "initialize_all_variables")
_SESSIONS = ("Session", "InteractiveSession")
_MAKES_VARIABLES = ("Variable", "get_variable")


class Role(enum.Enum):
    """What a statement has to do with the graph."""

    PYTHON = "python"
    """Nothing."""
    PLACEHOLDER = "placeholder"
    VARIABLE = "variable"
    CONSTANT = "constant"
    """Tensors that are made of nothing that is fed or trained."""
    TENSOR = "tensor"
    OPTIMIZER = "optimizer"
    TRAIN = "train"
    INITIALIZER = "initializer"
    SESSION = "session"
    DROPPED = "dropped"
    """What only makes TensorFlow 2 behave as TensorFlow 1, or opens and closes the session."""
    RUNNING = "running"
    """Runs something in the session."""


GONE = (Role.PLACEHOLDER, Role.TENSOR, Role.INITIALIZER, Role.SESSION, Role.DROPPED)


@dataclass(eq=False)
class Step:
    """One statement of the scope that holds the graph."""

    node: cst.BaseStatement
    role: Role
    binds: tuple[str, ...] = ()
    value: cst.BaseExpression | None = None
    needs: list[Step] = field(default_factory=list)
    """The statements of the graph that it reads from."""
    random: bool = False


@dataclass(eq=False)
class Script:
    """The scope (the module, or a function) that builds a graph and trains it in a session.

    Raises:
        CannotConvertError: something in it is not known to mean the same outside a graph.
    """

    reading: Reading
    minimize: cst.Call
    steps: list[Step] = field(default_factory=list)
    headers: list[cst.With] = field(default_factory=list)
    """The `with` statements that go: what is in them moves out."""
    sessions: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        function = function_of(self.reading, self.minimize)
        if isinstance(function, cst.Lambda):
            raise CannotConvertError("the graph is built in a lambda")
        if any(isinstance(parent, cst.ClassDef) for parent in self.reading.parents(self.minimize)):
            raise CannotConvertError("the graph is kept in the attributes of a class")
        self.scope: cst.FunctionDef | cst.Module = function if isinstance(function, cst.FunctionDef) else self._module
        self._latest: dict[str, Step] = {}
        for node in self._flattened(self._body(self.scope)):
            step = self._step(node)
            self.steps.append(step)
            for name in step.binds:
                self._latest[name] = step
        self._check_names()

    @property
    def _module(self) -> cst.Module:
        return self.reading.module

    def _body(self, holder: cst.CSTNode) -> Sequence[cst.BaseStatement]:
        body = getattr(holder, "body", None)
        if isinstance(holder, cst.Module):
            return holder.body
        if isinstance(body, cst.IndentedBlock):
            return body.body
        raise CannotConvertError("a block of the graph stands on the line of its head")

    def _flattened(self, body: Sequence[cst.BaseStatement]) -> Iterator[cst.BaseStatement]:
        """The statements in order, those in sessions and name scopes among the others."""
        for node in body:
            if isinstance(node, cst.With) and self._is_header(node):
                self.headers.append(node)
                yield from self._flattened(self._body(node))
            elif isinstance(node, cst.If) and self._is_main(node):
                if node.orelse is not None:
                    raise CannotConvertError("the graph is built under a condition")
                yield from self._flattened(self._body(node))
            else:
                yield node

    def _is_main(self, node: cst.If) -> bool:
        holds = any(parent is node for parent in self.reading.parents(self.minimize))
        return holds and "__name__" in self.reading.code(node.test)

    def _is_header(self, node: cst.With) -> bool:
        found = []
        for item in node.items:
            name = self.called(item.item)
            code = self.reading.code(item.item)
            if name in _SESSIONS:
                self._check_session(item.item)
                if item.asname is not None and isinstance(item.asname.name, cst.Name):
                    self.sessions.add(item.asname.name.value)
                found.append(True)
            elif isinstance(item.item, cst.Name) and item.item.value in self.sessions:
                found.append(True)
            else:
                found.append(name == "name_scope" or code.endswith("Graph().as_default()"))
        if any(found) and not all(found):
            raise CannotConvertError("a session is opened together with something else")
        return all(found)

    def _check_session(self, call: cst.BaseExpression) -> None:
        if isinstance(call, cst.Call) and call.args:
            raise CannotConvertError("the session is opened with a configuration, a target or a graph of its own")

    def called(self, node: cst.CSTNode | None) -> str | None:
        """The name of TensorFlow that a call calls."""
        return dotted(self.reading, node.func) if isinstance(node, cst.Call) else None

    # Statements

    def _step(self, node: cst.BaseStatement) -> Step:
        if not isinstance(node, cst.SimpleStatementLine):
            return self._compound(node)
        if len(node.body) != 1:
            if any(self._touches(part) for part in node.body):
                raise CannotConvertError("several statements of the graph stand on one line")
            return Step(node, Role.PYTHON, self._binds(node))
        part = node.body[0]
        if isinstance(part, cst.Assign):
            return self._assignment(node, part)
        if isinstance(part, cst.AugAssign):
            return self._augmented(node, part)
        if isinstance(part, cst.Expr):
            return self._expression(node, part.value)
        if isinstance(part, (cst.Import, cst.ImportFrom)):
            return Step(node, Role.PYTHON, self._binds(node))
        return Step(node, self._running_or_python(part), self._binds(node))

    def _compound(self, node: cst.BaseStatement) -> Step:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return Step(node, Role.PYTHON, (node.name.value,))
        role = self._running_or_python(node)
        return Step(node, role, self._binds(node))

    def _running_or_python(self, node: cst.CSTNode) -> Role:
        return Role.RUNNING if self.holds_run(node) else Role.PYTHON

    def holds_run(self, node: cst.CSTNode) -> bool:
        """Whether something in some code runs a part of the graph."""
        return any(self.is_run(call) for call in self.reading.tree.nodes(cst.Call, inside=node))

    def is_run(self, call: cst.Call) -> bool:
        """Whether a call runs a part of the graph: `session.run`, `tensor.eval`, `operation.run`."""
        func = call.func
        if not isinstance(func, cst.Attribute):
            return False
        owner = func.value
        if isinstance(owner, cst.Name) and owner.value in self.sessions:
            return func.attr.value == "run"
        if func.attr.value == "eval":
            constant = isinstance(owner, cst.Name) and self.role_of(owner.value) is Role.CONSTANT
            return constant or self.reads_graph(owner)
        if func.attr.value == "run":
            train = isinstance(owner, cst.Name) and self.role_of(owner.value) in (Role.TRAIN, Role.INITIALIZER)
            return train or self.called(owner) in INITIALIZERS
        return False

    def _binds(self, node: cst.CSTNode) -> tuple[str, ...]:
        return tuple(name.value for name in stores(self.reading, node))

    def _assignment(self, node: cst.BaseStatement, assign: cst.Assign) -> Step:
        value, targets = assign.value, [target.target for target in assign.targets]
        binds = tuple(name.value for target in targets for name in bound_names(target))
        if self.holds_run(value):
            return Step(node, Role.RUNNING, binds)
        role = self._role(value)
        if role is Role.PYTHON:
            return Step(node, role, binds, value)
        if role is Role.SESSION:
            self._check_session(value)
            self.sessions.update(binds)
        single = len(targets) == 1 and isinstance(targets[0], cst.Name)
        if not single and not (role is Role.TENSOR and len(targets) == 1 and binds):
            raise CannotConvertError(f"`{self.reading.code(targets[0])}` is no plain name for a part of the graph")
        return self._graph_step(Step(node, role, binds, value))

    def _role(self, value: cst.BaseExpression) -> Role:
        name = self.called(value)
        if name == "placeholder":
            return Role.PLACEHOLDER
        if name in INITIALIZERS:
            return Role.INITIALIZER
        if name in _SESSIONS:
            return Role.SESSION
        if value is self.minimize:
            return Role.TRAIN
        if name is not None and name.startswith("train.") and name.endswith("Optimizer"):
            return Role.OPTIMIZER
        if self._makes_variables(value):
            return Role.VARIABLE
        if isinstance(value, cst.Dict) and value.elements and self._feeds(value):
            return Role.PYTHON
        if self.reads_graph(value):
            return Role.TENSOR
        return Role.CONSTANT if self.makes_tensors(value) else Role.PYTHON

    def _feeds(self, value: cst.Dict) -> bool:
        """Whether a dictionary says what a run is fed."""
        keys = [element.key for element in value.elements if isinstance(element, cst.DictElement)]
        return len(keys) == len(value.elements) and all(
            isinstance(key, cst.Name) and self.role_of(key.value) is Role.PLACEHOLDER for key in keys
        )

    def _augmented(self, node: cst.BaseStatement, assign: cst.AugAssign) -> Step:
        target = assign.target
        if not self._touches(assign):
            return Step(node, Role.PYTHON, self._binds(node))
        if not isinstance(target, cst.Name) or self.role_of(target.value) is not Role.TENSOR:
            if self.holds_run(assign):
                return Step(node, Role.RUNNING, self._binds(node))
            raise CannotConvertError(f"`{self.reading.code(target)}` is no plain name for a part of the graph")
        step = self._graph_step(Step(node, Role.TENSOR, (target.value,), assign.value))
        step.needs.insert(0, self._latest[target.value])
        return step

    def _expression(self, node: cst.BaseStatement, value: cst.BaseExpression) -> Step:
        if value is self.minimize:
            return self._graph_step(Step(node, Role.TRAIN, (), value))
        if is_dropped(self.called(value)):
            return Step(node, Role.DROPPED, (), value)
        func = value.func if isinstance(value, cst.Call) else None
        owner = func.value if isinstance(func, cst.Attribute) and func.attr.value == "close" else None
        if isinstance(owner, cst.Name) and owner.value in self.sessions:
            return Step(node, Role.DROPPED, (), value)
        return Step(node, self._running_or_python(value), ())

    def _graph_step(self, step: Step) -> Step:
        assert step.value is not None
        steps = [self._latest[name] for name in names_in(self.reading, step.value) if name in self._latest]
        step.needs = [found for found in dict.fromkeys(steps) if found.role is not Role.PYTHON]
        step.random = self.is_random(step.value)
        if step.role is Role.VARIABLE:
            fed = [need for need in step.needs if need.role not in (Role.CONSTANT,)]
            if fed:
                raise CannotConvertError("a variable is made together with, or of, what is computed in the graph")
        if step.role is Role.CONSTANT and step.random:
            raise CannotConvertError("random numbers are drawn anew at each run of the graph")
        if step.role is Role.TENSOR and step.random:
            raise CannotConvertError("random numbers are drawn in the graph: no two runs could be compared")
        return step

    # What code has to do with the graph

    def role_of(self, name: str) -> Role:
        """What a name stands for, as far as the statements have been gone over."""
        step = self._latest.get(name)
        return step.role if step is not None else Role.PYTHON

    def reads_graph(self, node: cst.CSTNode) -> bool:
        """Whether some code reads what is fed, trained or computed, itself or by a function of the file."""
        parts = (Role.PLACEHOLDER, Role.TENSOR, Role.VARIABLE)
        return any(
            self.role_of(name.value) in parts
            or (name.value in self.functions and self._reads_in(self.functions[name.value]))
            for name in loads(self.reading, node)
        )

    def _reads_in(self, function: cst.FunctionDef) -> bool:
        return any(self.role_of(name.value) is Role.VARIABLE for name in loads(self.reading, function))

    def makes_tensors(self, node: cst.CSTNode) -> bool:
        """Whether some code calls TensorFlow, itself or by a function of the file."""
        calls = self.reading.tree.nodes(cst.Call, inside=node)
        return any(self.called(call) is not None or self._helper_makes_tensors(call) for call in calls)

    def _helper_makes_tensors(self, call: cst.Call) -> bool:
        helper = self.functions.get(call.func.value) if isinstance(call.func, cst.Name) else None
        return helper is not None and any(
            self.called(inner) is not None for inner in self.reading.tree.nodes(cst.Call, inside=helper)
        )

    def _makes_variables(self, node: cst.CSTNode, seen: frozenset[str] = frozenset()) -> bool:
        for call in self.reading.tree.nodes(cst.Call, inside=node):
            if self.called(call) in _MAKES_VARIABLES:
                return True
            name = call.func.value if isinstance(call.func, cst.Name) else ""
            if (
                name in self.functions
                and name not in seen
                and self._makes_variables(self.functions[name], seen | {name})
            ):
                return True
        return False

    def is_random(self, node: cst.CSTNode) -> bool:
        """Whether some code draws random numbers of TensorFlow, itself or by a function of the file."""
        for found in self.reading.tree.nodes(cst.Attribute, inside=node):
            if dotted(self.reading, found) in RANDOM:
                return True
        names = names_in(self.reading, node)
        return any(self.is_random(function) for name, function in self.functions.items() if name in names)

    def _touches(self, node: cst.CSTNode) -> bool:
        return self.reads_graph(node) or self.makes_tensors(node) or self.holds_run(node)

    @cached_property
    def functions(self) -> dict[str, cst.FunctionDef]:
        """The functions of the file that the scope can call by their names, but for itself."""
        own = function_of(self.reading, self.minimize)
        found = self.reading.tree.nodes(cst.FunctionDef)
        plain = [f for f in found if f is not own and function_of(self.reading, f) in (None, own)]
        return {f.name.value: f for f in plain if not isinstance(self._holder(f), cst.ClassDef)}

    def _holder(self, function: cst.FunctionDef) -> cst.CSTNode | None:
        block = self.reading.parent(function)
        return self.reading.parent(block) if block is not None else None

    def closure(self, steps: Sequence[Step]) -> list[Step]:
        """Statements and all that they need, in the order of the text."""
        found: dict[Step, None] = {}
        waiting = list(steps)
        while waiting:
            step = waiting.pop()
            if step not in found:
                found[step] = None
                waiting += step.needs
        return sorted(found, key=lambda step: self.reading.span(step.node))

    def latest(self, name: str) -> Step | None:
        """The statement that a name has its last meaning by."""
        return self._latest.get(name)

    def _check_names(self) -> None:
        """What statements of the graph read must not have become something else by the time that they are executed."""
        moved = [step for step in self.steps if step.role is Role.TENSOR]
        for step in moved:
            start = self.reading.span(step.node)[0]
            for name in names_in(self.reading, step.node) - set(step.binds):
                for other in self.steps:
                    late = self.reading.span(other.node)[0] > start
                    if late and name in other.binds and other.role is not Role.TENSOR:
                        raise CannotConvertError(f"`{name}` is another thing by the time that the session runs")
