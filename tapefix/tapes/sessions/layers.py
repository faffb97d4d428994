"""Calls of `tf.layers`, and the layers of Keras that take their place: made once, called in the functions."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.looking import argument
from tapefix.tapes.sessions.names import CannotConvertError
from tapefix.tapes.sessions.script import Script
from tapefix.tapes.sessions.steps import Role, Step

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
                found = [self._layer(step, call) for call in self._calls(step)]
                if found:
                    self.of_step[step] = found
        self.all = [layer for layers in self.of_step.values() for layer in layers]
        self.names = frozenset(layer.name for layer in self.all)
        self.cuts = {layer.call: self._cuts(layer) for layer in self.all}
        """What goes of a call inside of a function: all but the inputs."""

    def _calls(self, step: Step) -> list[cst.Call]:
        """The calls of layers, in the order in which they make their variables."""
        graph = self._script.graph
        calls = [c for c in self.reading.tree.nodes(cst.Call, inside=step.node) if graph.called(c) in _TWINS]
        return sorted(calls, key=lambda call: self.reading.span(call)[1])

    def _layer(self, step: Step, call: cst.Call) -> Layer:
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
        return Layer(call, inputs, twin.name, self._fresh(step))

    def _fresh(self, step: Step) -> str:
        name, number = f"{step.binds[0]}_layer", 1
        while name in self._taken:
            number += 1
            name = f"{step.binds[0]}_layer_{number}"
        self._taken.add(name)
        return name

    def _cuts(self, layer: Layer) -> tuple[tuple[int, int], tuple[int, int]]:
        (start, end), (first, last) = self.reading.span(layer.call), self.reading.span(layer.inputs)
        return (start, first), (last, end)
