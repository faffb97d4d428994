"""Which rule of the catalogue a break belongs to."""

from __future__ import annotations

from tapefix.why.account import Break, Cause

_SIMPLE = {
    Cause.REWRAPPED: "TPF105",
    Cause.NUMPY_FUNCTION: "TPF106",
    Cause.STOPPED_GRADIENT: "TPF107",
    Cause.STOPPED_RECORDING: "TPF107",
    Cause.WATCHED_LATE: "TPF202",
    Cause.NOT_A_TENSOR: "TPF205",
    Cause.REPLACED: "TPF207",
    Cause.DERIVED_OBJECT: "TPF208",
    Cause.BEFORE_TAPE: "TPF301",
    Cause.AFTER_TAPE: "TPF302",
    Cause.QUERY_OUTSIDE: "TPF304",
    Cause.OTHER_TAPE: "TPF305",
    Cause.TAPE_USED: "TPF401",
}
_NOT_WATCHED = {"untrainable": "TPF204", "watching-disabled": "TPF203", "tensor": "TPF201"}
_METHODS = ("numpy", "_numpy", "eval", "get_value")
_PREDICTIONS = ("predict", "predict_on_batch", "predict_step", "evaluate")
_PACKING = ("array", "asarray", "stack", "asanyarray", "vstack", "hstack", "concatenate")
_SCALARS = ("float", "int", "complex", "round", "item", "tolist", "bool")
_COMPARISONS = ("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "Where")
_INDICES = ("ArgMax", "ArgMin", "TopKV2", "TopK")
_ROUNDING = ("Round", "Rint", "Floor", "Ceil", "FloorDiv", "Cast", "Sign")


def rule_of(found: Break) -> str | None:
    """The code of the rule that a break belongs to; None when no rule speaks of it."""
    if found.cause is Cause.NOT_WATCHED:
        return _NOT_WATCHED.get(found.detail)
    if found.cause is Cause.LEFT:
        return _departure(found)
    if found.cause is Cause.TAPE_USED and found.detail == "loop":
        return "TPF402"
    if found.cause is Cause.STOPPED_SHORT:
        return found.detail
    if found.cause is Cause.INTEGER:
        return "TPF206" if found.detail == "source" else _stuck(found.made_by)
    if found.cause is Cause.NO_GRADIENT:
        return _stuck(found.made_by) or "TPF506"
    if found.cause is Cause.ASSIGNED:
        return "TPF505" if ".metrics." in found.callee else "TPF504"
    if found.cause is Cause.SYMBOLIC:
        return "TPF601" if found.detail == "symbolic" else None
    if found.cause is Cause.OTHER_OBJECT:
        return "TPF602" if found.other_callee.startswith("keras.") else "TPF209"
    return _SIMPLE.get(found.cause)


def _departure(found: Break) -> str:
    name = found.made_by.rpartition(".")[2]
    package = found.callee.partition(".")[0]
    if name in _METHODS:
        return "TPF101"
    if name in _PREDICTIONS:
        return "TPF104"
    if package in ("builtins", "math") or name in _SCALARS:
        return "TPF103"
    if package == "numpy":
        return "TPF105" if name in _PACKING else "TPF102"
    return "TPF108" if package not in ("", "keras", "tensorflow") else "TPF102"


def _stuck(operation: str) -> str | None:
    if operation in _INDICES:
        return "TPF501"
    if operation in _COMPARISONS:
        return "TPF503"
    return "TPF502" if operation in _ROUNDING else None
