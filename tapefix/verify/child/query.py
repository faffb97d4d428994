"""One query under way: what it is asked, and what it answers, as plain data."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy as np

from .differences import DIRECTIONS, Question
from .digest import array_of, digest
from .oplog import OpLog
from .oracle import MANY, Oracle
from .views import Views

CHECKED = 4
TRACED = 32


class Query:
    """One query under way."""

    def __init__(
        self,
        log: OpLog,
        oracle: Oracle,
        views: Views,
        method: str,
        target: Any,
        sources: Any,
        kwargs: Dict[str, Any],
        tape: Any,
        args: Any,
    ) -> None:
        import tensorflow as tf

        self.oracle = oracle
        self.views = views
        self.tape = tape
        self.method = method
        self.targets = flatten(target)
        self.sources = flatten(sources)
        self.symbolic = not tf.executing_eagerly()
        self.start = getattr(tape, "_tapefix_start", log.next)
        self.end = log.next
        self.left = getattr(tape, "_tapefix_left", oracle.left)
        weights = kwargs.get("output_gradients", args[2] if method == "gradient" and len(args) > 2 else None)
        self.weights = flatten(weights) if weights is not None else None

    def missing(self, index: int, facts: Dict[str, Any]) -> str:
        """Say whether an answer is none: `none`, `unconnected` zeros, `zeros` of whatever cause, or empty."""
        if facts.get("class") == "none":
            return "none"
        if facts.get("norm") != 0.0:
            return ""
        return "unconnected" if self._trace(self.sources[index]).get("connected") is False else "zeros"

    def describe(self) -> Dict[str, Any]:
        """Return what is asked for, as it is before the answer."""
        return {
            "targets": [digest(target) for target in self.targets],
            "sources": [digest(source) for source in self.sources],
            "weights": [digest(weight) for weight in self.weights or ()],
            "traces": [self._trace(source) for source in self.sources[:TRACED]],
        }

    def _trace(self, source: Any) -> Dict[str, Any]:
        question = self._question()
        if question is None:
            return {}
        return self.oracle.trace(question, source)

    def _question(self) -> Optional[Question]:
        tensors = [getattr(target, "value", target) if hasattr(target, "assign") else target for target in self.targets]
        if self.symbolic or any(not isinstance(getattr(target, "_id", None), int) for target in tensors):
            return None
        if self.weights is None:
            weights: List[Any] = [np.ones(tuple(int(d) for d in target.shape)) for target in tensors]
        else:
            weights = [np.asarray(array_of(weight), dtype=np.float64) for weight in self.weights]
        return Question(self.method, tensors, weights, self.start, self.end, self.left)

    def origins(self, answer: Any) -> List[List[Dict[str, Any]]]:
        """Return, for each source without an answer, the tensors that it was selected from."""
        import tensorflow as tf

        flat = tf.nest.flatten(answer) if answer is not None else []
        views, missing = self.views, range(min(len(self.sources), TRACED))
        if self.symbolic:
            return []
        return [
            views.origins(self.sources[number]) if number >= len(flat) or flat[number] is None else []
            for number in missing
        ]

    def follow(self, answer: Any, key: str, occurrence: int) -> None:
        """Note from now on which parts of the answers are taken."""
        import tensorflow as tf

        if self.method == "gradient" and not self.symbolic:
            for number, value in enumerate(tf.nest.flatten(answer)[:TRACED]):
                self.views.follow((key, occurrence, number), value)

    def answers(self, answer: Any, *, checked: bool) -> List[Dict[str, Any]]:
        """Describe the answer for each source, and check it against differences where that was asked for."""
        import tensorflow as tf

        flat = tf.nest.flatten(answer)
        described = []
        directions = DIRECTIONS if len(flat) <= MANY else 1
        question = self._question() if checked else None
        for source, value in zip(self.sources, flat):
            facts = digest(value)
            if question is not None and value is not None:
                facts["check"] = self.oracle.check(question, source, value, directions)
            elif question is not None:
                facts["earlier"] = self.oracle.begins_earlier(question, source)
            described.append(facts)
        if question is not None:
            self._check_the_rest(question, flat, described)
        return described

    def _check_the_rest(self, question: Question, answers: List[Any], described: List[Dict[str, Any]]) -> None:
        """Check at once all sources for which one by one there was no time."""
        late = [n for n, facts in enumerate(described) if facts.get("check", {}).get("unchecked") == "no time left"]
        if late:
            check = self.oracle.check_together(question, [self.sources[n] for n in late], [answers[n] for n in late])
            for number in late:
                described[number]["check"] = check


def flatten(value: Any) -> List[Any]:
    """Flatten nested sources, but keep a list of plain numbers whole: it is one source, written without a dtype."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flatten(value[key])]
    if isinstance(value, (list, tuple)):
        if value and all(_plain(element) for element in value):
            return [value]
        return [leaf for element in value for leaf in flatten(element)]
    return [value]


def _plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_plain(element) for element in value)
    return isinstance(value, (bool, int, float, complex))
