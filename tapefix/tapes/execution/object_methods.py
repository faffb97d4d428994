"""Methods and attributes of tensors, arrays, Keras objects, containers and built-in functions."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution import vocabulary
from tapefix.tapes.execution.frames import in_graph
from tapefix.tapes.execution.inference import named_dtype
from tapefix.tapes.execution.invocation import flattened, keras_role
from tapefix.tapes.execution.tape_calls import TapeCalls
from tapefix.tapes.values import NO_CONSTANT, Argument, Dtype, Kind, Operation, Value

_ASSIGNING = {"assign", "assign_add", "assign_sub"}
_PREDICTIONS = {"predict", "predict_on_batch"}
_RUNNERS = {"run", "experimental_run_v2"}
_ARRAY_VIEWS = {"T", "real", "imag", "flat"}


class ObjectMethods(TapeCalls):
    """What is known of the objects that TensorFlow code handles."""

    def apply(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value:
        """Call a value."""
        raise NotImplementedError  # given by Calls

    def method(self, node: cst.Call, receiver: Value, method: str, arguments: Sequence[Argument]) -> Value:
        """A call of a method that the file does not define."""
        if receiver.kind is Kind.TAPE:
            return self.tape_method(node, receiver, method, arguments)
        container = self._container_method(node, receiver, method, arguments)
        if container is not None:
            return container
        if method in _RUNNERS and arguments and arguments[0].value.kind in (Kind.FUNCTION, Kind.METHOD):
            return self._run(node, arguments)
        generator = receiver.operation is Operation.CALL and receiver.name in vocabulary.GENERATORS
        if generator and method in vocabulary.DISTRIBUTIONS:
            # What a generator draws is what NumPy's function of that name would.
            drawing = self.make(Kind.LIBRARY, Operation.IMPORT, node.func, name=f"numpy.random.{method}")
            return self.apply(node, drawing, arguments)
        kind, dtype, trainable = self._method_result(receiver, method, arguments)
        self.escape(arguments)
        if receiver.kind is Kind.VARIABLE and method in _ASSIGNING:
            self._made(node, Kind.VARIABLE, method, receiver, arguments, receiver.dtype)
            return receiver
        value = self._made(node, kind, method, receiver, arguments, dtype)
        value.trainable = trainable
        if receiver.kind is Kind.METRIC and method == "result":
            # What a metric gives is made of all that it was updated with.
            for update in [user for user in receiver.users if user.name in vocabulary.METRIC_UPDATES]:
                given = tuple(i for i in update.inputs if i is not receiver and i not in value.inputs)
                value.inputs = (*value.inputs, *given)
                for source in given:
                    source.users.append(value)
        if kind is Kind.NDARRAY and method == "numpy":
            value.precise_dtype = receiver.precise_dtype
        if kind is Kind.NDARRAY and method == "astype" and arguments:
            value.dtype, value.precise_dtype = named_dtype(arguments[0].value)
        return value

    def _made(
        self, node: cst.Call, kind: Kind, method: str, receiver: Value, arguments: Sequence[Argument], dtype: Dtype
    ) -> Value:
        return self.make(
            kind,
            Operation.METHOD_CALL,
            node,
            name=method,
            inputs=[receiver, *flattened(arguments)],
            receiver=receiver,
            arguments=tuple(arguments),
            dtype=dtype,
        )

    def _run(self, node: cst.Call, arguments: Sequence[Argument]) -> Value:
        """`strategy.run(step, args=(...))` calls the step."""
        passed: list[Argument] = []
        for argument in arguments[1:]:
            elements = argument.value.elements
            if elements is not None and argument.keyword in ("args", None):
                passed += [Argument(node=argument.node, value=element, keyword=None) for element in elements]
        return self.apply(node, arguments[0].value, passed)

    def _method_result(
        self, receiver: Value, method: str, arguments: Sequence[Argument]
    ) -> tuple[Kind, Dtype, bool | None]:
        kind = receiver.kind
        role = kind if kind in (Kind.MODEL, Kind.LAYER) else keras_role(receiver.definition)
        if kind in (Kind.TENSOR, Kind.VARIABLE):
            if method in ("numpy", "_numpy", "eval"):
                return Kind.NDARRAY, receiver.dtype, None
            if method in ("value", "read_value", "sparse_read", "gather_nd") or method.startswith("__"):
                return Kind.TENSOR, receiver.dtype, None
        elif kind is Kind.NDARRAY:
            if method == "item":
                return Kind.SCALAR, receiver.dtype, None
            return (Kind.UNKNOWN if method in ("tolist", "tobytes") else Kind.NDARRAY), receiver.dtype, None
        elif kind is Kind.DATASET and method in vocabulary.DATASET_METHODS:
            return Kind.DATASET, Dtype.UNKNOWN, None
        elif role is not None:
            if method in _PREDICTIONS:
                return Kind.NDARRAY, Dtype.FLOATING, None
            if method == "get_layer":
                return Kind.LAYER, Dtype.UNKNOWN, None
            if method in ("call", "__call__"):
                return Kind.TENSOR, Dtype.FLOATING, None
            if method in vocabulary.WEIGHT_MAKERS:
                return _weight(arguments)
        elif (kind is Kind.METRIC and method == "result") or (kind is Kind.LOSS and method == "call"):
            return Kind.TENSOR, Dtype.FLOATING, None
        return Kind.UNKNOWN, Dtype.UNKNOWN, None

    def _container_method(
        self, node: cst.Call, receiver: Value, method: str, arguments: Sequence[Argument]
    ) -> Value | None:
        values = [argument.value for argument in arguments]
        if receiver.elements is not None:
            if method in ("append", "insert", "add") and values:
                receiver.elements.append(values[-1])
            elif method == "extend" and values:
                receiver.elements.extend(values[0].elements if values[0].elements is not None else [values[0]])
            elif method == "pop" and receiver.elements:
                return receiver.elements[-1]
            elif method == "copy":
                return self.sequence(node, receiver.elements)
            else:
                return None
            # Nothing comes of it, but what goes into the list is used here.
            return self._made(node, Kind.NONE, method, receiver, arguments, Dtype.UNKNOWN)
        if receiver.kind is Kind.MAPPING and receiver.entries is not None:
            entries = receiver.entries
            if method == "values":
                return self.sequence(node, list(entries.values()))
            if method == "items":
                pairs = [self.sequence(None, [self.literal(None, key), value]) for key, value in entries.items()]
                return self.sequence(node, pairs)
            if method == "get" and values and values[0].constant in entries:
                return entries[values[0].constant]
        return None

    def object_attribute(self, node: cst.CSTNode, receiver: Value, name: str) -> Value:
        """An attribute of an object that the file does not set."""
        kind, dtype, trainable = Kind.UNKNOWN, Dtype.UNKNOWN, None
        role = receiver.kind if receiver.kind in (Kind.MODEL, Kind.LAYER) else keras_role(receiver.definition)
        known_object = role is not None or receiver.kind in (Kind.UNKNOWN, Kind.INSTANCE)
        if name in vocabulary.MODEL_COLLECTIONS and known_object:
            kind, dtype, trainable = Kind.VARIABLES, Dtype.FLOATING, vocabulary.MODEL_COLLECTIONS[name]
            if receiver.kind is Kind.UNKNOWN:
                # Nothing else has such an attribute.
                receiver.kind = Kind.MODEL
        elif role is not None and name in vocabulary.LAYER_VARIABLES and receiver.kind is not Kind.INSTANCE:
            # That of a frozen layer, too: what the tape sees is the variable underneath, which stays trainable.
            kind, dtype, trainable = Kind.VARIABLE, Dtype.FLOATING, True
        elif role is not None and name in vocabulary.SYMBOLIC_ATTRIBUTES:
            kind = Kind.SYMBOLIC
        elif receiver.kind is Kind.NDARRAY and name in _ARRAY_VIEWS:
            kind, dtype = Kind.NDARRAY, receiver.dtype
        elif receiver.kind is Kind.VARIABLE and name == "value":
            kind, dtype = Kind.TENSOR, receiver.dtype
        elif name in ("ndim", "size") and receiver.kind in (Kind.NDARRAY, Kind.TENSOR):
            kind, dtype = Kind.SCALAR, Dtype.INTEGER
        return self.make(
            kind,
            Operation.ATTRIBUTE,
            node,
            name=name,
            inputs=(receiver,),
            dtype=dtype,
            trainable=trainable,
            receiver=receiver,
        )

    # Built-in functions

    def builtin(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value:
        """A call of a built-in function or type."""
        name = callee.name.partition(".")[2]
        values = [argument.value for argument in arguments]
        first = values[0] if values else None
        special = self._iteration_builtin(node, name, values)
        if special is not None:
            return special
        if name == "super":
            return self._super(node)
        if name == "dict" and all(argument.keyword for argument in arguments):
            entries: dict[object, Value] = {argument.keyword: argument.value for argument in arguments}
            inputs = tuple(entries.values())
            return self.make(Kind.MAPPING, Operation.DISPLAY, node, inputs=inputs, entries=entries)
        if name == "getattr" and len(values) >= 2 and isinstance(values[1].constant, str):
            return self.attribute_of(node, values[0], values[1].constant)
        kind, dtype = Kind.UNKNOWN, Dtype.UNKNOWN
        if name in vocabulary.LEAVING_BUILTINS:
            kind = Kind.SCALAR
            dtype = {"float": Dtype.FLOATING, "int": Dtype.INTEGER, "bool": Dtype.BOOL}.get(name, Dtype.COMPLEX)
            if name == "float" and first is not None and not first.is_number and in_graph(self.frame):
                # AutoGraph makes a cast of it.
                kind = Kind.TENSOR if first.is_tensor else Kind.UNKNOWN
        elif name == "len":
            kind, dtype = Kind.SCALAR, Dtype.INTEGER
        elif name in ("str", "repr", "format"):
            kind = Kind.STRING
        elif name in ("sum", "abs", "max", "min", "pow", "round", "divmod"):
            inner = flattened(arguments)
            if any(value.is_tensor for value in inner):
                kind = Kind.TENSOR
            elif any(value.kind is Kind.NDARRAY for value in inner):
                kind = Kind.NDARRAY
            elif inner and all(value.kind is Kind.SCALAR for value in inner):
                kind = Kind.SCALAR
            dtype = first.dtype if first is not None and first.dtype is not Dtype.UNKNOWN else Dtype.UNKNOWN
        elif name == "print":
            kind = Kind.NONE
        self.escape(arguments)
        return self.make(
            kind,
            Operation.CALL,
            node,
            name=callee.name,
            inputs=flattened(arguments),
            dtype=dtype,
            receiver=callee,
            arguments=tuple(arguments),
        )

    def attribute_of(self, node: cst.CSTNode, receiver: Value, name: str) -> Value:
        """The value of `getattr(receiver, name)`."""
        raise NotImplementedError  # given by Reading's executor

    def _iteration_builtin(self, node: cst.Call, name: str, values: list[Value]) -> Value | None:
        if name in ("list", "tuple", "iter", "reversed", "sorted", "set") and len(values) == 1:
            elements = values[0].elements
            if elements is not None and name != "sorted":
                return self.sequence(node, elements if name != "reversed" else elements[::-1])
            return values[0]
        if name == "next" and values:
            source = values[0]
            if source.elements:
                return source.elements[0]
            return self.element_of(node, source)
        if name in ("list", "tuple", "set") and not values:
            return self.sequence(node, [])
        if name == "range" and len(values) == 1 and isinstance(values[0].constant, int) and values[0].constant <= 1:
            return self.sequence(node, [self.literal(None, i) for i in range(max(values[0].constant, 0))])
        if name == "enumerate" and values:
            items = self._some_items(node, values[0])
            indices = [self.make(Kind.SCALAR, Operation.ITERATION, None, dtype=Dtype.INTEGER) for _ in items]
            return self.sequence(node, [self.sequence(None, pair) for pair in zip(indices, items, strict=True)])
        if name == "zip" and values:
            columns = [self._some_items(node, value) for value in values]
            length = min(len(column) for column in columns)
            rows = [self.sequence(None, [column[i] for column in columns]) for i in range(length)]
            return self.sequence(node, rows)
        return None

    def _some_items(self, node: cst.Call, source: Value) -> list[Value]:
        if source.elements is not None:
            return source.elements
        return [self.element_of(node, source) for _ in range(2)]

    def element_of(self, node: cst.BaseExpression, source: Value) -> Value:
        """One element of an iterable whose elements are not known one by one."""
        raise NotImplementedError  # given by Reading's executor

    def _super(self, node: cst.Call) -> Value:
        """`super()`: the instance, seen as one of its base classes."""
        definition, instance = self.frame.definition, self.frame.instance
        owner = definition.owner if definition is not None else None
        if owner is None or instance is None:
            return self.unknown(node)
        base = next((b.definition for b in owner.bases if b.definition is not None), None)
        if base is None:
            return self.unknown(node, (instance,))
        return self.make(
            Kind.INSTANCE,
            Operation.CALL,
            node,
            name=base.name,
            inputs=(instance,),
            definition=base,
            attributes=instance.attributes,
        )


def _weight(arguments: Sequence[Argument]) -> tuple[Kind, Dtype, bool | None]:
    """`self.add_weight(...)`: a variable, of which the keywords say the dtype and whether it is trained."""
    named = {argument.keyword: argument.value for argument in arguments}
    if any(argument.star for argument in arguments):
        return Kind.VARIABLE, Dtype.UNKNOWN, None
    dtype = named_dtype(named["dtype"])[0] if "dtype" in named else Dtype.FLOATING
    constant = named["trainable"].constant if "trainable" in named else True
    return Kind.VARIABLE, dtype, None if constant is NO_CONSTANT else bool(constant)
