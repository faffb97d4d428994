"""The other uses of what becomes a tensor: those off every path, which may need the array or the number it was."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.execution.frames import in_graph, speculative
from tapefix.tapes.execution.invocation import keras_role
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Dtype, Frame, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_TOLERANT_CALLS = {
    "builtins.len",
    "builtins.float",
    "builtins.int",
    "builtins.bool",
    "builtins.id",
    "builtins.format",
}
_TOLERANT_RECEIVERS = (Kind.MODEL, Kind.LAYER, Kind.LOSS, Kind.METRIC, Kind.OPTIMIZER, Kind.VARIABLE, Kind.TENSOR)
_TIGHT = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.List, cst.Tuple)
_UNTOLD = "the result is also used elsewhere in a way that cannot be told"


@dataclass(frozen=True)
class Ask:
    """An expression off the path that asks for the array, or the number, which it used to get."""

    expression: cst.BaseExpression
    wanted: str
    """`array`, `number`, `list`, or `dtype` of an array."""

    def write(self, draft: Draft) -> None:
        """Add the edits to a draft."""
        start, end = draft.reading.span(self.expression)
        tight = isinstance(self.expression, _TIGHT) or bool(self.expression.lpar)
        if self.wanted == "dtype":
            draft.insert(end, ".as_numpy_dtype", shared=True)
            return
        if self.wanted == "number":
            draft.insert(start, "float(", shared=True)
            draft.insert(end, ")", shared=True)
            return
        method = ".numpy()" if self.wanted == "array" else ".numpy().tolist()"
        if not tight:
            draft.insert(start, "(", shared=True)
        draft.insert(end, method if tight else f"){method}", shared=True)


class OtherUses:
    """Finds what else is done with values that become tensors."""

    def __init__(self, reading: Reading, live: Collection[Value], changed: Collection[cst.CSTNode]) -> None:
        self.reading = reading
        self.live = set(live)
        self.live_nodes = {value.node for value in live}
        self.converted = {value for value in live if not value.is_tensor}
        # A function used on a path and elsewhere makes tensors there, too.
        for node in changed:
            self.converted.update(v for v in reading.values(node) if v.node is node and not speculative(v.frame))

    def of(self, value: Value) -> list[Ask] | str:
        """Where a value, and what its expression is at other times, has to be asked for; or why that cannot be."""
        asks: list[Ask] = []
        seen: set[Value] = set()
        todo = [value]
        if value.node is not None and not isinstance(value.node, cst.Param):
            todo += [v for v in self.reading.values(value.node) if v.node is value.node and v in self.converted]
        while todo:
            current = todo.pop()
            if current in seen:
                continue
            seen.add(current)
            if current not in self.live:
                trouble = self._trouble(current)
                if trouble:
                    return trouble
                self.converted.add(current)
            for user in dict.fromkeys(current.users):
                if user in self.live:
                    continue
                if user.node is not None and user.node in self.live_nodes and not user.is_tensor:
                    todo.append(user)
                    continue
                found = self._use(current, user)
                if isinstance(found, str):
                    return found
                asks += [ask for ask in found if ask not in asks]
            asks += [ask for ask in self._returned(current) if ask not in asks]
        return asks

    def _trouble(self, value: Value) -> str:
        """Why an evaluation off the path would mean something else as a tensor."""
        operands = [argument.value for argument in value.arguments if argument.keyword is None]
        for position, operand in enumerate(operands):
            kinds = (Kind.NDARRAY, Kind.UNKNOWN) if position else (Kind.NDARRAY, Kind.UNKNOWN, Kind.SCALAR)
            if operand.kind in kinds and operand not in self.converted and operand.dtype is not Dtype.FLOATING:
                place = f" at line {self.reading.line(value.frame.call)}" if value.frame.call is not None else ""
                return f"it also gets other arrays{place}, and whether they are floating is not known"
        return ""

    def _use(self, value: Value, user: Value) -> list[Ask] | str:
        if self._tolerates(value, user):
            return []
        if user.operation in (Operation.JOIN, Operation.DISPLAY):
            return self._passed_on(user)
        if user.operation is Operation.STORE and user.receiver is value:
            return "an item of it is set elsewhere, and tensors cannot be changed in place"
        if user.operation is Operation.METHOD_CALL and user.name == "append" and self._on_path(user.receiver):
            return []
        expressions = list(self._expressions(value, user))
        if not expressions:
            return [] if self._through_list(value) else _UNTOLD
        asks = []
        for expression in expressions:
            if self._from_list(expression, value) and self._through_list(value):
                continue
            evaluations = [v for v in self.reading.values(expression) if v is not value]
            if any(v not in self.converted and v not in self.live for v in evaluations):
                line = self.reading.line(expression)
                return f"line {line} needs an array or a number, and at times gets another one"
            if in_graph(user.frame):
                return f"line {self.reading.line(expression)} needs an array inside a `tf.function`"
            if isinstance(user.node, cst.Attribute) and _steers_numpy(user):
                asks.append(Ask(user.node, "dtype"))
                continue
            asks.append(Ask(expression, _wanted([value, *evaluations])))
        return asks

    def _passed_on(self, user: Value) -> list[Ask] | str:
        """A join, or a list or tuple: what is done with that in turn."""
        if user.operation is Operation.JOIN:
            trouble = [u for u in user.users if u not in self.live and not self._tolerates(user, u)]
            return _UNTOLD if trouble else []
        return []

    def _tolerates(self, value: Value, user: Value) -> bool:
        """Whether a use means the same when the array, or the number, is a tensor."""
        operation = user.operation
        if operation is Operation.DISPLAY:
            return user.name == "f-string"
        if operation is Operation.GRADIENT:
            return True
        if operation is Operation.COMPARISON:
            return not user.users and not in_graph(user.frame)
        if operation is Operation.CALL:
            receiver = user.receiver
            if receiver is not None and (receiver.kind in _TOLERANT_RECEIVERS or keras_role(receiver.definition)):
                return True
            return user.name in _TOLERANT_CALLS or user.name.startswith(("tensorflow.", "keras.", "numpy."))
        if operation is Operation.METHOD_CALL and user.receiver is value:
            # No array has such a method: it was written for a tensor, and raises until it gets one.
            return user.name == "numpy"
        if operation is Operation.METHOD_CALL:
            receiver = user.receiver
            return receiver is not None and (
                receiver.kind in _TOLERANT_RECEIVERS or (receiver.kind is Kind.STRING and user.name == "format")
            )
        if operation is Operation.SUBSCRIPT and user.receiver is value and not in_graph(user.frame):
            plain = all(i.kind in (Kind.SCALAR, Kind.NONE) for i in user.inputs[1:])
            return plain and bool(user.users) and all(self._tolerates(user, other) for other in user.users)
        if operation is Operation.ATTRIBUTE:
            return user.name in ("shape", "ndim")
        if operation is Operation.BINARY:
            return any(other is not value and other.is_tensor for other in user.inputs)
        if operation is Operation.STORE:
            return user.receiver is not value and not in_graph(user.frame)
        return False

    # Where a use gets the value

    def _expressions(self, value: Value, user: Value) -> Iterator[cst.BaseExpression]:
        node = user.node
        if node is None:
            return
        for operand in self._operands(user, node):
            yield from self._within(operand, value)

    def _operands(self, user: Value, node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
        if isinstance(node, cst.Call):
            if isinstance(node.func, cst.Attribute) and user.operation is Operation.METHOD_CALL:
                yield node.func.value
            yield from (argument.value for argument in node.args)
        elif isinstance(node, cst.BinaryOperation):
            yield from (node.left, node.right)
        elif isinstance(node, cst.AugAssign):
            yield node.value
        elif isinstance(node, cst.UnaryOperation):
            yield node.expression
        elif isinstance(node, cst.Comparison):
            yield node.left
            yield from (part.comparator for part in node.comparisons)
        elif isinstance(node, cst.Attribute):
            yield node.value
        elif isinstance(node, cst.Subscript):
            yield node.value
            yield from (part.slice.value for part in node.slice if isinstance(part.slice, cst.Index))
        if user.operation is Operation.ITERATION:
            holder = next((p for p in self.reading.parents(node) if isinstance(p, (cst.For, cst.CompFor))), None)
            if holder is not None:
                yield holder.iter

    def _within(self, expression: cst.BaseExpression, value: Value) -> Iterator[cst.BaseExpression]:
        """The expression itself, or its parts where it is a list written out."""
        if value in self.reading.values(expression):
            yield expression
        elif isinstance(expression, (cst.List, cst.Tuple, cst.Set)):
            for element in expression.elements:
                yield from self._within(element.value, value)
        elif isinstance(expression, cst.Dict):
            for entry in expression.elements:
                yield from self._within(entry.value, value)

    # Lists

    def _through_list(self, value: Value) -> bool:
        """Whether it goes into a list that is filled with arrays off the path: who reads them there gets arrays."""
        return any(
            other.operation is Operation.METHOD_CALL and other.name == "append" and not self._on_path(other.receiver)
            for other in value.users
        )

    def _from_list(self, expression: cst.BaseExpression, value: Value) -> bool:
        """Whether an expression gets the value out of a list: an item of it, or the name that a loop gives it."""
        lists: list[cst.BaseExpression] = []
        if isinstance(expression, cst.Subscript):
            lists.append(expression.value)
        elif isinstance(expression, cst.Name):
            for holder in self.reading.parents(expression):
                if isinstance(holder, cst.For) and _binds(holder.target, expression.value):
                    lists.append(holder.iter)
                clause = getattr(holder, "for_in", None)
                if isinstance(clause, cst.CompFor) and _binds(clause.target, expression.value):
                    lists.append(clause.iter)
        return any(value in (v.elements or ()) for node in lists for v in self.reading.values(node))

    def _on_path(self, listed: Value | None) -> bool:
        """Whether a path goes on from a list: something live is made of it, where it is read."""
        if listed is None:
            return False
        elements = set(listed.elements or ())
        for node in self._reads(listed):
            for holder in self.reading.parents(node):
                if isinstance(holder, cst.BaseStatement) and not isinstance(holder, (cst.For, cst.While, cst.If)):
                    break
                if any(v in self.live and v not in elements for v in self.reading.values(holder)):
                    return True
                if isinstance(holder, (cst.For, cst.CompFor)):
                    return holder.iter is node or any(p is holder.iter for p in self.reading.parents(node))
                if isinstance(holder, (cst.SimpleStatementLine, cst.If, cst.While)):
                    break
        return False

    def _reads(self, listed: Value) -> Iterator[cst.CSTNode]:
        for node, values in self.reading.execution.values_of.items():
            if isinstance(node, (cst.Name, cst.Attribute)) and listed in values:
                yield node

    # What leaves the file

    def _returned(self, value: Value) -> Iterator[Ask]:
        """Returns of functions that others call: they still give arrays."""
        root: Frame | None = value.frame
        while root is not None and root.caller is not None:
            root = root.caller
        if root is None or not root.root or in_graph(root) or not isinstance(root.node, cst.FunctionDef):
            return
        owner = root.definition.owner if root.definition is not None else None
        if keras_role(owner) is not None:
            return
        for expression in self.reading.returned(root.node):
            for part in self._within(expression, value):
                if all(v in self.converted for v in self.reading.values(part)):
                    yield Ask(part, _wanted([value]))


def _steers_numpy(user: Value) -> bool:
    """Whether it is `array.dtype`, asked for to give other arrays the same: `mask.astype(loss.dtype)`."""
    return user.name == "dtype" and all(
        other.name == "astype" or (other.operation is Operation.CALL and other.name.startswith("numpy."))
        for other in user.users
    )


def _binds(target: cst.BaseExpression, name: str) -> bool:
    if isinstance(target, (cst.Tuple, cst.List)):
        return any(_binds(element.value, name) for element in target.elements)
    return isinstance(target, cst.Name) and target.value == name


def _wanted(values: Sequence[Value]) -> str:
    if all(value.kind is Kind.SCALAR for value in values):
        return "number"
    listed = any(value.operation is Operation.METHOD_CALL and value.name == "tolist" for value in values)
    return "list" if listed else "array"
