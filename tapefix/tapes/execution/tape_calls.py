"""Calls of tapes: making one, watching, asking, stopping."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution.invocation import Invocation, flattened
from tapefix.tapes.tape import QUERY_METHODS, Query, Region, Source, Tape, Watch
from tapefix.tapes.values import NO_CONSTANT, Argument, Dtype, Frame, Kind, Operation, Value


def _flag(argument: Argument | None, default: bool) -> bool | None:
    if argument is None:
        return default
    constant = argument.value.constant
    return None if constant is NO_CONSTANT else bool(constant)


class TapeCalls(Invocation):
    """What the methods of a tape do."""

    def make_tape(self, node: cst.Call, arguments: Sequence[Argument]) -> Value:
        """`tf.GradientTape(persistent=False, watch_accessed_variables=True)`."""
        value = self.make(
            Kind.TAPE,
            Operation.CALL,
            node,
            name="tensorflow.GradientTape",
            inputs=[argument.value for argument in arguments],
            arguments=tuple(arguments),
        )
        tape = Tape(
            node=node,
            frame=self.frame,
            time=self.time,
            branch=self.branch,
            persistent=_flag(value.argument(0, "persistent"), False),
            watch_accessed_variables=_flag(value.argument(1, "watch_accessed_variables"), True),
        )
        if any(argument.star for argument in arguments):
            tape.persistent = tape.watch_accessed_variables = None
        value.tape = tape
        self.tapes.append(tape)
        return value

    def tape_method(self, node: cst.Call, receiver: Value, method: str, arguments: Sequence[Argument]) -> Value:
        """A call of a method of a tape."""
        tape = receiver.tape
        inputs = [receiver, *flattened(arguments)]
        if tape is None:
            return self.make(Kind.UNKNOWN, Operation.METHOD_CALL, node, name=method, inputs=inputs, receiver=receiver)
        if method in QUERY_METHODS:
            return self._query(node, tape, receiver, method, arguments)
        result = self.make(
            Kind.UNKNOWN,
            Operation.METHOD_CALL,
            node,
            name=method,
            inputs=inputs,
            receiver=receiver,
            arguments=tuple(arguments),
        )
        result.tape = tape
        if method == "watch":
            tape.watches.append(
                Watch(
                    node=node,
                    values=tuple(flattened(arguments)),
                    time=self.time,
                    frame=self.frame,
                    statement=self.statement,
                    recording=tape in self.recording,
                    branch=self.branch,
                )
            )
        elif method == "reset":
            tape.resets.append(self.time)
        elif method == "__enter__":
            tape.regions.append(Region(node=None, item=None, frame=self.frame, entered=self.time))
            self.recording.append(tape)
            return self.seen_tape(receiver)
        elif method == "__exit__" and tape in self.recording:
            self.recording.remove(tape)
            tape.regions[-1].left = self.time
        elif method == "watched_variables":
            result.kind = Kind.VARIABLES
        return result

    def seen_tape(self, value: Value) -> Value:
        """`tape.__enter__()` gives the tape itself."""
        return value

    def _query(self, node: cst.Call, tape: Tape, receiver: Value, method: str, arguments: Sequence[Argument]) -> Value:
        inputs = [receiver, *flattened(arguments)]
        result = self.make(
            Kind.UNKNOWN,
            Operation.GRADIENT,
            node,
            name=method,
            inputs=inputs,
            receiver=receiver,
            arguments=tuple(arguments),
        )
        target = result.argument(0, "target")
        sources = result.argument(1, "source" if method == "batch_jacobian" else "sources")
        if target is None or sources is None:
            return result
        unconnected = result.argument(3, "unconnected_gradients")
        zero = unconnected is not None and (
            unconnected.value.constant == "zero" or unconnected.value.name.endswith("UnconnectedGradients.ZERO")
        )
        query = Query(
            node=node,
            method=method,
            tape=tape,
            target=target.value,
            target_node=target.node.value,
            targets=tuple(flattened([target])),
            sources=tuple(self._sources(sources.value, sources.node.value)),
            sources_node=sources.node.value,
            time=self.time,
            frame=self.frame,
            statement=self.statement,
            branch=self.branch,
            recording=frozenset(self.recording),
            arguments=tuple(arguments),
            unconnected_zero=zero,
            in_sight=self._tapes_in_sight(),
        )
        result.query = query
        result.tape = tape
        tape.queries.append(query)
        self.queries.append(query)
        if sources.value.elements is not None:
            result.kind = Kind.SEQUENCE
            result.elements = [self._answer(node, query, element, receiver) for element in sources.value.elements]
        elif sources.value.entries is not None:
            result.kind = Kind.MAPPING
            answers = {key: self._answer(node, query, value, receiver) for key, value in sources.value.entries.items()}
            result.entries = answers
        elif sources.value.kind not in (Kind.VARIABLES, Kind.UNKNOWN, Kind.MAPPING):
            result.kind = Kind.TENSOR
            result.dtype = Dtype.FLOATING
        return result

    def _tapes_in_sight(self) -> dict[Frame, dict[str, Tape]]:
        """The tapes that names stand for, in the present frame and in those that called it."""
        found: dict[Frame, dict[str, Tape]] = {}
        frame: Frame | None = self.frame
        while frame is not None:
            names: dict[str, Value] = {}
            scope: Frame | None = frame
            while scope is not None:
                names = {**scope.names, **names}
                scope = scope.closure
            found[frame] = {n: v.tape for n, v in names.items() if v.kind is Kind.TAPE and v.tape is not None}
            frame = frame.caller
        return found

    def _answer(self, node: cst.Call, query: Query, source: Value, receiver: Value) -> Value:
        answer = self.make(
            Kind.TENSOR,
            Operation.GRADIENT,
            None,
            name=query.method,
            inputs=[receiver, *query.targets, source],
            dtype=Dtype.FLOATING,
            receiver=receiver,
        )
        answer.query, answer.tape = query, query.tape
        return answer

    def _sources(self, value: Value, node: cst.BaseExpression) -> list[Source]:
        """The single sources, each with the expression that names it where one does."""
        if value.elements is None:
            if value.entries is not None:
                return [found for entry in value.entries.values() for found in self._sources(entry, node)]
            return [Source(value, node)]
        parts: list[cst.BaseExpression] = [node] * len(value.elements)
        if isinstance(node, (cst.List, cst.Tuple)) and len(node.elements) == len(value.elements):
            parts = [element.value for element in node.elements]
        found = []
        for element, part in zip(value.elements, parts, strict=True):
            found.extend(self._sources(element, part))
        return found
