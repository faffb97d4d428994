"""Somebody who waits for runs hears how far they are, and may give them up."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tapefix.verify import RunOptions, Verifier
from tapefix.verify.waiting import Stopped, Waiting
from tests.verify.conftest import dedent

pytestmark = pytest.mark.tensorflow

GOOD = dedent(
    """
    import tensorflow as tf
    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = x * x
    print(tape.gradient(y, x))
    """
)
ENDLESS = dedent(
    """
    import subprocess, time
    subprocess.Popen(["sleep", "54321"])
    print("on its way", flush=True)
    time.sleep(1000)
    """
)


class Watching(Waiting):
    """Gives up a while after the first sign of something."""

    def __init__(self) -> None:
        self._end, self._sign = os.pipe()
        super().__init__(self._end)
        self.heard: list[str] = []
        self.give_up_at = ""

    def close(self) -> None:
        os.close(self._end)
        os.close(self._sign)

    def go_on(self) -> None:
        """Be there again."""
        self.give_up_at = ""
        os.read(self._end, 1)

    def _hear(self, what: str) -> None:
        self.heard.append(what)
        if what == self.give_up_at:
            threading.Timer(1.0, os.write, (self._sign, b"x")).start()

    def starting(self, python: Path) -> None:
        self._hear("starting")

    def started(self) -> None:
        self._hear("started")

    def running(self) -> None:
        self._hear("running")

    def lost(self, how: str) -> None:
        self._hear(how)


@pytest.fixture
def watching() -> Iterator[Watching]:
    made = Watching()
    yield made
    made.close()


def alive() -> set[psutil.Process]:
    """The processes below this one that have not ended; those of other tests' servers are among them."""
    return {process for process in psutil.Process().children(recursive=True) if _words(process)}


def sleepers() -> list[psutil.Process]:
    return [process for process in alive() if "54321" in _words(process)]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_runs_are_given_up_and_the_server_stays(tmp_path: Path, watching: Watching, sandbox: str) -> None:
    script = tmp_path / "script.py"
    before = alive()
    with Verifier(RunOptions(sandbox=sandbox, device="cpu"), tmp_path, watching) as verifier:
        assert len(verifier.evidence(script, GOOD).queries) == 1
        assert watching.heard == ["running", "starting", "started"]

        watching.give_up_at = "running"
        with pytest.raises(Stopped):
            verifier.evidence(script, ENDLESS)
        assert not sleepers()
        with pytest.raises(Stopped):
            verifier.evidence(script, ENDLESS)
        watching.go_on()

        verifier.forget()
        assert len(verifier.evidence(script, GOOD).queries) == 1
        assert watching.heard[3:] == ["running", "running"]

        (wire, runner), *_ = verifier.wires().items()
        runner._server._process.kill()  # type: ignore[union-attr]
        assert select.select([wire], [], [], 60)[0] == [wire]
        runner.mourn()
        assert watching.heard[5:] == ["was ended by signal 9"]
        assert not verifier.wires()

        watching.give_up_at = "starting"
        verifier.forget()
        with pytest.raises(Stopped):
            verifier.evidence(script, GOOD)
        watching.go_on()
    assert alive() <= before
