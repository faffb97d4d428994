"""The replay oracle: a gradient against central differences, without running the user's Python again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Set, Tuple

import numpy as np

from .conversions import Conversions
from .digest import array_of
from .oplog import Op, OpLog
from .paths import WRITES, Path, find_path, handle_of, identity
from .replay import NotReplayable, Replay

DIRECTIONS = 3
# With more sources than this in one query, each is moved along fewer directions.
MANY = 8


# Relative to the gradient's size: from where on a difference is looked at more closely.
SUSPECT = 1e-3
ROUNDINGS = 3


@dataclass
class Question:
    """A query as the oracle sees it."""

    method: str
    targets: List[Any]
    weights: List[Any]
    """What each target is weighted with: the query's `output_gradients`, or ones."""
    start: int
    """Number of the first operation that the tape may have seen."""
    end: int


class Oracle:
    """Compares what a query answered with differences along random directions."""

    def __init__(self, log: OpLog, conversions: Optional[Conversions], seconds: float) -> None:
        self.log = log
        self.conversions = conversions
        self.seconds = seconds
        self._spent = 0.0

    def pause(self, change: int) -> None:
        """Leave out of the record what is done to describe and check a query (+1), or end that (-1)."""
        self.log.paused += change
        if self.conversions is not None:
            self.conversions.paused += change

    def trace(self, question: Question, source: Any) -> Dict[str, Any]:
        """Say whether the recorded operations lead from the source to the target, and how many it touches."""
        ops = None if self.log.missing else self.log.span(question.start, question.end)
        key = identity(source)
        if ops is None or key is None:
            return {}
        path = find_path(ops, key, {target._id for target in question.targets}, through=False)
        before = self._before(key, question.start)
        earlier = any(any(tensor._id == key for tensor in op.inputs) for op in before if op.kind not in WRITES)
        return {"connected": path.connected, "touched": path.touched, "earlier": earlier}

    def check(self, question: Question, source: Any, answer: Any, directions: int = DIRECTIONS) -> Dict[str, Any]:
        """Return the directional derivatives of one source by tape and by differences, or why there are none."""
        if self.log.missing:
            return {"unchecked": self.log.missing}
        ops = self.log.span(question.start, question.end)
        if ops is None:
            return {"unchecked": "more operations than are kept"}
        if self._spent > self.seconds:
            return {"unchecked": "no time left"}
        begun = time.monotonic()
        try:
            return self._check(question, source, answer, directions, ops)
        except NotReplayable as error:
            return {"unchecked": str(error)}
        # The oracle must not take down the run that it watches, whatever an operation does when executed again.
        except Exception as error:
            return {"unchecked": "%s: %s" % (type(error).__name__, str(error)[:200])}
        finally:
            self._spent += time.monotonic() - begun

    def _check(self, question: Question, source: Any, answer: Any, directions: int, ops: List[Op]) -> Dict[str, Any]:
        key = identity(source)
        gradient = array_of(answer)
        if key is None or gradient is None:
            return {"unchecked": "a source of type %s" % type(source).__name__}
        if gradient.dtype.kind == "c" or any(not target.dtype.is_floating for target in question.targets):
            return {"unchecked": "complex numbers"}
        wanted = {target._id for target in question.targets}
        held = find_path(ops, key, wanted, through=False)
        through = find_path(ops, key, wanted, through=True)
        facts: Dict[str, Any] = {
            "connected": held.connected,
            "touched": held.touched,
            "stops": through.stops,
            "writes": through.writes,
            "custom": self.log.custom_on([question.start + index for index in held.ops]),
        }
        problem = Differences(question, source, key, gradient.astype(np.float64), directions)
        facts["held"] = problem.measure(ops, held)
        whole = find_path(self._before(key, question.start) + ops, key, wanted, through=False)
        facts["left"] = self._left(question, whole)
        if through.stops or through.writes:
            facts["through"] = self._optional(problem, ops, through)
        earlier = self._earlier(ops, key, wanted, question.start, held)
        if earlier is not None:
            facts["earlier"] = self._optional(problem, *earlier)
        return facts

    def _left(self, question: Question, path: Path) -> List[List[Any]]:
        """Return number, line, and whether it was before the tape, of each number that left TensorFlow on the way."""
        if self.conversions is None:
            return []
        found = self.conversions.after(self.log.first, question.end, path.carried)
        return [[number, line, when < question.start] for number, line, when in found]

    def _optional(self, problem: Differences, ops: List[Op], path: Path) -> Optional[Dict[str, Any]]:
        try:
            return problem.measure(ops, path)
        except NotReplayable:
            return None

    def _earlier(
        self, ops: List[Op], key: int, wanted: Set[int], start: int, held: Path
    ) -> Optional[Tuple[List[Op], Path]]:
        """Return the path that begins before the tape, when the target also depends on the source there."""
        before = self._before(key, start)
        if not before:
            return None
        whole = before + ops
        path = find_path(whole, key, wanted, through=False)
        return (whole, path) if len(path.ops) > len(held.ops) else None

    def _before(self, key: int, start: int) -> List[Op]:
        """Return the operations between the last time the source was made or written and the tape's beginning."""
        before = self.log.span(self.log.first, start) or []
        made = 0
        for index, op in enumerate(before):
            written = op.kind in WRITES and op.inputs[0]._id == key
            if written or any(output._id == key for output in op.outputs):
                made = index + 1
        return before[made:]


