"""Graphs of Keras models: which symbolic tensors and layers a model is made of, as far as the file shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tapefix.tapes.values import NO_CONSTANT, Kind, Operation, Value

_FUNCTIONAL = ("keras.Model", "keras.models.Model")
_SEQUENTIAL = ("keras.Sequential", "keras.models.Sequential")
OUTPUT = "__output__"
"""Under this name a tensor that a model gives holds which of the model's outputs it is."""
_INPUTS_NAMED = {"input_shape", "input_dim", "batch_input_shape"}
_TAKEN = (Operation.SUBSCRIPT, Operation.ITERATION)


@dataclass(frozen=True)
class Place:
    """Where a symbolic tensor stands in a model."""

    inner: Value | None = None
    """The model inside the model whose graph it belongs to; `None` when it is of the model's own graph."""


def is_functional(model: Value) -> bool:
    """Whether it is made by `keras.Model(inputs, outputs)`."""
    return model.operation is Operation.CALL and model.name in _FUNCTIONAL and model.argument(1, "outputs") is not None


def is_sequential(model: Value) -> bool:
    """Whether it is made by `keras.Sequential(...)`."""
    return model.operation is Operation.CALL and model.name in _SEQUENTIAL


def is_wired_anew(model: Value) -> bool:
    """Whether the `output` of its layers may belong to an earlier wiring of them.

    Keras wires a `Sequential` that knows its inputs anew with each `add`, also while it loads one; `layer.output` is
    that of the first wiring, from which nothing leads to the outputs of the model.
    """
    if is_sequential(model):
        added = [u for u in model.users if u.operation is Operation.METHOD_CALL and u.name == "add"]
        return any(user.receiver is model for user in added)
    return model.name in ("keras.models.load_model", "keras.saving.load_model", "keras.models.model_from_json")


def is_stale(symbolic: Value, model: Value) -> bool:
    """Whether `layer.output` is of an earlier wiring for certain: a layer in the middle of an added-up `Sequential`."""
    layer, layers = _holder(symbolic), layers_of(model)
    if not is_sequential(model) or not is_wired_anew(model) or layer is None or layer.kind is not Kind.LAYER:
        return False
    if _side(symbolic) != "output" or not layers or not knows_inputs(layers[0]):
        return False
    last = layers[-1]
    named = next((a.value.constant for a in layer.arguments if a.keyword in (None, "name")), NO_CONSTANT)
    names = [a.value.constant for known in layers[:-1] for a in known.arguments if a.keyword == "name"]
    return layer is not last and (layer in layers or named in names)


def knows_inputs(first: Value) -> bool:
    """Whether a `Sequential` that begins with this layer knows its inputs before its first call."""
    return first.kind is Kind.SYMBOLIC or any(argument.keyword in _INPUTS_NAMED for argument in first.arguments)


def given_outputs(model: Value) -> Value | None:
    """What `keras.Model(inputs, outputs)` was given for its outputs."""
    argument = model.argument(1, "outputs") if is_functional(model) else None
    return argument.value if argument is not None else None


def outputs_of(model: Value) -> list[Value] | None:
    """The symbolic tensors that a model gives; `None` when they are not known."""
    outputs = given_outputs(model)
    return _listed(outputs) if outputs is not None else None


def inputs_of(model: Value) -> list[Value] | None:
    """The symbolic tensors that a model takes; `None` when they are not known."""
    argument = model.argument(0, "inputs") if is_functional(model) else None
    return _listed(argument.value) if argument is not None else None


def _listed(value: Value) -> list[Value] | None:
    parts = value.elements if value.elements is not None else [value]
    if value.entries is not None:
        parts = list(value.entries.values())
    flat = [inner for part in parts for inner in (part.elements if part.elements is not None else [part])]
    # One that is not known is a symbolic tensor, too, beside one that is, or a list of such.
    known = all(part.kind in (Kind.SYMBOLIC, Kind.UNKNOWN) for part in flat)
    return flat if known and any(part.kind is Kind.SYMBOLIC for part in flat) else None


