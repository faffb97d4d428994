"""Campaigns that are killed at any moment: the tree holds whole files, and what is taken up again ends the same."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tapefix.campaign.journal import JOURNAL, campaigns, records
from tests.campaign.trees import content, migrate, plant, states
from tests.cli.running import tapefix

COMMAND = [sys.executable, "-m", "tapefix.cli.main", "migrate", ".", "--write", "--no-cache", "--quiet"]

LASTING = ("begin", "plan", "changed", "writing", "answer", "undone")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planted")
    plant(root)
    return root


@pytest.fixture(scope="module")
def migrated(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str], float]:
    """The tree after a campaign that nobody disturbs, its end states, and the seconds that it takes."""
    root = tmp_path_factory.mktemp("undisturbed") / "tree"
    shutil.copytree(planted, root)
    began = time.monotonic()
    document = migrate(".", "--write", "--no-cache", "--no-verify", cwd=root)
    return content(root), states(document), time.monotonic() - began


def kill_after(root: Path, seconds: float, *more: str) -> bool:
    """Begin a campaign and kill it, with all its workers, after a while; whether it was still running."""
    process = subprocess.Popen(
        [*COMMAND, *more], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True


def resume_all(root: Path) -> None:
    """Take a campaign up again, however early it was stopped."""
    done = tapefix("migrate", "--resume", cwd=root)
    if "stopped before it began" in done.stderr or "there is no campaign" in done.stderr:
        done = tapefix(*COMMAND[3:], "--no-verify", cwd=root)
    # 1 where something is left to do, 2 where files cannot be parsed: never a complaint about the journal.
    assert done.returncode in (0, 1, 2) and "error:" not in done.stderr, done.stderr


def cut_power(journal: Path, seed: float) -> None:
    """Lose of a journal what was written after it was synchronized last, or a part of that."""
    lines = journal.read_bytes().splitlines(keepends=True)
    lasting = [number for number, line in enumerate(lines) if json.loads(line)["kind"] in LASTING]
    kept = sum(map(len, lines[: lasting[-1] + 1])) if lasting else 0
    size = sum(map(len, lines))
    os.truncate(journal, random.Random(seed).randint(kept, size))


def check_one(planted: Path, root: Path, after: dict[str, str], moment: float, tear: bool) -> None:
    shutil.copytree(planted, root)
    before = content(root)
    kill_after(root, moment, "--no-verify")
    half = {name: digest for name, digest in content(root).items() if not name.split("/")[-1].startswith(".tapefix-")}
    assert half.keys() == before.keys()
    assert all(digest in (before[name], after[name]) for name, digest in half.items()), "a file is torn"
    found = campaigns(root)
    if found and tear:
        cut_power(found[-1] / JOURNAL, moment)
    resume_all(root)
    assert content(root) == after
    (folder,) = campaigns(root)[-1:]
    for line in (folder / JOURNAL).read_bytes().splitlines():
        assert line.startswith(b"{") or tear
    assert next(record.kind for record in records(folder)) == "begin"
    undone = tapefix("undo", folder.name, cwd=root)
    assert undone.returncode == 0, undone.stderr
    assert content(root) == before
    shutil.rmtree(root)


def moments(count: int, longest: float) -> list[float]:
    chance = random.Random(count)
    # Most of what can go wrong goes wrong once the workers have begun to answer, and while files are written.
    return [longest * chance.uniform(0.25, 1.0) for _ in range(count)]


def test_killed_at_random_moments(
    planted: Path, migrated: tuple[dict[str, str], dict[str, str], float], tmp_path: Path
) -> None:
    after, _, seconds = migrated
    for number, moment in enumerate(moments(4, seconds)):
        check_one(planted, tmp_path / str(number), after, moment, tear=number % 2 == 1)


@pytest.mark.skipif(not os.environ.get("TAPEFIX_LONG"), reason="takes minutes; TAPEFIX_LONG=1 runs it")
def test_killed_fifty_times(
    planted: Path, migrated: tuple[dict[str, str], dict[str, str], float], tmp_path: Path
) -> None:
    after, _, seconds = migrated
    for number, moment in enumerate(moments(50, seconds)):
        check_one(planted, tmp_path / str(number), after, moment, tear=number % 3 == 2)


def test_killed_between_any_two_steps(
    planted: Path, migrated: tuple[dict[str, str], dict[str, str], float], tmp_path: Path
) -> None:
    """Every prefix of a journal is one that a kill may leave, whatever of the tree was written by then."""
    after, _, _ = migrated
    root = tmp_path / "tree"
    shutil.copytree(planted, root)
    before = content(root)
    tapefix(*COMMAND[3:], "--no-verify", cwd=root)
    (folder,) = campaigns(root)
    lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in lines]
    writing = [number for number, kind in enumerate(kinds) if kind == "writing"]
    cuts = [2, writing[0], writing[0] + 1, writing[2] + 2, len(lines) - 1]
    for cut in cuts:
        (folder / JOURNAL).write_bytes(b"".join(lines[:cut]))
        # As the tree is if the last write that is on record was not carried out any more.
        begun = [json.loads(line)["path"] for line in lines[:cut] if b'"kind":"writing"' in line]
        for name in before.keys() - set(begun[:-1] if kinds[cut - 1] == "writing" else begun):
            shutil.copy2(planted / name, root / name)
        resume_all(root)
        assert content(root) == after, cut


def test_finished_work_is_not_done_again(planted: Path, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    shutil.copytree(planted, root)
    first = migrate(".", "--write", "--no-cache", "--no-verify", cwd=root)
    (folder,) = campaigns(root)
    lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    outcomes = [number for number, line in enumerate(lines) if b'"kind":"outcome"' in line]
    (folder / JOURNAL).write_bytes(b"".join(lines[: outcomes[-3]]))
    for name in content(root):
        shutil.copy2(planted / name, root / name)
    second = json.loads(tapefix("migrate", "--resume", "--output-format", "json", cwd=root).stdout)
    assert states(second) == states(first)
    added = (folder / JOURNAL).read_bytes().splitlines()[outcomes[-3] :]
    assert sum(b'"kind":"outcome"' in line for line in added) == 3
    old = {file["path"]: file["end"]["seconds"] for file in first["files"]}
    new = {file["path"]: file["end"]["seconds"] for file in second["files"]}
    assert sum(old[name] != new[name] for name in old) <= 3


def test_a_file_that_changed_meanwhile_begins_anew(planted: Path, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    shutil.copytree(planted, root)
    tapefix(*COMMAND[3:], "--no-verify", cwd=root)
    (folder,) = campaigns(root)
    lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if b'"kind":"writing"' in line)
    (folder / JOURNAL).write_bytes(b"".join(lines[:first]))
    for name in content(root):
        shutil.copy2(planted / name, root / name)
    changed = root / "part0" / "script0.py"
    changed.write_text("import tensorflow as tf\nprint('mine now', tf.GradientTape)\n", encoding="utf-8")
    mine = changed.read_bytes()
    resume_all(root)
    assert changed.read_bytes() == mine
    assert tapefix("undo", folder.name, cwd=root).returncode == 0
    assert changed.read_bytes() == mine


def test_one_process_at_a_time(planted: Path, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    shutil.copytree(planted, root)
    process = subprocess.Popen(
        [*COMMAND, "--no-verify"], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 60
        while not campaigns(root) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)
        done = tapefix("migrate", "--resume", cwd=root)
        assert done.returncode == 2 and "still running" in done.stderr
    finally:
        process.send_signal(signal.SIGCONT)
        process.wait()


def test_killed_while_it_runs_scripts(tmp_path: Path) -> None:
    plant(tmp_path, 3)
    before = content(tmp_path)
    assert kill_after(tmp_path, 9.0, "--device", "cpu", "--jobs", "1")
    assert content(tmp_path) == before
    document = json.loads(tapefix("migrate", "--resume", "--output-format", "json", cwd=tmp_path).stdout)
    found = states(document)
    assert [found[name] for name in sorted(found) if "script" in name] == ["fixed and verified"] * 3
    assert not _left_running(tmp_path)
    undone = tapefix("undo", document["campaign"]["id"], cwd=tmp_path)
    assert undone.returncode == 0 and content(tmp_path) == before


def _left_running(root: Path) -> list[str]:
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if str(root) in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found
