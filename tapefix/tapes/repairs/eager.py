"""Whether code runs eagerly for certain: not in a graph, and not where an error is expected."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from tapefix.tapes.execution.frames import in_graph
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Definition, Frame, Kind, Operation, Value

_GRAPH_MARKS = frozenset(
    {
        "InteractiveSession",
        "Session",
        "disable_eager_execution",
        "disable_v2_behavior",
        "get_default_graph",
        "get_default_session",
        "get_session",
        "get_variable",
        "global_variables_initializer",
        "placeholder",
        "reset_default_graph",
        "set_session",
    }
)
"""Names of TensorFlow 1 that a file has only where it builds a graph to run it later."""
_ASKS_THE_VERSION = re.compile(r"eager|version|tf_?[12]|compat", re.IGNORECASE)
_NEUTRAL = ("tensorflow.device", "tensorflow.name_scope", "tensorflow.GradientTape", "tensorflow.control_dependencies")


def builds_graphs(reading: Reading) -> bool:
    """Whether a file works with the graphs and sessions of TensorFlow 1."""
    return not _GRAPH_MARKS.isdisjoint(reading.tree.names)


def runs_eagerly(reading: Reading, made: Value) -> bool:
    """Whether something is made where TensorFlow runs eagerly, reached from the file itself, and no error is expected.

    What nothing in the file calls may be called from a graph.
    """
    if builds_graphs(reading):
        return False
    frame: Frame | None = made.frame
    node: cst.CSTNode | None = made.node
    if in_graph(frame):
        return False
    while frame is not None and node is not None:
        if frame.root or (frame.definition is not None and _handed_on(reading, frame.definition)):
            return False
        if any(_special(reading, parent, node) for parent in _own_parents(reading, node)):
            return False
        node, frame = frame.call, frame.caller
    return frame is None


def on_condition(reading: Reading, node: cst.CSTNode) -> bool:
    """Whether something runs only under a condition on the version, or where an error is caught."""
    return any(_special(reading, parent, node) for parent in _own_parents(reading, node))


def _own_parents(reading: Reading, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What stands around a node in its own function."""
    for parent in reading.parents(node):
        if isinstance(parent, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            return
        yield parent


def _special(reading: Reading, holder: cst.CSTNode, node: cst.CSTNode) -> bool:
    """Whether a statement around some code makes it a matter of circumstances how that runs."""
    if isinstance(holder, (cst.Try, cst.TryStar)):
        return bool(holder.handlers) and any(parent is holder.body for parent in reading.parents(node))
    if isinstance(holder, (cst.If, cst.IfExp)):
        return _ASKS_THE_VERSION.search(reading.code(holder.test)) is not None
    if isinstance(holder, cst.With):
        return not all(_neutral(reading, item.item) for item in holder.items)
    return False


def _neutral(reading: Reading, manager: cst.BaseExpression) -> bool:
    """Whether what a `with` enters has no say in how TensorFlow runs."""
    return any(
        value.kind is Kind.TAPE
        or value.name in (*_NEUTRAL, "builtins.open")
        or (value.operation is Operation.METHOD_CALL and value.name in ("scope", "stop_recording", "as_default_writer"))
        for value in reading.values(manager)
    )


def _handed_on(reading: Reading, definition: Definition) -> bool:
    """Whether a function is given to a call as an argument: to `tf.function`, `dataset.map`, or anything else."""
    given = reading.tree.given
    return any(
        value.definition is definition and value.kind is not Kind.INSTANCE
        for argument in (*given.get(definition.name, ()), *given.get("", ()))
        for value in reading.values(argument)
    )
