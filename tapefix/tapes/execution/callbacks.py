"""Functions of the file that TensorFlow calls: bodies given to `tf.py_function`, `tf.map_fn`, `tf.cond` and so on."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution.inference import named_dtype
from tapefix.tapes.execution.model_calls import ModelCalls
from tapefix.tapes.execution.vocabulary import ARRAY_BODIES
from tapefix.tapes.values import Argument, Frame, Kind, Operation, Value, argument_of

_BODIES = (Kind.FUNCTION, Kind.METHOD)
_MAPS = {
    "tensorflow.map_fn": ("fn", "elems"),
    "tensorflow.vectorized_map": ("fn", "elems"),
    "keras.ops.map": ("f", "xs"),
    "keras.ops.vectorized_map": ("function", "elements"),
}
_FOLDS = ("tensorflow.foldl", "tensorflow.foldr", "tensorflow.scan")
_CONDITIONS = ("tensorflow.cond", "keras.ops.cond")


class Callbacks(ModelCalls):
    """Executes a body at the call that hands it over."""

    def callback(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value | None:
        """What a library function gives that calls a function of the file; `None` where it calls none."""
        name = callee.name
        if name == "tensorflow.py_function" or name in ARRAY_BODIES:
            return self._sealed(node, callee, arguments)
        if name in _MAPS:
            keywords = _MAPS[name]
            return self._mapped(
                node, callee, argument_of(arguments, 0, keywords[0]), argument_of(arguments, 1, keywords[1]), arguments
            )
        if name in _FOLDS:
            return self._folded(node, callee, arguments)
        if name in _CONDITIONS:
            return self._either(node, arguments)
        return None

    # Bodies that a tape does not see into

    def _sealed(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value | None:
        """`tf.py_function(body, [x], tf.float32)`: the tape knows what goes in by the list, and what comes out."""
        body, given = argument_of(arguments, 0, "func"), argument_of(arguments, 1, "inp")
        if body is None or body.value.kind not in _BODIES or given is None or given.value.elements is None:
            return None
        outer = self.frame
        self.frame = _seal(outer)
        passed = [
            Argument(node=given.node, value=self._handed_over(node, callee, value), keyword=None)
            for value in given.value.elements
        ]
        result = self.apply(node, body.value, passed)
        self.frame = outer
        dtypes = argument_of(arguments, 2, "Tout")
        several = dtypes.value.elements if dtypes is not None else None
        if several is None:
            return self._handed_back(node, callee, result, dtypes.value if dtypes is not None else None, arguments)
        parts = result.elements if result.elements is not None else [result] * len(several)
        return self.sequence(
            node,
            [self._handed_back(node, callee, p, d, arguments) for p, d in zip(parts, several, strict=False)],
        )

    def _handed_over(self, node: cst.Call, callee: Value, value: Value) -> Value:
        """A parameter of the body: a tensor, or the array that `tf.numpy_function` makes of it."""
        arrays = callee.name in ARRAY_BODIES
        return self.make(
            Kind.NDARRAY if arrays else Kind.TENSOR,
            Operation.CALL,
            node if arrays else None,
            name=callee.name if arrays else "tensorflow.convert_to_tensor",
            inputs=(value,),
            dtype=value.dtype,
            precise_dtype=value.precise_dtype,
        )

    def _handed_back(
        self, node: cst.Call, callee: Value, result: Value, dtype: Value | None, arguments: Sequence[Argument]
    ) -> Value:
        known, precise = named_dtype(dtype)
        return self.make(
            Kind.TENSOR,
            Operation.CALL,
            node,
            name=callee.name,
            inputs=(result,),
            dtype=known,
            precise_dtype=precise,
            receiver=callee,
            arguments=tuple(arguments),
        )

    # Bodies that a tape sees into

    def _mapped(
        self,
        node: cst.Call,
        callee: Value,
        body: Argument | None,
        given: Argument | None,
        arguments: Sequence[Argument],
    ) -> Value | None:
        """`tf.map_fn(body, x)`: the body gets one row, or a list of rows where a list is given."""
        if body is None or body.value.kind not in _BODIES or given is None:
            return None
        results: list[Value] = []
        for _ in range(2):
            row = self._row(given.value)
            results.append(self.apply(node, body.value, [Argument(node=given.node, value=row, keyword=None)]))
        return self._stacked(node, callee, self._joined(results), arguments)

    def _folded(self, node: cst.Call, callee: Value, arguments: Sequence[Argument]) -> Value | None:
        """`tf.scan(body, x, start)`: the body gets what it gave last, and one row."""
        body, given = argument_of(arguments, 0, "fn"), argument_of(arguments, 1, "elems")
        if body is None or body.value.kind not in _BODIES or given is None:
            return None
        start = argument_of(arguments, 2, "initializer")
        state = start.value if start is not None and start.value.kind is not Kind.NONE else self._row(given.value)
        for _ in range(2):
            passed = [Argument(node=given.node, value=v, keyword=None) for v in (state, self._row(given.value))]
            state = self._joined([state, self.apply(node, body.value, passed)])
        return self._stacked(node, callee, state, arguments)

    def _either(self, node: cst.Call, arguments: Sequence[Argument]) -> Value | None:
        """`tf.cond(test, one, other)`."""
        bodies = [argument_of(arguments, 1, "true_fn"), argument_of(arguments, 2, "false_fn")]
        found: list[Value] = []

        def arm(body: Value) -> bool:
            found.append(self.apply(node, body, []))
            return False

        called = [body.value for body in bodies if body is not None and body.value.kind in _BODIES]
        if len(called) < len(bodies):
            return None
        self.arms([lambda body=body: arm(body) for body in called])  # type: ignore[misc]
        # mypy cannot type a lambda with a default argument; each arm takes none and returns a bool.
        return self.join(node, found)

    def _joined(self, values: Sequence[Value]) -> Value:
        """What several calls of a body give: any of them, part by part where each gives several."""
        columns = [value.elements for value in values]
        known = [column for column in columns if column is not None]
        if len(known) == len(columns) and len({len(column) for column in known}) == 1:
            return self.sequence(None, [self._joined(parts) for parts in zip(*known, strict=True)])
        return self.join(None, values)

    def _row(self, value: Value) -> Value:
        if value.elements is not None:
            return self.sequence(None, [self._row(element) for element in value.elements])
        return self.make(
            Kind.TENSOR if value.is_tensor or value.is_number else Kind.UNKNOWN,
            Operation.ITERATION,
            None,
            inputs=(value,),
            dtype=value.dtype,
            precise_dtype=value.precise_dtype,
            receiver=value if value.is_tensor else None,
        )

    def _stacked(self, node: cst.Call, callee: Value, result: Value, arguments: Sequence[Argument]) -> Value:
        if result.elements is not None:
            return self.sequence(node, [self._stacked(node, callee, part, arguments) for part in result.elements])
        return self.make(
            Kind.TENSOR if result.is_tensor or result.is_number else Kind.UNKNOWN,
            Operation.CALL,
            node,
            name=callee.name,
            inputs=(result,),
            dtype=result.dtype,
            precise_dtype=result.precise_dtype,
            receiver=callee,
            arguments=tuple(arguments),
        )


def _seal(outer: Frame) -> Frame:
    """A frame in place of `outer`, around a body that a tape does not see into."""
    frame = Frame(
        node=outer.node,
        caller=outer.caller,
        call=outer.call,
        depth=outer.depth,
        closure=outer,
        definition=outer.definition,
        instance=outer.instance,
    )
    frame.seal = frame
    return frame
