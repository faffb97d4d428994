"""Tapes, what they watch, and the queries that ask them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tapefix.tapes.values import Kind, Operation

if TYPE_CHECKING:
    import libcst as cst

    from tapefix.tapes.values import Argument, Branch, Frame, Value

QUERY_METHODS = ("gradient", "jacobian", "batch_jacobian")


@dataclass(eq=False)
class Region:
    """One stretch in which a tape records: from entering it to leaving it."""

    node: cst.With | None
    """The `with` statement; `None` for a tape entered by hand."""
    item: cst.WithItem | None
    frame: Frame
    entered: int
    left: int | None = None
    names: dict[str, Value] = field(default_factory=dict)
    """What the names of the frame held when it began to record."""


@dataclass(eq=False)
class Pause:
    """One stretch in which a tape that records was told not to: a block under `tape.stop_recording()`."""

    node: cst.With
    item: cst.WithItem
    started: int
    ended: int

    def covers(self, time: int) -> bool:
        """Whether it lasted at a time."""
        return self.started < time <= self.ended


@dataclass(eq=False)
class Watch:
    """One call of `tape.watch`, and the values it names."""

    node: cst.Call
    values: tuple[Value, ...]
    time: int
    frame: Frame
    statement: cst.CSTNode | None
    recording: bool
    """Whether the tape was recording: a watch before it is entered raises, and one after it has closed is void."""
    branch: Branch = ()

    def covered(self) -> Iterator[Value]:
        """The values it names, the variables of Keras whose `value` it names, and the collections it goes over."""
        for value in self.values:
            yield value
            if value.operation is Operation.ATTRIBUTE and value.name == "value" and value.receiver is not None:
                value = value.receiver
                yield value
            owner = value.receiver
            if value.operation is Operation.ITERATION and owner is not None and owner.kind is Kind.VARIABLES:
                yield owner


@dataclass(eq=False)
class Tape:
    """One `tf.GradientTape` object of one execution."""

    node: cst.Call
    frame: Frame
    time: int
    branch: Branch
    persistent: bool | None = False
    """`None`: given by something that is not known."""
    watch_accessed_variables: bool | None = True
    regions: list[Region] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    escaped: bool = False
    """Handed to something that the reading cannot see into: it may be watched, stopped or asked there."""

    @property
    def region(self) -> Region | None:
        """The only region, when there is exactly one."""
        return self.regions[0] if len(self.regions) == 1 else None

    def entered(self) -> int | None:
        """When it first began to record."""
        return self.regions[0].entered if self.regions else None


@dataclass(eq=False)
class Deletion:
    """One `del` of a name that stood for a tape."""

    name: str
    tape: Tape
    statement: cst.CSTNode | None
    frame: Frame
    time: int


@dataclass(eq=False)
class Source:
    """One thing that a query asks the gradient for."""

    value: Value
    node: cst.BaseExpression
    """The expression that names it in the query."""


@dataclass(eq=False)
class Query:
    """One call that asks a tape, in one execution."""

    node: cst.Call
    method: str
    tape: Tape
    target: Value
    target_node: cst.BaseExpression
    targets: tuple[Value, ...]
    """The target, or its parts when it is a list, tuple or dict."""
    sources: tuple[Source, ...]
    sources_node: cst.BaseExpression
    time: int
    frame: Frame
    statement: cst.CSTNode | None
    branch: Branch
    recording: frozenset[Tape]
    arguments: tuple[Argument, ...]
    unconnected_zero: bool = False
    in_sight: dict[Frame, dict[str, Tape]] = field(default_factory=dict)
    """The tapes that plain names stand for where it is made, and where the calls that lead there are made."""

    @property
    def inside(self) -> bool:
        """Whether its own tape was still recording."""
        return self.tape in self.recording
