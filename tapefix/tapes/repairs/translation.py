"""What to write in place of a step outside TensorFlow, so that the path stays inside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import libcst as cst

from tapefix.tapes import twins
from tapefix.tapes.execution.library import foreign
from tapefix.tapes.execution.vocabulary import ARRAY_BODIES, COPYING
from tapefix.tapes.flow.steps import foreign_origin
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.operands import is_packed, operand
from tapefix.tapes.repairs.remaking import prediction, rewrapped_constant, rewrapped_variable, with_tensors
from tapefix.tapes.values import Argument, Kind, Operation, Value
from tapefix.tapes.writing.draft import Bare
from tapefix.tapes.writing.written import UNCHANGED, Piece, Translation, alone, tf_name, unwrapped

_DROPPED_METHODS = {"numpy", "_numpy", "eval"}
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
        receiver = operand(reading, node.value, value.receiver, None, tensors)
        return _from_twin(twins.twin_of_method(node.attr.value, receiver, (), tf=tf_name(reading)), [], node.value)
    if value.operation is Operation.SUBSCRIPT and isinstance(node, cst.Subscript):
        return _subscript(reading, node, value, tensors)
    if value.operation is Operation.STORE:
        return "an item of the array is set, and tensors cannot be changed in place"
    return "there is no TensorFlow expression of the same meaning"


def _method(reading: Reading, node: cst.Call, value: Value, tensors: Collection[Value]) -> Translation | str:
    assert isinstance(node.func, cst.Attribute)
    if value.name in _DROPPED_METHODS:
        return Translation((node.func.value,))
    if value.name in ("predict", "predict_on_batch"):
        return prediction(reading, node, value)
    made = foreign_origin(value.receiver) if value.receiver is not None else None
    if made is not None:
        return _of_foreign_object(reading, node, value, made, tensors)
    receiver = operand(reading, node.func.value, value.receiver, None, tensors)
    if value.name == "tolist" and all(_takes_tensor_for_list(u) for u in value.users if u in tensors):
        return Translation((node.func.value,))
    arguments = [operand(reading, a.node.value, a.value, a, tensors) for a in value.arguments]
    twin = twins.twin_of_method(value.name, receiver, arguments, tf=tf_name(reading))
    return _from_twin(twin, value.arguments, node.func.value)


def _of_foreign_object(
    reading: Reading, node: cst.Call, value: Value, made: Value, tensors: Collection[Value]
) -> Translation | str:
    """A method of an object of another library: `norm(0.0, 2.0).logpdf(t)` is `norm.logpdf(t, 0.0, 2.0)`."""
    assert isinstance(node.func, cst.Attribute)
    name = f"{made.name}.{value.name}"
    arguments = (*value.arguments, *made.arguments)
    fixed = node.func.value is made.node or all(isinstance(a.node.value, cst.BaseNumber) for a in made.arguments)
    if made is not value.receiver or not fixed or any(a.keyword for a in value.arguments):
        return _from_twin(twins.twin_of_function(name, ()), (), None)
    operands = [operand(reading, a.node.value, a.value, a, tensors) for a in arguments]
    written = _from_twin(twins.twin_of_function(name, operands, tf=tf_name(reading)), arguments, None)
    return written if isinstance(written, str) else unwrapped(reading, node, written)


def _takes_tensor_for_list(user: Value) -> bool:
    """Whether a use of a list of numbers means the same on a tensor: an item, a loop, a function of arrays."""
    if user.operation in (Operation.SUBSCRIPT, Operation.ITERATION, Operation.JOIN):
        return True
    return user.operation is Operation.CALL and user.name.startswith(("tensorflow.", "numpy.", "keras."))


def _call(reading: Reading, node: cst.Call, value: Value, tensors: Collection[Value]) -> Translation | str:
    name = value.name
    if name in ("tensorflow.Variable", "keras.Variable"):
        return rewrapped_variable(reading, node, value)
    if name in ("tensorflow.constant", "tensorflow.convert_to_tensor"):
        return rewrapped_constant(reading, node, value)
    if name in COPYING and len(node.args) == 1:
        return alone(reading, node, node.args[0].value)
    if name in ARRAY_BODIES:
        return with_tensors(reading, node, value)
    if foreign(name) and value.kind is Kind.UNKNOWN and value.users and all(_is_asked(node, u) for u in value.users):
        return UNCHANGED
    arguments = [operand(reading, a.node.value, a.value, a, tensors) for a in value.arguments]
    if name.rpartition(".")[2] not in _TAKES_LISTS:
        # A list of tensors is taken for one tensor wherever TensorFlow packs it by itself.
        arguments = [
            replace(argument, kind="tensor") if is_packed(a, tensors) else argument
            for argument, a in zip(arguments, value.arguments, strict=True)
        ]
    written = _from_twin(twins.twin_of_function(name, arguments, tf=tf_name(reading)), value.arguments, None)
    return written if isinstance(written, str) else unwrapped(reading, node, written)


def _is_asked(node: cst.Call, user: Value) -> bool:
    """Whether all that is done with an object is to call a method of it right where it is made."""
    call = user.node
    return isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.func.value is node


def _operator(
    reading: Reading, node: cst.BinaryOperation, value: Value, tensors: Collection[Value]
) -> Translation | str:
    left = operand(reading, node.left, value.inputs[0], None, tensors)
    right = operand(reading, node.right, value.inputs[1], None, tensors)
    symbol = reading.code(node.operator).strip()
    twin = twins.twin_of_operator(symbol, left, right, tf=tf_name(reading))
    if twin is twins.UNCHANGED:
        return UNCHANGED
    if isinstance(twin, twins.Twin):
        return _pieces(twin, [node.left, node.right], None)
    return twin.reason if twin is not None else f"`{symbol}` has no meaning known on tensors"


def _augmented(reading: Reading, node: cst.AugAssign, value: Value, tensors: Collection[Value]) -> Translation | str:
    left = operand(reading, node.target, value.inputs[0], None, tensors)
    right = operand(reading, node.value, value.inputs[1], None, tensors)
    symbol = reading.code(node.operator).strip().removesuffix("=")
    if twins.twin_of_operator(symbol, left, right, tf=tf_name(reading)) is not twins.UNCHANGED:
        return f"`{symbol}=` would have to be written out on tensors"
    return UNCHANGED


def _subscript(reading: Reading, node: cst.Subscript, value: Value, tensors: Collection[Value]) -> Translation | str:
    parts = [part.slice for part in node.slice]
    indices = [(part.value, _one_of(reading, part.value)) for part in parts if isinstance(part, cst.Index)]
    if all(_is_plain_index(expression, index) for expression, index in indices):
        return UNCHANGED
    left = operand(reading, node.value, value.receiver, None, tensors)
    if len(parts) == 1:
        expression, index = indices[0]
        twin = twins.twin_of_operator(
            "[]", left, operand(reading, expression, index, None, tensors), tf=tf_name(reading)
        )
        if isinstance(twin, twins.Twin):
            return UNCHANGED if twin is twins.UNCHANGED else _pieces(twin, [node.value, expression], None)
        if twin is not None:
            return twin.reason
    rows_in_order = len(parts) == 2 and len(indices) == 2 and _counts_up(indices[0][1])
    if rows_in_order and (not _is_plain_index(*indices[1]) or _is_as_long_as(reading, *(i[0] for i in indices))):
        # One item of each row: `q[np.arange(n), actions]`.
        picked = (f"{tf_name(reading)}.gather(", node.value, ", ", indices[1][0], ", axis=1, batch_dims=1)")
        return Translation(picked, ("tensorflow",))
    return "NumPy selects by an array of indices; `tf.gather` or `tf.boolean_mask` would"


def _counts_up(index: Value | None) -> bool:
    """Whether an index is `range(n)` or `np.arange(n)`."""
    known = index is not None and index.operation is Operation.CALL
    return (
        known and index is not None and index.name in ("numpy.arange", "builtins.range") and len(index.arguments) == 1
    )


def _is_as_long_as(reading: Reading, count: cst.BaseExpression, index: cst.BaseExpression) -> bool:
    """Whether the rows are counted by the index itself, `np.arange(len(actions))`: then that is no single number."""
    length = count.args[0].value if isinstance(count, cst.Call) else None
    if isinstance(length, cst.Call) and len(length.args) == 1:
        return reading.code(length.func) == "len" and length.args[0].value.deep_equals(index)
    return False


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


_BARE = (cst.BinaryOperation, cst.UnaryOperation, cst.Call, cst.Name, cst.Attribute, cst.Subscript)


def _needs_no_parentheses(twin: twins.Twin, slot: twins.Slot, node: cst.BaseExpression) -> bool:
    """Whether an array in parentheses, `(a - b).mean()`, becomes an argument of its own."""
    place = twin.template.index(slot)
    around = [twin.template[i] if 0 <= i < len(twin.template) else "" for i in (place - 1, place + 1)]
    before, after = (text if isinstance(text, str) else "" for text in around)
    return isinstance(node, _BARE) and len(node.lpar) == 1 and before.endswith("(") and after.startswith((")", ","))


def _pieces(
    twin: twins.Twin, arguments: Sequence[cst.BaseExpression], receiver: cst.BaseExpression | None
) -> Translation | str:
    pieces: list[Piece] = []
    for piece in twin.template:
        if isinstance(piece, str):
            pieces.append(piece)
        elif piece.argument == twins.RECEIVER:
            assert receiver is not None
            pieces.append(Bare(receiver) if _needs_no_parentheses(twin, piece, receiver) else receiver)
        elif piece.part is None:
            pieces.append(arguments[piece.argument])
        else:
            display = arguments[piece.argument]
            if not isinstance(display, (cst.List, cst.Tuple)):
                return "the arguments are not written as a list"
            pieces.append(display.elements[piece.part].value)
    return Translation(tuple(pieces), twin.needs)