def several_outputs(model: Value) -> bool | None:
    """Whether a call of a model gives several tensors; `None` when that is not known."""
    if is_sequential(model) or model.name.startswith("keras.applications."):
        return False
    outputs = outputs_of(model)
    if outputs is None:
        return None
    if len(outputs) == 1 and outputs[0].operation is Operation.ATTRIBUTE and outputs[0].name in ("outputs", "inputs"):
        owner = outputs[0].receiver
        return several_outputs(owner) if owner is not None and owner.kind is Kind.MODEL else None
    return len(outputs) > 1


def owner_of(layer: Value) -> Value | None:
    """The model that a layer was taken from: by `get_layer`, from `layers`."""
    if layer.operation is Operation.METHOD_CALL and layer.name == "get_layer":
        return layer.receiver
    holder = layer.receiver
    while layer.operation in _TAKEN and holder is not None and holder.operation is not Operation.ATTRIBUTE:
        holder = holder.receiver
    if layer.operation in _TAKEN and holder is not None and holder.name == "layers":
        return holder.receiver
    return None


def origin(symbolic: Value) -> Value | None:
    """The model of whose graph `layer.output` or `model.inputs[0]` is a tensor, by how it is written."""
    holder = _holder(symbolic)
    if holder is None or holder.kind is Kind.MODEL:
        return holder
    return owner_of(holder)


def _holder(symbolic: Value) -> Value | None:
    """The model or layer that it is an `output` or `input` of."""
    if symbolic.operation is Operation.SUBSCRIPT and symbolic.receiver is not None:
        symbolic = symbolic.receiver
    return symbolic.receiver if symbolic.operation is Operation.ATTRIBUTE else None


def _side(symbolic: Value) -> str:
    attribute = symbolic.receiver if symbolic.operation is Operation.SUBSCRIPT else symbolic
    return attribute.name.rstrip("s") if attribute is not None else ""


def resolved(symbolic: Value) -> Value:
    """The tensor that `model.output`, `model.inputs[0]` or `layer.output` stands for, where the file shows it."""
    seen: set[Value] = set()
    while symbolic not in seen:
        seen.add(symbolic)
        holder = _holder(symbolic)
        if holder is None:
            break
        known: list[Value] = []
        if holder.kind is Kind.MODEL:
            known = (outputs_of(holder) if _side(symbolic) == "output" else inputs_of(holder)) or []
        elif _side(symbolic) == "output":
            known = [u for u in holder.users if u.receiver is holder and u.kind is Kind.SYMBOLIC and _is_call(u)][:1]
        if len(known) != 1:
            break
        symbolic = known[0]
    return symbolic


def _is_call(value: Value) -> bool:
    return value.operation is Operation.CALL


def upstream(symbolics: Iterable[Value]) -> set[Value]:
    """The symbolic tensors that some are made of, themselves included."""
    seen: set[Value] = set()
    stack = list(symbolics)
    while stack:
        value = stack.pop()
        if value in seen:
            continue
        seen.add(value)
        stack.append(resolved(value))
        if value.operation is not Operation.ATTRIBUTE:
            stack.extend(i for i in value.inputs if i.kind is Kind.SYMBOLIC)
        holder = _holder(value)
        if holder is not None and holder.kind is Kind.MODEL and _side(value) == "output":
            stack.extend(outputs_of(holder) or ())
    return seen


def layers_of(model: Value) -> list[Value]:
    """The layers and models that a model calls, as far as they are known."""
    if is_sequential(model):
        first = model.argument(0, "layers")
        listed = list(first.value.elements or ()) if first is not None else []
        added = [u for u in model.users if u.operation is Operation.METHOD_CALL and u.name == "add"]
        return listed + [u.arguments[0].value for u in added if u.receiver is model and u.arguments]
    tensors = upstream(outputs_of(model) or ())
    calls = [v.receiver for v in sorted(tensors, key=lambda v: v.time) if _is_call(v) and v.receiver is not None]
    return [receiver for receiver in dict.fromkeys(calls) if receiver.kind in (Kind.LAYER, Kind.MODEL)]


