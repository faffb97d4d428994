"""The replay oracle: a gradient against central differences, without running the user's Python again."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional, Set, Tuple

import numpy as np

from .conversions import Conversions
from .differences import DIRECTIONS, Differences, Question, Together
from .digest import array_of
from .oplog import Op, OpLog
from .paths import OPAQUE, WRITES, Path, find_path, identity
from .replay import NotReplayable
from .straight import straight_through

# With more sources than this in one query, each is moved along fewer directions.
MANY = 8


class Oracle:
    """Compares what a query answered with differences along random directions."""

    def __init__(self, log: OpLog, conversions: Optional[Conversions], seconds: float) -> None:
        self.log = log
        self.conversions = conversions
        self.seconds = seconds
        self._spent = 0.0

    @property
    def left(self) -> int:
        """How many numbers have left TensorFlow so far."""
        return 0 if self.conversions is None else len(self.conversions.seen)

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
        targets = {target._id for target in question.targets}
        path = find_path(ops, key, targets, through=False)
        hidden = False
        if path.connected and any(ops[index].kind in OPAQUE for index in path.ops):
            hidden = not find_path(ops, key, targets, through=False, past=OPAQUE).connected
        before = self._before(key, question.start)
        earlier = any(any(tensor._id == key for tensor in op.inputs) for op in before if op.kind not in WRITES)
        return {"connected": path.connected, "touched": path.touched, "earlier": earlier, "hidden": hidden}

    def begins_earlier(self, question: Question, source: Any) -> Optional[bool]:
        """Say whether the target is computed from the source by operations before the tape, too; None: not known."""
        ops = None if self.log.missing else self.log.span(question.start, question.end)
        key = identity(source)
        if ops is None or key is None:
            return None
        wanted = {target._id for target in question.targets}
        held = find_path(ops, key, wanted, through=False)
        return self._earlier(ops, key, wanted, question.start, held) is not None

    def check(self, question: Question, source: Any, answer: Any, directions: int = DIRECTIONS) -> Dict[str, Any]:
        """Return the directional derivatives of one source by tape and by differences, or why there are none.

        One of many sources (those with fewer directions) gets less time: the rest of them are moved together.
        """
        if self.log.missing:
            return {"unchecked": self.log.missing}
        ops = self.log.span(question.start, question.end)
        if ops is None:
            return {"unchecked": "more operations than are kept"}
        if self._spent > (self.seconds if directions == DIRECTIONS else self.seconds / 4):
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

    def check_together(self, question: Question, sources: List[Any], answers: List[Any]) -> Dict[str, Any]:
        """Move many sources at once: one comparison for all of them, where there is no time for each by itself."""
        ops = None if self.log.missing else self.log.span(question.start, question.end)
        if ops is None or question.method != "gradient":
            return {"unchecked": "no time left"}
        try:
            together = Together(question, sources, answers)
            path = find_path(ops, together.keys, {target._id for target in question.targets}, through=False)
            return {"held": together.measure(ops, path), "together": len(sources), "left": [], "stops": [], "writes": 0}
        except NotReplayable as error:
            return {"unchecked": str(error)}
        # As for one source: never to the harm of the run that is watched.
        except Exception as error:
            return {"unchecked": "%s: %s" % (type(error).__name__, str(error)[:200])}

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
            "twice": self._twice(question, ops, wanted, held),
        }
        problem = Differences(question, source, key, gradient.astype(np.float64), directions)
        facts["held"] = problem.measure(ops, held)
        whole = find_path(self._before(key, question.start) + ops, key, wanted, through=False)
        facts["left"] = self._left(question, whole)
        if through.stops or through.writes:
            facts["through"] = self._optional(problem, ops, through)
        estimators = straight_through(ops, through)
        if estimators:
            rest = find_path(ops, key, wanted, through=True, held=estimators)
            facts["straight"] = {
                "stops": rest.stops,
                "writes": rest.writes,
                "through": self._optional(problem, ops, rest) if rest.stops or rest.writes else None,
            }
        earlier = self._earlier(ops, key, wanted, question.start, held)
        if earlier is not None:
            facts["earlier"] = self._optional(problem, *earlier)
        return facts

    def _twice(self, question: Question, ops: List[Op], wanted: Set[int], held: Path) -> bool:
        """Say whether the target is made of the derivative of a Python function that the source goes into.

        That derivative is computed with what the function was called with as a constant.
        """
        opaque = [(question.start + index, op) for index, op in enumerate(ops) if op.kind in OPAQUE]
        if not any(output._id in held.carried for _, op in opaque for output in op.outputs):
            return False
        derivatives = [op for number, op in opaque if self.log.of_a_query(number)]
        made = {output._id for op in derivatives for output in op.outputs}
        return bool(made) and find_path(ops, made, wanted, through=False).connected

    def _left(self, question: Question, path: Path) -> List[List[Any]]:
        """Return number, line, and whether it was before the tape, of each number that left TensorFlow on the way."""
        if self.conversions is None:
            return []
        found = self.conversions.between(self.log.first, question.end, path.carried)
        return [[number, line, number < question.left] for number, line in found]

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
