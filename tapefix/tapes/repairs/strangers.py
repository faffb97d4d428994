"""Objects beside the path: a variable made of what the target is made of, and a `watch` that names the wrong tensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.flow.flow import Answer, Flow, ancestors
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.naming import holds_at_entry
from tapefix.tapes.repairs.watching import Unwatched, is_tensor_source, unwatched
from tapefix.tapes.tape import Query, Source, Watch
from tapefix.tapes.values import Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_MAKERS = {"tensorflow.Variable", "keras.Variable"}
_CONVERSIONS = {"tensorflow.constant", "tensorflow.convert_to_tensor"}
_HARMLESS = {"name", "trainable"}
_ARITHMETIC = (Operation.BINARY, Operation.UNARY, Operation.CALL)


@dataclass(eq=False)
class Stranger:
    """A source beside the path, and what stands on the path in its place."""

    flow: Flow
    origin: Value
    """What both are made of."""
    reads: list[cst.BaseExpression]
    """Where the origin is read inside the tape, on the way to the target."""
    obstacle: str = ""

    @property
    def query(self) -> Query:
        """The query."""
        return self.flow.query

    def shown(self, reading: Reading) -> str:
        """What stands on the path, as it is written."""
        node = self.reads[0] if self.reads else self.origin.node
        return reading.code(node) if node is not None else "something else"

    def written(self, reading: Reading) -> Draft | str:
        """Read the source where the origin is read."""
        if self.obstacle:
            return self.obstacle
        draft = Draft(reading)
        for read in self.reads:
            draft.rewrite_whole(read, reading.code(self.flow.source.node))
        return draft


def strangers(reading: Reading) -> Iterator[Stranger]:
    """Sources with no way to the target, each made of something that has one."""
    seen: set[cst.CSTNode] = set()
    for flow in reading.flows():
        query, value, node = flow.query, flow.source.value, flow.source.node
        if flow.reaches or flow.connected is not Answer.NO or query.unconnected_zero or query.tape.escaped:
            continue
        if (
            node in seen
            or not isinstance(node, (cst.Name, cst.Attribute))
            or query.tape.region is None
            or query.tape.region.node is None
        ):
            continue
        origin = _origin(flow)
        if origin is None:
            continue
        seen.add(node)
        reads, complete = _reads(reading, flow, origin)
        if _is_own(value):
            yield Stranger(flow, origin, reads, _obstacle(reading, flow, origin, complete))
        else:
            yield Stranger(flow, origin, reads, "the path may be meant to begin with either of them")


def _origin(flow: Flow) -> Value | None:
    """What a source was made of, when the target is made of that, too."""
    value = flow.source.value
    if _is_own(value):
        content = value.arguments[0].value
        return content if _leads(flow, content) else None
    if value.kind is not Kind.TENSOR or value.operation not in _ARITHMETIC or value.dtype.differentiable is False:
        return None
    made_of = [v for v in ancestors([value]) if v is not value and v.kind is Kind.TENSOR]
    found = [v for v in made_of if is_tensor_source(v) and _leads(flow, v)]
    return found[-1] if len(found) == 1 else None


def _is_own(value: Value) -> bool:
    """Whether it is a variable made of a tensor or an array, or a tensor made of an array, with the same numbers."""
    if value.operation is not Operation.CALL or not value.arguments or value.arguments[0].star:
        return False
    content, dtype = value.arguments[0].value, value.argument(7 if value.kind is Kind.VARIABLE else 1, "dtype")
    if any(a.keyword not in _HARMLESS for a in value.arguments[1:] if a is not dtype):
        return False
    if dtype is not None and (not content.precise_dtype or content.precise_dtype != value.precise_dtype):
        return False
    if value.kind is Kind.VARIABLE:
        return value.name in _MAKERS and content.kind in (Kind.TENSOR, Kind.NDARRAY)
    return value.name in _CONVERSIONS and content.kind is Kind.NDARRAY


def _leads(flow: Flow, origin: Value) -> bool:
    source = Source(origin, flow.source.node)
    if not read_flow(flow.query, source).reaches:
        return False
    return read_flow(flow.query, source, mended=True, taped=True).connected is not Answer.NO


def _reads(reading: Reading, flow: Flow, origin: Value) -> tuple[list[cst.BaseExpression], bool]:
    """The names in the tape's body that read the origin on the way to the target, and whether that is all of them."""
    region = flow.query.tape.region
    assert region is not None and region.node is not None
    inside = set(ancestors(flow.query.targets))
    found: dict[cst.BaseExpression, None] = {}
    complete = True
    for user in origin.users:
        if user not in inside:
            continue
        place = reading.node_in(user, region.frame)
        names = [name for name in _names(place) if origin in reading.values(name)] if place is not None else []
        names = [name for name in names if region.node in set(reading.parents(name))]
        found.update(dict.fromkeys(names))
        complete = complete and bool(names)
    return list(found), complete


