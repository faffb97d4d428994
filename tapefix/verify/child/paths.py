"""The path from a source to a target through the recorded operations."""

from __future__ import annotations

from typing import Any, FrozenSet, List, Optional, Set, Tuple, Union

from .oplog import Op

READS = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd")
WRITES = ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp")
STOPS = ("StopGradient", "PreventGradient")
# Nothing of their input's values is in their output: shapes, and random numbers that are drawn for a shape.
SHAPES = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")
DRAWS = ("RandomStandardNormal", "RandomUniform", "TruncatedNormal")
STATELESS_DRAWS = ("StatelessRandomNormalV2", "StatelessRandomUniformV2", "StatelessTruncatedNormalV2")
# A tape follows these by a tape of their own, which gives zeros where the function leaves TensorFlow.
OPAQUE = ("EagerPyFunc",)
BLIND = SHAPES + DRAWS + STATELESS_DRAWS


class Path:
    """Which operations carry a source to a target, and what stands on the way."""

    def __init__(self) -> None:
        self.ops: List[int] = []
        """Indices into the recorded operations, in order."""
        self.carried: Set[int] = set()
        """Ids of every tensor that depends on the source."""
        self.touched = 0
        """How many operations depend on the source, whether or not they reach the target."""
        self.stops: List[Optional[int]] = []
        """Lines of the stops on the way."""
        self.writes = 0
        """How often the way goes through a variable that is written and read again."""
        self.connected = False


def find_path(
    ops: List[Op],
    source: Union[int, Set[int]],
    targets: Set[int],
    *,
    through: bool,
    held: FrozenSet[int] = frozenset(),
    past: Tuple[str, ...] = (),
) -> Path:
    """Follow `source` (the id of a tensor, or of a variable's handle, or several) to what reaches a target.

    `through` also follows what a tape does not: stopped gradients, but for those with an index in `held`, and variables
    that are written and read again. Operations of the kinds `past` are not followed.
    """
    path = Path()
    sources = source if isinstance(source, set) else {source}
    carried = set(sources)
    depends: List[int] = []
    for index, op in enumerate(ops):
        if op.kind in BLIND or op.kind in past or not any(tensor._id in carried for tensor in op.inputs):
            continue
        path.touched += 1
        if op.kind in STOPS and (not through or index in held):
            path.stops.append(op.line)
            continue
        if op.kind in WRITES:
            # A clean value written over a carried one ends the dependence, so that write counts too.
            if through and op.inputs[0]._id not in sources:
                carried.add(op.inputs[0]._id)
                depends.append(index)
            continue
        depends.append(index)
        carried.update(output._id for output in op.outputs)
    path.carried = carried
    path.connected = bool(carried & targets)
    needed = set(targets)
    kept: List[int] = []
    for index in reversed(depends):
        op = ops[index]
        if op.kind in WRITES:
            if op.inputs[0]._id in needed:
                kept.append(index)
                needed.update(tensor._id for tensor in op.inputs)
                path.writes += 1
        elif any(output._id in needed for output in op.outputs):
            kept.append(index)
            needed.update(tensor._id for tensor in op.inputs)
    path.ops = kept[::-1]
    if through:
        path.stops = [ops[index].line for index in path.ops if ops[index].kind in STOPS]
    return path


def identity(value: Any) -> Optional[int]:
    """Return the id by which the operations know a source: its own, or that of its variable's handle."""
    handle = handle_of(value)
    found = getattr(handle if handle is not None else value, "_id", None)
    return found if isinstance(found, int) else None


def handle_of(value: Any) -> Any:
    """Return the handle of a variable, Keras' own included; None for anything else."""
    inner = getattr(value, "value", None) if hasattr(value, "assign") else None
    for candidate in (value, inner):
        handle = getattr(candidate, "handle", None) if hasattr(candidate, "assign") else None
        if handle is not None and hasattr(handle, "_id"):
            return handle
    return None
