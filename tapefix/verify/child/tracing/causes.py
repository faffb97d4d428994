"""Why a query has no answer for a source: the breaks on the way, from a closed set of causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Set

import numpy as np

from .provenance import Provenance
from .tapes import TapeLife
from .walk import Hop, Walk, floating, is_resource

CAUSES = (
    "left-tensorflow",
    "rewrapped",
    "numpy-function",
    "not-watched",
    "watched-late",
    "before-tape",
    "after-tape",
    "other-tape",
    "query-outside",
    "stopped-recording",
    "stopped-gradient",
    "integer",
    "no-gradient",
    "assigned",
    "replaced",
    "other-object",
    "derived-object",
    "symbolic",
    "not-a-tensor",
    "tape-used",
    "independent",
    "unexplained",
)
"""What a break can be; everything else is said in the fields beside it."""
_OF_FAULT = {"left": "left-tensorflow", "before": "before-tape", "after": "after-tape"}
_STRETCHES = ("before", "after", "other-tape", "query-outside", "stopped-recording")
# What only looks at a value from another side; a source made by these was made for the query.
_VIEWS = frozenset(
    (
        "ReadVariableOp",
        "StridedSlice",
        "Reshape",
        "Cast",
        "Identity",
        "ExpandDims",
        "Squeeze",
        "Transpose",
        "GatherV2",
        "Slice",
    )
    + ("Split", "SplitV", "Unpack", "Pack", "DeepCopy", "ConcatV2")
    + ("getitem", ".T", "reshape", "squeeze", "ravel", "flatten", "copy", "astype")
)
MOST_COMPARED = 4000


@dataclass
class Break:
    """One break on the way from a source to the target."""

    cause: str
    place: Optional[int] = None
    made_by: str = ""
    key: Optional[int] = None
    """The value at which it happens."""
    other: Optional[int] = None
    """Another value that explains it: a twin, what a source was derived from, the variable that was replaced."""
    origin: Optional[int] = None
    """Another place that explains it, where no value does: where the tape was made."""
    detail: str = ""
    at: int = 0


@dataclass
class Account:
    """What became of one source on the way to the target of one query."""

    breaks: List[Break]
    hops: List[Hop]

    @property
    def explained(self) -> bool:
        """Whether a break on the way is known."""
        return any(found.cause != "unexplained" for found in self.breaks)


def explain(trace: Provenance, walk: Walk, life: TapeLife, source: Any, error: str) -> Account:
    """Say why there is no gradient for a source."""
    kind = _kind(trace, source)
    here = trace.place
    if "non-persistent GradientTape" in error:
        way = walk.path(_key(trace, source)) or []
        again = "loop" if here is not None and here in life.asked_at else ""
        used = Break("tape-used", here, origin=life.made_at, detail=again)
        return Account([used, *_on_the_way(way)], way)
    if kind in ("symbolic", "model"):
        return Account([Break("symbolic", here, detail=kind)], [])
    key = _key(trace, source)
    hops = walk.path(key)
    if hops is None:
        if kind == "array":
            return Account([_not_a_tensor(trace, source, key)], [])
        return Account([_unconnected(trace, walk, source, key)], [])
    breaks = _on_the_way(hops)
    at_source = _at_source(trace, life, source, key, kind, hops)
    if at_source is not None:
        breaks.insert(0, at_source)
    if error and not breaks:
        return Account([Break("unexplained", here, detail=error)], hops)
    return Account(breaks or [Break("unexplained", here)], hops)


def _key(trace: Provenance, source: Any) -> int:
    key = trace.key(source)
    return key if key is not None else id(source)


def _kind(trace: Provenance, source: Any) -> str:
    if trace.is_tensor(source):
        return "variable" if hasattr(source, "assign") else "tensor"
    if hasattr(source, "trainable_variables"):
        return "model"
    if type(source).__name__ in ("KerasTensor", "SymbolicTensor") or hasattr(source, "_keras_history"):
        return "symbolic"
    return "array"


def _on_the_way(hops: List[Hop]) -> List[Break]:
    breaks: List[Break] = []
    previous = ""
    for hop in hops:
        # One statement after the other in the same wrong place is one break, and so is a detour through NumPy.
        behind_query = previous == "query-outside" and hop.fault in _STRETCHES
        if hop.fault and hop.fault != previous and not behind_query:
            cause = _OF_FAULT.get(hop.fault, hop.fault)
            breaks.append(Break(cause, hop.place, hop.made_by, hop.end, at=hop.at))
        previous = previous if behind_query else hop.fault if hop.fault in _STRETCHES else ""
    return breaks


def _at_source(trace: Provenance, life: TapeLife, source: Any, key: int, kind: str, hops: List[Hop]) -> Optional[Break]:
    if kind == "array":
        return _not_a_tensor(trace, source, key)
    if not floating(source):
        return Break("integer", trace.place, key=key, origin=_maker(trace, key), detail="source")
    first = next((hop.at for hop in hops if trace.made_at.get(hop.end) == hop.at), None)
    when = life.watched.get(key)
    if when is not None:
        late = first is not None and life.recorded(first) and when > first
        return Break("watched-late", life.watch_places.get(key), key=key) if late else None
    if kind == "variable":
        if not bool(getattr(source, "trainable", True)):
            return Break("not-watched", trace.place, key=key, origin=_maker(trace, key), detail="untrainable")
        if life.watch_all:
            return None
        return Break("not-watched", trace.place, key=key, origin=life.made_at, detail="watching-disabled")
    if key in trace.replaced:
        place, variable = trace.replaced[key]
        return Break("replaced", place, key=key, other=trace.key(variable))
    watched = _watched_origin(trace, life, key)
    if watched is not None and watched not in life.watched:
        if life.watch_all:
            return None
        return Break("not-watched", trace.place, key=key, origin=life.made_at, detail="watching-disabled")
    if watched is not None:
        late = life.watched.get(watched, 0) > trace.made_at.get(key, 0)
        return Break("watched-late", life.watch_places.get(watched), key=watched) if late else None
    return Break("not-watched", trace.place, key=key, origin=_maker(trace, key), detail="tensor")


def _not_a_tensor(trace: Provenance, source: Any, key: int) -> Break:
    kind = type(source).__name__
    return Break("not-a-tensor", trace.place, key=key, origin=_maker(trace, key), detail=kind)


def _watched_origin(trace: Provenance, life: TapeLife, key: int) -> Optional[int]:
    """Return the variable, or what the tape watches now or later, that it recorded as the origin of a tensor."""
    seen: Set[int] = set()
    queue = [key]
    while queue and len(seen) < MOST_COMPARED:
        number = trace.made_at.get(queue.pop())
        if number is None or number in seen or not life.recorded(number):
            continue
        seen.add(number)
        found = trace.log.span(number, number + 1)
        for tensor in found[0].inputs if found else ():
            other = int(tensor._id) * 2 + 1
            if other in life.watched or tensor.dtype.name == "resource":
                return other
            queue.append(other)
    return None


def _maker(trace: Provenance, key: int) -> Optional[int]:
    """Return the place where a value was made, if the project made it."""
    number = trace.made_at.get(key)
    if number is not None:
        return trace.sites.get(number)
    node = trace.nodes.get(key)
    if node is not None and node.edges:
        return node.edges[0].place
    return trace.born.get(key)


def _unconnected(trace: Provenance, walk: Walk, source: Any, key: int) -> Break:
    origin = _viewed(trace, walk, key)
    if origin is not None:
        return Break("derived-object", trace.place, key=key, other=origin)
    twin = _twin(trace, walk, source, key)
    if twin is not None:
        return Break("other-object", _maker(trace, twin), key=key, other=twin)
    return Break("independent", trace.place, key=key)


def _viewed(trace: Provenance, walk: Walk, key: int) -> Optional[int]:
    """Return the value on the way to the target of which the source is a view, or a copy."""
    seen: Set[int] = set()
    queue = [key]
    while queue and len(seen) < 64:
        current = queue.pop(0)
        seen.add(current)
        for start in _viewed_by(trace, current):
            if start in walk.reached and start not in walk.targets:
                return start
            if start not in seen:
                queue.append(start)
    return None


def _viewed_by(trace: Provenance, key: int) -> List[int]:
    number = trace.made_at.get(key)
    if number is not None:
        found = trace.log.span(number, number + 1)
        if not found or found[0].kind not in _VIEWS:
            return []
        return [tensor._id * 2 + 1 for tensor in found[0].inputs if floating(tensor) or is_resource(tensor)]
    node = trace.nodes.get(key)
    edges = node.edges if node is not None else []
    return [start for edge in edges if edge.made_by.rpartition(".")[2] in _VIEWS for start in edge.inputs]


def _twin(trace: Provenance, walk: Walk, source: Any, key: int) -> Optional[int]:
    """Return a value of the same numbers that does lead to the target."""
    wanted = _numbers(trace, source)
    if wanted is None or wanted.size == 0 or not np.any(wanted) or wanted.size > 10_000_000:
        return None
    if wanted.size == 1 and not _unusual(wanted):
        return None
    values: Dict[int, Any] = {}
    for other in sorted(walk.reached)[:MOST_COMPARED]:
        if other != key:
            values[other] = trace.value_of(other)
    for other, value in values.items():
        if tuple(getattr(value, "shape", ()) or ()) != tuple(getattr(source, "shape", ()) or ()):
            continue
        numbers = _numbers(trace, value)
        if numbers is not None and numbers.shape == wanted.shape and np.array_equal(numbers, wanted):
            return other
    return None


def _unusual(number: Any) -> bool:
    """Whether a single number is so particular that another of the same value is hardly chance."""
    value = float(np.real(number.reshape(-1)[0]))
    return value != round(value, 2)


def _numbers(trace: Provenance, value: Any) -> Optional[Any]:
    log = trace.log
    log.paused += 1
    trace.paused += 1
    try:
        dtype = getattr(value, "dtype", None)
        if dtype is None or getattr(dtype, "name", "") in ("resource", "variant", "string"):
            return None
        array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
        return array if array.dtype.kind in "fciub" else None
    # Nothing that cannot be looked at has a twin.
    except Exception:
        return None
    finally:
        log.paused -= 1
        trace.paused -= 1
