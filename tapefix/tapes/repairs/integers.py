"""Integers: where the integer dtype of a source comes from, and whether a floating one would mean the same.

A source is made floating where its dtype arises: a literal, a `dtype=`, or else a `tf.cast` around the expression.
All that is combined with it has to follow, since TensorFlow mixes no dtypes. What counts, selects or labels stays an
integer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import libcst as cst

from tapefix.tapes.flow.flow import Flow, ancestors
from tapefix.tapes.flow.holding import members
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Dtype, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_FROM_CONTENT = {"tensorflow.constant", "tensorflow.convert_to_tensor", "tensorflow.Variable"}
_FILLED = {"tensorflow.ones", "tensorflow.zeros", "tensorflow.eye"}
_DTYPE_POSITIONS = {"tensorflow.ones": 1, "tensorflow.zeros": 1, "tensorflow.Variable": 7}
_SHAPING = {
    "reshape",
    "transpose",
    "expand_dims",
    "squeeze",
    "tile",
    "broadcast_to",
    "reverse",
    "roll",
    "repeat",
    "slice",
    "pad",
    "identity",
    "ensure_shape",
}
"""Take the tensor first; what else they get are shapes and counts."""
_ELEMENTWISE = {
    "add",
    "subtract",
    "multiply",
    "divide",
    "truediv",
    "square",
    "pow",
    "abs",
    "negative",
    "maximum",
    "minimum",
    "matmul",
    "tensordot",
    "einsum",
    "reduce_sum",
    "reduce_max",
    "reduce_min",
    "reduce_prod",
    "concat",
    "stack",
    "add_n",
    "cumsum",
    "cumprod",
    "squared_difference",
    "divide_no_nan",
}
_PLAIN = {
    "sum", "mean", "prod", "max", "min", "square", "exp", "log", "sqrt", "sin", "cos", "tanh", "abs", "dot", "matmul",
    "std", "var", "norm", "array", "asarray", "add", "multiply", "subtract", "divide", "power", "item", "tolist",
    "flatten", "ravel", "reshape", "copy",
}  # fmt: skip
"""What NumPy computes of floating numbers as of integers."""
_ASKING = {"shape", "size", "rank", "print", "is_tensor", "zeros_like", "ones_like"}
_TRUNCATING = {"reduce_mean", "reduce_std", "reduce_variance"}
_INDEXING = {
    "gather",
    "gather_nd",
    "one_hot",
    "embedding_lookup",
    "range",
    "sequence_mask",
    "scatter_nd",
    "tensor_scatter_nd_update",
    "boolean_mask",
    "tensor_scatter_nd_add",
    "segment_sum",
    "unsorted_segment_sum",
    "segment_mean",
    "split",
    "zeros",
    "ones",
    "fill",
    "uniform",
    "normal",
    "linspace",
    "sparse_softmax_cross_entropy_with_logits",
    "in_top_k",
    "bincount",
    "while_loop",
}
_HARMLESS_BUILTINS = {"print", "str", "repr", "len", "isinstance", "type", "float", "id", "bool", "format"}
_COUNTING_LAYERS = {"Embedding", "IntegerLookup", "CategoryEncoding", "Hashing", "StringLookup", "Discretization"}


@dataclass
class FloatPlan:
    """What to write so that a source becomes floating; `reason` says why nothing can be written."""

    origin: cst.CSTNode
    edits: dict[cst.CSTNode, Callable[[Draft], None]] = field(default_factory=dict)
    reason: str = ""
    purpose: bool = False
    """It is an integer by purpose: an index, a count, a label."""

    def write(self, draft: Draft) -> None:
        """Add the edits to a draft; plans of several sources share what they have in common."""
        own = Draft(draft.reading)
        for edit in self.edits.values():
            edit(own)
        draft.edits += [replace(edit, shared=True) for edit in own.edits]


def float_plan(reading: Reading, flow: Flow) -> FloatPlan | None:
    """How to make the source of a flow floating; `None` when it is an integer by purpose."""
    value = flow.source.value
    plan = _Planner(reading, value).planned()
    return None if plan.purpose else plan


def becomes_floating(reading: Reading, flow: Flow) -> bool:
    """Whether an integer source is made floating by a rewrite."""
    plan = float_plan(reading, flow)
    return plan is not None and not plan.reason


def integer_variables(value: Value) -> list[Value]:
    """The variables of integers that an operator was given."""
    operator = value.operation is Operation.BINARY
    return [i for i in value.inputs if operator and i.kind is Kind.VARIABLE and i.dtype is Dtype.INTEGER]


class _Planner:
    def __init__(self, reading: Reading, value: Value) -> None:
        self.reading = reading
        self.value = value
        self.plan = FloatPlan(value.node if value.node is not None else reading.module)
        self.needed: set[Value] = set()
        self.floating: set[Value] = set()

    def planned(self) -> FloatPlan:
        """The plan for the value that it was made for."""
        self.need(self.value)
        return self.plan

    def _fail(self, reason: str) -> None:
        self.plan.reason = self.plan.reason or reason

    # Origins

    def need(self, value: Value) -> None:
        """Make a value floating where its dtype arises."""
        if value in self.needed:
            return
        self.needed.add(value)
        if value.operation is Operation.JOIN:
            for part in value.inputs:
                self.need(part)
        elif value.operation is Operation.CALL and value.name in _FROM_CONTENT and isinstance(value.node, cst.Call):
            self._from_content(value, value.node)
        elif value.operation is Operation.CALL and isinstance(value.node, cst.Call) and value.is_tensor:
            self._from_call(value, value.node)
        elif value.operation is Operation.BINARY and value.is_tensor and value.node is not None:
            self._from_operands(value, value.node)
        else:
            self._fail("it cannot be told where the integers are made")
        self.becomes_floating(value)

    def _from_operands(self, value: Value, node: cst.CSTNode) -> None:
        """Make the variables floating that an update such as `w - lr * g` is made of, else cast what it gives."""
        variables = integer_variables(value)
        plans = [_Planner(self.reading, variable).planned() for variable in variables]
        if not plans or any(plan.purpose or plan.reason for plan in plans):
            self._cast(node)
            return
        for variable in variables:
            self.need(variable)

    def _from_content(self, value: Value, call: cst.Call) -> None:
        content = value.argument(0, "value") or value.argument(0, "initial_value")
        dtype = value.argument(_DTYPE_POSITIONS.get(value.name, 1), "dtype")
        if content is None:
            self._fail("it cannot be told what it is made of")
        elif content.value.is_tensor:
            self.need(content.value)
            if dtype is not None:
                self._dtype(dtype.node.value)
        elif dtype is not None:
            self._dtype(dtype.node.value)
        elif not self._literals(content.node.value):
            self.plan.edits[call] = lambda draft: draft.add_argument(call, f"dtype={draft.tensorflow()}.float32")

    def _from_call(self, value: Value, call: cst.Call) -> None:
        short = value.name.rpartition(".")[2]
        first = value.arguments[0] if value.arguments else None
        dtype = value.argument(_DTYPE_POSITIONS.get(value.name, 1), "dtype")
        if value.name == "tensorflow.range" and value.argument(3, "dtype") is None:
            self.plan.edits[call] = lambda draft: draft.add_argument(call, f"dtype={draft.tensorflow()}.float32")
        elif value.name in _FILLED and dtype is not None:
            self._dtype(dtype.node.value)
        elif value.name == "tensorflow.cast" and dtype is not None and first is not None:
            if first.value.dtype in (Dtype.INTEGER, Dtype.BOOL):
                self._dtype(dtype.node.value)
            else:
                self._cast(call)
        elif value.name == "tensorflow.fill" and len(call.args) == 2 and self._literals(call.args[1].value):
            pass
        elif short in _SHAPING and first is not None and isinstance(first.node.value, cst.Call):
            self.need(first.value)
        else:
            self._cast(call)

    def _literals(self, node: cst.BaseExpression) -> bool:
        """Write every integer of a literal as a float; false when it is not made of decimal integers alone."""
        found = _integers(node)
        if not found:
            return False
        for literal in found:
            self.plan.edits[literal] = _as_float(literal)
        return True

    def _dtype(self, node: cst.BaseExpression) -> None:
        def write(draft: Draft) -> None:
            if isinstance(node, cst.SimpleString):
                draft.replace(node, f"{node.quote}float32{node.quote}")
            elif isinstance(node, cst.Attribute):
                draft.replace(node, node.value, ".float32")
            else:
                draft.replace(node, f"{draft.tensorflow()}.float32")

        self.plan.edits[node] = write

    def _cast(self, node: cst.CSTNode) -> None:
        def write(draft: Draft) -> None:
            draft.replace(node, f"{draft.tensorflow()}.cast(", node, f", {draft.tensorflow()}.float32)")

        self.plan.edits[node] = write

    # Uses

    def becomes_floating(self, value: Value) -> None:
        """Look at all that is made of a value once it is floating."""
        if value in self.floating:
            return
        self.floating.add(value)
        for user in value.users:
            self._use(value, user)

    def _use(self, value: Value, user: Value) -> None:
        operation = user.operation
        if operation in (Operation.GRADIENT, Operation.ATTRIBUTE):
            return
        if operation in (Operation.UNARY, Operation.ITERATION, Operation.DISPLAY):
            self.becomes_floating(user)
        elif operation is Operation.SUBSCRIPT:
            if user.receiver is value:
                self.becomes_floating(user)
            else:
                self.plan.purpose = True
        elif operation in (Operation.BINARY, Operation.JOIN, Operation.COMPARISON):
            self._follow(value, user, user.inputs)
        elif operation is Operation.METHOD_CALL:
            self._method(value, user)
        elif operation is Operation.CALL:
            self._call(value, user)
        else:
            self._fail("it is also used in a way that cannot be told")

    def _follow(self, value: Value, user: Value, others: tuple[Value, ...]) -> None:
        """An operation that wants one dtype: what else goes in becomes floating, too."""
        for other in others:
            if other is value or not other.is_tensor or other in self.floating or self._comes_along(other):
                continue
            if other.dtype is Dtype.INTEGER:
                self.need(other)
            elif other.dtype is not Dtype.FLOATING or other.precise_dtype not in ("", "float32"):
                self._fail("it is combined with a tensor of another dtype, or one that cannot be told")
        self.becomes_floating(user)

    def _comes_along(self, value: Value) -> bool:
        """Whether it is made of what becomes floating, and so becomes floating by itself."""
        return any(part in self.needed for part in ancestors([value]))

    def _method(self, value: Value, user: Value) -> None:
        receiver = user.receiver
        if receiver is value and (user.name in ("value", "read_value", "numpy") or user.name in _PLAIN):
            self.becomes_floating(user)
        elif receiver is value and user.name.startswith("assign"):
            for given in user.inputs:
                if given is not value and given.dtype is Dtype.INTEGER and given.is_tensor:
                    self.need(given)
        elif not (receiver is value and user.name == "astype") and (
            receiver is None or receiver.kind not in (Kind.TAPE, Kind.SEQUENCE, Kind.METRIC)
        ):
            self._fail("it is also used in a way that cannot be told")

    def _call(self, value: Value, user: Value) -> None:
        receiver, name = user.receiver, user.name
        short = name.rpartition(".")[2]
        first = bool(user.arguments) and _within(value, user.arguments[0].value)
        if receiver is not None and receiver.kind in (Kind.MODEL, Kind.LAYER, Kind.LOSS, Kind.METRIC):
            self._keras(receiver)
        elif name.startswith("builtins."):
            if short == "range":
                self.plan.purpose = True
            elif short not in _HARMLESS_BUILTINS:
                self.becomes_floating(user)
        elif name.startswith("keras.losses.") or short in _INDEXING or (short in _SHAPING and not first):
            self.plan.purpose = True
        elif name.startswith("tensorflow."):
            self._operation(value, user, short)
        elif name.startswith("numpy.") and short in _PLAIN:
            self.becomes_floating(user)
        else:
            self._fail("it is also used in a way that cannot be told")

    def _operation(self, value: Value, user: Value, short: str) -> None:
        if short == "cast" or short in _ASKING:
            return
        if short in _SHAPING or user.name in _FROM_CONTENT:
            self.becomes_floating(user)
        elif short in _ELEMENTWISE:
            self._follow(value, user, user.inputs)
        elif short in _TRUNCATING:
            self._fail(f"`{short}` of integers truncates: of floating numbers it gives another value")
        else:
            self._fail(f"`{short}` may not take floating numbers here")

    def _keras(self, receiver: Value) -> None:
        if receiver.kind in (Kind.LOSS, Kind.METRIC):
            self.plan.purpose = True
            return
        parts = members(receiver)
        layers = {part.name.rpartition(".")[2] for part in parts if part.name.startswith("keras.layers.")}
        if not layers or layers & _COUNTING_LAYERS:
            self.plan.purpose = True


def _as_float(literal: cst.Integer) -> Callable[[Draft], None]:
    return lambda draft: draft.replace(literal, f"{literal.value}.0")


def _within(value: Value, held: Value) -> bool:
    return held is value or (held.elements is not None and any(_within(value, element) for element in held.elements))


def _integers(node: cst.BaseExpression) -> list[cst.Integer]:
    """The decimal integers that a literal is made of; empty when it holds anything else, or nothing."""
    if isinstance(node, cst.Integer):
        return [node] if node.value.isdecimal() else []
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return _integers(node.expression)
    if isinstance(node, (cst.List, cst.Tuple)):
        parts = [_integers(element.value) for element in node.elements]
        return [literal for part in parts for literal in part] if all(parts) else []
    return []
