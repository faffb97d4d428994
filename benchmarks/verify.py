"""The warm server against a cold interpreter per run, on pairs of scripts of the test set.

`python benchmarks/verify.py` judges 24 pairs through one warm server. A verdict takes the two scripts, before and
after, and often a run or two more (to compare with a gradient hidden, to see whether a script repeats itself), so the
runs are counted. Four pairs are then run cold, `python before.py` and `python after.py`; nearly all of a cold run is
`import tensorflow`, so their mean stands for the others, and the report says so. `--full` measures every pair cold.

While a run goes on, the process of the next one gets ready on another processor. That work is not in the seconds of a
run, so the pairs are judged a second time on one processor, where nothing overlaps.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from tapefix.verify import Evidence, RunOptions, Verifier
from tapefix.verify.runs import Runner, RunRequest

PAIRS = Path(__file__).resolve().parents[1] / "tests" / "verify" / "pairs"
GOAL = 40.0
WARM_UP = "import tensorflow as tf\n\nwith tf.GradientTape() as tape:\n    pass\n"


@dataclass
class Row:
    """One pair: its verdict, what it took warm in how many runs and, where measured, two cold runs."""

    folder: Path
    status: str
    seconds: float
    runs: int
    cold: float | None = None
    recorded: float | None = None
    """One recorded run from a cold start."""

    @property
    def label(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"


def choose(count: int) -> list[Path]:
    """As many right as wrong pairs, spread over the whole set."""
    chosen: list[Path] = []
    for kind, share in (("right", count - count // 2), ("wrong", count // 2)):
        folders = sorted(path.parent for path in (PAIRS / kind).glob("*/case.toml"))
        share = min(share, len(folders))
        chosen += [folders[i * len(folders) // share] for i in range(share)]
    return chosen


def judge_all(folders: Sequence[Path]) -> tuple[float, list[Row]]:
    """The seconds until the server is ready, and a row for each pair."""
    runs = 0
    plain = Runner.run

    def counted(runner: Runner, path: Path, request: RunRequest, called: Callable[[int], int] = int) -> Evidence:
        nonlocal runs
        runs += 1
        return plain(runner, path, request, called)

    rows = []
    with patch.object(Runner, "run", counted), Verifier(RunOptions(), project=PAIRS) as verifier:
        started = time.perf_counter()
        verifier.evidence(PAIRS / "warm_up.py", WARM_UP)
        start_up = time.perf_counter() - started
        for folder in folders:
            before, after = ((folder / name).read_text("utf-8") for name in ("before.py", "after.py"))
            runs = 0
            began = time.perf_counter()
            verdict = verifier.judge(folder / "before.py", before, after)
            rows.append(Row(folder, verdict.status.value, time.perf_counter() - began, runs))
    return start_up, rows


def judge_on_one(folders: Sequence[Path]) -> float | None:
    """The seconds for each run when there is one processor for all of it; None where that cannot be arranged."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    processors = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(processors)})
        _, rows = judge_all(folders)
    finally:
        os.sched_setaffinity(0, processors)
    return sum(row.seconds for row in rows) / sum(row.runs for row in rows)


def run_cold(folder: Path) -> float:
    """The seconds of two plain runs, each in an interpreter of its own and an empty directory."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "Agg"}
    took = 0.0
    for name in ("before.py", "after.py"):
        with tempfile.TemporaryDirectory() as work:
            began = time.perf_counter()
            # A script whose gradient is broken may well end with a traceback: the exit code is of no interest here.
            subprocess.run(
                [sys.executable, str(folder / name)],
                cwd=work,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
            took += time.perf_counter() - began
    return took


def record_cold(folder: Path) -> float:
    """The seconds of one run with all that a verdict needs of it, from a cold start: what the warm server saves."""
    began = time.perf_counter()
    with Verifier(RunOptions(), project=PAIRS) as verifier:
        verifier.evidence(folder / "before.py", (folder / "before.py").read_text("utf-8"))
        return time.perf_counter() - began


def import_alone() -> float:
    """The seconds of an interpreter that imports TensorFlow and ends: what a cold run takes at the least."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import tensorflow"], capture_output=True, check=True)
    return time.perf_counter() - began


def print_report(start_up: float, rows: Sequence[Row], imported: float, alone: float | None) -> bool:
    """Print the table and the ratios; whether the goal is met."""
    print(f"{'pair':<44}{'verdict':>10}{'runs':>6}{'warm s':>8}{'s/run':>8}{'cold s/run':>12}{'ratio':>7}")
    for row in rows:
        each = row.seconds / row.runs
        cold = "" if row.cold is None else f"{row.cold / 2:>12.2f}{row.cold / 2 / each:>7.0f}"
        print(f"{row.label:<44}{row.status:>10}{row.runs:>6}{row.seconds:>8.2f}{each:>8.3f}{cold}")
    measured = [row.cold / 2 for row in rows if row.cold is not None]
    cold_run = statistics.fmean(measured)
    warm = sum(row.seconds for row in rows)
    runs = sum(row.runs for row in rows)
    pairs = len(rows)
    ratio = cold_run * runs / warm
    guessed = f"; the other {pairs - len(measured)} pairs are taken to be like them" if pairs > len(measured) else ""
    print()
    print(f"{pairs} pairs, {runs} runs: {warm:.1f} s warm, {warm / pairs:.2f} s a verdict, {warm / runs:.3f} s a run")
    print(f"server start, once: {start_up:.1f} s")
    print(f"cold: {cold_run:.2f} s a run, measured on {2 * len(measured)} runs of {len(measured)} pairs{guessed}")
    print(f"of which `import tensorflow` in an interpreter of its own: {imported:.2f} s (the ratio follows it)")
    print(f"ratio per run:                        {ratio:.1f} (goal: {GOAL:.0f})")
    if alone is not None:
        print(f"ratio per run on one processor:       {cold_run / alone:.1f} ({alone:.3f} s a run, nothing overlaps)")
    print(f"ratio per run, server start included: {cold_run * runs / (warm + start_up):.1f}")
    recorded = statistics.fmean(row.recorded for row in rows if row.recorded is not None)
    print(f"ratio per recorded run, all of it started cold ({recorded:.2f} s): {recorded * runs / warm:.1f}")
    print(
        f"a verdict, whatever runs it takes, against the two plain cold runs alone: {2 * cold_run * pairs / warm:.1f}"
    )
    return ratio >= GOAL


def main() -> int:
    parser = argparse.ArgumentParser(description="The warm server against a cold interpreter per run.")
    parser.add_argument("--pairs", type=int, default=24, help="how many pairs to judge (default: 24)")
    parser.add_argument("--cold", type=int, default=4, help="how many of them to run cold as well (default: 4)")
    parser.add_argument("--full", action="store_true", help="run every one of them cold")
    options = parser.parse_args()
    folders = choose(options.pairs)
    start_up, rows = judge_all(folders)
    alone = judge_on_one(folders)
    cold = len(rows) if options.full else max(1, min(options.cold, len(rows)))
    for i in range(cold):
        row = rows[i * len(rows) // cold]
        print(f"cold: {row.label}", file=sys.stderr, flush=True)
        row.cold = run_cold(row.folder)
        row.recorded = record_cold(row.folder)
    return 0 if print_report(start_up, rows, import_alone(), alone) else 1


if __name__ == "__main__":
    sys.exit(main())
