"""Worker processes that die, a pool that we are in already, and what is said meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tapefix.campaign.executor import Executor, Here, default_jobs
from tapefix.campaign.jobs import Job
from tapefix.campaign.journal import KEPT, campaigns, digest
from tapefix.campaign.outcome import EndState
from tapefix.campaign.workers import LocalWorkers
from tapefix.registry import load_rules
from tests.campaign.trees import migrate, plant, states
from tests.cli.running import BROKEN, tapefix


def jobs(folder: Path, count: int) -> list[Job]:
    rules = tuple(rule.code for rule in load_rules())
    data = BROKEN.encode()
    return [
        Job(number, f"{number}.py", folder / f"{number}.py", data, digest(data), rules, False, folder, None, False)
        for number in range(count)
    ]


def kill(executor: LocalWorkers, job: Job) -> None:
    worker = next(worker for worker in executor._busy if worker.job == job)
    assert worker.process.pid is not None
    os.kill(worker.process.pid, signal.SIGKILL)


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    killed: list[int] = []
    with LocalWorkers(2) as executor:

        def started(job: Job) -> None:
            if job.number == 1 and not killed:
                killed.append(job.number)
                kill(executor, job)

        found = {job.number: outcome.state for job, outcome in executor.run(jobs(tmp_path, 4), started)}
    assert killed and found == dict.fromkeys(range(4), EndState.UNVERIFIED)


def test_a_file_that_takes_its_worker_down_twice(tmp_path: Path) -> None:
    with LocalWorkers(1) as executor:

        def started(job: Job) -> None:
            if job.number == 1:
                kill(executor, job)

        found = {job.number: outcome for job, outcome in executor.run(jobs(tmp_path, 3), started)}
    assert [found[number].state for number in range(3)] == [
        EndState.UNVERIFIED,
        EndState.CRASHED,
        EndState.UNVERIFIED,
    ]
    assert found[1].chance and "died" in found[1].reason


def test_every_executor_says_the_same(tmp_path: Path) -> None:
    def outcomes(executor: Executor) -> dict[int, object]:
        with executor:
            return {job.number: outcome.proof for job, outcome in executor.run(jobs(tmp_path, 3), lambda job: None)}

    assert outcomes(Here()) == outcomes(LocalWorkers(2))


def test_inside_a_pool_one_after_the_other(tmp_path: Path) -> None:
    plant(tmp_path, 3)
    document = migrate(".", "--no-verify", cwd=tmp_path, env={"PRE_COMMIT": "1"})
    assert document["campaign"]["settings"]["jobs"] == 1
    assert list(states(document).values()).count("fixed, not verified") == 3


def test_as_many_as_memory_holds() -> None:
    assert default_jobs(10**9, 0) == 1
    assert default_jobs(1, 1) == 1


def test_what_is_said_meanwhile(tmp_path: Path) -> None:
    plant(tmp_path, 3)
    done = tapefix("migrate", ".", "--no-verify", cwd=tmp_path)
    assert done.stderr.splitlines()[0] == "5 files to look at"
    assert "part0/script0.py: fixed, not verified" in done.stderr.splitlines()
    assert tapefix("migrate", ".", "--no-verify", "--quiet", cwd=tmp_path).stderr == ""


def test_old_campaigns_are_forgotten(tmp_path: Path) -> None:
    plant(tmp_path, 1)
    for number in range(KEPT + 2):
        folder = tmp_path / ".tapefix" / "campaigns" / f"20200101-0000{number:02}-abcd"
        folder.mkdir(parents=True)
        (folder / "journal").write_text('{"kind":"begin"}\n', encoding="utf-8")
    migrate(".", "--no-verify", cwd=tmp_path)
    left = [folder.name for folder in campaigns(tmp_path)]
    assert len(left) == KEPT and "20200101-000021-abcd" in left and "20200101-000000-abcd" not in left
