"""Derivatives along random directions: as the tape says, and as differences of the replay say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

import numpy as np

from .digest import array_of
from .oplog import Op
from .paths import Path, handle_of, identity
from .replay import Moved, NotReplayable, Replay

DIRECTIONS = 3
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
    left: int
    """How many numbers had left TensorFlow when the tape began: no operation need stand between them and the tape."""


class Differences:
    """One query and one source: the derivative along directions, as the tape says and as differences say."""

    def __init__(self, question: Question, source: Any, key: int, answer: Any, directions: int) -> None:
        self.method = question.method
        self.targets = question.targets
        self.weights = question.weights
        self.key = key
        self.answer = answer
        self.directions = directions
        self.moved = moved(source)
        self.base = np.asarray(array_of(source), dtype=np.float64)

    def measure(self, ops: List[Op], path: Path) -> Dict[str, Any]:
        """Return the figures for each direction: by tape, central, forward and backward differences."""
        replay = Replay(ops, path, [self.moved], self.targets)
        random = np.random.RandomState(11)
        rows: List[List[float]] = []
        noise = 0.0
        scale = 0.0
        rest = replay.at([np.zeros(self.base.shape)])
        size = _size(self.base)
        step = (2e-3 if replay.mixed else 1e-6) * max(size, 1e-2)
        for _ in range(self.directions):
            direction = random.standard_normal(self.base.shape)
            weights = self._cotangents(random)
            middle = total(weights, rest)
            ahead = total(weights, replay.at([step * direction]))
            behind = total(weights, replay.at([-step * direction]))
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
            ahead = total(weights, replay.at([step * direction], rounding=seed))
            behind = total(weights, replay.at([-step * direction], rounding=seed))
            found = max(found, abs((ahead - behind) / (2 * step) - central))
        return found

    def _cotangents(self, random: Any) -> List[Any]:
        if self.method == "gradient":
            return self.weights
        return [random.standard_normal(tuple(int(d) for d in target.shape)) for target in self.targets]

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


class Together:
    """One query and many of its sources, moved at once, each in proportion to its own size."""

    def __init__(self, question: Question, sources: List[Any], answers: List[Any]) -> None:
        self.targets = question.targets
        self.weights = question.weights
        self.moved = [moved(source) for source in sources]
        self.keys = {source.key for source in self.moved}
        self.gradients = [np.asarray(array_of(answer), dtype=np.float64) for answer in answers]
        self.sizes = [max(_size(np.asarray(array_of(source), dtype=np.float64)), 1e-2) for source in sources]

    def measure(self, ops: List[Op], path: Path) -> Dict[str, Any]:
        """Return the figures for each direction, as `Differences.measure` does."""
        replay = Replay(ops, path, self.moved, self.targets)
        random = np.random.RandomState(11)
        rest = replay.at([np.zeros(gradient.shape) for gradient in self.gradients])
        step = 2e-3 if replay.mixed else 1e-6
        length = float(np.sqrt(sum(np.sum((s * g) ** 2) for s, g in zip(self.sizes, self.gradients))))
        middle = total(self.weights, rest)
        magnitude = sum(float(np.sum(np.abs(w * np.nan_to_num(t)))) for w, t in zip(self.weights, rest))
        rows: List[List[float]] = []
        for _ in range(DIRECTIONS):
            way = [s * random.standard_normal(g.shape) for s, g in zip(self.sizes, self.gradients)]
            tape = float(sum(np.sum(g * d) for g, d in zip(self.gradients, way)))
            ahead = total(self.weights, replay.at([step * d for d in way]))
            behind = total(self.weights, replay.at([-step * d for d in way]))
            central, spread = (ahead - behind) / (2 * step), 0.0
            if not replay.mixed and abs(tape - central) > SUSPECT * max(length, abs(central)):
                for _ in range(ROUNDINGS):
                    seed = int(random.randint(1 << 30))
                    up = total(self.weights, replay.at([step * d for d in way], rounding=seed))
                    down = total(self.weights, replay.at([-step * d for d in way], rounding=seed))
                    spread = max(spread, abs((up - down) / (2 * step) - central))
            rows.append([tape, central, (ahead - middle) / step, (middle - behind) / step, spread])
        noise = (2e-7 if replay.mixed else 1e-15) * magnitude / step
        return {"rows": rows, "scale": length, "mixed": replay.mixed, "noise": noise, "functions": replay.functions}


def moved(source: Any) -> Moved:
    """A source as the replay moves it."""
    key = identity(source)
    if key is None:
        raise NotReplayable("a source of type %s" % type(source).__name__)
    variable = source if handle_of(source) is not None else None
    return Moved(key, None if variable is not None else source, variable)


def total(weights: List[Any], values: List[Any]) -> float:
    """The sum of the targets, each weighted: what a query differentiates."""
    return float(sum(np.sum(weight * value) for weight, value in zip(weights, values)))


def _size(array: Any) -> float:
    return float(np.sqrt(np.mean(array**2))) if array.size else 0.0
