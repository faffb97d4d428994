"""What a script's tapes answer, seen without tapefix: the judge of its verdicts."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Asked:
    """One query: what was asked, and the answer for each source."""

    line: int
    targets: tuple[Any, ...]
    answers: tuple[Any, ...]
    error: str


@dataclass(frozen=True)
class Seen:
    """One run."""

    queries: tuple[Asked, ...]
    error: str
    line: int
    """Where it raised, in the script; 0 when it did not."""
    printed: str

    @property
    def missing(self) -> bool:
        """Whether a query has no gradient for a source."""
        return any(query.error or any(answer is None for answer in query.answers) for query in self.queries)

    @property
    def broken(self) -> bool:
        """Whether a gradient is missing, or the script has come to grief."""
        return bool(self.error) or self.missing

    @property
    def gradients(self) -> list[Any]:
        """Every answer, in order."""
        return [answer for query in self.queries for answer in query.answers]


class Observer:
    """A process that has imported TensorFlow once, and runs scripts in forks of itself."""

    def __init__(self) -> None:
        self._memory: dict[tuple[str, bool], Seen] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.generated.observer"],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def __enter__(self) -> Observer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def see(self, text: str, *, graphs: bool = False) -> Seen:
        """Run a script, every `tf.function` eagerly; with `graphs`, as it is, which shows no numbers in them."""
        key = (text, graphs and "tf.function" in text)
        if key not in self._memory:
            self._memory[key] = self._see(*key)
        return self._memory[key]

    def _see(self, text: str, graphs: bool) -> Seen:
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            self._process.stdin.write(json.dumps({"text": text, "out": folder, "graphs": graphs}) + "\n")
            self._process.stdin.flush()
            assert self._process.stdout.readline() == "done\n"
            record = Path(folder, "seen")
            if not record.exists():
                return Seen((), "the run was ended", 0, "")
            seen = pickle.loads(record.read_bytes())
        queries = tuple(
            Asked(q["line"], tuple(q["targets"]), tuple(q["answers"]), q.get("error", "")) for q in seen["queries"]
        )
        return Seen(queries, seen["error"], seen["line"], seen["printed"])


def difference(right: Seen, repaired: Seen) -> str:
    """How a repaired script differs from the one that was right before it was broken; empty when it does not."""
    if repaired.error:
        return f"it raises {repaired.error[:120]}"
    wanted, got = right.gradients, repaired.gradients
    if any(answer is None for answer in got):
        return "a gradient is missing"
    if len(wanted) != len(got):
        return f"{len(wanted)} gradients were asked for, and now {len(got)}"
    for index, (one, other) in enumerate(zip(wanted, got, strict=True)):
        if not _close(one, other):
            return f"gradient {index} differs: {_short(one)} was right, {_short(other)} is now"
    old = [target for query in right.queries for target in query.targets]
    new = [target for query in repaired.queries for target in query.targets]
    for target in old:
        # What was made a number on the way has lost the dimensions that it had of size 1.
        if not any(_close(np.squeeze(target), np.squeeze(other)) for other in new):
            return f"the target {_short(target)} is no more"
    before, after = _numbers(right.printed), _numbers(repaired.printed)
    if len(before) == len(after) and not _close(before, after):
        return f"it prints other numbers: {_short(before)} was right, {_short(after)} is now"
    return ""


def _close(one: Any, other: Any) -> bool:
    if np.shape(one) != np.shape(other):
        return False
    first, second = np.asarray(one), np.asarray(other)
    scale = float(np.max(np.abs(first))) if first.size else 0.0
    return bool(np.allclose(first, second, rtol=2e-3, atol=1e-6 + 2e-3 * scale))


def _numbers(printed: str) -> Any:
    return np.array([float(number) for number in NUMBER.findall(printed)])


def _short(value: Any) -> str:
    return " ".join(str(np.asarray(value).ravel()[:4]).split())
