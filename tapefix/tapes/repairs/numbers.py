"""Sources that are no tensors: arrays, lists and Python numbers, and how to bind a tensor in their place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.flow.steps import Step, keras_role_of, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.naming import holds_at_entry, resolve
from tapefix.tapes.repairs.watching import Unwatched, tape_name
from tapefix.tapes.tape import Region
from tapefix.tapes.values import Dtype, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_HARMLESS = {"print", "str", "repr", "len", "isinstance", "type", "float", "abs", "format", "round", "enumerate"}


@dataclass
class Binding:
    """A tensor bound in place of a number: at its literal, or in front of the tape."""

    region: Region
    tape: str
    name: str
    """What goes by this name now."""
    shown: str
    """The source in the query."""
    literal: cst.BaseExpression | None
    """The literal, or the array where it is made, to wrap; `None` to convert in front of the tape."""
    first: cst.CSTNode | None = None
    """The statement in front of which to convert, where that is not the `with`."""
    renamed: str = ""
    """The name of the tensor, where the number's own name must stay what it is."""
    uses: Sequence[cst.Name] = ()
    """The reads to rename."""
    conversion: str = ""
    dtype: str = ""
    watched: bool = False

    def write(self, draft: Draft) -> None:
        """Add the edits to a draft."""
        tf = draft.tensorflow()
        assert self.region.node is not None
        target = self.renamed or self.name
        if self.literal is not None:
            written = _floating(draft.reading, self.literal) if _is_number(self.literal) else [self.literal]
            dtype = f", dtype={tf}.{self.dtype}" if self.dtype else ""
            draft.replace(self.literal, f"{tf}.{self.conversion or 'constant'}(", *written, f"{dtype})")
        else:
            dtype = f", dtype={tf}.{self.dtype}" if self.dtype and self.conversion == "convert_to_tensor" else ""
            dtype = dtype or (f", {tf}.{self.dtype or 'float32'}" if self.conversion == "cast" else "")
            place = self.first or self.region.node
            draft.insert_before(place, f"{target} = {tf}.{self.conversion}({self.name}{dtype})", shared=True)
        if not self.watched:
            draft.prepend(self.region.node, f"{self.tape}.watch({target})", shared=True)
        for use in self.uses:
            draft.replace(use, self.renamed)


def number_binding(reading: Reading, found: Unwatched) -> Binding | str:
    """How to make a tensor of a number that is asked for, or why it cannot be made."""
    region, node = found.region, found.source.node
    tape = tape_name(region)
    if region.node is None or tape is None or reading.statement(region.node) is not region.node:
        return "the tape is not entered by a `with` statement under a name"
    held = resolve(region, node)
    whole = held if held is not None and held.elements is not None and found.value in held.elements else found.value
    name = holds_at_entry(reading, region, whole, node)
    if name is None:
        return f"`{reading.code(node)}` has no name when the tape begins to record"
    binding = Binding(region, tape, name, reading.code(node), None, watched=found.named_by_watch is not None)
    literal = _assigned_value(reading, whole, name)
    if literal is not None and _is_variable(whole) and not _intolerant(found, whole, since=0):
        binding.literal, binding.conversion, binding.watched = literal, "Variable", True
        binding.dtype = "" if _is_number(literal) else _conversion(reading, found, whole)[0]
        return binding
    if literal is not None and _is_number(literal) and not _intolerant(found, whole, since=0):
        binding.literal = literal
        return binding
    binding.dtype, binding.conversion = _conversion(reading, found, whole)
    local = name.isidentifier() and name in region.names and name not in region.frame.global_names
    seen_elsewhere = any(_reads_from_outside(user, whole, region) for user in whole.users if user in found.flow.depends)
    if local and not (_intolerant(found, whole, since=region.entered) or _shared(region, whole, name)):
        if seen_elsewhere and region.frame is not reading.execution.module_frame:
            return "it is read in another function, under its own name"
        binding.first = _first_use(reading, found, whole)
        return binding
    if not name.isidentifier():
        if "[" in name or _intolerant(found, whole, since=region.entered) or _shared(region, whole, name):
            return "it is part of an object, and needed there as it is"
        return binding
    if seen_elsewhere:
        return "it is read in another function, under its own name"
    binding.renamed = free_name(reading, f"{name}_tensor")
    binding.uses = _reads(reading, region.node, node, whole)
    return binding


def _first_use(reading: Reading, found: Unwatched, value: Value) -> cst.CSTNode | None:
    """The statement above the tape with which the path begins, where it leaves TensorFlow before it comes to the tape.

    What brings that part of the path back has to begin with the tensor.
    """
    region, depends = found.region, found.flow.depends
    if not any(step_of(step) is Step.OUT and step.time < region.entered for step in depends):
        return None
    early = [user for user in value.users if user in depends and user.time < region.entered]
    first = min(early, key=lambda user: user.time, default=None)
    statement = reading.statement_in(first, region.frame) if first is not None else None
    assert region.node is not None
    if first is None or statement is None or reading.parent(statement) is not reading.parent(region.node):
        return None
    return statement if not _intolerant(found, value, since=first.time) else None


def _assigned_value(reading: Reading, value: Value, name: str) -> cst.BaseExpression | None:
    """The expression that a plain assignment `name = expression` gives the value by."""
    node = value.node
    holder = reading.parent(node) if node is not None else None
    if not isinstance(holder, cst.Assign) or len(holder.targets) != 1 or not isinstance(node, cst.BaseExpression):
        return None
    target = holder.targets[0].target
    plain = isinstance(target, cst.Name) and target.value == name
    return node if plain and holder.value is node else None


_ASSIGNING = {"assign", "assign_add", "assign_sub", "apply_gradients"}


