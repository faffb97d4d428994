"""How long `tapefix check` takes over a tree, against a bare walk that reads and searches bytes.

The tree is made from the sources of installed packages: 5,000 files, 5 % of which use a tape. Where the packages hold
fewer such files than that, they are put in several times under other names. The files that must be parsed are timed
together with the rest once; the ratio is that of the rest alone, start-up included, against the bare walk over it.

    python benchmarks/scan.py [--files 5000] [--share 0.05] [--rounds 7]
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import site
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tapefix.source.walking import holds

BARE_WALK = """
import os, sys
found = 0
for folder, folders, names in os.walk(sys.argv[1]):
    for name in names:
        if name.endswith(".py"):
            with open(os.path.join(folder, name), "rb") as file:
                found += b"GradientTape" in file.read()
print(found)
"""


def installed_sources() -> Iterator[Path]:
    """Python files of the installed packages, in a stable order."""
    for folder in site.getsitepackages():
        yield from sorted(Path(folder).rglob("*.py"))


def make_tree(root: Path, files: int, share: float) -> int:
    """Copy sources into `root`; returns how many of them use a tape."""
    with_tape: list[Path] = []
    without: list[Path] = []
    for path in installed_sources():
        data = path.read_bytes()
        if holds(data):
            with_tape.append(path)
        elif len(without) < files:
            without.append(path)
    wanted = round(files * share)
    chosen = list(itertools.islice(itertools.cycle(with_tape), wanted)) + without[: files - wanted]
    for index, path in enumerate(chosen):
        target = root / f"package{index % 97}" / f"module{index}.py"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target)
    return wanted


def timed(command: Sequence[str], rounds: int) -> float:
    """Median wall time of a command, in seconds; findings (exit code 1) and unreadable files (2) do not matter."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
        if done.returncode not in (0, 1, 2):
            raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr.decode()}")
    return statistics.median(times)


def measured(label: str, run: Callable[[], float]) -> float:
    seconds = run()
    print(f"{label:<58}{seconds:8.3f} s")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    tapefix = [sys.executable, "-m", "tapefix"]
    with tempfile.TemporaryDirectory() as folder:
        tree, rest = Path(folder) / "tree", Path(folder) / "rest"
        tree.mkdir()
        count = make_tree(tree, options.files, options.share)
        print(f"{options.files} files, {count} with a tape, {options.rounds} rounds")
        whole = measured("tapefix check, whole tree", lambda: timed([*tapefix, "check", str(tree)], 1))
        print(f"{'  for each file with a tape':<58}{whole / count:8.3f} s")
        shutil.copytree(tree, rest)
        for path in rest.rglob("*.py"):
            if holds(path.read_bytes()):
                path.unlink()
        bare = measured(
            "bare walk, read and byte search, files without a tape",
            lambda: timed([sys.executable, "-c", BARE_WALK, str(rest)], options.rounds),
        )
        beyond = measured(
            "tapefix check, files without a tape", lambda: timed([*tapefix, "check", str(rest)], options.rounds)
        )
        typer = measured("python -c 'import typer'", lambda: timed([sys.executable, "-c", "import typer"], 7))
        shown = measured("tapefix --help", lambda: timed([*tapefix, "--help"], 7))
    print(f"{'beyond the files that must be parsed, against the walk':<58}{beyond / bare:8.2f} x  (goal: <= 3)")
    print(f"{'tapefix --help against import typer':<58}{shown / typer:8.2f} x  (goal: <= 2.5)")


if __name__ == "__main__":
    main()
