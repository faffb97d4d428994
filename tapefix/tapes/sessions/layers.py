"""Calls of `tf.layers`, and the layers of Keras that take their place: made once, called in the functions."""

from __future__ import annotations

import builtins
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.looking import argument, function_of, is_load, loads, local_names, names_in
from tapefix.tapes.sessions.names import CannotConvertError
from tapefix.tapes.sessions.script import Script
from tapefix.tapes.sessions.steps import Role, Step

_REPEATED = (cst.For, cst.While, cst.FunctionDef, cst.Lambda, cst.BaseComp)
_WEIGHTS = frozenset({"activation", "use_bias", "kernel_initializer", "bias_initializer", "name"})


@dataclass(frozen=True)
class _Twin:
    """A layer of Keras that computes the same, of the same settings in the same order."""

    name: str
    settings: tuple[str, ...] = ()
    """Those that may be given by position, after the inputs."""
    keywords: frozenset[str] = frozenset({"name"})
    needed: int = 0
    """How many of the settings have no default."""


_CONVOLUTION = ("filters", "kernel_size", "strides", "padding")
_POOLING = ("pool_size", "strides", "padding")
_TWINS = {
    "layers.dense": _Twin("Dense", ("units", "activation", "use_bias"), _WEIGHTS, 1),
    "layers.conv1d": _Twin("Conv1D", _CONVOLUTION, _WEIGHTS, 2),
    "layers.conv2d": _Twin("Conv2D", _CONVOLUTION, _WEIGHTS, 2),
    "layers.max_pooling2d": _Twin("MaxPooling2D", _POOLING, needed=2),
    "layers.average_pooling2d": _Twin("AveragePooling2D", _POOLING, needed=2),
    "layers.flatten": _Twin("Flatten"),
}


@dataclass(frozen=True)
class Layer:
    """One call of `tf.layers`."""

    call: cst.Call
    inputs: cst.BaseExpression
    twin: str
    name: str
    """What the layer is called once it is an object."""

    @property
    def holds(self) -> bool:
        """Whether it has variables."""
        return self.twin in ("Dense", "Conv1D", "Conv2D")


class Layers:
    """The layers of a script, by the statements that call them.

    Raises:
        CannotConvertError: there is none in Keras that is known to compute the same.
    """

    def __init__(self, script: Script) -> None:
        self.reading: Reading = script.reading
        self._script = script
        self._taken = {name.value for name in self.reading.tree.nodes(cst.Name)}
        self.of_step: dict[Step, list[Layer]] = {}
        for step in script.steps:
            if step.role is Role.TENSOR:
                found = [self._layer(step.binds[0], call) for call in self._calls(step.node)]
                if found:
                    self.of_step[step] = found
        self.of_function: dict[cst.FunctionDef, list[Layer]] = {}
        """Those of a function that the script calls once: they are made in front of it."""
        self.calling: dict[cst.FunctionDef, Step] = {}
        """Which statement calls it."""
        for function in script.graph.functions.values():
            calls = self._calls(function)
            if calls:
                self.calling[function] = self._caller(function)
                self.of_function[function] = [self._of_function(function, call) for call in calls]
        self.all = [
            layer for holder in (self.of_step, self.of_function) for found in holder.values() for layer in found
        ]
        self.names = frozenset(layer.name for layer in self.all)
        self.cuts = {layer.call: self._cuts(layer) for layer in self.all}
        """What goes of a call inside of a function: all but the inputs."""

    def _calls(self, node: cst.CSTNode) -> list[cst.Call]:
        """The calls of layers, in the order in which they make their variables."""
        graph = self._script.graph
        calls = [c for c in self.reading.tree.nodes(cst.Call, inside=node) if graph.called(c) in _TWINS]
        return sorted(calls, key=lambda call: self.reading.span(call)[1])

    def _caller(self, function: cst.FunctionDef) -> Step:
        """The one statement that calls a function, once."""
        name = function.name.value
        found = [n for n in loads(self.reading, self.reading.module, free=False) if n.value == name]
        call = self.reading.parent(found[0]) if len(found) == 1 else None
        if isinstance(call, cst.Call) and not any(isinstance(p, _REPEATED) for p in self.reading.parents(call)):
            for step in self._script.steps:
                if step.role is Role.TENSOR and any(parent is step.node for parent in self.reading.parents(call)):
                    return step
        raise CannotConvertError(f"`{name}` makes layers, and is not just called once")

    def _of_function(self, function: cst.FunctionDef, call: cst.Call) -> Layer:
        """A layer that a function makes, if it is the same whatever the function is given."""
        reading, statement = self.reading, self.reading.statement(call)
        for parent in reading.parents(call):
            if parent is function:
                break
            if isinstance(parent, (*_REPEATED, cst.If, cst.IfExp, cst.Try, cst.BooleanOperation)):
                raise CannotConvertError("a function makes layers in a loop, or under a condition")
        part = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        target = part.targets[0].target if isinstance(part, cst.Assign) else None
        layer = self._layer(target.value if isinstance(target, cst.Name) else function.name.value, call)
        start, own = reading.span(function)[0], local_names(reading, function)
        settings = (given.value for given in call.args if given.value is not layer.inputs)
        for name in {name for value in settings for name in names_in(reading, value)}:
            bound = [found for found in reading.tree.nodes(cst.Name) if found.value == name and self._binds(found)]
            late = any(function_of(reading, found) is not None or reading.span(found)[0] > start for found in bound)
            if name in own or late or (len(bound) != 1 and not hasattr(builtins, name)):
                raise CannotConvertError(
                    "the settings of a layer are not known where the function that makes it stands"
                )
        return layer

    def _binds(self, name: cst.Name) -> bool:
        parent = self.reading.parent(name)
        plain = not isinstance(parent, (cst.Attribute, cst.Arg))
        return plain and not is_load(self.reading, name)

    def _layer(self, target: str, call: cst.Call) -> Layer:
        called = self._script.graph.called(call) or ""
        twin, inputs = _TWINS[called], argument(call, 0, "inputs")
        settings = tuple(given for given in call.args if given.value is not inputs)
        needed = enumerate(twin.settings[: twin.needed], start=1)
        if inputs is None or any(argument(call, position, name) is None for position, name in needed):
            raise CannotConvertError(f"what `tf.{called}` is given is not known")
        for position, given in enumerate(call.args):
            keyword = given.keyword.value if given.keyword is not None else None
            beyond = keyword is None and position > len(twin.settings)
            known = keyword is None or keyword in (*twin.keywords, *twin.settings, "inputs")
            if given.star or beyond or not known:
                raise CannotConvertError(f"`tf.{called}` is given more than its twin in Keras is known to take")
        for given in settings:
            named = given.keyword is not None and given.keyword.value == "name"
            plain = isinstance(given.value, cst.SimpleString) and "/" not in given.value.value
            if self._script.graph.reads_graph(given.value) or (named and not plain):
                raise CannotConvertError(f"the settings of a layer are not known where `tf.{called}` is called")
        return Layer(call, inputs, twin.name, self._fresh(target))

    def _fresh(self, target: str) -> str:
        name, number = f"{target}_layer", 1
        while name in self._taken:
            number += 1
            name = f"{target}_layer_{number}"
        self._taken.add(name)
        return name

    def _cuts(self, layer: Layer) -> tuple[tuple[int, int], tuple[int, int]]:
        (start, end), (first, last) = self.reading.span(layer.call), self.reading.span(layer.inputs)
        return (start, first), (last, end)