class Differences:
    """One query and one source: the derivative along directions, as the tape says and as differences say."""

    def __init__(self, question: Question, source: Any, key: int, answer: Any, directions: int) -> None:
        self.method = question.method
        self.targets = question.targets
        self.weights = question.weights
        self.key = key
        self.answer = answer
        self.directions = directions
        self.variable = source if handle_of(source) is not None else None
        self.base = np.asarray(array_of(source), dtype=np.float64)
        self.base_tensor = None if self.variable is not None else source

    def measure(self, ops: List[Op], path: Path) -> Dict[str, Any]:
        """Return the figures for each direction: by tape, central, forward and backward differences."""
        replay = Replay(ops, path, self.key, self.base_tensor, self.variable, self.targets)
        random = np.random.RandomState(11)
        rows: List[List[float]] = []
        noise = 0.0
        scale = 0.0
        rest = replay.at(np.zeros(self.base.shape))
        size = float(np.sqrt(np.mean(self.base**2))) if self.base.size else 0.0
        step = (2e-3 if replay.mixed else 1e-6) * max(size, 1e-2)
        for _ in range(self.directions):
            direction = random.standard_normal(self.base.shape)
            weights = self._cotangents(random)
            middle = self._sum(weights, rest)
            ahead = self._sum(weights, replay.at(step * direction))
            behind = self._sum(weights, replay.at(-step * direction))
            tape, length = self._by_tape(direction, weights)
            magnitude = sum(float(np.sum(np.abs(w * np.nan_to_num(t)))) for w, t in zip(weights, rest))
            noise = max(noise, (2e-7 if replay.mixed else 1e-15) * magnitude / step)
            scale = max(scale, length)
            central = (ahead - behind) / (2 * step)
            spread = 0.0
            if not replay.mixed and abs(tape - central) > SUSPECT * max(length, abs(central)):
                spread = self._spread(replay, random, weights, direction, step, central)
            rows.append([tape, central, (ahead - middle) / step, (middle - behind) / step, spread])
        return {"rows": rows, "scale": scale, "mixed": replay.mixed, "noise": noise, "functions": replay.functions}

    def _spread(
        self, replay: Replay, random: Any, weights: List[Any], direction: Any, step: float, central: float
    ) -> float:
        """Return how far the derivative moves when every operation on the path rounds as single precision does.

        In a deep network of ReLUs, rounding decides on which side of a kink some units are; the tape's answer and the
        differences may then both be right, and apart.
        """
        found = 0.0
        for _ in range(ROUNDINGS):
            seed = int(random.randint(1 << 30))
            ahead = self._sum(weights, replay.at(step * direction, rounding=seed))
            behind = self._sum(weights, replay.at(-step * direction, rounding=seed))
            found = max(found, abs((ahead - behind) / (2 * step) - central))
        return found

    def _cotangents(self, random: Any) -> List[Any]:
        if self.method == "gradient":
            return self.weights
        return [random.standard_normal(tuple(int(d) for d in target.shape)) for target in self.targets]

    @staticmethod
    def _sum(weights: List[Any], values: List[Any]) -> float:
        return float(sum(np.sum(weight * value) for weight, value in zip(weights, values)))

    def _by_tape(self, direction: Any, weights: List[Any]) -> Tuple[float, float]:
        """Return the derivative along `direction` that the tape's answer means, and the size of that answer."""
        answer = self.answer
        if self.method == "gradient":
            return float(np.sum(answer * direction)), float(np.sqrt(np.sum(answer**2)))
        weight = weights[0]
        if self.method == "jacobian":
            pulled = np.tensordot(weight, answer, axes=weight.ndim)
        else:
            batch = answer.shape[0]
            rows = weight.reshape(batch, -1)
            pulled = np.einsum("bt,bts->bs", rows, answer.reshape(batch, rows.shape[1], -1)).reshape(direction.shape)
        return float(np.sum(pulled * direction)), float(np.sqrt(np.sum(pulled**2)))
