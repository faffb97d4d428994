"""Reading a flow: what each value between a source and a target does to the gradient."""

from __future__ import annotations

from collections.abc import Iterable

from tapefix.tapes.execution import library
from tapefix.tapes.flow.endings import is_end
from tapefix.tapes.flow.flow import Answer, Flow, all_of, ancestors, any_of
from tapefix.tapes.flow.holding import containers, holders, members
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.flow.stops import Stop, stop_of
from tapefix.tapes.tape import Query, Source
from tapefix.tapes.values import Kind, Operation, Value


class FlowReader:
    """Computes the flow of one query and source.

    With `mended`, as it would be if every step outside TensorFlow were a TensorFlow operation, and every dtype
    floating. With `taped`, as it would be if the tape recorded all the time, and every dtype were floating. What cuts
    the path even with both is beyond those repairs.
    """

    def __init__(self, query: Query, source: Source, *, mended: bool = False, taped: bool = False) -> None:
        self.mended = mended
        self.taped = taped
        self.query = query
        self.tape = query.tape
        self.flow = Flow(query, source)
        self.owner_members: set[Value] = set()
        self.owner_containers: set[Value] = set()
        value = source.value
        if value.kind is Kind.VARIABLES or (value.kind is Kind.VARIABLE and value.operation is not Operation.CALL):
            root = value
            while root.operation in (Operation.SUBSCRIPT, Operation.ITERATION) and root.receiver is not None:
                root = root.receiver
            if root.operation is Operation.ATTRIBUTE and root.receiver is not None:
                self.owner_members = members(root.receiver) | holders(root.receiver)
                self.owner_containers = containers(root.receiver) - self.owner_members
        self.watched_at = self._watch_times()

    def _watch_times(self) -> dict[Value, int]:
        times: dict[Value, int] = {}
        for watch in self.tape.watches:
            if watch.recording and watch.time < self.query.time:
                for value in watch.covered():
                    times.setdefault(value, watch.time)
        return times

    def read(self) -> Flow:
        """The flow, each value of it decided once."""
        flow = self.flow
        source = flow.source.value
        flow.order = ancestors([*self.query.targets, source])
        earlier = self._earlier_answers(flow.order)
        for value in flow.order:
            is_source = value is source or (value not in earlier and self._uses_owner(value))
            if is_source:
                flow.origins.add(value)
            if is_source or any(i in flow.depends for i in value.inputs):
                flow.depends.add(value)
            flow.tracked[value] = self._tracked(value)
            begins = value is source or (is_source and value.kind is Kind.VARIABLE)
            flow.followed[value] = Answer.YES if begins else self._followed(value)
            flow.recorded[value] = self._on_tape(value)
        if source.kind is Kind.VARIABLES and source not in flow.tracked:
            flow.tracked[source] = Answer.MAYBE
        return flow

    def _uses_owner(self, value: Value) -> bool:
        """Whether it comes from calling the model (or a part of it) whose variables are asked for."""
        if not self.owner_members:
            return False
        if value.frame.seal is not None and value.frame.seal is not self.tape.frame.seal:
            return False
        if value in self.owner_members and value.kind is Kind.VARIABLE:
            return True
        if value.operation is Operation.ATTRIBUTE and value.name == "losses":
            return value.receiver in self.owner_members
        return value.operation in (Operation.CALL, Operation.METHOD_CALL) and value.receiver in self.owner_members

    def _earlier_answers(self, order: list[Value]) -> set[Value]:
        """What a model gave before the tape began, where the tape records a call of the same model.

        The answer from before is a constant beside that path: the target of a value function, a prediction to stay
        close to.
        """
        calls = [v for v in order if v.operation in _CALLS and v.receiver in self.owner_members]
        inside = [value for value in calls if self.tape in value.tapes]
        start = self.tape.entered()
        if not inside or start is None:
            return set()
        earlier = {value for value in calls if self.tape not in value.tapes and value.time < start}
        if not earlier:
            return set()
        open_ways = _without_detour(self.query.targets)
        taped = [value for value in inside if value in open_ways]
        fed = {value for call in taped for value in ancestors(call.inputs)}
        return {value for value in earlier - fed if any(value.receiver is call.receiver for call in taped)}

    # Tracking

    def _tracked(self, value: Value) -> Answer:
        if value.dtype.differentiable is False:
            return Answer.NO
        if value.kind in (Kind.NDARRAY, Kind.SCALAR, Kind.STRING, Kind.NONE, Kind.SYMBOLIC):
            # Not even where it is given to `watch`, which raises.
            return Answer.NO
        if value in self.watched_at or self._part_of_watched(value):
            return Answer.YES
        return self._by_itself(value)

    def _by_itself(self, value: Value) -> Answer:
        """Whether the tape holds a value that nothing watches."""
        tape = self.tape
        if value.kind in (Kind.VARIABLES, Kind.VARIABLE):
            return self._by_access(value.trainable)
        if value.kind is Kind.LIBRARY:
            # `from settings import w`: anything, a variable too.
            return Answer.NO if library.known(value.name) else Answer.MAYBE
        step = step_of(value)
        if step is Step.OUT or step is Step.STOP:
            return Answer.NO
        inputs = [self._at(i, value.time) for i in value.inputs if i.kind is not Kind.TAPE]
        if step is Step.PASS:
            if not value.inputs or (value.receiver is not None and value.receiver.kind is Kind.DATASET):
                return Answer.NO if value.kind is Kind.TENSOR else Answer.MAYBE
            return all_of(inputs) if value.operation is Operation.JOIN else any_of(inputs)
        if step is Step.MODEL:
            if tape in value.tapes:
                if tape.watch_accessed_variables:
                    return Answer.YES
                found = any_of(inputs)
                return found if found is not Answer.NO or not self._watches_variables() else Answer.MAYBE
            return Answer.NO if value.kind is Kind.TENSOR else Answer.MAYBE
        if step in (Step.TENSOR, Step.ZERO):
            return self._recorded(value, inputs)
        if value.kind is Kind.TENSOR and tape not in value.tapes:
            return Answer.NO
        return Answer.MAYBE

    def _recorded(self, value: Value, inputs: list[Answer]) -> Answer:
        if self.tape not in value.tapes:
            # An operation outside the region leaves nothing on this tape, whatever it is made of.
            return Answer.NO if value.kind is not Kind.UNKNOWN else Answer.MAYBE
        found = any_of(inputs)
        # What a run saw come out may have been made with variables as well.
        return Answer.MAYBE if value.observed is not None and found is Answer.NO else found

    def _at(self, value: Value, time: int) -> Answer:
        """Whether the tape holds a value at a time: a `watch` that comes later is not known then."""
        if self.watched_at.get(value, 0) > time:
            return self._by_itself(value)
        return self.flow.tracked.get(value, Answer.MAYBE)

    def _by_access(self, trainable: bool | None) -> Answer:
        access = self.tape.watch_accessed_variables
        if trainable is False or access is False:
            watched = access is False and any(value.kind is Kind.VARIABLES for value in self.watched_at)
            return Answer.MAYBE if watched else Answer.NO
        return Answer.YES if trainable and access else Answer.MAYBE

    def _watches_variables(self) -> bool:
        return any(value.kind in (Kind.VARIABLE, Kind.VARIABLES) for value in self.watched_at)

    def _part_of_watched(self, value: Value) -> bool:
        """`tape.watch(model.trainable_variables)` names every variable in it; a slice of a tensor is another one."""
        root = value.receiver
        taken = value.operation in (Operation.SUBSCRIPT, Operation.ITERATION)
        return taken and root in self.watched_at and not root.is_tensor

    def _on_tape(self, value: Value) -> Answer:
        """Whether the tape holds the way from the source to here, as far as watching it decides."""
        flow = self.flow
        followed = flow.followed[value]
        if value in flow.origins or value not in flow.depends or followed is Answer.NO:
            return followed
        inputs = [flow.recorded[i] for i in value.inputs]
        found = all_of(inputs) if value.operation is Operation.JOIN else any_of(inputs)
        if step_of(value) in (Step.TENSOR, Step.MODEL) and found is not Answer.NO:
            tracked = flow.tracked[value]
            return tracked if tracked is not Answer.YES else found
        return found

    # Following

    def _followed(self, value: Value) -> Answer:
        followed = self.flow.followed
        depends = value in self.flow.depends
        step = step_of(value)
        inputs = [followed.get(i, Answer.MAYBE) if not self._captured(value, i) else Answer.NO for i in value.inputs]
        if self.mended and step not in (Step.STOP, Step.ZERO) and not is_end(value):
            if value in self.flow.origins:
                return Answer.YES
            return any_of(inputs) if step is Step.PASS or self._records(value) else Answer.NO
        if step in (Step.OUT, Step.STOP, Step.ZERO, Step.NEW):
            return Answer.NO
        if value.dtype.differentiable is False and not self.taped:
            return Answer.NO
        if step is Step.PASS:
            if value.operation is Operation.JOIN:
                return all_of(inputs)
            return any_of(inputs)
        if not depends:
            return self._hidden(value, step)
        if self._renewed(value) and not (self._records(value) and self._uses_owner(value)):
            return Answer.MAYBE
        if step is Step.MODEL:
            if not self._records(value):
                return Answer.NO
            if self._uses_owner(value):
                return Answer.YES
            found = any_of(inputs)
            return Answer.MAYBE if found is Answer.NO and value.receiver in self.owner_containers else found
        if step is Step.TENSOR:
            if not self._records(value):
                return Answer.NO
            return any_of(inputs)
        # Something unknown, made of the source: it may hand the gradient on where it gets one.
        found = any_of(inputs)
        if self._uses_owner(value):
            return Answer.YES if self._records(value) else Answer.NO
        return Answer.MAYBE if found is not Answer.NO else Answer.NO

    def _renewed(self, value: Value) -> bool:
        """Whether it is what an object keeps, read from one that was called while the tape recorded: it may be new."""
        owner = value.receiver
        if value.operation is not Operation.ATTRIBUTE or value.kind is not Kind.UNKNOWN or owner is None:
            return False
        return any(
            user.operation in _CALLS and user.receiver is owner and self._records(user) and user.time < self.query.time
            for user in owner.users
        )

    def _captured(self, value: Value, taken: Value) -> bool:
        """Whether a body inside `tf.py_function` takes a value from around it: a tape outside knows nothing of that."""
        seal = value.frame.seal
        if seal is None or value.frame is seal or self.tape.frame.seal is seal:
            return False
        return taken.frame.seal is not seal

    def _records(self, value: Value) -> bool:
        return self.taped or self.tape in value.tapes

    def _hidden(self, value: Value, step: Step) -> Answer:
        """Whether something that does not visibly depend on the source could hold it all the same."""
        if self.tape not in value.tapes:
            return Answer.NO
        if value.receiver is not None and value.receiver in self.owner_containers:
            # The part whose variables are asked for was taken from this object; its call may use the part.
            return Answer.MAYBE
        if step is not Step.UNKNOWN and value.observed is None:
            return Answer.NO
        if value.operation in (Operation.CALL, Operation.METHOD_CALL, Operation.UNKNOWN):
            return Answer.MAYBE
        if value.operation is Operation.ATTRIBUTE and value.name in ("losses", "loss"):
            return Answer.MAYBE
        return any_of(Answer.MAYBE if self.flow.followed[i] is not Answer.NO else Answer.NO for i in value.inputs)


_CALLS = (Operation.CALL, Operation.METHOD_CALL)


def _without_detour(targets: Iterable[Value]) -> set[Value]:
    """All that the targets are made of but for what is detached on purpose, or only gives a shape."""
    seen: set[Value] = set()
    stack = list(targets)
    while stack:
        value = stack.pop()
        if value in seen or stop_of(value) in (Stop.STOPPED, Stop.CONSTANT):
            continue
        seen.add(value)
        stack.extend(value.inputs)
    return seen


def read_flow(query: Query, source: Source, *, mended: bool = False, taped: bool = False) -> Flow:
    """The flow from a source to the target of a query; see `FlowReader` for `mended` and `taped`."""
    return FlowReader(query, source, mended=mended, taped=taped).read()
