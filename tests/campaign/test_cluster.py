"""Runs on a Dask cluster: the same results as here, also when a worker is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.trees import content, migrate, plant, reasons, states
from tests.cli.running import BROKEN, tapefix

pytest.importorskip("distributed")
OPTIONS = ("--device", "cpu", "--timeout", "60", "--write")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("planted") / "tree"
    root.mkdir()
    plant(root, 4)
    (root / "pyproject.toml").write_text("", encoding="utf-8")
    # What a script imports and reads travels with it.
    (root / "helper.py").write_text("SCALE = 2.0\n", encoding="utf-8")
    (root / "numbers.txt").write_text("1 2 3\n", encoding="utf-8")
    reads = "from helper import SCALE\nnumbers = [SCALE * float(n) for n in open('numbers.txt').read().split()]\n"
    text = BROKEN.replace("x = tf.Variable([1.0, 2.0, 3.0])", reads + "x = tf.Variable(numbers)")
    (root / "uses.py").write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def local(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, str]]:
    root = tmp_path_factory.mktemp("local") / "tree"
    shutil.copytree(planted, root)
    return migrate(".", *OPTIONS, "--jobs", "1", cwd=root), content(root)


def test_the_same_as_here(
    cluster: Any, planted: Path, local: tuple[dict[str, Any], dict[str, str]], tmp_path: Path
) -> None:
    root = tmp_path / "tree"
    shutil.copytree(planted, root)
    document = migrate(".", *OPTIONS, "--scheduler", cluster.scheduler_address, cwd=root)
    assert (states(document), reasons(document)) == (states(local[0]), reasons(local[0]))
    assert content(root) == local[1]


def test_a_worker_that_is_lost_changes_nothing(
    cluster: Any, planted: Path, local: tuple[dict[str, Any], dict[str, str]], tmp_path: Path
) -> None:
    root = tmp_path / "tree"
    shutil.copytree(planted, root)
    command = [sys.executable, "-m", "tapefix.cli.main", "migrate", ".", *OPTIONS, "--output-format", "json"]
    process = subprocess.Popen(
        [*command, "--scheduler", cluster.scheduler_address],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None and process.stdout is not None
    # Once the plan is made, the workers have their first jobs.
    assert b"files to look at" in process.stderr.readline()
    time.sleep(1.0)
    victim = next(iter(_pids(cluster).values()))
    os.kill(victim, signal.SIGKILL)
    output, errors = process.communicate(timeout=300)
    document = json.loads(output)
    assert (states(document), reasons(document)) == (states(local[0]), reasons(local[0])), errors.decode()
    assert content(root) == local[1]


def test_no_scheduler(planted: Path) -> None:
    done = tapefix("migrate", ".", "--scheduler", "tcp://127.0.0.1:9", cwd=planted)
    assert done.returncode == 2 and "there is no scheduler at tcp://127.0.0.1:9" in done.stderr


def _pids(cluster: Any) -> dict[str, int]:
    from distributed import Client

    with Client(cluster, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        found: dict[str, int] = client.run(os.getpid)
    return found
