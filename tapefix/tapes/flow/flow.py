"""The flow from a source to a target: what depends on the source, what the tape follows, and where it loses it.

One pass over the values that the target is made of, in the order of execution, decides for each of them

- `depends`: whether it is made of the source at all, by whatever way;
- `tracked`: whether the tape holds it for something to differentiate;
- `followed`: whether a gradient would come back from it to the source, if the source were watched from the start;
- `recorded`: the same with the source watched when it is: an operation that ran before is on the tape only where
  something else that it is made of was tracked already.

`followed` and `recorded` are three-valued. Only a certain "no" at the target makes a finding.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

from tapefix.tapes.tape import Query, Source
from tapefix.tapes.values import Dtype, Kind, Operation, Value


class Answer(enum.Enum):
    """A three-valued answer."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


def ancestors(values: Iterable[Value]) -> list[Value]:
    """All that the values are made of, themselves included, in order of execution."""
    seen: set[Value] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        if value in seen:
            continue
        seen.add(value)
        stack.extend(value.inputs)
    return sorted(seen, key=lambda value: value.time)


@dataclass
class Flow:
    """The flow from one source of a query to its target."""

    query: Query
    source: Source
    depends: set[Value] = field(default_factory=set)
    tracked: dict[Value, Answer] = field(default_factory=dict)
    followed: dict[Value, Answer] = field(default_factory=dict)
    recorded: dict[Value, Answer] = field(default_factory=dict)
    order: list[Value] = field(default_factory=list)
    origins: set[Value] = field(default_factory=set)
    """Where the path begins: the source itself, or the calls of the model whose variables are asked for."""

    @property
    def watched(self) -> Answer:
        """Whether the tape watches or tracks the source at the time of the query."""
        return self.tracked[self.source.value]

    @property
    def connected(self) -> Answer:
        """Whether a gradient would reach the source, were it watched from the start."""
        found = any_of(self.followed.get(target, Answer.NO) for target in self.query.targets)
        return Answer.MAYBE if found is Answer.NO and self.volatile else found

    @property
    def volatile(self) -> bool:
        """Whether the source is an attribute of something unknown: any call may have put another object there."""
        value = self.source.value
        receiver = value.receiver
        unknown = receiver is not None and receiver.kind is Kind.UNKNOWN
        return value.operation is Operation.ATTRIBUTE and value.kind is Kind.UNKNOWN and unknown

    @property
    def late(self) -> bool:
        """Whether the source is watched, but certainly too late for all that leads to the target."""
        if self.watched is not Answer.YES or self.connected is Answer.NO or self.source.value in self.query.targets:
            return False
        return any_of(self.recorded.get(target, Answer.NO) for target in self.query.targets) is Answer.NO

    @property
    def reaches(self) -> bool:
        """Whether the target is made of the source, by whatever way."""
        return any(target in self.depends for target in self.query.targets)

    @property
    def missing(self) -> bool:
        """Whether the answer is `None`, or an error, for certain."""
        return self.connected is Answer.NO or self.watched is Answer.NO

    @property
    def path(self) -> list[Value]:
        """The values between source and target, in order of execution."""
        return [value for value in self.order if value in self.depends]

    @property
    def live(self) -> list[Value]:
        """The values through which a gradient comes back from the target to the source, in order of execution."""
        seen: set[Value] = set()
        stack = list(self.query.targets)
        while stack:
            value = stack.pop()
            if value in seen or value not in self.depends or self.followed[value] is Answer.NO:
                continue
            seen.add(value)
            stack.extend(value.inputs)
        return [value for value in self.order if value in seen]

    def breaks(self) -> list[Value]:
        """The values at which the tape loses the source: not followed, though something they are made of is."""
        return [
            value
            for value in self.path
            if self.followed[value] is Answer.NO
            and (
                value in self.origins
                or any(i in self.depends and self.followed[i] is not Answer.NO for i in value.inputs)
            )
        ]


def any_of(answers: Iterable[Answer]) -> Answer:
    """Yes where one is yes; no where all are."""
    found = set(answers)
    if Answer.YES in found:
        return Answer.YES
    return Answer.MAYBE if Answer.MAYBE in found else Answer.NO


def all_of(answers: Iterable[Answer]) -> Answer:
    """What all agree on, else maybe."""
    found = set(answers)
    if len(found) == 1:
        return found.pop()
    return Answer.MAYBE


def is_integer(value: Value) -> bool:
    """Whether its dtype is one that no tape differentiates."""
    return value.dtype in (Dtype.INTEGER, Dtype.BOOL)
