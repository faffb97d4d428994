"""The state of the abstract execution: frames, names, branches, and which tapes are recording."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import libcst as cst

from tapefix.tapes.execution.library import canonical
from tapefix.tapes.observed import Observed
from tapefix.tapes.tape import Deletion, Query, Tape
from tapefix.tapes.values import NO_CONSTANT, Branch, Definition, Dtype, Frame, Kind, Operation, Value

MAX_STEPS = 400_000
"""Values that one reading may make; a module beyond that is read as far as that."""
STOP_EVERY = 512
"""Values between two looks whether somebody still waits for the reading."""
MAX_DEPTH = 24
"""Calls inside calls that are followed."""


class ExhaustedError(Exception):
    """The reading has taken all the steps it may."""


class StoppedError(Exception):
    """Nobody waits for the reading any more."""


class State:
    """Makes values, and keeps what is true at the present point of the execution."""

    def __init__(self, module: cst.Module) -> None:
        self.module = module
        self.observe: Callable[[cst.CSTNode], Observed | None] | None = None
        self.given_up: Callable[[], bool] | None = None
        self.time = 0
        self.frame = Frame(node=module)
        self.module_frame = self.frame
        self.statement: cst.CSTNode | None = None
        self.recording: list[Tape] = []
        self.branch: Branch = ()
        self.branchings = 0
        self.journal: list[tuple[Frame, str, Value | None]] = []
        self.tapes: list[Tape] = []
        self.queries: list[Query] = []
        self.deletions: list[Deletion] = []
        self.values_of: dict[cst.CSTNode, list[Value]] = {}
        self.definitions: list[tuple[Value, Definition]] = []
        self.active: list[cst.CSTNode] = []
        self.star_modules: list[str] = []
        """The modules of star imports; an empty name for one that is not known."""

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
            StoppedError: nobody waits for the reading any more.
        """
        self.time += 1
        if self.time > MAX_STEPS:
            raise ExhaustedError
        if self.given_up is not None and self.time % STOP_EVERY == 0 and self.given_up():
            raise StoppedError
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
        if kind is Kind.UNKNOWN and node is not None and self.observe is not None:
            self._observed(value, node)
        for source in value.inputs:
            source.users.append(value)
        if node is not None:
            self.values_of.setdefault(node, []).append(value)
        return value

    def _observed(self, value: Value, node: cst.CSTNode) -> None:
        """Take from a run what the text does not say."""
        assert self.observe is not None
        seen = self.observe(node.name if isinstance(node, cst.Param) else node)
        if seen is not None:
            value.observed = seen
            value.kind, value.dtype, value.precise_dtype = seen.kind, seen.dtype, seen.precise_dtype
            value.rank, value.trainable = seen.rank, seen.trainable

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
        return self._starred(name)

    def _starred(self, name: str) -> Value | None:
        """What the only star import of the module gives under a name, when it is of Keras."""
        if len(self.star_modules) != 1 or not canonical(f"{self.star_modules[0]}.{name}").startswith("keras."):
            return None
        value = self.library(None, f"{self.star_modules[0]}.{name}")
        self.module_frame.names.setdefault(name, value)
        return value

    def bind(self, name: str, value: Value) -> None:
        """Bind `name` in the scope that Python would."""
        frame = self.frame
        if name in frame.global_names:
            owner: Frame | None = frame.closure
            while owner is not None and name not in owner.names:
                owner = owner.closure
            frame = owner or self.module_frame
        self.set_name(frame, name, value)

    # Branches

    def set_name(self, frame: Frame, name: str, value: Value | None) -> None:
        """Bind a name of a frame, or forget it; noted, so that a branch can be taken back."""
        self.journal.append((frame, name, frame.names.get(name)))
        if value is None:
            frame.names.pop(name, None)
        else:
            frame.names[name] = value

    def arms(self, bodies: Sequence[Callable[[], bool]]) -> bool:
        """Execute alternatives from the same state and join what they leave.

        Each body returns whether it ends the flow (return, raise, break, continue). Returns whether all do.
        """
        self.branchings += 1
        branching = self.branchings
        outer_branch, outer_recording = self.branch, list(self.recording)
        left: list[tuple[int, dict[tuple[Frame, str], Value | None]]] = []
        for arm, body in enumerate(bodies):
            self.branch = (*outer_branch, (branching, arm))
            mark = len(self.journal)
            ended = body()
            self.recording = list(outer_recording)
            changed = self._take_back(mark)
            if not ended:
                left.append((arm, changed))
        self.branch = outer_branch
        if not left:
            return True
        if len(left) == 1 and len(bodies) > 1:
            # The other arms end the flow: all that follows belongs to this arm.
            self.branch = (*outer_branch, (branching, left[0][0]))
        self._merge([changed for _, changed in left])
        return False

    def _take_back(self, mark: int) -> dict[tuple[Frame, str], Value | None]:
        """Undo what was bound since `mark`; returns what the names were bound to at the end."""
        changed: dict[tuple[Frame, str], Value | None] = {}
        while len(self.journal) > mark:
            frame, name, old = self.journal.pop()
            changed.setdefault((frame, name), frame.names.get(name))
            if old is None:
                frame.names.pop(name, None)
            else:
                frame.names[name] = old
        return changed

    def _merge(self, changes: list[dict[tuple[Frame, str], Value | None]]) -> None:
        for key in dict.fromkeys(key for changed in changes for key in sorted(changed, key=lambda item: item[1])):
            frame, name = key
            found = [changed.get(key, frame.names.get(name)) for changed in changes]
            bound = list(dict.fromkeys(value for value in found if value is not None))
            if not bound:
                self.set_name(frame, name, None)
            else:
                self.set_name(frame, name, bound[0] if len(bound) == 1 else self.join(None, bound))


def truth(value: Value) -> bool | None:
    """Whether a condition holds, when that is known."""
    if value.kind is Kind.NONE:
        return False
    if value.constant is not NO_CONSTANT:
        return bool(value.constant)
    if value.kind in (Kind.FUNCTION, Kind.CLASS, Kind.MODULE, Kind.MODEL, Kind.LAYER, Kind.TAPE):
        return True
    return None
