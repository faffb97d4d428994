"""Operands as the table of twins wants to know them."""

from __future__ import annotations

import re
from collections.abc import Collection

import libcst as cst

from tapefix.tapes import twins
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import NO_CONSTANT, Argument, Dtype, Kind, Operation, Value

_DROPPED_METHODS = {"numpy", "_numpy", "eval"}


def is_packed(argument: Argument, tensors: Collection[Value]) -> bool:
    """Whether an argument is a list of tensors, which TensorFlow packs into one."""
    elements = argument.value.elements
    return not argument.star and bool(elements) and all(e.is_tensor or e in tensors for e in elements or ())


def operand(
    reading: Reading,
    node: cst.BaseExpression,
    value: Value | None,
    written: Argument | None,
    tensors: Collection[Value],
) -> twins.Argument:
    """One operand, as written and as known; `tensors` are the values that will be tensors."""
    known = value
    parts: tuple[twins.Argument, ...] = ()
    elements = known.elements if known is not None and isinstance(node, (cst.List, cst.Tuple)) else None
    if elements is not None and isinstance(node, (cst.List, cst.Tuple)) and len(node.elements) == len(elements):
        parts = tuple(
            operand(reading, part.value, element, None, tensors)
            for part, element in zip(node.elements, elements, strict=True)
        )
    return twins.Argument(
        text=reading.code(node),
        keyword=written.keyword if written is not None else None,
        constant=_constant(known),
        kind=_kind(known, tensors),
        dtype=(known.precise_dtype or known.dtype.value) if known is not None else Dtype.UNKNOWN.value,
        rank=_rank(known),
        star=written.star if written is not None else "",
        parts=parts,
    )


_TO_SCALAR = re.compile(r"tensorflow\.(math\.)?(reduce_\w+|norm|nn\.l2_loss)|numpy\.(sum|mean|prod|std|var|max|min)")


def _rank(value: Value | None) -> int | None:
    """The rank, where it follows from how the value was made: a reduction over everything leaves a number."""
    if value is None or value.rank is not None or value.elements is not None:
        return value.rank if value is not None else None
    if value.kind is Kind.SCALAR:
        return 0
    if value.operation is Operation.METHOD_CALL and value.name in _DROPPED_METHODS:
        return _rank(value.receiver)
    if value.operation is Operation.CALL and len(value.arguments) == 1 and _TO_SCALAR.fullmatch(value.name):
        return 0
    return None


def _kind(value: Value | None, tensors: Collection[Value]) -> str:
    if value is None:
        return "unknown"
    if value.kind is Kind.VARIABLE:
        return "variable"
    if value in tensors and value.elements is None:
        return "tensor"
    return {
        Kind.TENSOR: "tensor",
        Kind.NDARRAY: "ndarray",
        Kind.SCALAR: "scalar",
        Kind.SEQUENCE: "sequence",
    }.get(value.kind, "unknown")


def _constant(value: Value | None) -> object:
    if value is None:
        return twins.NOT_CONSTANT
    if value.elements is not None:
        parts = [_constant(element) for element in value.elements]
        if any(part is twins.NOT_CONSTANT for part in parts):
            return twins.NOT_CONSTANT
        return tuple(parts) if isinstance(value.node, cst.Tuple) else parts
    return twins.NOT_CONSTANT if value.constant is NO_CONSTANT or value.node is None else value.constant
