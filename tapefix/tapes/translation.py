"""What to write in place of a step outside TensorFlow, so that the path stays inside."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from tapefix.tapes import twins
from tapefix.tapes.draft import Draft
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import NO_CONSTANT, Argument, Dtype, Kind, Operation, Value

Piece = str | cst.CSTNode

_DROPPED_METHODS = {"numpy", "_numpy", "eval"}
_TIGHT = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float, cst.List, cst.Tuple)
_TAKES_LISTS = {
    "array",
    "asarray",
    "asanyarray",
    "ascontiguousarray",
    "stack",
    "concatenate",
    "concat",
    "vstack",
    "hstack",
    "dstack",
    "column_stack",
}


@dataclass(frozen=True)
class Translation:
    """An expression in place of another: pieces of text, and nodes whose own text is kept."""

    pieces: tuple[Piece, ...]
    needs: tuple[str, ...] = ()
    unchanged: bool = False
    """The expression means the same on tensors as it stands."""
    part: cst.CSTNode | None = None
    """The part of the expression that is replaced, when it is not all of it."""
    wrapped: cst.BaseExpression | None = None
    """An expression that needs parentheses now."""

    def write(self, draft: Draft, node: cst.CSTNode) -> None:
        """Add the edits to a draft."""
        if self.unchanged:
            return
        draft.replace(self.part or node, *self.pieces)
        if self.wrapped is not None:
            start, end = draft.reading.span(self.wrapped)
            draft.insert(start, "(")
            draft.insert(end, ")")


UNCHANGED = Translation((), unchanged=True)


def translate(
    reading: Reading, node: cst.CSTNode, values: Sequence[Value], tensors: Collection[Value]
) -> Translation | str:
    """What to write for a step that leaves TensorFlow, or why nothing can be written.

    `tensors` are the values that will be tensors once every step of their paths has been translated.
    """
    translations = {_translate(reading, node, value, tensors) for value in values}
    if isinstance(node, cst.AugAssign) and len(translations) > 1:
        # Written out, it means the same the first time round, on an array, and then on tensors.
        translations.discard(UNCHANGED)
    if len(translations) == 1:
        return translations.pop()
    obstacles = [found for found in translations if isinstance(found, str)]
    return obstacles[0] if obstacles else "it would have to be written differently for different calls"


def _translate(reading: Reading, node: cst.CSTNode, value: Value, tensors: Collection[Value]) -> Translation | str:
    if isinstance(node, cst.Call) and value.operation is Operation.METHOD_CALL:
        return _method(reading, node, value, tensors)
    if isinstance(node, cst.Call):
        return _call(reading, node, value, tensors)
    if value.operation is Operation.BINARY and isinstance(node, cst.BinaryOperation):
        return _operator(reading, node, value, tensors)
    if value.operation is Operation.BINARY and isinstance(node, cst.AugAssign):
        return _augmented(reading, node, value, tensors)
    if value.operation is Operation.ATTRIBUTE and isinstance(node, cst.Attribute):
        receiver = _argument(reading, node.value, value.receiver, None, tensors)
        return _from_twin(twins.twin_of_method(node.attr.value, receiver, (), tf=_tf(reading)), [], node.value)
    if value.operation is Operation.SUBSCRIPT and isinstance(node, cst.Subscript):
        return _subscript(reading, node, value, tensors)
    if value.operation is Operation.STORE:
        return "an item of the array is set, and tensors cannot be changed in place"
    return "there is no TensorFlow expression of the same meaning"


def _tf(reading: Reading) -> str:
    return reading.tensorflow_name or "tf"


def _method(reading: Reading, node: cst.Call, value: Value, tensors: Collection[Value]) -> Translation | str:
    assert isinstance(node.func, cst.Attribute)
    if value.name in _DROPPED_METHODS:
        return Translation((node.func.value,))
    if value.name in ("predict", "predict_on_batch"):
        return _prediction(reading, node, value)
    receiver = _argument(reading, node.func.value, value.receiver, None, tensors)
    if value.name == "tolist" and all(_takes_tensor_for_list(u) for u in value.users if u in tensors):
        return Translation((node.func.value,))
    arguments = [_argument(reading, a.node.value, a.value, a, tensors) for a in value.arguments]
    twin = twins.twin_of_method(value.name, receiver, arguments, tf=_tf(reading))
    return _from_twin(twin, value.arguments, node.func.value)


def _takes_tensor_for_list(user: Value) -> bool:
    """Whether a use of a list of numbers means the same on a tensor: an item, a loop, a function of arrays."""
    if user.operation in (Operation.SUBSCRIPT, Operation.ITERATION, Operation.JOIN):
        return True
    return user.operation is Operation.CALL and user.name.startswith(("tensorflow.", "numpy.", "keras."))


_PREDICTION_OPTIONS = {"x", "batch_size", "verbose", "workers", "max_queue_size", "use_multiprocessing"}


def _prediction(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    assert isinstance(node.func, cst.Attribute)
    batch = value.argument(0, "x")
    if batch is None:
        return "`predict` is called without a batch"
    if batch.value.kind is Kind.DATASET:
        return "`predict` goes over a dataset; a tape needs one batch at a time"
    if batch.value.elements is not None and not all(
        e.is_tensor or e.kind is Kind.NDARRAY for e in batch.value.elements
    ):
        return "`predict` makes an array of the list that it gets; a model called with it may not"
    for argument in value.arguments:
        if argument.star or (argument.keyword or "x") not in _PREDICTION_OPTIONS:
            return f"`{reading.code(argument.node)}` has no meaning in a call of the model"
    return Translation((node.func.value, "(", batch.node.value, ", training=False)"))


def _call(reading: Reading, node: cst.Call, value: Value, tensors: Collection[Value]) -> Translation | str:
    name = value.name
    if name in ("tensorflow.Variable", "keras.Variable"):
        return _rewrapped_variable(reading, node, value)
    if name in ("tensorflow.constant", "tensorflow.convert_to_tensor"):
        return _rewrapped_constant(reading, node, value)
    if name == "tensorflow.numpy_function":
        return "the NumPy code inside `tf.numpy_function` has no gradient"
    arguments = [_argument(reading, a.node.value, a.value, a, tensors) for a in value.arguments]
    if name.rpartition(".")[2] not in _TAKES_LISTS:
        # A list of tensors is taken for one tensor wherever TensorFlow packs it by itself.
        arguments = [
            replace(argument, kind="tensor") if _is_packed(a, tensors) else argument
            for argument, a in zip(arguments, value.arguments, strict=True)
        ]
    return _from_twin(twins.twin_of_function(name, arguments, tf=_tf(reading)), value.arguments, None)


def _is_packed(argument: Argument, tensors: Collection[Value]) -> bool:
    elements = argument.value.elements
    return not argument.star and bool(elements) and all(e.is_tensor or e in tensors for e in elements or ())


def _rewrapped_variable(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    if any(user.name.startswith(("assign", "scatter")) for user in value.users):
        return "the variable is assigned to later"
    if any(user.operation is Operation.GRADIENT for user in value.users):
        return "a gradient is asked for the variable"
    if any(user.name == "watch" for user in value.users):
        return "the variable is watched"
    if value.argument(8, "shape") is not None:
        return "the variable is made with a shape of its own"
    initial = value.argument(0, "initial_value") or value.argument(0, "initializer")
    if initial is None or initial.value.kind in (Kind.FUNCTION, Kind.METHOD):
        return "the variable is made without an initial value"
    return _rewrapped(reading, node, value, initial, value.argument(7, "dtype"))


def _rewrapped_constant(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    content = value.argument(0, "value")
    if content is None or (value.argument(2, "shape") is not None and value.name == "tensorflow.constant"):
        return "the tensor is made with a shape of its own"
    return _rewrapped(reading, node, value, content, value.argument(1, "dtype"))


def _rewrapped(
    reading: Reading, node: cst.Call, value: Value, content: Argument, dtype: Argument | None
) -> Translation | str:
    """The content itself; a list of tensors as one; cast, where a dtype is named that it may not have."""
    listed = content.value.elements
    function = ""
    if listed is not None:
        nested = any(element.elements is not None for element in listed)
        function = f"{_tf(reading)}." + ("convert_to_tensor" if nested else "stack")
    if dtype is None or dtype.value.kind is Kind.NONE or _same_dtype(value, content.value):
        if not function:
            return _alone(reading, node, content.node.value)
        return Translation((f"{function}(", content.node.value, ")"), ("tensorflow",))
    inner: tuple[Piece, ...] = (f"{function}(", content.node.value, ")") if function else (content.node.value,)
    return Translation((f"{_tf(reading)}.cast(", *inner, ", ", dtype.node.value, ")"), ("tensorflow",))


def _same_dtype(value: Value, content: Value) -> bool:
    return bool(value.precise_dtype) and value.precise_dtype == content.precise_dtype


def _alone(reading: Reading, outer: cst.CSTNode, inner: cst.BaseExpression) -> Translation:
    """The inner expression in place of the outer one, in parentheses where it needs them."""
    start, end = reading.span(outer)
    around = reading.text[start : reading.span(inner)[0]] + reading.text[reading.span(inner)[1] : end]
    lines = "\n" in around or "\r" in around
    free = isinstance(reading.parent(outer), (cst.Assign, cst.AnnAssign, cst.Arg, cst.Return, cst.Expr, cst.Element))
    if not lines and (isinstance(inner, _TIGHT) or inner.lpar or free):
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


def _augmented(reading: Reading, node: cst.AugAssign, value: Value, tensors: Collection[Value]) -> Translation | str:
    left = _argument(reading, node.target, value.inputs[0], None, tensors)
    right = _argument(reading, node.value, value.inputs[1], None, tensors)
    symbol = reading.code(node.operator).strip().removesuffix("=")
    if twins.twin_of_operator(symbol, left, right, tf=_tf(reading)) is not twins.UNCHANGED:
        return f"`{symbol}=` would have to be written out on tensors"
    if value.inputs[0].kind is not Kind.NDARRAY or value.inputs[0] in tensors:
        return UNCHANGED
    # An array takes a tensor in and stays an array, where one that stands on its own becomes a tensor.
    tight = isinstance(node.value, _TIGHT) or bool(node.value.lpar)
    return Translation(
        (f"= {reading.code(node.target)} {symbol}",), part=node.operator, wrapped=None if tight else node.value
    )


def _subscript(reading: Reading, node: cst.Subscript, value: Value, tensors: Collection[Value]) -> Translation | str:
    parts = [part.slice for part in node.slice]
    indices = [(part.value, _one_of(reading, part.value)) for part in parts if isinstance(part, cst.Index)]
    if all(_is_plain_index(expression, index) for expression, index in indices):
        return UNCHANGED
    left = _argument(reading, node.value, value.receiver, None, tensors)
    if len(parts) == 1:
        expression, index = indices[0]
        twin = twins.twin_of_operator("[]", left, _argument(reading, expression, index, None, tensors), tf=_tf(reading))
        if isinstance(twin, twins.Twin):
            return UNCHANGED if twin is twins.UNCHANGED else _pieces(twin, [node.value, expression], None)
        if twin is not None:
            return twin.reason
    return "NumPy selects by an array of indices; `tf.gather` or `tf.boolean_mask` would"


def _one_of(reading: Reading, node: cst.BaseExpression) -> Value | None:
    values = reading.values(node)
    return values[-1] if values else None


def _is_plain_index(node: cst.BaseExpression, index: Value | None) -> bool:
    """Whether an index is one number, a new axis or an ellipsis; what is not known is taken for a number."""
    if isinstance(node, cst.List):
        return False
    if index is None or isinstance(node, (cst.Integer, cst.Ellipsis)):
        return True
    if index.name.endswith((".newaxis", ".argmax", ".argmin")):
        # Of an array as a whole: one index.
        return len(index.arguments) <= 1
    if index.operation is Operation.METHOD_CALL and index.name in ("argmax", "argmin"):
        return not index.arguments
    return index.rank == 0 or index.kind in (Kind.SCALAR, Kind.NONE, Kind.UNKNOWN)


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
    known = value
    parts: tuple[twins.Argument, ...] = ()
    elements = known.elements if known is not None and isinstance(node, (cst.List, cst.Tuple)) else None
    if elements is not None and isinstance(node, (cst.List, cst.Tuple)) and len(node.elements) == len(elements):
        parts = tuple(
            _argument(reading, part.value, element, None, tensors)
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
