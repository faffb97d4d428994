"""The statements of a script that builds a graph, and what each has to do with it."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.reading import Reading


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
    """Makes a session, its configuration, or a graph for it."""
    SAVER = "saver"
    """Makes what saves and restores the variables."""
    SUMMARY = "summary"
    """Makes a summary of a tensor."""
    MERGED = "merged"
    """Puts summaries together."""
    WRITER = "writer"
    """Makes what writes summaries to a file."""
    DROPPED = "dropped"
    """What only makes TensorFlow 2 behave as TensorFlow 1, or closes the session."""
    RUNNING = "running"
    """Runs something in the session."""


GONE = (
    *(Role.PLACEHOLDER, Role.TENSOR, Role.INITIALIZER, Role.SESSION, Role.DROPPED),
    *(Role.SUMMARY, Role.MERGED),
)
"""Statements of which nothing is left where they stand."""
PARTS = (Role.PLACEHOLDER, Role.VARIABLE, Role.TENSOR)
"""What a value that changes from run to run is made of."""


@dataclass(eq=False)
class Step:
    """One statement of the scope that holds the graph."""

    node: cst.BaseStatement
    role: Role
    binds: tuple[str, ...] = ()
    value: cst.BaseExpression | None = None
    needs: list[Step] = field(default_factory=list)
    """The statements of the graph that it reads from."""


class Bindings:
    """Which statement gives a name its meaning, from where on."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._found: dict[str, list[tuple[int, Step]]] = {}

    def add(self, step: Step) -> None:
        """Note what a statement binds; it is done where the statement ends."""
        end = self._reading.span(step.node)[1]
        for name in step.binds:
            self._found.setdefault(name, []).append((end, step))

    def at(self, name: str, node: cst.CSTNode) -> Step | None:
        """The last statement above some code that binds a name."""
        start = self._reading.span(node)[0]
        above = [step for end, step in self._found.get(name, ()) if end <= start]
        return above[-1] if above else None

    def last(self, name: str) -> Step | None:
        """The last statement of all that binds a name."""
        found = self._found.get(name)
        return found[-1][1] if found else None

    def roles(self, name: str) -> list[Role]:
        """The roles of all statements that bind a name."""
        return [step.role for _, step in self._found.get(name, ())]


def closure(reading: Reading, steps: Sequence[Step]) -> list[Step]:
    """Statements and all that they need, in the order of the text."""
    found: dict[Step, None] = {}
    waiting = list(steps)
    while waiting:
        step = waiting.pop()
        if step not in found:
            found[step] = None
            waiting += step.needs
    return sorted(found, key=lambda step: reading.span(step.node))
