"""A script that trains a graph in a session, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.graph import INITIALIZERS, Graph
from tapefix.tapes.sessions.looking import bound_names, function_of, given_beyond, loads, names_in, stores
from tapefix.tapes.sessions.names import CannotConvertError, is_dropped
from tapefix.tapes.sessions.steps import Role, Step, closure

_SESSIONS = ("Session", "InteractiveSession")
_ROLES = {
    "placeholder": Role.PLACEHOLDER,
    **dict.fromkeys(INITIALIZERS, Role.INITIALIZER),
    "train.Saver": Role.SAVER,
    "summary.scalar": Role.SUMMARY,
    "summary.histogram": Role.SUMMARY,
    "summary.merge": Role.MERGED,
    "summary.merge_all": Role.MERGED,
    "summary.FileWriter": Role.WRITER,
}
"""What a statement is that does no more than call these."""
_SCOPES = ("name_scope", "variable_scope")
_KEPT_FOR_SESSIONS = ("ConfigProto", "Graph", "GPUOptions")


class Script:
    """The scope (the module, or a function) that builds a graph and trains it in a session.

    Raises:
        CannotConvertError: something in it is not known to mean the same outside a graph.
    """

    def __init__(self, reading: Reading, minimize: cst.Call) -> None:
        self.reading = reading
        self.minimize = minimize
        self.graph = Graph(reading, minimize)
        self.steps: list[Step] = []
        self.headers: list[cst.With] = []
        """The `with` statements that go: what is in them moves out."""
        function = function_of(reading, minimize)
        if isinstance(function, cst.Lambda):
            raise CannotConvertError("the graph is built in a lambda")
        if any(isinstance(parent, cst.ClassDef) for parent in reading.parents(minimize)):
            raise CannotConvertError("the graph is kept in the attributes of a class")
        self.scope: cst.FunctionDef | cst.Module = function if isinstance(function, cst.FunctionDef) else reading.module
        for node in self._flattened(self._body(self.scope)):
            step = self._step(node)
            self.steps.append(step)
            self.graph.bindings.add(step)
        self._check_names()

    def closure(self, steps: Sequence[Step]) -> list[Step]:
        """The statements that make tensors, of those that some need, in the order of the text."""
        return [step for step in closure(self.reading, steps) if step.role is Role.TENSOR]

    # Blocks

    def _body(self, holder: cst.CSTNode) -> Sequence[cst.BaseStatement]:
        body = getattr(holder, "body", None)
        if isinstance(holder, cst.Module):
            return [node for node in holder.body if isinstance(node, cst.BaseStatement)]
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
        found = [self._is_opening(item) for item in node.items]
        if any(found) and not all(found):
            raise CannotConvertError("a session is opened together with something else")
        return all(found)

    def _is_opening(self, item: cst.WithItem) -> bool:
        """Whether what a `with` enters is a session, a graph or a scope of names."""
        called, manager = self.graph.called(item.item), item.item
        if called in _SESSIONS and isinstance(manager, cst.Call):
            self._check_session(manager)
            if item.asname is not None and isinstance(item.asname.name, cst.Name):
                self.graph.sessions.add(item.asname.name.value)
            return True
        if isinstance(manager, cst.Name) and manager.value in self.graph.sessions:
            return True
        func = manager.func if isinstance(manager, cst.Call) else None
        if isinstance(func, cst.Attribute) and func.attr.value == "as_default" and item.asname is None:
            return self.graph.called(func.value) == "Graph" or self.graph.role(func.value) is Role.SESSION
        named = isinstance(manager, cst.Call) and self._only_names(manager, item.asname)
        if called == "variable_scope" and not named:
            raise CannotConvertError("`tf.variable_scope` shares variables by their names")
        return called in _SCOPES and named

    def _only_names(self, scope: cst.Call, asname: cst.AsName | None) -> bool:
        """Whether a scope does no more than give names: it shares nothing, and nobody asks what it is called."""
        bound = asname.name if asname is not None else None
        unread = bound is None or (
            isinstance(bound, cst.Name)
            and not any(name.value == bound.value for name in loads(self.reading, self.reading.module, free=False))
        )
        return unread and not given_beyond(scope, 1, ("name", "name_or_scope", "default_name"))

    def _check_session(self, call: cst.Call) -> None:
        """Refuse a session that is opened with anything but a graph of its own, and a configuration."""
        if given_beyond(call, 0, ("graph", "config")):
            raise CannotConvertError("the session is opened for another process")
        for given in call.args:
            if self.graph.role(given.value) is not Role.SESSION and self.graph.called(given.value) != "ConfigProto":
                raise CannotConvertError("what the session is opened with is not known")

    # Statements

    def _step(self, node: cst.BaseStatement) -> Step:
        if not isinstance(node, cst.SimpleStatementLine):
            return self._compound(node)
        if len(node.body) != 1:
            if any(self.graph.touches(part) for part in node.body):
                raise CannotConvertError("several statements of the graph stand on one line")
            return Step(node, Role.PYTHON, self._binds(node))
        part = node.body[0]
        if isinstance(part, cst.Assign):
            return self._assignment(node, part)
        if isinstance(part, cst.AugAssign):
            return self._augmented(node, part)
        if isinstance(part, cst.Expr):
            return self._expression(node, part.value)
        return Step(node, self._running_or_python(part), self._binds(node))

    def _compound(self, node: cst.BaseStatement) -> Step:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return Step(node, Role.PYTHON, (node.name.value,))
        role = self._running_or_python(node)
        if role is Role.PYTHON and self.graph.makes_tensors(node):
            raise CannotConvertError("a part of the graph is built in a loop, under a condition, or in a block")
        return Step(node, role, self._binds(node))

    def _running_or_python(self, node: cst.CSTNode) -> Role:
        return Role.RUNNING if self.graph.holds_run(node) else Role.PYTHON

    def _binds(self, node: cst.CSTNode) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.value for name in stores(self.reading, node)))

    def _assignment(self, node: cst.BaseStatement, assign: cst.Assign) -> Step:
        value, targets = assign.value, [target.target for target in assign.targets]
        binds = tuple(name.value for target in targets for name in bound_names(target))
        if self.graph.holds_run(value):
            return Step(node, Role.RUNNING, binds)
        if len(targets) == 1 and self._configures(targets[0]):
            return Step(node, Role.DROPPED, (), value)
        role = self._role(value)
        if role is Role.PYTHON:
            return Step(node, role, binds, value)
        single = len(targets) == 1 and isinstance(targets[0], cst.Name)
        if not single and not (role is Role.TENSOR and len(targets) == 1 and binds):
            raise CannotConvertError(f"`{self.reading.code(targets[0])}` is no plain name for a part of the graph")
        if role is Role.SESSION and isinstance(value, cst.Call) and self.graph.called(value) in _SESSIONS:
            self._check_session(value)
            self.graph.sessions.update(binds)
        return self._graph_step(Step(node, role, binds, value))

    def _configures(self, target: cst.BaseExpression) -> bool:
        """Whether a target is a part of the configuration of a session."""
        while isinstance(target, cst.Attribute):
            target = target.value
            if self.graph.role(target) is Role.SESSION:
                return True
        return False

    def _role(self, value: cst.BaseExpression) -> Role:
        graph, name = self.graph, self.graph.called(value)
        if name in _ROLES:
            return _ROLES[name]
        if name in (*_SESSIONS, *_KEPT_FOR_SESSIONS):
            return Role.SESSION
        if value is self.minimize:
            return Role.TRAIN
        if name is not None and name.startswith("train.") and name.endswith("Optimizer"):
            return Role.OPTIMIZER
        if graph.makes_variables(value):
            return Role.VARIABLE
        if isinstance(value, cst.Dict) and value.elements and self._feeds(value):
            return Role.PYTHON
        if graph.reads_graph(value):
            return Role.TENSOR
        return Role.CONSTANT if graph.makes_tensors(value) else Role.PYTHON

    def _feeds(self, value: cst.Dict) -> bool:
        """Whether a dictionary says what a run is fed."""
        keys = [element.key for element in value.elements if isinstance(element, cst.DictElement)]
        fed = all(self.graph.role(key) is Role.PLACEHOLDER for key in keys)
        return fed and len(keys) == len(value.elements)

    def _augmented(self, node: cst.BaseStatement, assign: cst.AugAssign) -> Step:
        target = assign.target
        if self.graph.role(target) is Role.TENSOR and isinstance(target, cst.Name):
            made = self.graph.step(target)
            step = self._graph_step(Step(node, Role.TENSOR, (target.value,), assign.value))
            assert made is not None
            step.needs.insert(0, made)
            return step
        if self.graph.holds_run(assign.value):
            return Step(node, Role.RUNNING, self._binds(node))
        if self.graph.touches(assign):
            raise CannotConvertError(f"`{self.reading.code(target)}` is no plain name for a part of the graph")
        return Step(node, Role.PYTHON, self._binds(node))

    def _expression(self, node: cst.BaseStatement, value: cst.BaseExpression) -> Step:
        if value is self.minimize:
            return self._graph_step(Step(node, Role.TRAIN, (), value))
        if is_dropped(self.graph.called(value)):
            return Step(node, Role.DROPPED, (), value)
        func = value.func if isinstance(value, cst.Call) else None
        if self.graph.called(value) in ("summary.scalar", "summary.histogram"):
            return self._graph_step(Step(node, Role.SUMMARY, (), value))
        if self.graph.called(value) == "summary.FileWriter":
            return Step(node, Role.WRITER, (), value)
        method = func.attr.value if isinstance(func, cst.Attribute) else ""
        owner = func.value if isinstance(func, cst.Attribute) else None
        if method == "add_graph" and self.graph.role(owner) is Role.WRITER:
            return Step(node, Role.DROPPED, (), value)
        if method == "close" and isinstance(owner, cst.Name) and owner.value in self.graph.sessions:
            return Step(node, Role.DROPPED, (), value)
        return Step(node, self._running_or_python(value))

    def _graph_step(self, step: Step) -> Step:
        assert step.value is not None
        step.needs = self.graph.read(step.value)
        made = [need.role for need in step.needs]
        random = self.graph.is_random(step.value)
        func = self.minimize.func if step.role is Role.TRAIN else None
        settings = func.value if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Call) else None
        if step.role is Role.VARIABLE and any(role is not Role.CONSTANT for role in made):
            raise CannotConvertError("a variable is made together with, or of, what is computed in the graph")
        if (step.role is Role.OPTIMIZER and made) or (settings is not None and self.graph.read(settings)):
            raise CannotConvertError("the optimizer's settings are a part of the graph")
        if step.role is Role.CONSTANT and random:
            raise CannotConvertError("random numbers are drawn anew at each run of the graph")
        if step.role in (Role.TENSOR, Role.SUMMARY) and random:
            raise CannotConvertError("random numbers are drawn in the graph: no two runs could be compared")
        return step

    def _check_names(self) -> None:
        """What statements of the graph read must be the same when they are executed, and what they bind their own."""
        for step in self.steps:
            if step.role is Role.PLACEHOLDER and len(self.graph.bindings.roles(step.binds[0])) > 1:
                raise CannotConvertError(f"`{step.binds[0]}` stands for other things besides a placeholder")
            if step.role not in (Role.TENSOR, Role.SUMMARY):
                continue
            start = self.reading.span(step.node)[0]
            read = names_in(self.reading, step.node) - set(step.binds)
            for other in self.steps:
                late = self.reading.span(other.node)[0] > start and other.role is not Role.TENSOR
                if late and not read.isdisjoint(other.binds):
                    name = sorted(read & set(other.binds))[0]
                    raise CannotConvertError(f"`{name}` is another thing by the time that the session runs")
            for name in step.binds:
                others = {role for role in self.graph.bindings.roles(name) if role is not Role.TENSOR}
                if others - {Role.RUNNING} and step.role is Role.TENSOR:
                    raise CannotConvertError(f"`{name}` stands for other things besides a part of the graph")
