"""Optimizers of TensorFlow 1 in eager code, and the one of Keras that computes the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Kind, Value
from tapefix.tapes.writing.written import Piece

PREFIX = "tensorflow.train."


@dataclass(frozen=True)
class Twin:
    """An optimizer of Keras that computes what one of TensorFlow 1 does."""

    name: str
    parameters: tuple[str, ...]
    """What the old one takes, in order, by its names; one that is not in `renamed` has no meaning any more."""
    renamed: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Arguments to spell out where they are not given, because the new default is another one."""
    with_argument: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Arguments to add where another one is given."""


_COMMON = ("use_locking", "name")
_RATE = {"learning_rate": "learning_rate", "name": "name"}

TWINS: dict[str, Twin] = {
    "GradientDescentOptimizer": Twin("SGD", ("learning_rate", *_COMMON), _RATE),
    "MomentumOptimizer": Twin(
        "SGD",
        ("learning_rate", "momentum", *_COMMON, "use_nesterov"),
        {**_RATE, "momentum": "momentum", "use_nesterov": "nesterov"},
    ),
    "AdamOptimizer": Twin(
        "Adam",
        ("learning_rate", "beta1", "beta2", "epsilon", *_COMMON),
        {**_RATE, "beta1": "beta_1", "beta2": "beta_2", "epsilon": "epsilon"},
        defaults={"epsilon": "1e-08"},
    ),
    "AdagradOptimizer": Twin(
        "Adagrad",
        ("learning_rate", "initial_accumulator_value", *_COMMON),
        {**_RATE, "initial_accumulator_value": "initial_accumulator_value"},
        # What the old one began with outweighs the new one's epsilon; a smaller number may not.
        with_argument={"initial_accumulator_value": ("epsilon", "0.0")},
    ),
    "AdadeltaOptimizer": Twin(
        "Adadelta",
        ("learning_rate", "rho", "epsilon", *_COMMON),
        {**_RATE, "rho": "rho", "epsilon": "epsilon"},
        defaults={"epsilon": "1e-08"},
    ),
    "FtrlOptimizer": Twin(
        "Ftrl",
        (
            "learning_rate",
            "learning_rate_power",
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            *_COMMON,
        ),
        {
            **_RATE,
            "learning_rate_power": "learning_rate_power",
            "initial_accumulator_value": "initial_accumulator_value",
            "l1_regularization_strength": "l1_regularization_strength",
            "l2_regularization_strength": "l2_regularization_strength",
        },
    ),
}
"""`RMSPropOptimizer` is not among them: it begins with a mean square of 1, that of Keras with 0."""


def is_old(optimizer: Value) -> bool:
    """Whether it is an optimizer of `tf.train`, as TensorFlow 1 had them."""
    return optimizer.kind is Kind.OPTIMIZER and optimizer.name.startswith(PREFIX)


def is_gone(reading: Reading, call: cst.Call) -> bool:
    """Whether TensorFlow 2 no longer has what a call names: `tf.train.X`, and not `tf.compat.v1.train.X`."""
    if "compat.v1" in reading.code(call.func):
        return False
    root: cst.BaseExpression = call.func
    while isinstance(root, cst.Attribute):
        root = root.value
    for value in reading.values(root):
        alias = value.node
        if isinstance(alias, cst.ImportAlias):
            line = reading.statement(alias)
            return line is None or "compat.v1" not in reading.code(line)
    return True


def twin_of(optimizer: Value) -> tuple[str, list[Piece]]:
    """The name of the optimizer of Keras, and its arguments in pieces; no name where there is none."""
    twin = TWINS.get(optimizer.name.removeprefix(PREFIX))
    if twin is None:
        return "", []
    pieces: list[Piece] = []
    given: set[str] = set()

    def add(name: str, text: str | cst.BaseExpression) -> None:
        pieces.append(f"{', ' if pieces else ''}{f'{name}=' if name else ''}")
        pieces.append(text)

    for position, argument in enumerate(optimizer.arguments):
        if argument.star or (argument.keyword is None and position >= len(twin.parameters)):
            return "", []
        name = argument.keyword or twin.parameters[position]
        if name not in twin.parameters:
            return "", []
        given.add(name)
        if name == "learning_rate" and argument.value.kind in (Kind.TENSOR, Kind.VARIABLE):
            # Keras takes numbers, functions and schedules.
            return "", []
        if name in twin.renamed:
            first = argument.keyword is None and position == 0
            add("" if first else twin.renamed[name], argument.node.value)
    for name, text in twin.defaults.items():
        if name not in given:
            add(name, text)
    for other, (name, text) in twin.with_argument.items():
        if other in given:
            add(name, text)
    return f"keras.optimizers.{twin.name}", pieces
