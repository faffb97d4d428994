"""What a campaign takes: with one job and with two, a second time, and the walk of its plan against grep.

    python benchmarks/campaign.py [--scripts 48] [--files 3000]

The scripts are broken ones of the fixtures, in a project of their own. One job and two are compared once their servers
are ready, each job with a processor: a job alone that finds a second one idle gets its next run ready there, and is
compared as well. The first campaign runs each script before and after; the second one finds the tree unchanged. The
walk goes over the sources of installed packages, which are read and searched for whatever a rule could find something
in; `grep -rlE` searches the same files for the same words.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tapefix.campaign.jobs import Job
from tapefix.campaign.planning import Planner
from tapefix.campaign.workers import LocalWorkers
from tapefix.running import run_options
from tapefix.selection import Selection
from tapefix.source.walking import candidates

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
PATTERN = r"tapefix:|GradientTape|(\.|compute_|get_)gradients\(|\.minimize\(|enable_eager_"
MORE_JOBS, SECOND, WALK = 1.6, 0.1, 3.0


def plant(root: Path, scripts: int) -> None:
    """As many scripts as are wanted, each of another fixture while there are others."""
    found = sorted(path.with_name("before.py") for path in FIXTURES.glob("*/*/after.py"))
    step = max(len(found) // scripts, 1)
    chosen = found[::step][:scripts]
    for number in range(scripts):
        source = chosen[number % len(chosen)]
        shutil.copyfile(source, root / f"script{number}_{source.parents[1].name.replace('-', '_')}.py")
    (root / "pyproject.toml").write_text("", encoding="utf-8")


def campaign(root: Path, *arguments: str) -> tuple[float, dict[str, Any]]:
    """The seconds of a campaign, start-up included, and its document."""
    command = [sys.executable, "-m", "tapefix", "migrate", ".", "--device", "cpu", "--output-format", "json", "--quiet"]
    began = time.perf_counter()
    done = subprocess.run([*command, *arguments], cwd=root, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if not done.stdout:
        raise SystemExit(done.stderr)
    return seconds, json.loads(done.stdout)


def jobs_of(root: Path) -> list[Job]:
    planner = Planner(Selection(), lambda path, config: run_options(path, config, device="cpu"), None)
    return planner.plan([str(root)]).jobs


@contextmanager
def processors(count: int) -> Iterator[bool]:
    """Leave this process, and those that it starts, so many processors; whether that can be done."""
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(mine) < count:
        yield False
        return
    os.sched_setaffinity(0, mine[:count])
    try:
        yield True
    finally:
        os.sched_setaffinity(0, mine)


def warm_runs(jobs: Sequence[Job], workers: int) -> float:
    """The seconds of all jobs, with servers that are ready: each has done one before."""
    with LocalWorkers(workers) as executor:
        list(executor.run(jobs[:workers], lambda job: None))
        began = time.perf_counter()
        list(executor.run(jobs, lambda job: None))
        return time.perf_counter() - began


def tree_of_packages(root: Path, files: int) -> None:
    import site

    found = (path for folder in site.getsitepackages() for path in sorted(Path(folder).rglob("*.py")))
    for number, path in zip(range(files), found, strict=False):
        target = root / f"package{number % 97}" / f"module{number}.py"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target)


def timed(work: Callable[[], object], rounds: int = 7) -> float:
    """The median of some rounds, after one that warms the file system's cache."""
    seconds = []
    for number in range(rounds + 1):
        began = time.perf_counter()
        work()
        if number:
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def said(label: str, value: float, unit: str, goal: str = "") -> None:
    print(f"{label:<64}{value:8.2f} {unit}{f'  (goal: {goal})' if goal else ''}", flush=True)


def runs_and_memory(scripts: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, scripts)
        jobs = jobs_of(root)
        with processors(1) as apart:
            one = min(warm_runs(jobs, 1) for _ in range(2))
        with processors(2):
            two, spread = (min(warm_runs(jobs, workers) for _ in range(2)) for workers in (2, 1))
        first, document = campaign(root, "--jobs", "2")
        second, again = campaign(root, "--jobs", "2")
    known = sum(file["end"]["cached"] for file in again["files"])
    total = len(document["files"])
    where = "on one processor" if apart else "where it will"
    said(f"one job {where}, its server ready: {len(jobs)} scripts", one, "s")
    said("two jobs on two, their servers ready", two, "s")
    said("scripts a second, one job", len(jobs) / one, "/s")
    said("scripts a second, two jobs", len(jobs) / two, "/s")
    faster = one / two
    said("two jobs against one, each with a processor", faster, "x", f">= {MORE_JOBS}")
    said("two jobs against one that gets ready on a second processor", spread / two, "x")
    said("first campaign, everything included", first, "s")
    said("second campaign", second, "s")
    said(f"second campaign against the first ({known} of {total} known)", second / first, "x", f"<= {SECOND}")
    return faster >= MORE_JOBS and second / first <= SECOND


def walk(files: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        root.mkdir()
        tree_of_packages(root, files)
        found = [0]

        def ours() -> None:
            found[0] = sum(1 for _ in candidates(str(root), lambda error: None))

        def grep() -> None:
            subprocess.run(["grep", "-rlE", PATTERN, str(root)], capture_output=True, check=False)

        mine, theirs = timed(ours), timed(grep)
    said(f"walk with the byte prefilter, {files} files, {found[0]} of them left", mine, "s")
    said("grep -rlE over the same files", theirs, "s")
    said("the walk against grep", mine / theirs, "x", f"<= {WALK}")
    return mine / theirs <= WALK


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scripts", type=int, default=48)
    parser.add_argument("--files", type=int, default=3000)
    options = parser.parse_args()
    good = walk(options.files)
    return 0 if runs_and_memory(options.scripts) and good else 1


if __name__ == "__main__":
    sys.exit(main())