def _is_variable(value: Value) -> bool:
    """Whether what is done with a number needs a variable: it is assigned to, or given to an optimizer."""
    given = [value]
    for _ in range(3):
        # `apply_gradients(zip(gradients, [v, w]))`
        given = [user for held in given for user in held.users]
        if any(user.operation is Operation.METHOD_CALL and user.name in _ASSIGNING for user in given):
            return True
        given = [user for user in given if user.operation is Operation.DISPLAY or user.name == "builtins.zip"]
    return False


def _is_number(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus) and _is_number(node.expression)
    if isinstance(node, cst.Integer):
        return node.value.isdecimal()
    if isinstance(node, (cst.List, cst.Tuple)):
        return bool(node.elements) and all(_is_number(element.value) for element in node.elements)
    return isinstance(node, cst.Float)


def _floating(reading: Reading, node: cst.BaseExpression) -> list[str | cst.CSTNode]:
    """A literal with every integer written as a float."""
    if _has_float(node) and not isinstance(node, cst.Integer):
        # One float among them makes the tensor floating.
        return [node]
    if isinstance(node, cst.Integer):
        return [f"{node.value}.0"]
    text = reading.code(node)
    start = reading.span(node)[0]
    for literal in reversed(_integers(node)):
        end = reading.span(literal)[1] - start
        text = f"{text[:end]}.0{text[end:]}"
    return [text]


def _has_float(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Float) or any(_has_float(child) for child in node.children)


def _integers(node: cst.CSTNode) -> list[cst.Integer]:
    found = [node] if isinstance(node, cst.Integer) else []
    return found + [literal for child in node.children for literal in _integers(child)]


def _conversion(reading: Reading, found: Unwatched, value: Value) -> tuple[str, str]:
    """The dtype of the tensor, empty where that of the array serves, and the function that makes it."""
    others = [other for other in reading.values(found.source.node) if other.is_tensor]
    makes = "cast" if any(other.precise_dtype != "float32" for other in others) else "convert_to_tensor"
    if value.kind is not Kind.NDARRAY or value.dtype is not Dtype.FLOATING or not value.precise_dtype:
        return "float32", makes
    if value.precise_dtype == "float32" or _stays_double(found):
        return "", "convert_to_tensor" if makes == "convert_to_tensor" else makes
    return "float32", makes


def _stays_double(found: Unwatched) -> bool:
    """Whether nothing on the path asks for `float32`: no variable, tensor or Keras object of that dtype goes in."""
    depends = found.flow.depends
    for user in depends:
        parts = [part for part in (*user.inputs, user.receiver) if part is not None and part not in depends]
        for part in parts:
            if keras_role_of(part) or part.kind is Kind.LOSS:
                return False
            if part.is_tensor and part.precise_dtype != "float64":
                return False
    return True


def _intolerant(found: Unwatched, value: Value, *, since: int) -> bool:
    """Whether the number is used, off the path, in a way that a tensor does not allow."""
    values = [value, *(value.elements or ())]
    return any(
        user.time > since and user not in found.flow.depends and not _tolerates(value, user)
        for held in values
        for user in held.users
    )


def _tolerates(value: Value, user: Value) -> bool:
    if user.operation in (Operation.GRADIENT, Operation.JOIN, Operation.BINARY, Operation.UNARY):
        return True
    if user.operation in (Operation.COMPARISON, Operation.SUBSCRIPT, Operation.DISPLAY):
        return user.receiver is value or user.operation is not Operation.SUBSCRIPT
    if user.operation is Operation.ATTRIBUTE:
        return user.name in ("shape", "dtype", "ndim")
    if user.operation is Operation.CALL:
        if user.name.startswith("builtins."):
            return user.name.partition(".")[2] in _HARMLESS
        if user.name in ("tensorflow.range", "tensorflow.zeros", "tensorflow.ones", "numpy.arange"):
            return False
        receiver = user.receiver
        known = receiver is not None and receiver.kind in (Kind.MODEL, Kind.LAYER, Kind.LOSS)
        return known or user.name.startswith(("tensorflow.", "numpy.", "math."))
    if user.operation is Operation.METHOD_CALL and user.name in (*_ASSIGNING, "numpy"):
        return _is_variable(value)
    return user.operation is Operation.METHOD_CALL and user.receiver is not None and user.receiver.kind is Kind.TAPE


def _shared(region: Region, value: Value, name: str) -> bool:
    """Whether other names hold the same list or array, and may change it in place."""
    stores = any(user.operation is Operation.STORE for user in value.users)
    return stores or any(held is value and other != name for other, held in region.names.items())


def _reads_from_outside(user: Value, value: Value, region: Region) -> bool:
    """Whether a step on the path, in another function, reads the number by a name that it was not given."""
    frame = user.frame
    if frame is region.frame:
        return False
    passed = [held for given in frame.names.values() for held in (given, *(given.elements or ()))]
    return value not in passed


def _reads(reading: Reading, holder: cst.With, source: cst.BaseExpression, value: Value) -> list[cst.Name]:
    """The names in a tape's body, and in the query, that read the value."""
    found: list[cst.Name] = []

    def visit(node: cst.CSTNode) -> None:
        if isinstance(node, cst.Name):
            held = reading.values(node)
            if held and all(each is value for each in held):
                found.append(node)
            return
        for child in node.children:
            visit(child)

    visit(holder.body)
    if isinstance(source, cst.Name) and source not in found:
        found.append(source)
    return found


def free_name(reading: Reading, wanted: str) -> str:
    """A name that does not occur in the file."""
    name, number = wanted, 2
    while re.search(rf"(?<![\w.]){name}\b", reading.text):
        name, number = f"{wanted}_{number}", number + 1
    return name
