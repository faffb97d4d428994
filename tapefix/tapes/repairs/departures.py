"""Departures: the places where a path leaves TensorFlow, and what keeps it inside.

A path that goes through NumPy is mended at all its steps or at none: `np.mean(t.numpy())` needs the method gone and the
function replaced. So the departures of a module are planned together. Each belongs to one rule by its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from tapefix.tapes.flow.endings import is_end
from tapefix.tapes.flow.flow import Answer, Flow
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.copies import unfit_copy
from tapefix.tapes.repairs.departure_kinds import Departure, departure_of
from tapefix.tapes.repairs.leaving import Leaving
from tapefix.tapes.repairs.translation import translate
from tapefix.tapes.repairs.uses import OtherUses
from tapefix.tapes.tape import Query, Source
from tapefix.tapes.values import Kind, Operation, Value


class DeparturePlan:
    """All departures of a module on paths whose gradient is missing for certain."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.leavings: dict[cst.CSTNode, Leaving] = {}
        self._live: set[Value] = set()
        self._outside: dict[Value, Leaving] = {}
        """What becomes a tensor, with the departure that makes it one."""
        self._paths: list[list[Leaving]] = []
        self._missing: set[tuple[Query, Source]] = set()
        for flow in reading.flows():
            if flow.reaches and flow.missing:
                self._add(flow)
            elif flow.missing:
                self._add_outputs(flow)
            elif reading.partial(flow):
                self._add_partial(flow)
        if not self.leavings:
            return
        self._add_further()
        self._translate_all()
        while self._add_lacking():
            self._translate_all()
        for leaving in self.leavings.values():
            leaving.obstacle = leaving.obstacle or unfit_copy(reading, self.leavings, leaving)
        self._hold_other_gradients()
        uses = OtherUses(reading, self._live, [x.node for x in self.leavings.values() if x.changes])
        for value, leaving in list(self._outside.items()):
            if not leaving.obstacle:
                asks = uses.of(value)
                if isinstance(asks, str):
                    leaving.obstacle = asks
                else:
                    leaving.asks += [ask for ask in asks if ask not in leaving.asks]
        self._spread()

    def of(self, *kinds: Departure) -> list[Leaving]:
        """The departures of these kinds, in the order of the text."""
        found = [x for x in self.leavings.values() if x.departure in kinds and (x.changes or x.obstacle)]
        return sorted(found, key=lambda leaving: self.reading.span(leaving.node))

    # Paths

    def _add_further(self) -> None:
        """What is made of an answer that is not there has no gradient either, whatever else it is made of."""
        known = -1
        while known < len(self._missing):
            known = len(self._missing)
            unanswered = {
                query.node
                for query in self.reading.queries
                if all((query, source) in self._missing for source in query.sources)
            }
            for flow in self.reading.flows():
                if (flow.query, flow.source) not in self._missing and any(
                    value.operation is Operation.GRADIENT and value.node in unanswered for value in flow.path
                ):
                    self._go_on(flow)

    def _go_on(self, flow: Flow) -> None:
        """A path that ends with such an answer: what it does with arrays that become tensors is part of it."""
        self._missing.add((flow.query, flow.source))
        steps: list[Leaving] = []
        arrays: set[Value] = set()
        for value in read_flow(flow.query, flow.source, mended=True).live:
            if value in self._outside:
                arrays.add(value)
            elif any(made_of in arrays for made_of in value.inputs):
                self._live.add(value)
                if not value.is_tensor:
                    arrays.add(value)
                    self._step(flow, value, steps)
        if steps:
            self._paths.append(steps)

    def _add(self, flow: Flow) -> None:
        query, source = flow.query, flow.source
        taped = read_flow(query, source, taped=True)
        if taped.connected is not Answer.NO:
            # Only where and when the tape records is wrong: whatever leaves TensorFlow does so beside the path.
            return
        mended = read_flow(query, source, mended=True)
        if mended.connected is Answer.NO:
            mended = read_flow(query, source, mended=True, taped=True)
        self._missing.add((query, source))
        if mended.connected is Answer.NO:
            self._add_stuck(flow, taped)
            return
        steps: list[Leaving] = []
        for value in mended.live:
            begins = value in mended.origins and value.kind is Kind.VARIABLE
            if value is not source.value and not begins:
                self._step(flow, value, steps)
        if steps:
            self._live.update(mended.live)
            self._paths.append(steps)

    def _add_partial(self, flow: Flow) -> None:
        """What leaves TensorFlow beside the way on which a gradient comes back: of others, or in part."""
        mended = read_flow(flow.query, flow.source, mended=True)
        steps: list[Leaving] = []
        for value in mended.live:
            if value is not flow.source.value:
                self._step(flow, value, steps)
        if steps:
            self._missing.add((flow.query, flow.source))
            self._live.update(mended.live)
            self._paths.append(steps)

    def _add_outputs(self, flow: Flow) -> None:
        """Two outputs of one prediction, as in Grad-CAM: the model relates them, once it is called."""
        query, value = flow.query, flow.source.value
        while value.operation in (Operation.ITERATION, Operation.SUBSCRIPT) and value.receiver is not None:
            value = value.receiver
        if value is flow.source.value or departure_of(value) is not Departure.PREDICT or query.tape not in value.tapes:
            return
        mended = read_flow(query, Source(value, flow.source.node), mended=True)
        if not mended.reaches or mended.connected is Answer.NO:
            return
        steps: list[Leaving] = []
        for part in mended.live:
            self._step(flow, part, steps)
        self._outside.setdefault(flow.source.value, steps[0])
        self._live.update({*mended.live, flow.source.value})
        self._missing.add((query, flow.source))
        self._paths.append(steps)

    def _step(self, flow: Flow, value: Value, steps: list[Leaving]) -> None:
        """One value of a path that a gradient shall come back along."""
        came = next((self._outside[i] for i in value.inputs if i in self._outside), None)
        departure = departure_of(value, self._outside)
        if departure is not None and value.node is not None:
            leaving = self._leaving(flow, value, departure)
            steps.append(leaving)
            if not value.is_tensor:
                self._outside.setdefault(value, leaving)
        elif came is not None and not value.is_tensor:
            self._outside.setdefault(value, came)
            if step_of(value) is Step.UNKNOWN and value.operation is not Operation.ITERATION and value.node is not None:
                where = self.reading.line(value.node)
                came.obstacle = came.obstacle or f"what is done with it at line {where} may need an array"

    def _leaving(self, flow: Flow, value: Value, departure: Departure) -> Leaving:
        assert value.node is not None
        leaving = self.leavings.setdefault(value.node, Leaving(value.node, departure, []))
        leaving.queries.add(self.reading.line(flow.query.node))
        if value not in leaving.values:
            leaving.values.append(value)
        return leaving

    def _add_stuck(self, flow: Flow, taped: Flow) -> None:
        """A path that an operation without a gradient cuts besides: where it first leaves TensorFlow."""
        for value in taped.breaks():
            departure = departure_of(value)
            if departure is None or value.node is None:
                continue
            leaving = self._leaving(flow, value, departure)
            if is_end(value):
                leaving.obstacle = "the result is a whole number, an index or a truth value, and has no gradient"
            elif value.frame.seal is not flow.query.tape.frame.seal:
                leaving.beyond = "`tf.py_function` follows only what it hands over: name the value in `inp`, too"
            else:
                leaving.beyond = "the path is also cut elsewhere, by an operation without a gradient"

    # What to write

    def _translate_all(self) -> None:
        for leaving in self.leavings.values():
            self._translate(leaving)

    def _translate(self, leaving: Leaving) -> None:
        result = translate(self.reading, leaving.node, leaving.values, self._live)
        if isinstance(result, str):
            leaving.obstacle = leaving.obstacle or result
        else:
            leaving.translation = result

    def _halved(self) -> Iterator[tuple[Flow, list[Leaving]]]:
        """The gradients that are there, and that steps of ours go past, with these steps."""
        steps = {value: leaving for leaving in self.leavings.values() for value in leaving.values}
        for flow in self.reading.flows():
            if (flow.query, flow.source) in self._missing or not flow.reaches or flow.missing:
                continue
            if not any(value in steps and steps[value].changes for value in flow.path):
                continue
            live = read_flow(flow.query, flow.source, mended=True).live
            passed = [steps[value] for value in live if value in steps and steps[value].changes]
            if passed:
                yield flow, passed

    def _add_lacking(self) -> bool:
        """Gradients that lack a part by a break for which the same tape lacks another; whether there were more."""
        added = False
        for flow, passed in self._halved():
            lines = {self.reading.line(query.node) for query, _ in self._missing if query.tape is flow.query.tape}
            if not all(lines & leaving.queries for leaving in passed):
                continue
            paths = len(self._paths)
            self._add_partial(flow)
            added = added or len(self._paths) > paths
            for leaving in (step for path in self._paths[paths:] for step in path):
                leaving.widens = leaving.widens or self._changing(flow)
        return added

    def _hold_other_gradients(self) -> None:
        """A step that another gradient goes past on purpose, or half of one goes through, stays as it is."""
        for flow, passed in self._halved():
            for leaving in passed:
                leaving.obstacle = leaving.obstacle or self._changing(flow)

    def _changing(self, flow: Flow) -> str:
        name, line = self.reading.code(flow.source.node), self.reading.line(flow.query.node)
        return f"the gradient with respect to `{name}` at line {line} does not count it, and would change"

    def _spread(self) -> None:
        """One step that cannot be mended leaves the whole path as it is."""
        for steps in self._paths:
            stuck = next((leaving for leaving in steps if leaving.obstacle), None)
            if stuck is not None:
                where = self.reading.line(stuck.node)
                self._hold(steps, f"the path cannot be kept in TensorFlow at line {where}: {stuck.obstacle}")
        spreading = True
        while spreading:
            # A path is mended as a whole or not at all, and so is what it shares with others.
            wide = [(steps, next((x.widens for x in steps if x.widens), "")) for steps in self._paths]
            spreading = any(self._widen(steps, reason) for steps, reason in wide if reason)
        spreading = True
        while spreading:
            # What one path must leave as it is, another path cannot go through either.
            held = [(steps, next((x.beyond for x in steps if x.beyond), "")) for steps in self._paths]
            spreading = any(self._hold(steps, reason) for steps, reason in held if reason)

    @staticmethod
    def _widen(steps: Iterable[Leaving], reason: str) -> bool:
        """Mend the steps on request alone; whether any of them was to be mended anyway."""
        safe = [leaving for leaving in steps if not leaving.widens]
        for leaving in safe:
            leaving.widens = reason
        return bool(safe)

    @staticmethod
    def _hold(steps: Iterable[Leaving], reason: str) -> bool:
        """Leave the steps as they are; whether any of them was not held before."""
        free = [leaving for leaving in steps if not leaving.stuck]
        for leaving in free:
            leaving.beyond = reason
        return bool(free)
