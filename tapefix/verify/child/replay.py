"""Executing recorded operations again with a source moved, in double precision where the operations allow it."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .oplog import Op
from .paths import READS, STOPS, WRITES, Path

UNIT = 2.0**-21
"""What an operation in single precision is off by, relative to its result: eight units in the last place, since the
sums inside convolutions and means round many times."""
# Stateful by their definition, but the same for the same input.
REPLAYABLE = ("ReadVariableOp", "ResourceGather", "ResourceGatherNd", "EagerPyFunc", "PyFunc")


class NotReplayable(Exception):
    """An operation on the path cannot be executed again; the argument is its name."""


class Moved:
    """A source that is moved: its id, and itself as a tensor or as a variable."""

    def __init__(self, key: int, base: Any, variable: Any) -> None:
        self.key = key
        self.base = base
        self.variable = variable


class Replay:
    """The operations of one path, ready to be executed for any movement of the sources."""

    def __init__(self, ops: List[Op], path: Path, sources: List[Moved], targets: List[Any]) -> None:
        import tensorflow as tf
        from tensorflow.python.eager import context, execute
        from tensorflow.python.framework import op_def_registry

        self._tf = tf
        # Past the callbacks: what is executed again is not to be recorded.
        self._execute = getattr(execute, "quick_execute", execute.execute)
        self._context = context.context()
        self._definition = op_def_registry.get
        self._sources = {source.key: source for source in sources}
        self._targets = targets
        self._wide: Dict[Any, Any] = {
            tf.float16: tf.float64,
            tf.bfloat16: tf.float64,
            tf.float32: tf.float64,
            tf.complex64: tf.complex128,
        }
        self._steps = [ops[index] for index in path.ops]
        self._held: Dict[int, Any] = {}
        self._narrow: Dict[int, bool] = {}
        self._attrs: Dict[Tuple[int, bool], Tuple[Any, ...]] = {}
        self.functions: List[str] = []
        """Compiled functions on the path: what they stop inside cannot be held."""
        self.mixed = False
        """Whether an operation has no kernel in double precision, so that its rounding stays in the differences."""
        for op in self._steps:
            self._admit(op)

    def _admit(self, op: Op) -> None:
        definition = self._definition(op.kind)
        if definition is None:
            self._admit_function(op.kind)
            return
        random = "Random" in op.kind or "Multinomial" in op.kind
        if random or (definition.is_stateful and op.kind not in REPLAYABLE + WRITES):
            raise NotReplayable(op.kind)
        if op.kind.endswith("Func") and any(_is_call(value) for value in (op.attrs or ())):
            raise NotReplayable(op.kind)

    def _admit_function(self, name: str) -> None:
        """Admit a compiled function when executing it again has no effect and draws no numbers."""
        shown = "tf.function " + re.sub(r"^_*(?:forward|inference)_+(.*?)(?:_\d+)?$", r"\1", name)
        try:
            nodes = self._context.get_function_def(name).node_def
        # Not registered under this name, or not a function at all: an operation that nobody knows.
        except Exception as error:
            raise NotReplayable(shown) from error
        for node in nodes:
            definition = self._definition(node.op)
            read = node.op in REPLAYABLE or node.op in ("NoOp", "Placeholder")
            if definition is None or (definition.is_stateful and not read) or "Random" in node.op:
                raise NotReplayable(shown)
        self.functions.append(shown)

    def at(self, shifts: List[Any], rounding: Optional[int] = None) -> List[Any]:
        """Return the targets, as float64 arrays, with each source moved by its shift.

        With `rounding`, a seed, each operation's result is off by as much as single precision rounds it, and by the
        same for the same seed.
        """
        tf = self._tf
        with tf.device("/CPU:0"):
            moved: Dict[int, Any] = {}
            offsets: Dict[int, Any] = {}
            for source, shift in zip(self._sources.values(), shifts):
                move = tf.constant(shift)
                if source.variable is None:
                    base = self._wider(source.base)
                    moved[source.key] = base + tf.cast(move, base.dtype)
                else:
                    offsets[source.key] = move
            for number, op in enumerate(self._steps):
                if op.kind in WRITES:
                    self._write(op, moved, offsets)
                    continue
                if op.kind in READS and op.inputs[0]._id in offsets:
                    outputs = [self._read(op, moved, offsets[op.inputs[0]._id])]
                elif self._definition(op.kind) is None:
                    outputs = self._call(op, moved, offsets)
                elif op.kind in STOPS:
                    outputs = [moved.get(op.inputs[0]._id, op.inputs[0])]
                else:
                    outputs = self._again(number, op, moved)
                if rounding is not None:
                    outputs = [self._rounded(output, (rounding, number)) for output in outputs]
                for recorded, output in zip(op.outputs, outputs):
                    # The source itself stays where it was moved to when an operation would compute it again.
                    if recorded._id not in self._sources:
                        moved[recorded._id] = output
            return [_array(moved.get(target._id, target)) for target in self._targets]

    def _rounded(self, tensor: Any, seed: Tuple[int, int]) -> Any:
        if tensor.dtype != self._tf.float64:
            return tensor
        # By NumPy, since TensorFlow takes six operations to draw the numbers, and has to set up each of them.
        draws = np.random.Generator(np.random.PCG64(seed))
        return self._tf.constant(tensor.numpy() * draws.uniform(1.0 - UNIT, 1.0 + UNIT, tuple(tensor.shape)))

    def _wider(self, tensor: Any) -> Any:
        wide = self._wide.get(tensor.dtype)
        return tensor if wide is None else self._tf.cast(tensor, wide)

    def _hold(self, tensor: Any) -> Any:
        if tensor.dtype not in self._wide:
            return tensor
        key = tensor._id
        if key not in self._held:
            self._held[key] = self._wider(tensor)
        return self._held[key]

    def _read(self, op: Op, moved: Dict[int, Any], offset: Any) -> Any:
        value = self._wider(op.outputs[0])
        offset = self._tf.cast(offset, value.dtype)
        if op.kind == "ReadVariableOp":
            return value + offset
        indices = moved.get(op.inputs[1]._id, op.inputs[1])
        if op.kind == "ResourceGatherNd":
            return value + self._tf.gather_nd(offset, indices)
        batch = _attr(op, "batch_dims") or 0
        return value + self._tf.gather(offset, indices, batch_dims=int(batch))

    def _write(self, op: Op, moved: Dict[int, Any], offsets: Dict[int, Any]) -> None:
        handle, value = op.inputs[0]._id, op.inputs[1]
        change = moved[value._id] - self._hold(value) if value._id in moved else None
        if op.kind == "AssignVariableOp":
            if change is None:
                offsets.pop(handle, None)
            else:
                offsets[handle] = change
        elif change is not None:
            signed = change if op.kind == "AssignAddVariableOp" else -change
            offsets[handle] = offsets[handle] + signed if handle in offsets else signed

    def _again(self, number: int, op: Op, moved: Dict[int, Any]) -> List[Any]:
        # A kernel that is told another type than its variable holds aborts the process.
        bound = any(tensor.dtype in (self._tf.resource, self._tf.variant) for tensor in op.inputs)
        if not self._narrow.get(number) and not bound:
            try:
                inputs = [moved.get(tensor._id) for tensor in op.inputs]
                wide = [self._hold(t) if m is None else self._wider(m) for t, m in zip(op.inputs, inputs)]
                return self._run(op, wide, self._attributes(number, op, widen=True))
            # No kernel for doubles (and whatever else an operation has against them): as it was, then.
            except Exception:
                self._narrow[number] = True
        self.mixed = self.mixed or not bound
        try:
            same = [
                self._tf.cast(moved[t._id], t.dtype)
                if t._id in moved and moved[t._id].dtype != t.dtype
                else moved.get(t._id, t)
                for t in op.inputs
            ]
            return [self._wider(output) for output in self._run(op, same, self._attributes(number, op, widen=False))]
        except Exception as error:
            raise NotReplayable(op.kind) from error

    def _call(self, op: Op, moved: Dict[int, Any], offsets: Dict[int, Any]) -> List[Any]:
        """Execute a compiled function again, with the variables that it reads moved for the time being."""
        tf = self._tf
        inputs = [tf.cast(moved[t._id], t.dtype) if t._id in moved else t for t in op.inputs]
        undo: List[Tuple[Any, Any]] = []
        self.mixed = True
        try:
            for handle in op.inputs:
                if handle._id in offsets:
                    source = self._sources.get(handle._id)
                    if source is None:
                        raise NotReplayable("a variable that is written")
                    value = tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.as_dtype(source.variable.dtype))
                    undo.append((handle, value))
                    offset = tf.cast(offsets[handle._id], tf.float64)
                    there = tf.cast(tf.cast(value, tf.float64) + offset, value.dtype)
                    tf.raw_ops.AssignVariableOp(resource=handle, value=there)
            outputs = self._execute(op.kind.encode(), len(op.outputs), inputs, op.attrs, self._context)
        finally:
            for handle, value in undo:
                tf.raw_ops.AssignVariableOp(resource=handle, value=value)
        return [self._wider(output) for output in outputs]

    def _run(self, op: Op, inputs: List[Any], attrs: Tuple[Any, ...]) -> List[Any]:
        outputs = self._execute(op.kind.encode(), len(op.outputs), inputs, attrs, self._context)
        return list(outputs)

    def _attributes(self, number: int, op: Op, *, widen: bool) -> Tuple[Any, ...]:
        key = (number, widen)
        if key not in self._attrs:
            self._attrs[key] = self._attributes_of(op, widen=widen)
        return self._attrs[key]

    def _attributes_of(self, op: Op, *, widen: bool) -> Tuple[Any, ...]:
        kinds = {attr.name: attr.type for attr in self._definition(op.kind).attr}
        pairs: Dict[str, Any] = {}
        attrs = list(op.attrs or ())
        for name, value in zip(attrs[::2], attrs[1::2]):
            name = name.decode() if isinstance(name, bytes) else name
            if value is None or name not in kinds:
                continue
            if widen and kinds[name] == "type":
                value = self._wide_type(value)
            elif widen and kinds[name] == "list(type)":
                value = [self._wide_type(item) for item in value]
            pairs[name] = value
        flat: List[Any] = []
        for name, value in pairs.items():
            flat += [name, value]
        return tuple(flat)

    def _wide_type(self, value: Any) -> Any:
        dtype = self._tf.as_dtype(value)
        return self._wide.get(dtype, dtype).as_datatype_enum


def _is_call(value: Any) -> bool:
    return type(value).__name__ == "_EagerDefinedFunction"


def _attr(op: Op, name: str) -> Optional[Any]:
    attrs = list(op.attrs or ())
    for key, value in zip(attrs[::2], attrs[1::2]):
        if key == name:
            return value
    return None


def _array(tensor: Any) -> Any:
    array = np.asarray(tensor.numpy())
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
