"""The process that gets ready for the next run: no script sees a difference, and no process outlives its run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapefix.verify import RunOptions, Verifier
from tapefix.verify.child.spare import MOST
from tapefix.verify.child.watch import descendants
from tests.verify.conftest import dedent

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor: no process gets ready"),
]

QUERY = """
import tensorflow as tf
v = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(v * v)
print(tape.gradient(loss, v))
"""
OTHERS = """
import os, signal
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) not in (os.getpid(), os.getppid(), 1):
        try:
            with open("/proc/%s/stat" % name) as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            if parent == os.getppid():
                os.kill(int(name), signal.{signal})
        except OSError:
            continue
"""

FOREIGN: set[int] = set()
"""Processes that were there before the server of these tests."""


@pytest.fixture(scope="module")
def open_air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verifier]:
    """A verifier without a sandbox, so that its processes can be seen from here."""
    options = RunOptions(sandbox="off", device="cpu", timeout=30)
    FOREIGN.clear()
    FOREIGN.update(descendants(os.getpid()))
    with Verifier(options, tmp_path_factory.mktemp("open")) as verifier:
        yield verifier


def waiting() -> list[int]:
    """The children of the warm server that wait, or get ready, for a run; not those of other tests' servers."""
    found = [process for process in descendants(os.getpid()) if process not in FOREIGN]
    return [process for process in found if parent_of(process) not in (None, os.getpid())]


def settled(most: int) -> list[int]:
    """Those that wait, once the run that was answered last is gone too: its memory is taken apart after the answer."""
    until = time.monotonic() + 10
    while len(waiting()) > most and time.monotonic() < until:
        time.sleep(0.01)
    return waiting()


def parent_of(process: int) -> int | None:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def run(verifier: Verifier, text: str) -> list[str]:
    evidence = verifier.evidence(verifier.project / "script.py", text)
    assert evidence.end.reason == "finished", evidence.end.describe()
    assert [query.answers[0]["values"] for query in evidence.queries] == [[2.0, 4.0]]
    return [printed.text for printed in evidence.prints]


def test_two_processes_wait_after_a_run_and_take_turns(open_air: Verifier) -> None:
    run(open_air, QUERY)
    first = set(settled(MOST))
    run(open_air, QUERY + "# again\n")
    second = set(settled(MOST))
    assert len(first) == len(second) == MOST
    assert len(first & second) == MOST - 1


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSTOP"])
def test_a_run_may_end_or_stop_the_one_that_waits(open_air: Verifier, signal: str) -> None:
    run(open_air, QUERY + OTHERS.replace("{signal}", signal))
    started = time.monotonic()
    run(open_air, QUERY + f"# after {signal}\n")
    run(open_air, QUERY + f"# and once more after {signal}\n")
    assert time.monotonic() - started < 20
    assert len(settled(MOST)) == MOST


def test_a_process_that_a_run_leaves_behind_is_ended(open_air: Verifier) -> None:
    daemon = dedent(
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(60)
            os._exit(0)
        """
    )
    run(open_air, daemon + QUERY)
    assert len(settled(MOST)) <= MOST
    run(open_air, QUERY + "# after a daemon\n")
    assert len(settled(MOST)) == MOST


def test_a_script_may_configure_devices_and_finds_fresh_seeds_and_names(tmp_path: Path) -> None:
    text = dedent(
        """
        import tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        tf.config.threading.set_inter_op_parallelism_threads({threads})
        print(len(tf.config.list_logical_devices("CPU")), tf.random.normal([2]), tf.keras.layers.Dense(1).name)
        """
    )
    plain = text.replace("{threads}", "1")
    # This one names the size of the thread pool, so that it gets a process of its own.
    alone, ready = plain, plain.replace("parallelism_threads", 'paral" "lelism_threads')
    ready = ready.replace("tf.config.threading.set_inter_op_", 'getattr(tf.config.threading, "set_inter_op_').replace(
        "threads(1)", 'threads")(1)'
    )
    with Verifier(RunOptions(sandbox="off", device="cpu"), tmp_path) as verifier:
        assert run(verifier, ready + QUERY) == run(verifier, alone + QUERY)


def test_nothing_waits_when_all_is_done(tmp_path: Path) -> None:
    before = set(waiting())
    with Verifier(RunOptions(sandbox="off", device="cpu"), tmp_path) as verifier:
        run(verifier, QUERY)
        assert set(waiting()) - before
        run(verifier, QUERY + "# again\n")
    assert set(waiting()) <= before
