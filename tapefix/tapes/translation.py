"""What to write in place of a step outside TensorFlow, so that the path stays inside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes import twins
from tapefix.tapes.draft import Draft
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import NO_CONSTANT, Argument, Dtype, Kind, Operation, Value

Piece = str | cst.CSTNode

_DROPPED_METHODS = {"numpy", "_numpy", "eval"}
_COMPREHENSIVE = (cst.GeneratorExp, cst.Lambda, cst.NamedExpr, cst.StarredElement, cst.Yield, cst.Await)


@dataclass(frozen=True)
class Translation:
    """An expression in place of another: pieces of text, and nodes whose own text is kept."""

    pieces: tuple[Piece, ...]
    needs: tuple[str, ...] = ()
    unchanged: bool = False
    """The expression means the same on tensors as it stands."""

    def write(self, draft: Draft, node: cst.CSTNode) -> None:
        """Add the edits to a draft."""
        if not self.unchanged:
            draft.replace(node, *self.pieces)


UNCHANGED = Translation((), unchanged=True)


def translate(
    reading: Reading, node: cst.CSTNode, values: Sequence[Value], tensors: Collection[Value]
) -> Translation | str:
    """What to write for a step that leaves TensorFlow, or why nothing can be written.

    `tensors` are the values that will be tensors once every step of their paths has been translated.
    """
    translations = {_translate(reading, node, value, tensors) for value in values}
    if len(translations) == 1:
        return translations.pop()
    obstacles = [found for found in translations if isinstance(found, str)]
    return obstacles[0] if obstacles else "it would have to be written differently for different calls"


def _translate(
    reading: Reading, node: cst.CSTNode, value: Value, tensors: Collection[Value]
) -> Translation | str:
    if isinstance(node, cst.Call) and value.operation is Operation.METHOD_CALL:
        return _method(reading, node, value, tensors)
    if isinstance(node, cst.Call):
        return _call(reading, node, value, tensors)
    if value.operation is Operation.BINARY and isinstance(node, cst.BinaryOperation):
        return _operator(reading, node, value, tensors)
    if value.operation is Operation.ATTRIBUTE and isinstance(node, cst.Attribute):
        receiver = _argument(reading, node.value, value.receiver, None, tensors)
        return _from_twin(twins.twin_of_method(node.attr.value, receiver, (), tf=_tf(reading)), [], node.value)
    if value.operation is Operation.SUBSCRIPT and isinstance(node, cst.Subscript):
        return _subscript(value, tensors)
    if value.operation is Operation.STORE:
        return "an item of the array is set, and tensors cannot be changed in place"
    return "there is no TensorFlow expression of the same meaning"


def _tf(reading: Reading) -> str:
    return reading.tensorflow_name or "tf"


def _method(
    reading: Reading, node: cst.Call, value: Value, tensors: Collection[Value]
) -> Translation | str:
    assert isinstance(node.func, cst.Attribute)
    if value.name in _DROPPED_METHODS:
        return Translation((node.func.value,))
    if value.name in ("predict", "predict_on_batch"):
        return _prediction(reading, node, value)
    receiver = _argument(reading, node.func.value, value.receiver, None, tensors)
    arguments = [_argument(reading, a.node.value, a.value, a, tensors) for a in value.arguments]
    twin = twins.twin_of_method(value.name, receiver, arguments, tf=_tf(reading))
    return _from_twin(twin, value.arguments, node.func.value)


def _prediction(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    assert isinstance(node.func, cst.Attribute)
    batch = value.argument(0, "x")
    if batch is None:
        return "`predict` is called without a batch"
    if batch.value.kind in (Kind.DATASET, Kind.UNKNOWN) and batch.value.operation is Operation.CALL:
        if batch.value.kind is Kind.DATASET:
            return "`predict` goes over a dataset; a tape needs one batch at a time"
    return Translation((node.func.value, "(", batch.node.value, ", training=False)"))


def _call(
    reading: Reading, node: cst.Call, value: Value, tensors: Collection[Value]
) -> Translation | str:
    name = value.name
    if name in ("tensorflow.Variable", "keras.Variable"):
        return _rewrapped_variable(reading, node, value)
    if name in ("tensorflow.constant", "tensorflow.convert_to_tensor"):
        return _rewrapped_constant(reading, node, value, tensors)
    if name == "tensorflow.numpy_function":
        return "the NumPy code inside `tf.numpy_function` has no gradient"
    arguments = [_argument(reading, a.node.value, a.value, a, tensors) for a in value.arguments]
    return _from_twin(twins.twin_of_function(name, arguments, tf=_tf(reading)), value.arguments, None)


def _rewrapped_variable(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    if any(user.name.startswith("assign") for user in value.users):
        return "the variable is assigned to later"
    if value.argument(7, "dtype") is not None or value.argument(8, "shape") is not None:
        return "the variable is made with a dtype or shape of its own"
    initial = value.argument(0, "initial_value") or value.argument(0, "initializer")
    if initial is None:
        return "the variable is made without an initial value"
    return _alone(reading, node, initial.node.value)


def _rewrapped_constant(
    reading: Reading, node: cst.Call, value: Value, tensors: Collection[Value]
) -> Translation | str:
    content = value.argument(0, "value")
    if content is None or value.argument(2, "shape") is not None and value.name == "tensorflow.constant":
        return "the tensor is made with a shape of its own"
    if content.value.elements is not None:
        stacked = Translation((f"{_tf(reading)}.stack(", content.node.value, ")"), ("tensorflow",))
    elif content.value in tensors or content.value.kind is not Kind.SEQUENCE:
        stacked = _alone(reading, node, content.node.value)
    else:
        return "the tensor is made of a list that cannot be told"
    dtype = value.argument(1, "dtype")
    if dtype is None or (value.precise_dtype and value.precise_dtype == content.value.precise_dtype):
        return stacked
    inner = stacked.pieces if content.value.elements is not None else (content.node.value,)
    return Translation((f"{_tf(reading)}.cast(", *inner, ", ", dtype.node.value, ")"), ("tensorflow",))


def _alone(reading: Reading, outer: cst.CSTNode, inner: cst.BaseExpression) -> Translation:
    """The inner expression in place of the outer one, in parentheses where it needs them."""
    simple = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float, cst.List, cst.Tuple)
    holder = reading.parent(outer)
    free = isinstance(holder, (cst.Assign, cst.AnnAssign, cst.Arg, cst.Return, cst.Expr))
    if isinstance(inner, simple) or getattr(inner, "lpar", ()) or free:
        return Translation((inner,))
    return Translation(("(", inner, ")"))


def _operator(
    reading: Reading, node: cst.BinaryOperation, value: Value, tensors: Collection[Value]
) -> Translation | str:
    left = _argument(reading, node.left, value.inputs[0], None, tensors)
    right = _argument(reading, node.right, value.inputs[1], None, tensors)
    symbol = reading.code(node.operator).strip()
    twin = twins.twin_of_operator(symbol, left, right, tf=_tf(reading))
    if twin is twins.UNCHANGED:
        return UNCHANGED
    if isinstance(twin, twins.Twin):
        return _pieces(twin, [node.left, node.right], None)
    return twin.reason if twin is not None else f"`{symbol}` has no meaning known on tensors"


def _subscript(value: Value, tensors: Collection[Value]) -> Translation | str:
    for index in value.inputs[1:]:
        plain = index.kind in (Kind.SCALAR, Kind.NONE) or index.elements is not None
        if index.elements is not None and any(e.kind not in (Kind.SCALAR, Kind.NONE) for e in index.elements):
            plain = all(e.kind in (Kind.SCALAR, Kind.NONE, Kind.UNKNOWN) for e in index.elements)
        if isinstance(index.node, cst.List):
            return "NumPy selects by a list of indices; `tf.gather` would"
        if not plain and index.kind is not Kind.UNKNOWN:
            return "NumPy selects by an array of indices; `tf.gather` or `tf.boolean_mask` would"
    return UNCHANGED


def _from_twin(
    twin: twins.Twin | twins.NoTwin | None, arguments: Sequence[Argument], receiver: cst.BaseExpression | None
) -> Translation | str:
    if twin is None:
        return "there is no TensorFlow function known to mean the same"
    if isinstance(twin, twins.NoTwin):
        return twin.reason
    if twin is twins.UNCHANGED:
        return UNCHANGED
    if not twin.differentiable:
        return "its TensorFlow twin has no gradient either"
    return _pieces(twin, [argument.node.value for argument in arguments], receiver)


def _pieces(
    twin: twins.Twin, arguments: Sequence[cst.BaseExpression], receiver: cst.BaseExpression | None
) -> Translation | str:
    pieces: list[Piece] = []
    for piece in twin.template:
        if isinstance(piece, str):
            pieces.append(piece)
        elif piece.argument == twins.RECEIVER:
            assert receiver is not None
            pieces.append(receiver)
        elif piece.part is None:
            pieces.append(arguments[piece.argument])
        else:
            display = arguments[piece.argument]
            if not isinstance(display, (cst.List, cst.Tuple)):
                return "the arguments are not written as a list"
            pieces.append(display.elements[piece.part].value)
    return Translation(tuple(pieces), twin.needs)


def _argument(
    reading: Reading,
    node: cst.BaseExpression,
    value: Value | None,
    written: Argument | None,
    tensors: Collection[Value],
) -> twins.Argument:
    known = value if value is not None else None
    parts: tuple[twins.Argument, ...] = ()
    if isinstance(node, (cst.List, cst.Tuple)) and known is not None and known.elements is not None:
        if len(node.elements) == len(known.elements):
            parts = tuple(
                _argument(reading, part.value, element, None, tensors)
                for part, element in zip(node.elements, known.elements, strict=True)
            )
    return twins.Argument(
        text=reading.code(node),
        keyword=written.keyword if written is not None else None,
        constant=_constant(known),
        kind=_kind(known, tensors),
        dtype=(known.precise_dtype or known.dtype.value) if known is not None else Dtype.UNKNOWN.value,
        rank=known.rank if known is not None else None,
        star=written.star if written is not None else "",
        parts=parts,
    )


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
    if value.constant is NO_CONSTANT or value.node is None:
        return twins.NOT_CONSTANT
    # A name bound to a literal elsewhere is no literal here: another call may bind it to something else.
    return value.constant if not isinstance(value.node, cst.Name) or value.kind is Kind.NONE else value.constant
