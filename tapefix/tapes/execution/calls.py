"""Calls and attributes: of libraries, of objects, and of what is not known."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution import library, vocabulary
from tapefix.tapes.execution.callbacks import Callbacks
from tapefix.tapes.execution.inference import call_dtype
from tapefix.tapes.execution.invocation import flattened, keras_role
from tapefix.tapes.values import NO_CONSTANT, Argument, Kind, Operation, Value

_CALLABLE_OBJECTS = (Kind.MODEL, Kind.LAYER, Kind.LOSS, Kind.METRIC)


class Calls(Callbacks):
    """Finds out what a call calls, and what it gives."""

    def arguments(self, nodes: Sequence[cst.Arg]) -> list[Argument]:
        """Evaluate the arguments of a call in order."""
        return [
            Argument(
                node=node,
                value=self.evaluate(node.value),
                keyword=node.keyword.value if node.keyword is not None else None,
                star=node.star,
            )
            for node in nodes
        ]

    def call(self, node: cst.Call) -> Value:
        """The value of a call."""
        if isinstance(node.func, cst.Attribute):
            receiver = self.evaluate(node.func.value)
            if receiver.kind is not Kind.LIBRARY:
                return self._noted(node, self._method(node, receiver, node.func.attr.value))
            callee = self.seen(node.func, self.attribute(node.func, receiver, node.func.attr.value))
        else:
            callee = self.evaluate(node.func)
        return self._noted(node, self.apply(node, callee, self.arguments(node.args)))

    def _noted(self, node: cst.Call, value: Value) -> Value:
        known = self.values_of.setdefault(node, [])
        if not known or known[-1] is not value:
            known.append(value)
        return value

    def seen(self, node: cst.CSTNode, value: Value) -> Value:
        """Note that `node` evaluated to a value that existed before."""
        raise NotImplementedError  # given by Expressions

    def apply(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value:
        """Call a value."""
        if callee.kind is Kind.LIBRARY:
            if callee.name.startswith("builtins."):
                return self.builtin(node, callee, arguments)
            return self._library_call(node, callee, arguments)
        if callee.kind is Kind.FUNCTION and callee.name == "functools.partial":
            return self.apply(node, callee.arguments[0].value, [*callee.arguments[1:], *arguments])
        if callee.kind is Kind.FUNCTION:
            return self.invoke(node, callee, arguments)
        if callee.kind is Kind.METHOD and callee.receiver is not None:
            return self.invoke(node, callee, arguments, callee.receiver)
        if callee.kind is Kind.CLASS:
            return self.instantiate(node, callee, arguments)
        if callee.kind is Kind.INSTANCE:
            return self._call_instance(node, callee, arguments)
        if callee.kind in _CALLABLE_OBJECTS:
            return self.call_object(node, callee, arguments)
        return self.opaque(node, callee, arguments)

    def _call_instance(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value:
        definition = callee.definition
        role = keras_role(definition)
        if definition is not None:
            for name in ("__call__", "call"):
                method = definition.lookup(name)
                if method is not None and (name == "__call__" or role is not None):
                    if role is not None and method.definition is not None:
                        self._build(callee)
                        arguments = [a for a in arguments if a.keyword != "training" or self._takes(method, "training")]
                    return self.invoke(node, method, arguments, callee)
        if role is not None:
            return self.call_object(node, callee, arguments)
        return self.opaque(node, callee, arguments)

    def _build(self, instance: Value) -> None:
        """Keras runs `build` before the first call: there a layer makes its weights."""
        definition = instance.definition
        build = definition.lookup("build") if definition is not None else None
        if build is None or build.definition is None or "__built__" in instance.attributes:
            return
        instance.attributes["__built__"] = self.literal(None, True)
        self.invoke(None, build, [], instance)

    def _takes(self, method: Value, name: str) -> bool:
        function = method.definition.node if method.definition is not None else None
        if not isinstance(function, cst.FunctionDef):
            return False
        return any(p.name.value == name for p in (*function.params.params, *function.params.kwonly_params))

    def _library_call(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value:
        name = callee.name
        if name == "tensorflow.GradientTape":
            return self.make_tape(node, arguments)
        first = arguments[0].value if arguments and not arguments[0].star else None
        if name == "tensorflow.function" and first is not None and first.kind in (Kind.FUNCTION, Kind.METHOD):
            return first
        if name == "functools.partial" and first is not None and first.kind in (Kind.FUNCTION, Kind.METHOD):
            return first if len(arguments) == 1 else self._partial(node, first, arguments)
        if name in vocabulary.IDENTITIES and first is not None and first.kind is Kind.TENSOR and len(arguments) == 1:
            return first
        called = self.callback(node, callee, arguments)
        if called is not None:
            return called
        kind = library.call_result(name)
        inputs = flattened(arguments)
        if kind is Kind.NDARRAY and name.startswith("numpy.") and any(v.kind is Kind.SYMBOLIC for v in inputs):
            kind = Kind.UNKNOWN
        if kind is Kind.TENSOR and any(value.kind is Kind.SYMBOLIC for value in inputs):
            kind = Kind.SYMBOLIC
        self.escape(arguments)
        value = self.make(
            kind,
            Operation.CALL,
            node,
            name=name,
            inputs=inputs,
            receiver=callee,
            arguments=tuple(arguments),
        )
        if kind is Kind.VARIABLE:
            trainable = value.argument(1, "trainable")
            value.trainable = True
            if trainable is not None:
                constant = trainable.value.constant
                value.trainable = None if constant is NO_CONSTANT else bool(constant) or constant is None
        if kind in (Kind.TENSOR, Kind.NDARRAY, Kind.VARIABLE, Kind.SCALAR):
            value.dtype, value.precise_dtype = call_dtype(name, arguments, value)
        if name in vocabulary.DRAWN_SIZES and first is not None and first.kind is Kind.SCALAR:
            sized = value.argument(vocabulary.DRAWN_SIZES[name], "size")
            value.rank = 0 if sized is None else None
        return value

    def _partial(self, node: cst.Call, function: Value, arguments: Sequence[Argument]) -> Value:
        """A function of the file with some of its arguments."""
        return self.make(
            Kind.FUNCTION,
            Operation.CALL,
            node,
            name="functools.partial",
            inputs=flattened(arguments),
            definition=function.definition,
            arguments=tuple(arguments),
        )

    # Methods

    def _method(self, node: cst.Call, receiver: Value, method: str) -> Value:
        if receiver.kind in (Kind.INSTANCE, Kind.CLASS, Kind.UNKNOWN, Kind.MODEL, Kind.LAYER):
            own = self._own_member(receiver, method)
            if own is not None:
                self.seen(node.func, own)
                return self.apply(node, own, self.arguments(node.args))
        return self.method(node, receiver, method, self.arguments(node.args))

    def _own_member(self, receiver: Value, name: str) -> Value | None:
        """What the object itself or its class (in this file) has under that name."""
        if name in receiver.attributes:
            return receiver.attributes[name]
        definition = receiver.definition
        if definition is None or receiver.kind not in (Kind.INSTANCE, Kind.CLASS):
            return None
        member = definition.lookup(name)
        if member is None or member.kind is not Kind.FUNCTION or member.definition is None:
            return member
        static = any(d.name == "builtins.staticmethod" for d in member.definition.decorators)
        if static or (receiver.kind is Kind.CLASS and not self._is_class_method(member)):
            return member
        return self.make(
            Kind.METHOD,
            Operation.ATTRIBUTE,
            None,
            name=name,
            receiver=receiver,
            definition=member.definition,
            inputs=(receiver,),
        )

    def _is_class_method(self, member: Value) -> bool:
        assert member.definition is not None
        return any(d.name == "builtins.classmethod" for d in member.definition.decorators)

    def attribute(self, node: cst.CSTNode, receiver: Value, name: str) -> Value:
        """The value of `receiver.name`."""
        if receiver.kind is Kind.LIBRARY:
            dotted = library.canonical(f"{receiver.name}.{name}")
            if library.known(receiver.name):
                return self.library(node, dotted)
            if name not in receiver.attributes:
                receiver.attributes[name] = self.library(node, dotted)
            return receiver.attributes[name]
        own = self._own_member(receiver, name)
        if own is not None:
            if own.kind is Kind.METHOD and own.definition is not None and self.is_property(own.definition):
                return self.invoke(node, own, [], receiver)
            return own
        made = self.object_attribute(node, receiver, name)
        if made.kind not in (Kind.TENSOR, Kind.NDARRAY, Kind.SCALAR):
            receiver.attributes[name] = made
        return made

    def set_attribute(self, receiver: Value, name: str, value: Value) -> None:
        """`receiver.name = value`."""
        if name == "trainable" and value.constant is not NO_CONSTANT:
            receiver.trainable = bool(value.constant)
        old = receiver.attributes.get(name)
        if old is not None and self.branch and old is not value and old.branch != self.branch:
            value = self.join(None, (old, value))
        receiver.attributes[name] = value
        if receiver.settings is None:
            receiver.settings = []
        receiver.settings.append((self.time, name, value))
