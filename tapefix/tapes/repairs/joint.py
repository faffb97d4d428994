"""One model that gives the output of a layer beside its own, so that one call makes both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.execution import graphs
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.helpers import INNER_OUTPUT, LAYER_OUTPUT, bring
from tapefix.tapes.repairs.model_calls import CannotJoinError, ModelCall
from tapefix.tapes.repairs.spelling import Scope, free_name, model_class, spelled
from tapefix.tapes.tape import Region
from tapefix.tapes.values import NO_CONSTANT, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_BUILDING = {"build", "fit", "summary", "predict", "evaluate", "train_on_batch"}


@dataclass(frozen=True)
class Wanted:
    """A tensor of a layer that is to be an output."""

    symbolic: Value | None
    """`None` for the output of `otherwise`."""
    node: cst.CSTNode | None = None
    """An expression for it."""
    otherwise: Value | None = None
    """A model whose only output it is."""


class Joint:
    """Writes the model with the outputs of layers beside its own, in front of a region."""

    def __init__(self, reading: Reading, draft: Draft, region: Region, call: ModelCall) -> None:
        self.reading = reading
        self.draft = draft
        self.model = call.model
        self.call = call.node
        if region.node is None:
            raise CannotJoinError("the tape is not entered by a `with` statement")
        self.anchor: cst.CSTNode = region.node
        self.scope = Scope.entering(region)
        if call.value.time < region.entered:
            self.anchor = call.statement(reading)
            self.scope = Scope(region.frame, region.names, call.value.time)

    def write(self, wanted: Sequence[Wanted]) -> str:
        """Put the model in front of the region, or of the loops around it; returns its name.

        Raises:
            CannotJoinError: it cannot be written there.
        """
        places = [self._place(one) for one in wanted]
        if None in places:
            raise CannotJoinError("the model that is called is not seen to have that layer")
        self._check_model()
        self._leave_loops(wanted)
        model = self.name_of_model(self.scope)
        class_name = model_class(self.reading) or f"{self.draft.tensorflow()}.keras.Model"
        name = free_name(self.reading, "grad_model", "cam_model", "joint_model")
        inner = next((place.inner for place in places if place is not None and place.inner is not None), None)
        if inner is None and not graphs.is_wired_anew(self.model):
            outputs = ", ".join([*map(self._spell, wanted), output_text(self.model, model)])
            self.draft.insert_before(self.anchor, f"{name} = {class_name}({model}.inputs, [{outputs}])")
            return name
        if len(wanted) != 1:
            raise CannotJoinError("several layers are wanted of a model whose calls have to be made anew")
        if inner is not None and graphs.is_wired_anew(inner):
            raise CannotJoinError("the inner model is a `Sequential` that was built by `add`")
        if inner is None:
            helper, given = bring(self.draft, LAYER_OUTPUT, class_name), self._layer_text(wanted[0])
        else:
            given = f"{self._inner_text(wanted[0], inner)}, {self._spell(wanted[0])}"
            helper = bring(self.draft, INNER_OUTPUT, class_name)
        self.draft.insert_before(self.anchor, f"{name} = {helper}({model}, {given})")
        return name

    def _place(self, wanted: Wanted) -> graphs.Place | None:
        if wanted.symbolic is None:
            return graphs.Place(wanted.otherwise)
        return graphs.place_in(self.model, wanted.symbolic)

    def name_of_model(self, scope: Scope) -> str:
        """An expression for the model at a place."""
        func = self.call.func
        if isinstance(func, cst.Attribute) and not any(v is self.model for v in self.reading.values(func)):
            func = func.value
        text = spelled(self.reading, scope, self.model, func)
        if text is None:
            raise CannotJoinError("the model has no name in front of the tape")
        return text

    def _check_model(self) -> None:
        if self.model.kind is not Kind.MODEL:
            raise CannotJoinError(
                "a subclassed model has no graph between its layers: let its `call` return the layer's output as well"
            )
        if graphs.several_outputs(self.model):
            raise CannotJoinError("the model has several outputs: build one with those that are needed")
        if not self._has_inputs():
            raise CannotJoinError("the model has no inputs before its first call: begin it with `keras.Input`")

    def _has_inputs(self) -> bool:
        """Whether a `Sequential` knows its inputs by then."""
        if not graphs.is_sequential(self.model):
            return True
        layers = graphs.layers_of(self.model)
        if not layers or layers[0].kind in (Kind.SYMBOLIC, Kind.MODEL, Kind.UNKNOWN):
            return True
        if any(
            argument.keyword in ("input_shape", "input_dim", "batch_input_shape") for argument in layers[0].arguments
        ):
            return True
        for user in self.model.users:
            built = user.operation is Operation.METHOD_CALL and user.name in _BUILDING
            called = user.operation is Operation.CALL and user.receiver is self.model
            if (built or called) and user.receiver is self.model and user.time < self.scope.time:
                return True
        return False

    def _leave_loops(self, wanted: Sequence[Wanted]) -> None:
        """Stand in front of the loops in which neither the model nor the layer changes."""
        for node in self.reading.parents(self.anchor):
            if isinstance(node, (cst.FunctionDef, cst.Module)):
                return
            if not isinstance(node, (cst.For, cst.While)):
                continue
            head = self.reading.values(node.iter if isinstance(node, cst.For) else node.test)
            if not head:
                return
            scope = Scope(self.scope.frame, self.scope.names, min(value.time for value in head))
            try:
                self.name_of_model(scope)
                for one in wanted:
                    self._spell(one, scope)
            except CannotJoinError:
                return
            self.scope, self.anchor = scope, node

    def _spell(self, wanted: Wanted, scope: Scope | None = None) -> str:
        nodes = [wanted.node] if wanted.node is not None else []
        text = None
        if wanted.symbolic is not None:
            text = spelled(self.reading, scope or self.scope, wanted.symbolic, *nodes)
        if text is None and wanted.otherwise is not None:
            model = spelled(self.reading, scope or self.scope, wanted.otherwise)
            text = output_text(wanted.otherwise, model) if model is not None else None
        if text is None:
            raise CannotJoinError("the layer has no name in front of the tape")
        return text

    # Calls that have to be made anew: models inside models, and `Sequential` models wired more than once

    def _layer_text(self, wanted: Wanted) -> str:
        symbolic = wanted.symbolic
        layer = symbolic.receiver if symbolic is not None and symbolic.operation is Operation.ATTRIBUTE else None
        nodes = [wanted.node.value] if isinstance(wanted.node, cst.Attribute) else []
        text = spelled(self.reading, self.scope, layer, *nodes) if layer is not None else None
        if text is None:
            raise CannotJoinError("the layer has no name in front of the tape")
        return text

    def _inner_text(self, wanted: Wanted, inner: Value) -> str:
        text = spelled(self.reading, self.scope, inner)
        if text is None and wanted.symbolic is not None and wanted.symbolic.operation is Operation.ATTRIBUTE:
            layer = wanted.symbolic.receiver
            owner = layer.receiver if layer is not None and layer.receiver is inner else None
            text = spelled(self.reading, self.scope, owner) if owner is not None else None
        if text is None:
            text = self._by_name(inner)
        if text is None:
            raise CannotJoinError("the inner model has no name in front of the tape")
        return text

    def _by_name(self, inner: Value) -> str | None:
        name = next((a.value.constant for a in inner.arguments if a.keyword == "name"), NO_CONSTANT)
        return f'{self.name_of_model(self.scope)}.get_layer("{name}")' if isinstance(name, str) else None


def output_text(model: Value, text: str) -> str:
    """The output of a model; `output` where it is known to be functional: a `Sequential` has only `outputs`."""
    functional = graphs.is_functional(model) or model.name.startswith("keras.applications.")
    return f"{text}.output" if functional else f"{text}.outputs[0]"