def _names(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    if isinstance(node, (cst.Name, cst.Attribute)):
        yield node
        return
    for child in node.children:
        yield from _names(child)


def _obstacle(reading: Reading, flow: Flow, origin: Value, complete: bool) -> str:
    region, value = flow.query.tape.region, flow.source.value
    assert region is not None
    shown = reading.code(flow.source.node)
    if any(other.value is origin for query in reading.queries for other in query.sources):
        return "a gradient is asked for both"
    if any(user.name.startswith(("assign", "scatter")) and user.time < region.entered for user in value.users):
        return f"`{shown}` has been assigned since it was made"
    if value.time > region.entered or holds_at_entry(reading, region, value, flow.source.node) != shown:
        return f"`{shown}` has no name where the path begins"
    if not complete:
        return f"what `{shown}` is made of is read outside the tape, too"
    return ""


# A `watch` that names the wrong tensor


@dataclass(eq=False)
class WrongWatch:
    """A `watch` of a tensor from which nothing is recorded, and the source that is not watched."""

    watch: Watch
    unwatched: Unwatched
    name: str

    def written(self, reading: Reading) -> Draft:
        """Watch the source."""
        draft = Draft(reading)
        draft.rewrite_whole(self.watch.node.args[0].value, self.name)
        return draft


def wrong_watches(reading: Reading) -> list[WrongWatch]:
    """Every `watch` that serves no query, on a tape with one source that is not watched."""
    found: list[WrongWatch] = []
    missing = [one for one in unwatched(reading) if is_tensor_source(one.value) and one.named_by_watch is None]
    for tape in {one.tape: None for one in missing}:
        sources = {one.value: one for one in missing if one.tape is tape}
        idle = [watch for watch in tape.watches if watch.recording and not any(_serves(watch, v) for v in watch.values)]
        nodes = {reading.code(one.source.node) for one in sources.values()}
        if len(sources) != 1 or len(idle) != 1 or len(tape.watches) != 1 or len(nodes) != 1:
            continue
        (one,), watch = sources.values(), idle[0]
        plain = len(watch.values) == 1 and len(watch.node.args) == 1 and watch.values[0].kind is Kind.TENSOR
        name = holds_at_entry(reading, one.region, one.value, one.source.node)
        if plain and name is not None and watch.frame is one.region.frame and watch.branch == tape.branch:
            found.append(WrongWatch(watch, one, name))
    return found


def _serves(watch: Watch, value: Value) -> bool:
    """Whether anything is recorded for the sake of a watched value: it is asked for, or used while a tape records."""
    return any(
        user.operation is Operation.GRADIENT or (user.tapes and not _watches(user)) for user in value.users
    ) or any(user.time > watch.time and not _watches(user) and user.is_tensor for user in value.users)


def _watches(user: Value) -> bool:
    return user.operation is Operation.METHOD_CALL and user.name == "watch"
