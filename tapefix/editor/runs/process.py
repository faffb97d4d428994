"""The process for runs itself: one task after the other, given up when the server says so, ended with its input."""

from __future__ import annotations

import os
import select
import signal
import threading
from pathlib import Path

from tapefix.editor.runs.frames import receive, send
from tapefix.editor.runs.messages import Answer, Begin, Explain, Failed, GiveUp, Lost, Prove, Told
from tapefix.editor.runs.work import carry_out
from tapefix.verify import Verifier
from tapefix.verify.waiting import Waiting

LAST_RESORT = 15.0
"""Seconds that an end in good order may take once the server has gone."""


class _Reporting(Waiting):
    """Hears of the runs on behalf of the server, which gives them up by a message, or by its end."""

    def __init__(self, wire: int, out: int) -> None:
        super().__init__(wire)
        self._out = out

    def say(self, message: object) -> None:
        """Tell the server; once it has gone, what is read next says so."""
        try:
            send(self._out, message)
        except BrokenPipeError:
            return

    def starting(self, python: Path) -> None:
        self.say(Told("starting", str(python)))

    def started(self) -> None:
        self.say(Told("started"))

    def running(self) -> None:
        self.say(Told("running"))

    def lost(self, how: str) -> None:
        self.say(Lost(how))


def main() -> None:
    """Serve the server, which speaks on standard input and is answered on standard output."""
    wire, out = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    # Whatever else is written belongs into the log.
    os.dup2(2, 1)
    threading.Thread(target=_end_with, args=(wire,), daemon=True).start()
    begin = receive(wire)
    if not isinstance(begin, Begin):
        return
    reporting = _Reporting(wire, out)
    with Verifier(begin.options, begin.project, reporting) as verifier:
        while True:
            for lost in _wait(wire, verifier):
                verifier.wires()[lost].mourn()
            if not _ready(wire):
                continue
            task = receive(wire)
            if task is None:
                return
            # What was given up may have been done by then.
            if not isinstance(task, GiveUp):
                reporting.say(_carried_out(task, verifier))


def _carried_out(task: Prove | Explain, verifier: Verifier) -> Answer:
    try:
        return carry_out(task, verifier)
    except Exception as error:  # the one place where a bug becomes a message
        if os.environ.get("TAPEFIX_DEBUG"):
            import traceback

            traceback.print_exception(error)
        message = " ".join(str(error).split())[:300]
        return Failed(f"tapefix has a bug: {type(error).__name__}: {message} (TAPEFIX_DEBUG=1 logs the traceback)")


def _wait(wire: int, verifier: Verifier) -> list[int]:
    """Wait for something to do; return the wires of the warm servers that have ended meanwhile."""
    ends = list(verifier.wires())
    ready = select.select([wire, *ends], [], [])[0]
    return [end for end in ends if end in ready]


def _ready(wire: int) -> bool:
    return bool(select.select([wire], [], [], 0)[0])


def _end_with(wire: int) -> None:
    """See to it that this process does not outlive the server, whatever it is busy with."""
    looking = select.poll()
    # Nothing but the end of the other side is looked for.
    looking.register(wire, 0)
    looking.poll()
    threading.Event().wait(LAST_RESORT)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
