"""Abstract evaluation of expressions, and assignment to targets."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import libcst as cst

from tapefix.tapes.execution import vocabulary
from tapefix.tapes.execution.assignment import Assignment
from tapefix.tapes.execution.state import truth
from tapefix.tapes.values import NO_CONSTANT, Definition, Dtype, Frame, Kind, Operation, Value

_Node = TypeVar("_Node", bound=cst.BaseExpression)
_NAMED = {"True": True, "False": False, "None": None}


class Expressions(Assignment):
    """Evaluates expressions to values."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(module)
        self._handlers: dict[type[cst.BaseExpression], Callable[[Any], Value]] = {
            cst.Name: self._name,
            cst.Attribute: self._attribute,
            cst.Call: self.call,
            cst.BinaryOperation: self._binary,
            cst.UnaryOperation: self._unary,
            cst.Comparison: self._comparison,
            cst.BooleanOperation: self._boolean,
            cst.Subscript: self._subscript,
            cst.Tuple: self._display,
            cst.List: self._display,
            cst.Set: self._display,
            cst.Dict: self._dict,
            cst.IfExp: self._conditional,
            cst.Lambda: self._lambda,
            cst.ListComp: self._comprehension,
            cst.SetComp: self._comprehension,
            cst.GeneratorExp: self._comprehension,
            cst.DictComp: self._dict_comprehension,
            cst.NamedExpr: self._named,
            cst.Await: lambda node: self.evaluate(node.expression),
            cst.Yield: self._yield,
            cst.FormattedString: self._formatted,
            cst.Integer: self._written,
            cst.Float: self._written,
            cst.Imaginary: self._written,
            cst.SimpleString: self._written,
        }

    def evaluate(self, node: cst.BaseExpression) -> Value:
        """The value of an expression."""
        handler = self._handlers.get(type(node))
        if handler is not None:
            return handler(node)
        if isinstance(node, cst.ConcatenatedString):
            return self.literal(node, node.evaluated_value or "")
        if isinstance(node, cst.Ellipsis):
            return self.literal(node, ...)
        return self.unknown(node)

    def seen(self, node: cst.CSTNode, value: Value) -> Value:
        """Note that `node` evaluated to a value that existed before."""
        self.values_of.setdefault(node, []).append(value)
        return value

    def _written(self, node: cst.Integer | cst.Float | cst.Imaginary | cst.SimpleString) -> Value:
        return self.literal(node, _constant(node.value))

    def _name(self, node: cst.Name) -> Value:
        if node.value in _NAMED:
            return self.literal(node, _NAMED[node.value])
        value = self.lookup(node.value)
        if value is None:
            value = self.unknown(node)
            # Unknown once, unknown the same way ever after: two reads of a name are one object.
            self.module_frame.names.setdefault(node.value, value)
            return value
        return self.seen(node, value)

    def _attribute(self, node: cst.Attribute) -> Value:
        receiver = self.evaluate(node.value)
        return self.seen(node, self.attribute(node, receiver, node.attr.value))

    def _binary(self, node: cst.BinaryOperation) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        return self.binary(node, type(node.operator).__name__, left, right)

    def _unary(self, node: cst.UnaryOperation) -> Value:
        operand = self.evaluate(node.expression)
        operator = type(node.operator).__name__
        constant: object = NO_CONSTANT
        if operator == "Not":
            known = truth(operand)
            return self.make(
                Kind.SCALAR,
                Operation.UNARY,
                node,
                name=operator,
                inputs=(operand,),
                dtype=Dtype.BOOL,
                constant=NO_CONSTANT if known is None else not known,
            )
        if operator == "Minus" and isinstance(operand.constant, (int, float)):
            constant = -operand.constant
        return self.make(
            operand.kind if operand.kind is not Kind.VARIABLE else Kind.TENSOR,
            Operation.UNARY,
            node,
            name=operator,
            inputs=(operand,),
            dtype=operand.dtype,
            precise_dtype=operand.precise_dtype,
            constant=constant,
        )

    def _comparison(self, node: cst.Comparison) -> Value:
        operands = [self.evaluate(node.left)]
        operators = []
        for part in node.comparisons:
            operands.append(self.evaluate(part.comparator))
            operators.append(type(part.operator).__name__)
        constant: object = NO_CONSTANT
        if len(operators) == 1:
            constant = self._compared(operators[0], *operands)
        tensors = any(operand.is_tensor for operand in operands) and not set(operators) & {"Is", "IsNot"}
        arrays = any(operand.kind is Kind.NDARRAY for operand in operands)
        kind = Kind.TENSOR if tensors else Kind.NDARRAY if arrays else Kind.SCALAR
        return self.make(
            kind,
            Operation.COMPARISON,
            node,
            name=operators[0] if len(operators) == 1 else "",
            inputs=operands,
            dtype=Dtype.BOOL,
            constant=constant,
        )

    def _compared(self, operator: str, left: Value, right: Value) -> object:
        known = (Kind.UNKNOWN, Kind.NONE)
        if operator in ("Is", "IsNot") and right.kind is Kind.NONE and left.kind is not Kind.UNKNOWN:
            return (left.kind in known) == (operator == "Is")
        if left.constant is NO_CONSTANT or right.constant is NO_CONSTANT:
            return NO_CONSTANT
        if operator == "Equal":
            return left.constant == right.constant
        return left.constant != right.constant if operator == "NotEqual" else NO_CONSTANT

    def _boolean(self, node: cst.BooleanOperation) -> Value:
        left = self.evaluate(node.left)
        known = truth(left)
        is_and = isinstance(node.operator, cst.And)
        if known is not None and known != is_and:
            return self.seen(node, left)
        right = self.evaluate(node.right)
        if known is not None:
            return self.seen(node, right)
        return self.seen(node, self.join(node, (left, right)))

    def _conditional(self, node: cst.IfExp) -> Value:
        known = truth(self.evaluate(node.test))
        if known is not None:
            return self.seen(node, self.evaluate(node.body if known else node.orelse))
        found: list[Value] = []

        def arm(expression: cst.BaseExpression) -> bool:
            found.append(self.evaluate(expression))
            return False

        self.arms([lambda: arm(node.body), lambda: arm(node.orelse)])
        return self.seen(node, self.join(node, found))

    def _subscript(self, node: cst.Subscript) -> Value:
        receiver = self.evaluate(node.value)
        index: Value | None = None
        inputs = [receiver]
        for part in node.slice:
            if isinstance(part.slice, cst.Index):
                index = self.evaluate(part.slice.value)
                inputs.append(index)
            elif isinstance(part.slice, cst.Slice):
                for bound in (part.slice.lower, part.slice.upper, part.slice.step):
                    if bound is not None:
                        inputs.append(self.evaluate(bound))
        single = index if len(node.slice) == 1 else None
        found = self._item(receiver, single) if single is not None else self._part(node, receiver)
        if found is not None:
            return self.seen(node, found)
        if receiver.elements is not None:
            # What was put into a list later is no input of the list itself.
            inputs += receiver.elements
        kind, dtype, trainable = Kind.UNKNOWN, receiver.dtype, None
        if receiver.kind in (Kind.TENSOR, Kind.VARIABLE):
            kind = Kind.TENSOR
        elif receiver.kind in (Kind.NDARRAY, Kind.SYMBOLIC):
            kind = receiver.kind
        elif receiver.kind is Kind.VARIABLES:
            kind = Kind.VARIABLE if single is not None else Kind.VARIABLES
            trainable = receiver.trainable
        elif receiver.kind is Kind.DATASET:
            kind = Kind.TENSOR
        elif receiver.operation is Operation.ATTRIBUTE and receiver.name == "layers":
            kind = Kind.LAYER
        made = self.make(
            kind,
            Operation.SUBSCRIPT,
            node,
            inputs=inputs,
            dtype=dtype,
            precise_dtype=receiver.precise_dtype,
            receiver=receiver,
            trainable=trainable,
        )
        if single is not None and single.constant is not NO_CONSTANT and _hands_out(receiver):
            # `weights[0]` twice is one object.
            receiver.attributes[f"[{single.constant!r}]"] = made
        return made

    def _part(self, node: cst.Subscript, receiver: Value) -> Value | None:
        """A slice of a list that stands in the text as it is: one that grew in a loop has more elements than known."""
        elements, display = receiver.elements, receiver.node
        if elements is None or len(node.slice) != 1 or not isinstance(display, (cst.List, cst.Tuple)):
            return None
        written = [part.value for part in display.elements if not isinstance(part, cst.StarredElement)]
        bounds = _bounds(node.slice[0].slice)
        if bounds is None or not len(written) == len(display.elements) == len(elements):
            return None
        return self.sequence(node, elements[bounds])

    def _item(self, receiver: Value, index: Value) -> Value | None:
        if receiver.entries is not None and index.constant is not NO_CONSTANT:
            return receiver.entries.get(index.constant)
        if receiver.elements:
            if isinstance(index.constant, int) and -len(receiver.elements) <= index.constant < len(receiver.elements):
                return receiver.elements[index.constant]
            return self.join(None, receiver.elements)
        if index.constant is not NO_CONSTANT and _hands_out(receiver):
            return receiver.attributes.get(f"[{index.constant!r}]")
        return None

    def _display(self, node: cst.Tuple | cst.List | cst.Set) -> Value:
        elements: list[Value] = []
        for element in node.elements:
            value = self.evaluate(element.value)
            if isinstance(element, cst.StarredElement):
                elements.extend(value.elements if value.elements is not None else [value])
            else:
                elements.append(value)
        return self.sequence(node, elements)

    def _dict(self, node: cst.Dict) -> Value:
        entries: dict[object, Value] | None = {}
        values: list[Value] = []
        for element in node.elements:
            value = self.evaluate(element.value)
            values.append(value)
            if isinstance(element, cst.DictElement):
                key = self.evaluate(element.key)
                if entries is not None and key.constant is not NO_CONSTANT:
                    entries[key.constant] = value
                    continue
            entries = None
        return self.make(Kind.MAPPING, Operation.DISPLAY, node, inputs=values, entries=entries)

    def _lambda(self, node: cst.Lambda) -> Value:
        definition = Definition(node=node, closure=self.frame, name="<lambda>", defaults=self.defaults(node.params))
        value = self.make(Kind.FUNCTION, Operation.DEFINITION, node, name="<lambda>", definition=definition)
        self.definitions.append((value, definition))
        return value

    def _named(self, node: cst.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.assign(node.target, value)
        return self.seen(node, value)

    def _yield(self, node: cst.Yield) -> Value:
        if isinstance(node.value, cst.From):
            self.frame.yields.append(self.unknown(node, (self.evaluate(node.value.item),)))
        elif node.value is not None:
            self.frame.yields.append(self.evaluate(node.value))
        return self.unknown(node)

    def _formatted(self, node: cst.FormattedString) -> Value:
        inputs = [
            self.evaluate(part.expression) for part in node.parts if isinstance(part, cst.FormattedStringExpression)
        ]
        return self.make(Kind.STRING, Operation.DISPLAY, node, name="f-string", inputs=inputs)

    # Comprehensions

    def _comprehension(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> Value:
        elements = self._generate(node.for_in, lambda: self.evaluate(node.elt))
        result = self.sequence(node, elements)
        result.name = "comprehension"
        return result

    def _dict_comprehension(self, node: cst.DictComp) -> Value:
        elements = self._generate(node.for_in, lambda: self._pair(node))
        return self.make(Kind.MAPPING, Operation.DISPLAY, node, name="comprehension", inputs=elements)

    def _pair(self, node: cst.DictComp) -> Value:
        self.evaluate(node.key)
        return self.evaluate(node.value)

    def _generate(self, clause: cst.CompFor, produce: Callable[[], Value]) -> list[Value]:
        outer = self.frame
        self.frame = Frame(
            node=outer.node,
            caller=outer.caller,
            call=outer.call,
            depth=outer.depth,
            closure=outer,
            definition=outer.definition,
            instance=outer.instance,
            root=outer.root,
        )
        produced: list[Value] = []
        self._clause(clause, produce, produced)
        self.frame = outer
        return produced

    def _clause(self, clause: cst.CompFor, produce: Callable[[], Value], produced: list[Value]) -> None:
        source = self.evaluate(clause.iter)
        items = self.items_of(source)
        for item in items[:4] if items is not None else [None, None]:
            self.assign(clause.target, item if item is not None else self.element(clause.target, source))
            if any(truth(self.evaluate(condition.test)) is False for condition in clause.ifs):
                continue
            if clause.inner_for_in is not None:
                self._clause(clause.inner_for_in, produce, produced)
            else:
                produced.append(produce())


@lru_cache(maxsize=4096)
def _constant(literal: str) -> object:
    """The value of a number or a string as it is written; each costs a call of the compiler."""
    return ast.literal_eval(literal)


def _bounds(part: cst.BaseSlice) -> slice | None:
    """The bounds of a slice, where they are written as integers or left out."""
    if not isinstance(part, cst.Slice):
        return None
    found: list[int | None] = []
    for bound in (part.lower, part.upper, part.step):
        negative = isinstance(bound, cst.UnaryOperation) and isinstance(bound.operator, cst.Minus)
        number = bound.expression if isinstance(bound, cst.UnaryOperation) and negative else bound
        if number is not None and not isinstance(number, cst.Integer):
            return None
        found.append(None if number is None else -number.evaluated_value if negative else number.evaluated_value)
    return slice(*found) if found[2] != 0 else None


def _hands_out(receiver: Value) -> bool:
    """Whether it gives the same object for the same index, as a tensor or an array does not."""
    if receiver.operation is Operation.CALL and receiver.kind is Kind.TENSOR:
        return receiver.name.rpartition(".")[2] in vocabulary.SEVERAL_RESULTS
    if receiver.kind is Kind.SYMBOLIC:
        return receiver.operation is Operation.ATTRIBUTE and receiver.name in ("inputs", "outputs")
    return receiver.kind in (Kind.UNKNOWN, Kind.VARIABLES, Kind.MAPPING)
