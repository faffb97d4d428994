"""The state of the abstract execution: frames, names, branches, and which tapes are recording."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import libcst as cst

from tapefix.tapes.execution.library import canonical
from tapefix.tapes.tape import Query, Tape
from tapefix.tapes.values import NO_CONSTANT, Branch, Definition, Dtype, Frame, Kind, Operation, Value

MAX_STEPS = 400_000
"""Values that one reading may make; a module beyond that is read as far as that."""
MAX_DEPTH = 24
"""Calls inside calls that are followed."""


class ExhaustedError(Exception):
    """The reading has taken all the steps it may."""


class State:
    """Makes values, and keeps what is true at the present point of the execution."""

    def __init__(self, module: cst.Module) -> None:
        self.module = module
        self.time = 0
        self.frame = Frame(node=module)
        self.module_frame = self.frame
        self.statement: cst.CSTNode | None = None
        self.recording: list[Tape] = []
        self.branch: Branch = ()
        self.branchings = 0
        self.tapes: list[Tape] = []
        self.queries: list[Query] = []
        self.values_of: dict[cst.CSTNode, list[Value]] = {}
        self.definitions: list[tuple[Value, Definition]] = []
        self.active: list[cst.CSTNode] = []

    def make(
        self,
        kind: Kind,
        operation: Operation,
        node: cst.CSTNode | None,
        *,
        name: str = "",
        inputs: Iterable[Value] = (),
        dtype: Dtype = Dtype.UNKNOWN,
        **known: Any,
    ) -> Value:
        """Add a value to the graph.

        Raises:
            ExhaustedError: the module takes more steps than a reading may.
        """
        self.time += 1
        if self.time > MAX_STEPS:
            raise ExhaustedError
        value = Value(
            kind=kind,
            operation=operation,
            node=node,
            time=self.time,
            frame=self.frame,
            statement=self.statement,
            tapes=frozenset(self.recording),
            branch=self.branch,
            name=name,
            inputs=tuple(inputs),
            dtype=dtype,
            **known,
        )
        for source in value.inputs:
            source.users.append(value)
        if node is not None:
            self.values_of.setdefault(node, []).append(value)
        return value

    def unknown(self, node: cst.CSTNode | None, inputs: Iterable[Value] = ()) -> Value:
        """A value of which nothing is known but what it may be made of."""
        return self.make(Kind.UNKNOWN, Operation.UNKNOWN, node, inputs=inputs)

    def literal(self, node: cst.CSTNode | None, constant: object) -> Value:
        """The value of a literal."""
        if isinstance(constant, bool):
            kind, dtype = Kind.SCALAR, Dtype.BOOL
        elif isinstance(constant, int):
            kind, dtype = Kind.SCALAR, Dtype.INTEGER
        elif isinstance(constant, float):
            kind, dtype = Kind.SCALAR, Dtype.FLOATING
        elif isinstance(constant, complex):
            kind, dtype = Kind.SCALAR, Dtype.COMPLEX
        elif isinstance(constant, (str, bytes)):
            kind, dtype = Kind.STRING, Dtype.UNKNOWN
        elif constant is None:
            kind, dtype = Kind.NONE, Dtype.UNKNOWN
        else:
            kind, dtype = Kind.UNKNOWN, Dtype.UNKNOWN
        return self.make(kind, Operation.LITERAL, node, dtype=dtype, constant=constant, rank=0)

    def library(self, node: cst.CSTNode | None, name: str) -> Value:
        """A module, function, class or constant of a library."""
        return self.make(Kind.LIBRARY, Operation.IMPORT, node, name=canonical(name))

    def sequence(self, node: cst.CSTNode | None, elements: Sequence[Value]) -> Value:
        """A list or tuple of known elements."""
        return self.make(Kind.SEQUENCE, Operation.DISPLAY, node, inputs=elements, elements=list(elements))

    def join(self, node: cst.CSTNode | None, values: Sequence[Value]) -> Value:
        """One of `values`, it is not known which."""
        distinct = list(dict.fromkeys(values))
        if len(distinct) == 1:
            return distinct[0]
        kinds = {value.kind for value in distinct}
        dtypes = {value.dtype for value in distinct}
        trainable = {value.trainable for value in distinct}
        joined = self.make(
            kinds.pop() if len(kinds) == 1 else Kind.UNKNOWN,
            Operation.JOIN,
            node,
            inputs=distinct,
            dtype=dtypes.pop() if len(dtypes) == 1 else Dtype.UNKNOWN,
            trainable=trainable.pop() if len(trainable) == 1 else None,
        )
        first = distinct[0]
        if joined.kind is Kind.TAPE and all(value.tape is first.tape for value in distinct):
            joined.tape = first.tape
        if joined.kind in (Kind.SEQUENCE, Kind.MAPPING, Kind.FUNCTION, Kind.CLASS, Kind.METHOD, Kind.TAPE):
            # Which elements, which body, which tape: not known any more.
            if joined.kind is Kind.TAPE and joined.tape is not None:
                return joined
            joined.kind = Kind.UNKNOWN
        if joined.kind in (Kind.LIBRARY, Kind.MODULE):
            joined.kind = Kind.UNKNOWN
        if joined.kind is Kind.INSTANCE:
            joined.definition = first.definition if all(v.definition is first.definition for v in distinct) else None
            if joined.definition is None:
                joined.kind = Kind.UNKNOWN
        return joined

    # Names

    def lookup(self, name: str) -> Value | None:
        """What `name` is bound to here, or `None` when nothing is known to bind it."""
        frame: Frame | None = self.frame
        if frame is not None and name in frame.global_names:
            frame = self.module_frame
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.closure
        if hasattr(builtins, name):
            return self.make(Kind.LIBRARY, Operation.IMPORT, None, name=f"builtins.{name}")
        return None

    def bind(self, name: str, value: Value) -> None:
        """Bind `name` in the scope that Python would."""
        frame = self.frame
        if name in frame.global_names:
            owner: Frame | None = frame.closure
            while owner is not None and name not in owner.names:
                owner = owner.closure
            frame = owner or self.module_frame
        frame.names[name] = value

    # Branches

    def arms(self, bodies: Sequence[Callable[[], bool]]) -> bool:
        """Execute alternatives from the same state and join what they leave.

        Each body returns whether it ends the flow (return, raise, break, continue). Returns whether all do.
        """
        self.branchings += 1
        branching = self.branchings
        outer_branch, outer_recording = self.branch, list(self.recording)
        chain = self._chain()
        before = [dict(frame.names) for frame in chain]
        left: list[tuple[int, list[dict[str, Value]]]] = []
        for arm, body in enumerate(bodies):
            for frame, names in zip(chain, before, strict=True):
                frame.names = dict(names)
            self.branch = (*outer_branch, (branching, arm))
            ended = body()
            self.recording = list(outer_recording)
            if not ended:
                left.append((arm, [frame.names for frame in chain]))
        self.branch = outer_branch
        if not left:
            for frame, names in zip(chain, before, strict=True):
                frame.names = names
            return True
        if len(left) == 1 and len(bodies) > 1:
            # The other arms end the flow: all that follows belongs to this arm.
            self.branch = (*outer_branch, (branching, left[0][0]))
        for index, frame in enumerate(chain):
            frame.names = self._merged([names[index] for _, names in left])
        return False

    def _chain(self) -> list[Frame]:
        chain: list[Frame] = []
        frame: Frame | None = self.frame
        while frame is not None:
            chain.append(frame)
            frame = frame.closure
        return chain

    def _merged(self, states: list[dict[str, Value]]) -> dict[str, Value]:
        if len(states) == 1:
            return states[0]
        merged: dict[str, Value] = {}
        for name in dict.fromkeys(name for names in states for name in names):
            found = [names[name] for names in states if name in names]
            merged[name] = found[0] if len(set(found)) == 1 else self.join(None, found)
        return merged


def truth(value: Value) -> bool | None:
    """Whether a condition holds, when that is known."""
    if value.kind is Kind.NONE:
        return False
    if value.constant is not NO_CONSTANT:
        return bool(value.constant)
    if value.kind in (Kind.FUNCTION, Kind.CLASS, Kind.MODULE, Kind.MODEL, Kind.LAYER, Kind.TAPE):
        return True
    return None