def named_layer(model: Value, name: object) -> Value | None:
    """The layer or model of that name that the file gives a model."""
    for layer in layers_of(model):
        argument = next((a for a in layer.arguments if a.keyword == "name"), None)
        if argument is not None and argument.value.constant == name and name is not NO_CONSTANT:
            return layer
    return None


def place_in(model: Value, symbolic: Value) -> Place | None:
    """Where a symbolic tensor stands in a model; `None` when it is not seen to be there."""
    holder, owner = _holder(symbolic), origin(symbolic)
    if owner is model:
        return Place()
    tensors = upstream(outputs_of(model) or ())
    if symbolic in tensors or resolved(symbolic) in tensors:
        return Place()
    # `keras.Model(base.input, head(base.output))` goes on where the graph of `base` ends.
    if owner is not None and any(origin(tensor) is owner for tensor in tensors if _holder(tensor) is not None):
        return Place()
    parts = layers_of(model)
    if holder is not None and holder.kind is Kind.LAYER and holder in parts:
        return Place()
    inner = next((part for part in parts if part.kind is Kind.MODEL and place_in(part, symbolic) == Place()), None)
    if inner is None and owner is not None and owner_of(owner) is model:
        inner = owner
    return Place(inner) if inner is not None else None


def leads_to(symbolic: Value, other: Value) -> bool | None:
    """Whether one symbolic tensor is made of another; `None` when that is not known."""
    tensors = upstream([other])
    if symbolic in tensors or resolved(symbolic) in tensors:
        return True
    ends = [end for end in map(_holder, tensors) if end is not None and end.kind is Kind.MODEL]
    if any(is_stale(symbolic, end) for end in ends):
        return False
    if any(place_in(end, symbolic) == Place() for end in ends):
        # The outputs of a model are made of what its layers give.
        return True
    opaque = origin(resolved(symbolic)) is not None or any(_holder(t) is not None and resolved(t) is t for t in tensors)
    return None if opaque else False


def is_own_input(model: Value, symbolic: Value) -> bool:
    """Whether it is written as `model.input` or `model.inputs`."""
    return _side(symbolic) == "input" and _holder(symbolic) is model


def given_output(tensor: Value) -> Value | None:
    """The symbolic tensor of which a call of a model has given the real one, where the file shows it."""
    model = tensor.receiver
    if model is None or model.kind is not Kind.MODEL:
        return None
    outputs = outputs_of(model) or []
    single = outputs[0] if len(outputs) == 1 else model.attributes.get("output")
    return tensor.attributes.get(OUTPUT) or single


def same_inputs(part: Value, model: Value) -> bool:
    """Whether two models of one graph take the same."""
    one, two = inputs_of(part), inputs_of(model)
    if one is not None and two is not None:
        return {resolved(value) for value in one} == {resolved(value) for value in two}
    if one is not None:
        return all(is_own_input(model, resolved(value)) for value in one)
    return two is not None and all(is_own_input(part, resolved(value)) for value in two)


def comes_first(model: Value, part: Value) -> bool:
    """Whether a layer of a model gets what the model itself is called on."""
    if is_sequential(model):
        layers = [layer for layer in layers_of(model) if layer.kind is not Kind.SYMBOLIC]
        return bool(layers) and layers[0] is part
    inputs = {resolved(value) for value in inputs_of(model) or ()}
    calls = [u for u in part.users if u.receiver is part and u.kind is Kind.SYMBOLIC and _is_call(u)]
    return bool(calls) and all(resolved(i) in inputs for i in calls[0].inputs if i.kind is Kind.SYMBOLIC)
