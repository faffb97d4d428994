"""Scripts that train a graph in a session, and the rewrite that takes them out of it."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.eager import on_condition
from tapefix.tapes.sessions.looking import imports
from tapefix.tapes.sessions.names import CannotConvertError, dotted
from tapefix.tapes.sessions.writing import Writer

_OPENS = ("Session", "InteractiveSession")
_MIGRATIONS = ("enable_eager_execution", "GradientTape", "enable_v2_behavior")
_TESTS = ("unittest", "pytest", "TestCase")


@dataclass(frozen=True)
class SessionTraining:
    """A graph that is trained in a session, and what the script becomes outside of it."""

    node: cst.Call
    """The call that adds the step of training to the graph."""
    rewrite: Rewrite | None = None
    reason: str = ""


def session_training(reading: Reading) -> SessionTraining | None:
    """The training of a script, where it is one that builds a graph and trains it in a session."""
    if ".minimize(" not in reading.text or not any(name in reading.text for name in _OPENS):
        return None
    steps = _training_steps(reading)
    opened = any(_called(reading, call) in _OPENS for call in reading.tree.nodes(cst.Call))
    names = reading.tree.names
    if not steps or not opened or not names.isdisjoint((*_MIGRATIONS, *_TESTS)):
        return None
    if any(on_condition(reading, statement) for statement in imports(reading)):
        # It is written for several versions.
        return None
    try:
        if len(steps) > 1:
            raise CannotConvertError("several losses are minimized")
        return SessionTraining(steps[0], Writer(reading, steps[0]).rewrite())
    except CannotConvertError as error:
        return SessionTraining(steps[0], reason=str(error))


def _called(reading: Reading, call: cst.Call) -> str | None:
    return dotted(reading, call.func)


def _training_steps(reading: Reading) -> list[cst.Call]:
    """The calls of `minimize` of an optimizer of TensorFlow 1."""
    makers = {
        target.target.value
        for assign in reading.tree.nodes(cst.Assign)
        if isinstance(assign.value, cst.Call) and _is_optimizer(reading, assign.value)
        for target in assign.targets
        if isinstance(target.target, cst.Name)
    }
    found = []
    for call in reading.tree.nodes(cst.Call):
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "minimize":
            owner = call.func.value
            direct = isinstance(owner, cst.Call) and _is_optimizer(reading, owner)
            if direct or (isinstance(owner, cst.Name) and owner.value in makers):
                found.append(call)
    return found


def _is_optimizer(reading: Reading, call: cst.Call) -> bool:
    name = _called(reading, call) or ""
    return name.startswith("train.") and name.endswith("Optimizer")
