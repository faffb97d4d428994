"""Selections: the index of a value, where the value itself is what a gradient can be asked for."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes.flow.stops import Stop, stop_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.cuts import Cut, only_reshaped
from tapefix.tapes.values import Value
from tapefix.tapes.writing.draft import Draft

_VALUES = {"argmax": "reduce_max", "argmin": "reduce_min", "argsort": "sort"}
_KERAS_VALUES = {"argmax": "max", "argmin": "min", "argsort": "sort"}
_KEPT = ("axis", "keepdims", "direction", "name")


def is_compared(cut: Cut, value: Value) -> bool:
    """Whether what is selected is compared with something on the way to the target: a share of hits."""
    return any(stop_of(each) is Stop.COMPARISON for each in cut.behind(value))


def select_value(reading: Reading, cut: Cut, draft: Draft) -> str:
    """Write the selected value in place of its index; or say why the value is not what is meant."""
    if cut.held:
        return cut.held
    for value in cut.values:
        off = cut.users_off_path(value)
        if off:
            where = next((f" at line {reading.line(user.node)}" for user in off if user.node is not None), "")
            return f"the index is also used as such{where}: ask for the gradient of the value that it selects"
        if not only_reshaped(cut, value):
            return "an index has no gradient; that of the value it selects has: `tf.reduce_max`, `tf.gather`"
    node, value = cut.node, cut.values[0]
    if isinstance(node, cst.Attribute) and node.attr.value == "indices":
        draft.replace(node.attr, "values")
        return ""
    if isinstance(node, cst.Subscript) and isinstance(node.slice[0].slice, cst.Index):
        draft.replace(node.slice[0].slice.value, "0")
        return ""
    if not isinstance(node, cst.Call):
        return "an index has no gradient: ask for that of the value it selects"
    return _call(draft, node, value)


def _call(draft: Draft, node: cst.Call, value: Value) -> str:
    """`tf.argmax(p, axis=1)` becomes `tf.reduce_max(p, axis=1)`."""
    space, _, short = value.name.rpartition(".")
    twin = (_VALUES if space.startswith("tensorflow") else _KERAS_VALUES).get(short)
    other = [a for a in value.arguments if a.star or a.keyword not in (None, "input", "values", "x", *_KEPT)]
    renamed = [a for a in value.arguments if a.keyword in ("input", "values", "x")]
    if twin is None or other or renamed or space.startswith("tensorflow.experimental"):
        return "an index has no gradient: ask for that of the value it selects"
    if isinstance(node.func, cst.Attribute):
        draft.replace(node.func.attr, twin)
    elif space.startswith("tensorflow"):
        draft.replace(node.func, f"{draft.tensorflow()}.{twin}")
    else:
        return "an index has no gradient: ask for that of the value it selects"
    axis = value.argument(1, "axis")
    if axis is None and short != "argsort" and space.startswith("tensorflow"):
        # An index is one along the first axis, where nothing else is said; a maximum is one of all.
        draft.add_argument(node, "axis=0")
    return ""
