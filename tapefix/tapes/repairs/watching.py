"""Sources that a tape does not watch, and the place where it should."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.execution.vocabulary import WEIGHT_MAKERS
from tapefix.tapes.flow.flow import Answer, Flow, ancestors
from tapefix.tapes.flow.steps import Step, keras_role_of, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.naming import holds_at_entry, name_bound_by
from tapefix.tapes.tape import Query, Region, Source, Tape, Watch
from tapefix.tapes.values import Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft


@dataclass
class Unwatched:
    """A source of a query that its tape neither watches nor tracks, in one execution."""

    flow: Flow
    query: Query
    source: Source
    tape: Tape
    region: Region

    @property
    def value(self) -> Value:
        """The value asked for."""
        return self.source.value

    @property
    def named_by_watch(self) -> Watch | None:
        """A `watch` call that names the source, though it counts for nothing."""
        return next((watch for watch in self.tape.watches if self.value in watch.covered()), None)


@dataclass
class WatchCall:
    """One `watch` call to write: where, on which tape, and of what."""

    region: Region
    tape: str
    behind: cst.CSTNode | None
    """The statement that makes the source; `None` to watch first in the tape."""
    names: dict[str, None] = field(default_factory=dict)
    unwatched: list[Unwatched] = field(default_factory=list)

    @property
    def listed(self) -> str:
        """What is watched, as it is written."""
        return ", ".join(self.names)

    @property
    def line(self) -> str:
        """The statement."""
        return f"{self.tape}.watch({self.listed if len(self.names) == 1 else f'[{self.listed}]'})"

    def write(self, draft: Draft) -> None:
        """Add the edit to a draft; rewrites that want the same call share it."""
        if isinstance(self.behind, cst.For):
            draft.prepend(self.behind, self.line, shared=True)
        elif self.behind is not None:
            draft.insert_after(self.behind, self.line, shared=True)
        elif self.region.node is not None:
            draft.prepend(self.region.node, self.line, shared=True)

    def shown(self, reading: Reading) -> str:
        """The sources as the queries name them."""
        return ", ".join(dict.fromkeys(reading.code(found.source.node) for found in self.unwatched))

    def queries(self, reading: Reading) -> frozenset[int]:
        """The lines of the queries that lose a gradient."""
        return frozenset(reading.line(found.query.node) for found in self.unwatched)


def unwatched(reading: Reading) -> list[Unwatched]:
    """Every source that is certainly not watched though the target is made of it.

    Left out are sources whose path would be cut even so, by an operation without a gradient.
    """
    found = []
    for flow in reading.flows():
        query, tape = flow.query, flow.query.tape
        region = tape.region
        if region is None or tape.escaped or query.unconnected_zero:
            continue
        if flow.watched is not Answer.NO or not flow.reaches:
            continue
        if not reading.mendable(query, flow.source):
            continue
        found.append(Unwatched(flow, query, flow.source, tape, region))
    late = [flow for flow in reading.flows() if flow.late]
    return [one for one in found if not any(_follows(one, flow) for flow in late)]


def _follows(found: Unwatched, flow: Flow) -> bool:
    """Whether a source is made of another one, in such a way that the tape holds it once it watches that one."""
    value = found.value
    if flow.query.tape is not found.tape or value is flow.source.value or value not in flow.depends:
        return False
    return flow.followed.get(value) is Answer.YES


def watch_calls(
    reading: Reading, wanted: Iterable[Unwatched], written: Callable[[Unwatched, str], str] = lambda _, name: name
) -> tuple[list[WatchCall], list[tuple[Unwatched, str]]]:
    """The `watch` calls that cover the sources, one for each place, and the sources that none covers, with the reason.

    `written` gives the expression to watch for a source that goes by a name.
    """
    calls: dict[tuple[cst.CSTNode, str, cst.CSTNode | None], WatchCall] = {}
    stuck: list[tuple[Unwatched, str]] = []
    everything = list(wanted)
    leading = [one for one in everything if not any(_follows(one, other.flow) for other in everything)]
    led: list[tuple[WatchCall, Unwatched]] = []
    for found in leading:
        region, tape = found.region, tape_name(found.region)
        if region.node is None or tape is None:
            stuck.append((found, "the tape is not entered by a `with` statement under a name"))
            continue
        place = watch_place(reading, region, found.value, found.source.node)
        if isinstance(place, str):
            stuck.append((found, place))
            continue
        name, behind = place
        call = calls.setdefault((region.node, tape, behind), WatchCall(region, tape, behind))
        call.names[written(found, name)] = None
        call.unwatched.append(found)
        led += [(call, one) for one in everything if _follows(one, found.flow)]
    for call, one in led:
        # Made of what is watched: the tape holds it, too.
        if not any(one is other for other in call.unwatched):
            call.unwatched.append(one)
    return list(calls.values()), stuck


def watch_place(
    reading: Reading, region: Region, value: Value, node: cst.BaseExpression
) -> tuple[str, cst.CSTNode | None] | str:
    """How to name a value where a tape can begin to watch it, and the statement to do it behind.

    No statement: first in the tape. A string alone says why there is no such place.
    """
    name = holds_at_entry(reading, region, value, node)
    if name is not None:
        return name, None
    shown = reading.code(node)
    statement = reading.statement_in(value, region.frame)
    bound = name_bound_by(reading, statement, value, node) if statement is not None else None
    if value.time < region.entered or statement is None or bound is None:
        return f"`{shown}` has no name when the tape begins to record"
    if region.node is None or region.node not in reading.parents(statement):
        return f"`{shown}` gets its name outside the tape"
    for user in value.users:
        if reading.statement_in(user, region.frame) is statement and not isinstance(statement, cst.For):
            return f"`{shown}` is used in the statement that makes it"
    return bound, statement


def wants_variables(found: Unwatched) -> bool:
    """Whether a tape would hold a tensor by itself, were it not told to watch no variables: a model made it there."""
    value, tape = found.value, found.tape
    if tape.watch_accessed_variables is not False or not value.is_tensor or tape not in value.tapes:
        return False
    return any(step_of(step) is Step.MODEL and tape in step.tapes for step in ancestors([value]))


def tape_name(region: Region) -> str | None:
    """The name that the `with` statement (or an assignment before it) gives the tape."""
    item = region.item
    if item is None:
        return None
    named = item.asname.name if item.asname is not None else item.item
    return cst.Module(()).code_for_node(named) if isinstance(named, (cst.Name, cst.Attribute)) else None


def is_tensor_source(value: Value) -> bool:
    """Whether the source is a tensor for certain: made by TensorFlow, annotated as one, or an element of a dataset."""
    if value.kind is not Kind.TENSOR:
        return False
    return value.operation is not Operation.JOIN or all(i.kind is Kind.TENSOR for i in value.inputs)


def is_keras_variable(value: Value) -> bool:
    """Whether it is a variable of Keras, or a collection of such: `tape.watch` takes only what is in its `value`."""
    root = value
    while root.operation in (Operation.SUBSCRIPT, Operation.ITERATION) and root.receiver is not None:
        root = root.receiver
    if root.operation is Operation.ATTRIBUTE and root.receiver is not None:
        owner = root.receiver
        from_module = owner.definition is not None and set(owner.definition.library_bases()) <= {"tensorflow.Module"}
        # What merely has `trainable_variables` may be a model of Keras 2, or of another library.
        made_here = owner.definition is not None or (owner.operation is Operation.CALL and bool(owner.name))
        return keras_role_of(owner) and made_here and not from_module
    return root.name == "keras.Variable" or (root.kind is Kind.VARIABLE and root.name in WEIGHT_MAKERS)


def watchable(name: str, value: Value) -> str:
    """The expression under a name that `tape.watch` accepts, for a variable or a collection of variables."""
    if not is_keras_variable(value):
        return name
    return f"[v.value for v in {name}]" if value.kind is Kind.VARIABLES else f"{name}.value"
