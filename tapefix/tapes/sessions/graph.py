"""What code has to do with a graph and its session."""

from __future__ import annotations

from functools import cached_property

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.looking import function_of, loads, names_in
from tapefix.tapes.sessions.names import COUNTERS, RANDOM, dotted, is_python
from tapefix.tapes.sessions.steps import PARTS, Bindings, Role, Step

INITIALIZERS = ("global_variables_initializer", "initialize_all_variables")
_MAKES_VARIABLES = ("Variable", "get_variable", *COUNTERS)


class Graph:
    """A graph as far as the statements that build it have been gone over."""

    def __init__(self, reading: Reading, minimize: cst.Call) -> None:
        self.reading = reading
        self.minimize = minimize
        self.bindings = Bindings(reading)
        self.sessions: set[str] = set()
        """What sessions are called."""

    def called(self, node: cst.CSTNode | None) -> str | None:
        """The name of TensorFlow that a call calls."""
        return dotted(self.reading, node.func) if isinstance(node, cst.Call) else None

    def step(self, name: cst.BaseExpression | None) -> Step | None:
        """The statement that gives a name its meaning, where it stands; `None` for anything else than a name."""
        return self.bindings.at(name.value, name) if isinstance(name, cst.Name) else None

    def role(self, name: cst.BaseExpression | None) -> Role:
        """What a name stands for."""
        step = self.step(name)
        return step.role if step is not None else Role.PYTHON

    def read(self, node: cst.CSTNode) -> list[Step]:
        """The statements of the graph that some code reads from."""
        found = [self.step(name) for name in loads(self.reading, node)]
        return list(dict.fromkeys(step for step in found if step is not None and step.role is not Role.PYTHON))

    # Runs

    def holds_run(self, node: cst.CSTNode) -> bool:
        """Whether something in some code runs a part of the graph."""
        return any(self.is_run(call) for call in self.reading.tree.nodes(cst.Call, inside=node))

    def is_run(self, call: cst.Call) -> bool:
        """Whether a call runs a part of the graph: `session.run`, `tensor.eval`, `operation.run`."""
        func = call.func
        if not isinstance(func, cst.Attribute):
            return False
        owner, method = func.value, func.attr.value
        if isinstance(owner, cst.Name) and owner.value in self.sessions:
            return method == "run"
        if method == "eval":
            return self.role(owner) is Role.CONSTANT or self.reads_graph(owner)
        known = self.role(owner) in (Role.TRAIN, Role.INITIALIZER) or self.called(owner) in INITIALIZERS
        return method == "run" and known

    # Tensors

    def reads_graph(self, node: cst.CSTNode) -> bool:
        """Whether some code reads what is fed, trained or computed, itself or by a function of the file."""
        return any(
            self.role(name) in PARTS or (name.value in self.functions and self._reads_in(self.functions[name.value]))
            for name in loads(self.reading, node)
        )

    def _calls_layers(self, node: cst.CSTNode) -> bool:
        calls = self.reading.tree.nodes(cst.Call, inside=node)
        return any((self.called(call) or "").startswith("layers.") for call in calls)

    def _reads_in(self, function: cst.FunctionDef) -> bool:
        return self._calls_layers(function) or any(
            Role.VARIABLE in self.bindings.roles(name.value) for name in loads(self.reading, function)
        )

    def reads_variables(self, node: cst.CSTNode) -> bool:
        """Whether some code reads variables, itself or by a function of the file."""
        if any(
            (self.called(call) or "").startswith("layers.") for call in self.reading.tree.nodes(cst.Call, inside=node)
        ):
            return True
        return any(
            self.role(name) is Role.VARIABLE
            or (name.value in self.functions and self._reads_in(self.functions[name.value]))
            for name in loads(self.reading, node)
        )

    def makes_tensors(self, node: cst.CSTNode) -> bool:
        """Whether some code calls TensorFlow, itself or by a function of the file."""
        calls = self.reading.tree.nodes(cst.Call, inside=node)
        return any(self._makes_tensor(call) or self._helper_makes_tensors(call) for call in calls)

    def _makes_tensor(self, call: cst.Call) -> bool:
        name = self.called(call)
        return name is not None and not is_python(name)

    def _helper_makes_tensors(self, call: cst.Call) -> bool:
        helper = self.functions.get(call.func.value) if isinstance(call.func, cst.Name) else None
        return helper is not None and any(
            self._makes_tensor(inner) for inner in self.reading.tree.nodes(cst.Call, inside=helper)
        )

    def makes_variables(self, node: cst.CSTNode, seen: frozenset[str] = frozenset()) -> bool:
        """Whether some code makes variables, itself or by a function of the file."""
        for call in self.reading.tree.nodes(cst.Call, inside=node):
            if self.called(call) in _MAKES_VARIABLES:
                return True
            name = call.func.value if isinstance(call.func, cst.Name) else ""
            helper = self.functions.get(name) if name not in seen else None
            if helper is not None and self.makes_variables(helper, seen | {name}):
                return True
        return False

    def is_random(self, node: cst.CSTNode, seen: frozenset[str] = frozenset()) -> bool:
        """Whether some code draws random numbers of TensorFlow, itself or by a function of the file."""
        if any(dotted(self.reading, found) in RANDOM for found in self.reading.tree.nodes(cst.Attribute, inside=node)):
            return True
        called = (names_in(self.reading, node) & set(self.functions)) - seen
        return any(self.is_random(self.functions[name], seen | called) for name in called)

    def touches(self, node: cst.CSTNode) -> bool:
        """Whether some code has anything to do with the graph."""
        return self.reads_graph(node) or self.makes_tensors(node) or self.holds_run(node)

    @cached_property
    def functions(self) -> dict[str, cst.FunctionDef]:
        """The functions of the file that the scope can call by their names, but for itself."""
        own = function_of(self.reading, self.minimize)
        plain = [
            function
            for function in self.reading.tree.nodes(cst.FunctionDef)
            if function is not own and function_of(self.reading, function) in (None, own)
        ]
        return {function.name.value: function for function in plain if not self._is_method(function)}

    def _is_method(self, function: cst.FunctionDef) -> bool:
        block = self.reading.parent(function)
        return block is not None and isinstance(self.reading.parent(block), cst.ClassDef)
