"""Functions that nothing in the file calls: entered with parameters that are not known."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes.execution.invocation import keras_role
from tapefix.tapes.execution.statements import Statements
from tapefix.tapes.values import Definition, Frame, Kind, Operation, Value


class Roots(Statements):
    """Enters functions and methods from outside the file."""

    def invoke_root(self, function: Value) -> None:
        """Execute a function that nothing in the file calls, with parameters of which only annotations are known."""
        definition = function.definition
        if definition is None or isinstance(definition.node, cst.ClassDef) or definition.calls:
            return
        definition.calls += 1
        frame = Frame(node=definition.node, depth=1, closure=definition.closure, definition=definition, root=True)
        parameters = definition.node.params
        in_order = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
        static = any(d.name == "builtins.staticmethod" for d in definition.decorators)
        if definition.owner is not None and in_order and not static:
            frame.instance = self.some_instance(definition.owner)
            frame.names[in_order[0].name.value] = frame.instance
            in_order = in_order[1:]
        for parameter in in_order:
            value = self.parameter(parameter)
            if definition.name in ("train_step", "test_step") and keras_role(definition.owner) is Kind.MODEL:
                value.kind = Kind.TENSOR
            frame.names[parameter.name.value] = value
        for star in (parameters.star_arg, parameters.star_kwarg):
            if isinstance(star, cst.Param):
                frame.names[star.name.value] = self.parameter(star)
        self.enter_frame(frame, definition.node)

    def some_instance(self, owner: Definition) -> Value:
        """An instance of a class that the file never makes itself: one for all its methods."""
        known = owner.members.get("__some_instance__")
        if known is not None:
            return known
        instance = self.make(Kind.INSTANCE, Operation.PARAMETER, None, name=owner.name, definition=owner)
        owner.members["__some_instance__"] = instance
        initializer = owner.lookup("__init__")
        if initializer is not None and initializer.definition is not None:
            self._initialize(initializer, instance)
        return instance

    def _initialize(self, initializer: Value, instance: Value) -> None:
        definition = initializer.definition
        assert definition is not None
        if isinstance(definition.node, (cst.ClassDef, cst.Lambda)):
            return
        definition.calls += 1
        frame = Frame(
            node=definition.node,
            depth=1,
            closure=definition.closure,
            definition=definition,
            instance=instance,
            root=True,
        )
        parameters = definition.node.params
        in_order = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
        for index, parameter in enumerate(in_order):
            frame.names[parameter.name.value] = instance if index == 0 else self.parameter(parameter)
        for star in (parameters.star_arg, parameters.star_kwarg):
            if isinstance(star, cst.Param):
                frame.names[star.name.value] = self.parameter(star)
        self.enter_frame(frame, definition.node)
