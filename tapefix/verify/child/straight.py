"""Straight-through estimators among recorded operations: `x + stop_gradient(f(x) - x)`, in either order."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Optional

import numpy as np

from .oplog import Op
from .paths import STOPS, Path

ADDITIONS = ("AddV2", "Add")


def straight_through(ops: List[Op], path: Path) -> FrozenSet[int]:
    """Return the indices of the stops on a path that belong to straight-through estimators.

    Such a stop holds the difference of what is computed and what the gradient goes past it by: it is added to the
    very number that was subtracted, so that the sum is what was computed.
    """
    made: Dict[int, Op] = {output._id: op for op in ops for output in op.outputs}
    found = set()
    for index in path.ops:
        op = ops[index]
        if op.kind not in STOPS:
            continue
        difference = made.get(op.inputs[0]._id)
        if difference is None or difference.kind != "Sub":
            continue
        users = [user for user in ops[index + 1 :] if any(i._id == op.outputs[0]._id for i in user.inputs)]
        if users and all(_passed_by(user, op.outputs[0], difference) for user in users):
            found.add(index)
    return frozenset(found)


def _passed_by(user: Op, stopped: Any, difference: Op) -> bool:
    """Whether an operation adds the stopped difference to what was subtracted in it."""
    computed, passing = difference.inputs
    if user.kind in ADDITIONS:
        other = user.inputs[1] if user.inputs[0]._id == stopped._id else user.inputs[0]
        return _equal(other, passing)
    # Written the other way round: `x - stop_gradient(x - f(x))`.
    return user.kind == "Sub" and user.inputs[1]._id == stopped._id and _equal(user.inputs[0], computed)


def _equal(one: Any, other: Any) -> bool:
    # An expression that is written twice, or a variable that is read twice, gives two tensors of the same numbers.
    if one._id == other._id:
        return True
    first, second = _numbers(one), _numbers(other)
    return first is not None and second is not None and np.array_equal(first, second)


def _numbers(tensor: Any) -> Optional[Any]:
    try:
        return tensor.numpy()
    # A handle has no numbers.
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return None
