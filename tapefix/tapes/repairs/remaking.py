"""Tensors made anew, and predictions: the tensor itself, or a call of the model, in their place."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes import twins
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Argument, Kind, Operation, Value
from tapefix.tapes.writing.written import Piece, Renamed, Translation, alone, tf_name

_PREDICTION_OPTIONS = {"x", "batch_size", "verbose", "workers", "max_queue_size", "use_multiprocessing"}


def prediction(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    """A call of the model in place of `predict`."""
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


def with_tensors(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    """`tf.py_function` in place of `tf.numpy_function`: the body gets tensors, and the tape sees what it does.

    A function of NumPy itself becomes the operation of TensorFlow.
    """
    if all(other.is_tensor for other in reading.values(node)):
        return _operation(reading, value) or (
            "its function is not defined in this file, and whether it could compute with tensors is not known"
        )
    if _differentiated_again(reading, value):
        return "its gradient is differentiated again, and that of `tf.py_function` cannot be"
    extra = [a for a in node.args if a.keyword is not None and a.keyword.value == "stateful"]
    if sum(a.keyword is None for a in node.args) > 3 or any(a.star for a in node.args):
        return "`tf.py_function` takes other arguments"
    return Renamed((), ("tensorflow",), callee=f"{tf_name(reading)}.py_function", dropped=tuple(extra))


def _operation(reading: Reading, value: Value) -> Translation | None:
    """The operation that is called as the NumPy function is."""
    function, inputs = value.argument(0, "func"), value.argument(1, "inp")
    if function is None or function.value.kind is not Kind.LIBRARY or inputs is None:
        return None
    listed = inputs.node.value
    if not isinstance(listed, (cst.List, cst.Tuple)) or any(not isinstance(e, cst.Element) for e in listed.elements):
        return None
    operands = [twins.Argument("t", kind="tensor", dtype="float32") for _ in listed.elements]
    found = twins.twin_of_function(function.value.name, operands, tf_name(reading))
    if not isinstance(found, twins.Twin) or set(found.needs) - {"tensorflow"} or not found.differentiable:
        return None
    plain, written = "(" + ", ".join("t" for _ in operands) + ")", found.render(operands)
    if not operands or not written.endswith(plain):
        return None
    pieces: list[Piece] = [written.removesuffix(plain) + "("]
    for element in listed.elements:
        pieces += [element.value, ", "]
    return Translation((*pieces[:-1], ")"), found.needs)


def _differentiated_again(reading: Reading, value: Value) -> bool:
    """Whether a gradient that comes back through it is itself on the path of another one."""
    return any(
        step.operation is Operation.GRADIENT and step.time > value.time
        for flow in reading.flows()
        if value in flow.depends
        for step in flow.path
    )


def rewrapped_variable(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    """The tensor in place of a variable made of it."""
    if any(user.name.startswith(("assign", "scatter")) for user in value.users):
        return "the variable is assigned to later"
    if any(source.value is value for query in reading.queries for source in query.sources):
        return "a gradient is asked for the variable"
    if any(user.name == "watch" for user in value.users):
        return "the variable is watched"
    if value.argument(8, "shape") is not None:
        return "the variable is made with a shape of its own"
    initial = value.argument(0, "initial_value") or value.argument(0, "initializer")
    if initial is None or initial.value.kind in (Kind.FUNCTION, Kind.METHOD):
        return "the variable is made without an initial value"
    return _rewrapped(reading, node, value, initial, value.argument(7, "dtype"))


def rewrapped_constant(reading: Reading, node: cst.Call, value: Value) -> Translation | str:
    """The tensor in place of a constant made of its values."""
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
        function = f"{tf_name(reading)}." + ("convert_to_tensor" if nested else "stack")
    if dtype is None or dtype.value.kind is Kind.NONE or _same_dtype(value, content.value):
        if not function:
            return alone(reading, node, content.node.value)
        return Translation((f"{function}(", content.node.value, ")"), ("tensorflow",))
    inner: tuple[Piece, ...] = (f"{function}(", content.node.value, ")") if function else (content.node.value,)
    return Translation((f"{tf_name(reading)}.cast(", *inner, ", ", dtype.node.value, ")"), ("tensorflow",))


def _same_dtype(value: Value, content: Value) -> bool:
    return bool(value.precise_dtype) and value.precise_dtype == content.precise_dtype
