"""Who holds an object: whether anyone would notice that it changes in place, or that it is no plain tensor."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution.library import call_result
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.bindings import Binding
from tapefix.tapes.values import Kind, Value
from tapefix.tapes.writing.draft import Draft

_HARMLESS = {"print", "float", "int", "str", "repr", "format", "abs", "isinstance", "type", "round", "zip"}
_PRINTING = {"print", "str", "repr", "format"}
_ATTRIBUTES = {"shape", "dtype", "numpy", "name", "assign", "assign_add", "assign_sub"}
_OBJECTS = (Kind.MODEL, Kind.LAYER, Kind.LOSS, Kind.METRIC)
_RESULTS = (Kind.TENSOR, Kind.NDARRAY, Kind.SCALAR, Kind.VARIABLE)


class Holders:
    """Reads of variables, and of the tensors that replace them, by whatever name.

    `obstacle` says why the variables cannot be changed in place instead: someone keeps what they were, or needs what
    only a tensor can do.
    """

    def __init__(
        self,
        reading: Reading,
        group: Sequence[Binding],
        steps: Sequence[Binding],
        variables: set[Value],
        *,
        raises: bool,
    ) -> None:
        self.reading = reading
        self.variables = variables
        self.raises = raises
        self.made = {value for step in steps for value in step.made}
        self.taken = {step.value for step in steps}
        self.local = all(isinstance(scope, cst.FunctionDef) for binding in group for scope, _ in binding.slots)
        self.names = {reading.code(binding.target) for binding in group}
        self.targets = {binding.target for binding in group}
        self.keras = any(variable.name != "tensorflow.Variable" for variable in variables)
        self.asks: dict[cst.BaseExpression, str] = {}
        self.obstacle = ""
        for node, values in list(reading.execution.values_of.items()):
            held = [value for value in values if value in self.variables or value in self.made]
            if held and isinstance(node, (cst.Name, cst.Attribute, cst.Subscript)) and not self.obstacle:
                self.obstacle = self._reads(node, values)

    def keep(self, draft: Draft) -> None:
        """Ask for the tensor where one was printed."""
        for node, written in self.asks.items():
            draft.replace(node, written)

    def _reads(self, node: cst.BaseExpression, values: Sequence[Value]) -> str:
        """Why a read of what is held does not allow it to change in place; empty when it does."""
        if node in self.targets or node in self.taken or self._is_target(node):
            return ""
        shown = self.reading.code(node)
        if shown not in self.names and not set(values) & self.variables:
            # Another name of the tensor that is assigned: it stays that tensor.
            return ""
        keeps = f"`{shown}` is kept as it was (line {self.reading.line(node)})"
        parent = self.reading.parent(node)
        if isinstance(parent, (cst.BinaryOperation, cst.UnaryOperation, cst.ComparisonTarget, cst.Comparison)):
            return ""
        if isinstance(parent, (cst.Index, cst.Expr, cst.Subscript)):
            return ""
        if isinstance(parent, cst.AugAssign):
            return ""
        if isinstance(parent, cst.Attribute):
            return "" if parent.attr.value in _ATTRIBUTES else f"`{shown}.{parent.attr.value}` is asked for"
        if isinstance(parent, cst.FormattedStringExpression):
            if not self.raises or parent.format_spec is not None:
                self._ask(node, values, "numpy()")
            return "" if not self._mixed(values) or parent.format_spec is None else keeps
        while isinstance(parent, (cst.Element, cst.Tuple, cst.List, cst.DictElement, cst.Dict)):
            parent = self.reading.parent(parent)
        if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Modulo):
            # `"%.2f" % (w, b)`
            return ""
        if isinstance(parent, cst.Return):
            # The callers get what nobody changes any more.
            return "" if self.local and not any(value.frame.root for value in values) else keeps
        if isinstance(parent, cst.Arg):
            call = self.reading.parent(parent)
            if isinstance(call, cst.Call):
                return self._argument(node, values, call, parent) or ""
        return keeps

    def _argument(self, node: cst.BaseExpression, values: Sequence[Value], call: cst.Call, argument: cst.Arg) -> str:
        shown = self.reading.code(node)
        unknown = f"`{self.reading.code(call.func)}` may keep `{shown}` (line {self.reading.line(node)})"
        callees = self.reading.values(call.func)
        if not callees:
            return "" if self._asks_tape(call) or self._of_text(node, values, call) else unknown
        for callee in callees:
            if callee.kind is Kind.LIBRARY:
                short = callee.name.removeprefix("builtins.")
                if callee.name == "tensorflow.print":
                    # It writes the numbers of a variable as those of a tensor.
                    continue
                if short == callee.name:
                    if call_result(callee.name) not in _RESULTS:
                        return unknown
                elif short not in _HARMLESS or argument.star:
                    return unknown
                elif short in _PRINTING and not self.raises:
                    self._ask(node, values, "value()" if not self.keras else "")
            elif callee.kind not in (*_OBJECTS, Kind.FUNCTION, Kind.METHOD):
                return unknown
        return ""

    def _asks_tape(self, call: cst.Call) -> bool:
        owners = self.reading.values(call.func.value) if isinstance(call.func, cst.Attribute) else []
        return bool(owners) and all(owner.kind is Kind.TAPE for owner in owners)

    def _of_text(self, node: cst.BaseExpression, values: Sequence[Value], call: cst.Call) -> bool:
        """`"{:.2f}".format(w)`."""
        owners = self.reading.values(call.func.value) if isinstance(call.func, cst.Attribute) else []
        if not owners or not all(owner.kind is Kind.STRING for owner in owners) or self._mixed(values):
            return False
        self._ask(node, values, "numpy()")
        return True

    def _mixed(self, values: Sequence[Value]) -> bool:
        return any(value in self.variables for value in values)

    def _ask(self, node: cst.BaseExpression, values: Sequence[Value], method: str) -> None:
        """What was printed as a tensor is still one."""
        if self._mixed(values):
            return
        shown = self.reading.code(node)
        tf = self.reading.tensorflow_name or "tf"
        self.asks[node] = f"{shown}.{method}" if method else f"{tf}.convert_to_tensor({shown})"

    def _is_target(self, node: cst.CSTNode) -> bool:
        inner, parent = node, self.reading.parent(node)
        while isinstance(parent, (cst.Element, cst.Tuple, cst.List)):
            inner, parent = parent, self.reading.parent(parent)
        return isinstance(parent, (cst.AssignTarget, cst.AugAssign, cst.For)) and parent.target is inner
