"""Calls of functions, methods and classes that the module itself defines: their bodies are executed at the call."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution.library import canonical, dtype_class
from tapefix.tapes.execution.state import MAX_DEPTH, State
from tapefix.tapes.values import Argument, Definition, Dtype, Frame, Kind, Operation, Value

_TRANSPARENT = {
    "tensorflow.function",
    "tensorflow.Module.with_name_scope",
    "tensorflow.autograph.experimental.do_not_convert",
    "tensorflow.__internal__.tracking.no_automatic_dependency_tracking",
    "builtins.staticmethod",
    "builtins.classmethod",
    "builtins.property",
    "abc.abstractmethod",
    "typing.no_type_check",
    "typing.override",
    "functools.wraps",
    "functools.lru_cache",
    "functools.cache",
    "functools.cached_property",
    "keras.saving.register_keras_serializable",
    "keras.utils.register_keras_serializable",
}
_PROPERTIES = {"builtins.property", "functools.cached_property"}


def keras_role(definition: Definition | None) -> Kind | None:
    """Whether instances of a class are Keras models or layers (or TensorFlow modules), by its library bases."""
    if definition is None:
        return None
    for name in definition.library_bases():
        if name in ("keras.Model", "keras.Sequential") or name.startswith("keras.models."):
            return Kind.MODEL
        if name.startswith("keras.layers.") or name == "tensorflow.Module":
            return Kind.LAYER
    return None


class Invocation(State):
    """Binds arguments to parameters, executes bodies, and makes instances."""

    loop_ends: list[str]

    def evaluate(self, node: cst.BaseExpression) -> Value:
        """The value of an expression."""
        raise NotImplementedError  # given by Expressions

    def block(self, body: cst.BaseSuite) -> bool:
        """Execute a block."""
        raise NotImplementedError  # given by Statements

    def opaque(self, node: cst.CSTNode | None, callee: Value | None, arguments: Sequence[Argument]) -> Value:
        """A call that the reading cannot follow: its result may depend on all that it gets."""
        self.escape(arguments)
        inputs = ([callee] if callee is not None else []) + flattened(arguments)
        return self.make(
            Kind.UNKNOWN,
            Operation.CALL,
            node,
            name=callee.name if callee is not None else "",
            inputs=inputs,
            receiver=callee,
            arguments=tuple(arguments),
        )

    def escape(self, arguments: Sequence[Argument]) -> None:
        """Tapes handed to code that cannot be seen may be watched, stopped or asked there."""
        for argument in arguments:
            if argument.value.tape is not None and argument.value.kind is Kind.TAPE:
                argument.value.tape.escaped = True

    def transparent(self, definition: Definition) -> bool:
        """Whether the decorators leave the function what it is."""
        for decorator in definition.decorators:
            name = canonical(decorator.name)
            if name not in _TRANSPARENT and not (decorator.operation is Operation.ATTRIBUTE and name == "setter"):
                return False
        return True

    def is_property(self, definition: Definition) -> bool:
        """Whether a method is read as an attribute."""
        return any(decorator.name in _PROPERTIES for decorator in definition.decorators)

    def invoke(
        self,
        node: cst.CSTNode | None,
        function: Value,
        arguments: Sequence[Argument],
        instance: Value | None = None,
    ) -> Value:
        """Execute a function of the module with these arguments, and give what it returns."""
        definition = function.definition
        if (
            definition is None
            or isinstance(definition.node, cst.ClassDef)
            or self.frame.depth >= MAX_DEPTH
            or self.active.count(definition.node) >= 2
        ):
            return self.opaque(node, function, arguments)
        definition.calls += 1
        if not self.transparent(definition):
            result = self.opaque(node, function, arguments)
            if any(d.name == "tensorflow.custom_gradient" for d in definition.decorators):
                result.kind, result.name = Kind.TENSOR, "tensorflow.custom_gradient"
            return result
        frame = Frame(
            node=definition.node,
            caller=self.frame,
            call=node,
            depth=self.frame.depth + 1,
            closure=definition.closure,
            definition=definition,
            instance=instance,
        )
        self._bind_parameters(frame, definition, arguments, instance)
        return self.enter_frame(frame, definition.node)

    def enter_frame(self, frame: Frame, function: cst.FunctionDef | cst.Lambda) -> Value:
        """Execute a function's body in a prepared frame."""
        outer = (self.frame, self.statement, self.branch, self.loop_ends)
        recording = list(self.recording)
        self.frame, self.loop_ends = frame, []
        self.active.append(function)
        try:
            if isinstance(function, cst.Lambda):
                return self.evaluate(function.body)
            self.block(function.body)
        finally:
            self.active.pop()
            self.frame, self.statement, self.branch, self.loop_ends = outer
            self.recording = recording
        if frame.yields:
            return self.sequence(None, frame.yields)
        if not frame.returns:
            return self.literal(None, None)
        return self.join(None, frame.returns)

    def _bind_parameters(
        self, frame: Frame, definition: Definition, arguments: Sequence[Argument], instance: Value | None
    ) -> None:
        function = definition.node
        assert not isinstance(function, cst.ClassDef)
        parameters = function.params
        positional = [p.name.value for p in (*parameters.posonly_params, *parameters.params)]
        named = {p.name.value for p in (*parameters.params, *parameters.kwonly_params)}
        values: list[Value] = [instance] if instance is not None else []
        extra: dict[object, Value] = {}
        open_ended = False
        for argument in arguments:
            if argument.star == "*":
                if argument.value.elements is not None:
                    values.extend(argument.value.elements)
                else:
                    open_ended = True
            elif argument.star == "**":
                if argument.value.entries is not None:
                    for key, value in argument.value.entries.items():
                        if isinstance(key, str) and key in named:
                            frame.names[key] = value
                else:
                    open_ended = True
            elif argument.keyword is None:
                if open_ended:
                    continue
                values.append(argument.value)
            elif argument.keyword in named:
                frame.names[argument.keyword] = argument.value
            else:
                extra[argument.keyword] = argument.value
        for name, value in zip(positional, values, strict=False):
            frame.names.setdefault(name, value)
        if isinstance(parameters.star_arg, cst.Param):
            frame.names[parameters.star_arg.name.value] = self.sequence(None, values[len(positional) :])
        if parameters.star_kwarg is not None:
            frame.names[parameters.star_kwarg.name.value] = self.make(
                Kind.MAPPING, Operation.DISPLAY, None, inputs=tuple(extra.values()), entries=dict(extra)
            )
        for parameter in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
            name = parameter.name.value
            if name not in frame.names:
                default = definition.defaults.get(name)
                if default is None or open_ended:
                    default = self.parameter(parameter)
                frame.names[name] = default

    def parameter(self, parameter: cst.Param) -> Value:
        """A parameter that no call in the file gives a value: known only by its annotation."""
        kind, dtype, precise = Kind.UNKNOWN, Dtype.UNKNOWN, ""
        annotation = parameter.annotation.annotation if parameter.annotation is not None else None
        if isinstance(annotation, (cst.Name, cst.Attribute)):
            known = self._annotated(annotation)
            kind = known
            if known is Kind.SCALAR:
                dtype, precise = dtype_class(self.module.code_for_node(annotation))
        return self.make(
            kind, Operation.PARAMETER, parameter, name=parameter.name.value, dtype=dtype, precise_dtype=precise
        )

    def _annotated(self, annotation: cst.Name | cst.Attribute) -> Kind:
        name = canonical(self.evaluate(annotation).name)
        exact = {
            "tensorflow.Tensor": Kind.TENSOR,
            "tensorflow.Variable": Kind.VARIABLE,
            "numpy.ndarray": Kind.NDARRAY,
            "builtins.float": Kind.SCALAR,
            "builtins.int": Kind.SCALAR,
            "builtins.bool": Kind.SCALAR,
            "builtins.str": Kind.STRING,
            "tensorflow.data.Dataset": Kind.DATASET,
        }
        if name in exact:
            return exact[name]
        if name in ("keras.Model", "keras.Sequential") or name.startswith("keras.models."):
            return Kind.MODEL
        return Kind.UNKNOWN

    # Classes

    def instantiate(self, node: cst.CSTNode | None, cls: Value, arguments: Sequence[Argument]) -> Value:
        """Make an instance of a class of the module, and run its `__init__`."""
        definition = cls.definition
        assert definition is not None
        definition.calls += 1
        instance = self.make(
            Kind.INSTANCE,
            Operation.CALL,
            node,
            name=definition.name,
            inputs=flattened(arguments),
            definition=definition,
            arguments=tuple(arguments),
        )
        initializer = definition.lookup("__init__")
        if initializer is not None and initializer.definition is not None:
            self.invoke(None, initializer, arguments, instance)
        return instance


def flattened(arguments: Sequence[Argument]) -> list[Value]:
    """The values of arguments, lists and tuples taken apart as they are now."""
    found: list[Value] = []

    def add(value: Value, depth: int) -> None:
        if value.elements is not None and depth < 4:
            for element in value.elements:
                add(element, depth + 1)
        elif value.entries is not None and depth < 4:
            for element in value.entries.values():
                add(element, depth + 1)
        else:
            found.append(value)

    for argument in arguments:
        add(argument.value, 0)
    return found
