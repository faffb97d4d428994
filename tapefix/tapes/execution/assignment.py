"""Abstract assignment, and iteration over what is assigned from."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution.calls import Calls
from tapefix.tapes.execution.datasets import content_of, element_like
from tapefix.tapes.execution.inference import binary_result, literal_dtype, precise_result
from tapefix.tapes.values import NO_CONSTANT, Dtype, Kind, Operation, Value


class Assignment(Calls):
    """Binds targets, and takes iterables apart."""

    def binary(self, node: cst.CSTNode, operator: str, left: Value, right: Value) -> Value:
        """The value of `left operator right`; `operator` is the name of the LibCST class."""
        listed = [_listed(left), _listed(right)]
        if operator == "Add" and listed[0] is not None and listed[1] is not None:
            return self.sequence(node, [*listed[0], *listed[1]])
        if operator == "Multiply" and left.elements is not None and isinstance(right.constant, int):
            return self.sequence(node, left.elements * min(right.constant, 4))
        kind, dtype = binary_result(operator, left, right)
        result = self.make(kind, Operation.BINARY, node, name=operator, inputs=(left, right), dtype=dtype)
        result.precise_dtype = precise_result(result, left, right)
        return result

    def items_of(self, source: Value) -> list[Value] | None:
        """The elements of an iterable, when they are known."""
        return list(source.elements) if source.elements is not None else None

    def element(self, target: cst.BaseExpression, source: Value) -> Value:
        """One element of an iterable whose elements are not known one by one."""
        if source.kind is Kind.DATASET:
            structured = self._dataset_element(source)
            if structured is not None:
                return structured
        kind, dtype, trainable = Kind.UNKNOWN, Dtype.UNKNOWN, None
        if source.kind in (Kind.TENSOR, Kind.VARIABLE, Kind.DATASET):
            kind, dtype = Kind.TENSOR, source.dtype
        elif source.kind is Kind.NDARRAY:
            kind, dtype = Kind.NDARRAY, source.dtype
        elif source.kind is Kind.VARIABLES:
            kind, dtype, trainable = Kind.VARIABLE, Dtype.FLOATING, source.trainable
        elif source.name == "builtins.range":
            kind, dtype = Kind.SCALAR, Dtype.INTEGER
        elif source.operation is Operation.ATTRIBUTE and source.name == "layers":
            kind = Kind.LAYER
        return self.make(
            kind,
            Operation.ITERATION,
            target,
            inputs=(source,),
            dtype=dtype,
            trainable=trainable,
            receiver=source,
            precise_dtype=source.precise_dtype if kind is not Kind.UNKNOWN else "",
        )

    def _dataset_element(self, source: Value) -> Value | None:
        content = content_of(source)
        if content is None:
            return None

        def leaf(value: Value) -> Value:
            return self.make(
                Kind.TENSOR,
                Operation.ITERATION,
                None,
                inputs=(source,),
                dtype=literal_dtype(value),
                receiver=source,
                precise_dtype=value.precise_dtype,
            )

        def named(entries: dict[object, Value]) -> Value:
            return self.make(Kind.MAPPING, Operation.DISPLAY, None, inputs=entries.values(), entries=entries)

        return element_like(content, leaf, lambda parts: self.sequence(None, parts), named)

    def assign(self, target: cst.BaseExpression, value: Value) -> None:
        """Bind a target: a name, an attribute, an item, or a tuple of such."""
        if isinstance(target, cst.Name):
            self.bind(target.value, value)
            self.seen(target, value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            self._unpack(target.elements, value)
        elif isinstance(target, cst.Attribute):
            receiver = self.evaluate(target.value)
            self.set_attribute(receiver, target.attr.value, value)
        elif isinstance(target, cst.Subscript):
            self._store(target, value)

    def _unpack(self, targets: Sequence[cst.BaseElement], value: Value) -> None:
        starred = next((i for i, part in enumerate(targets) if isinstance(part, cst.StarredElement)), None)
        elements = value.elements
        if elements is not None and starred is None and len(elements) == len(targets):
            for part, element in zip(targets, elements, strict=True):
                self.assign(part.value, element)
            return
        for place, part in enumerate(targets):
            taken = self.element(part.value, value)
            if starred is None and taken.operation is Operation.ITERATION and taken.receiver is value:
                taken.name = f"[{place}]"
            self.assign(part.value, taken)

    def _store(self, target: cst.Subscript, value: Value) -> None:
        receiver = self.evaluate(target.value)
        index: Value | None = None
        for part in target.slice:
            if isinstance(part.slice, cst.Index):
                index = self.evaluate(part.slice.value)
        if receiver.entries is not None and index is not None and index.constant is not NO_CONSTANT:
            # Whoever gets the mapping later is given its entries as they are then.
            receiver.entries[index.constant] = value
            return
        if receiver.elements is not None and index is not None and isinstance(index.constant, int):
            if -len(receiver.elements) <= index.constant < len(receiver.elements):
                receiver.elements[index.constant] = value
            return
        if index is not None and index.constant is not NO_CONSTANT:
            receiver.attributes.pop(f"[{index.constant!r}]", None)
        changed = self.make(
            receiver.kind,
            Operation.STORE,
            target,
            inputs=(receiver, value),
            dtype=receiver.dtype,
            receiver=receiver,
        )
        if isinstance(target.value, cst.Name):
            self.bind(target.value.value, changed)

    def augment(self, node: cst.AugAssign) -> None:
        """`x += y`: rebinds `x`, as it does for tensors and numbers."""
        operator = type(node.operator).__name__.replace("Assign", "")
        left, right = self.evaluate(node.target), self.evaluate(node.value)
        if left.elements is not None and operator == "Add":
            left.elements.extend(right.elements if right.elements is not None else [right])
            return
        result = self.binary(node, operator, left, right)
        if not isinstance(node.target, cst.Subscript):
            self.assign(node.target, result)
        else:
            self._store(node.target, result)

    def defaults(self, parameters: cst.Parameters) -> dict[str, Value]:
        """The default values of a function's parameters."""
        return {
            parameter.name.value: self.evaluate(parameter.default)
            for parameter in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
            if parameter.default is not None
        }


def _listed(value: Value) -> list[Value] | None:
    """The parts of a list; `model.trainable_variables` is one part."""
    return [value] if value.kind is Kind.VARIABLES else value.elements
