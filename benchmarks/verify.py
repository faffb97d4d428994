"""The warm server against a cold interpreter per run, on pairs of scripts of the test set.

`python benchmarks/verify.py` judges 24 pairs (two runs each and whatever else a verdict takes) through one warm
server, runs four of them cold (`python before.py`, `python after.py`), and prints a table with the ratio. The cold
time of the other pairs is the mean of the measured ones: nearly all of it is `import tensorflow`. `--full` measures
every pair cold.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tapefix.verify import RunOptions, Verifier

PAIRS = Path(__file__).resolve().parents[1] / "tests" / "verify" / "pairs"
GOAL = 40.0


@dataclass
class Row:
    """One pair: its verdict and what it took, warm and, where measured, cold."""

    folder: Path
    status: str
    warm: float
    cold: float | None = None

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
    started = time.perf_counter()
    with Verifier(RunOptions(), project=PAIRS) as verifier:
        verifier.start()
        start_up = time.perf_counter() - started
        rows = []
        for folder in folders:
            before, after = ((folder / name).read_text("utf-8") for name in ("before.py", "after.py"))
            began = time.perf_counter()
            verdict = verifier.judge(folder / "before.py", before, after)
            rows.append(Row(folder, verdict.status.value, time.perf_counter() - began))
    return start_up, rows


def run_cold(folder: Path) -> float:
    """The seconds of two plain runs, each in an interpreter of its own and an empty directory."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "MPLBACKEND": "Agg"}
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


def print_report(start_up: float, rows: Sequence[Row]) -> bool:
    """Print the table and the ratios; whether the goal is met."""
    print(f"{'pair':<44}{'verdict':>10}{'warm s':>9}{'cold s':>9}{'ratio':>8}")
    for row in rows:
        cold, ratio = ("", "") if row.cold is None else (f"{row.cold:.2f}", f"{row.cold / row.warm:.0f}")
        print(f"{row.label:<44}{row.status:>10}{row.warm:>9.2f}{cold:>9}{ratio:>8}")
    measured = [row.cold for row in rows if row.cold is not None]
    cold_pair = statistics.fmean(measured)
    warm = sum(row.warm for row in rows)
    cold = sum(measured) + cold_pair * (len(rows) - len(measured))
    extrapolated = len(rows) - len(measured)
    print()
    print(f"pairs                    {len(rows)} ({2 * len(rows)} runs of a script)")
    print(f"server start, once       {start_up:.2f} s")
    print(f"warm, all pairs          {warm:.2f} s, {warm / len(rows):.3f} s a pair, {warm / len(rows) / 2:.3f} s a run")
    print(f"cold, measured           {len(measured)} pairs, {cold_pair:.2f} s a pair, {cold_pair / 2:.2f} s a run")
    note = f" ({extrapolated} pairs extrapolated from the mean of those measured)" if extrapolated else ""
    print(f"cold, all pairs          {cold:.1f} s{note}")
    print(f"ratio                    {cold / warm:.1f} (goal {GOAL:.0f})")
    print(f"ratio with server start  {cold / (warm + start_up):.1f}")
    return cold / warm >= GOAL


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=24, help="how many pairs to judge (default: 24)")
    parser.add_argument("--cold", type=int, default=4, help="how many of them to run cold as well (default: 4)")
    parser.add_argument("--full", action="store_true", help="run every one of them cold")
    options = parser.parse_args()
    start_up, rows = judge_all(choose(options.pairs))
    cold = len(rows) if options.full else max(1, min(options.cold, len(rows)))
    for i in range(cold):
        row = rows[i * len(rows) // cold]
        print(f"cold: {row.label}", file=sys.stderr, flush=True)
        row.cold = run_cold(row.folder)
    return 0 if print_report(start_up, rows) else 1


if __name__ == "__main__":
    sys.exit(main())
