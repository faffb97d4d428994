"""Calls of Keras models and layers: one tensor for each output, and the layers that they hand out by name."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution import graphs
from tapefix.tapes.execution.invocation import flattened
from tapefix.tapes.execution.object_methods import ObjectMethods
from tapefix.tapes.values import NO_CONSTANT, Argument, Dtype, Kind, Operation, Value


class ModelCalls(ObjectMethods):
    """What a model gives."""

    def call_object(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value:
        """A call of a model, layer, loss or metric."""
        outputs = graphs.outputs_of(callee) if graphs.several_outputs(callee) else None
        given = graphs.given_outputs(callee)
        if outputs is None or given is None or (given.elements is None and given.entries is None):
            return self._output(node, callee, arguments)
        # Each output is a tensor of its own, made of those that stand above it in the model.
        made: dict[Value, Value] = {}
        for output in sorted(outputs, key=lambda one: sum(graphs.leads_to(o, one) is True for o in outputs)):
            above = [self._above(made[other], graphs.leads_to(other, output)) for other in made]
            made[output] = self._output(None, callee, arguments, [value for value in above if value is not None])
            made[output].node = node
            made[output].attributes[graphs.OUTPUT] = output
            if output.kind is Kind.UNKNOWN:
                made[output].kind = Kind.UNKNOWN
        return self._arranged(node, given, made)

    def _above(self, value: Value, leads: bool | None) -> Value | None:
        return value if leads else self.unknown(None, (value,)) if leads is None else None

    def _arranged(self, node: cst.Call | None, given: Value, made: dict[Value, Value]) -> Value:
        """The outputs as the model was told to give them: in a list, a tuple or a dict."""
        if given.entries is not None:
            entries = {key: self._arranged(None, value, made) for key, value in given.entries.items()}
            return self.make(Kind.MAPPING, Operation.DISPLAY, node, inputs=entries.values(), entries=entries)
        if given.elements is None:
            return made[given]
        return self.sequence(node, [self._arranged(None, value, made) for value in given.elements])

    def _output(
        self, node: cst.Call | None, callee: Value, arguments: Sequence[Argument], above: Sequence[Value] = ()
    ) -> Value:
        inputs = flattened(arguments)
        symbolic = any(value.kind is Kind.SYMBOLIC for value in inputs)
        return self.make(
            Kind.SYMBOLIC if symbolic else Kind.TENSOR,
            Operation.CALL,
            node,
            name=callee.kind.value,
            inputs=[callee, *inputs, *above],
            dtype=Dtype.FLOATING,
            receiver=callee,
            arguments=tuple(arguments),
        )

    def method(self, node: cst.Call, receiver: Value, method: str, arguments: Sequence[Argument]) -> Value:
        """A call of a method that the file does not define."""
        if method != "get_layer" or len(arguments) != 1:
            return super().method(node, receiver, method, arguments)
        if receiver.kind is Kind.UNKNOWN:
            # Nothing else has such a method.
            receiver.kind = Kind.MODEL
        given = arguments[0]
        named = graphs.named_layer(receiver, given.value.constant) if given.keyword in (None, "name") else None
        # The same name gives the same layer.
        constant = given.value.constant
        key = f"get_layer({given.keyword}:{given.value.time if constant is NO_CONSTANT else repr(constant)})"
        known = named or receiver.attributes.get(key)
        if known is None:
            known = super().method(node, receiver, method, arguments)
            receiver.attributes[key] = known
        return known
