"""The warm server, from tapefix's side: started once per interpreter, asked for runs, ended."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tapefix.verify import sandbox
from tapefix.verify.child.watch import descendants
from tapefix.verify.options import InterpreterError, RunOptions, VerifyError
from tapefix.verify.waiting import Stopped, Waiting

CHILD = Path(__file__).parent / "child"
STARTUP = 240.0
ENDING = 30.0
"""Seconds for the end of a run that is given up."""
BOOT = (
    "import sys\n"
    "sys.path[:] = [entry for entry in sys.path if entry]\n"
    "if sys.version_info < (3, 9): sys.exit('python %d.%d' % sys.version_info[:2])\n"
    "from importlib.util import spec_from_file_location as locate, module_from_spec as make\n"
    "folder = sys.argv[1]\n"
    "spec = locate('_tapefix_child', folder + '/__init__.py', submodule_search_locations=[folder])\n"
    "module = make(spec); sys.modules[spec.name] = module; spec.loader.exec_module(module)\n"
    "from _tapefix_child.serve import main\n"
    "main()\n"
)


class ServerGone(Exception):
    """The warm server ended in the middle of a run."""


class WarmServer:
    """One process that has imported TensorFlow, and forks a child for each run."""

    def __init__(
        self,
        python: Path,
        options: RunOptions,
        walls: sandbox.Walls,
        project: Path,
        copy: Path,
        scratch: Path,
        *,
        onednn: bool,
        waiting: Waiting,
    ) -> None:
        self._waiting = waiting
        self._scratch = scratch
        self._log = scratch / "server.log"
        command = [str(python), "-c", BOOT, str(CHILD)]
        if walls.level == "bubblewrap":
            needed = [_environment_of(python), python.resolve().parent.parent, CHILD, *_extra_paths()]
            command = sandbox.bubblewrap(project, copy, scratch, needed) + command
        else:
            command += [str(copy), str(scratch)]
        self.python = python
        self.hello: dict[str, Any] = {}
        sandbox.share_fonts(scratch)
        with self._log.open("wb") as log:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=sandbox.environment(options.device, scratch, onednn=onednn),
                    cwd="/",
                    start_new_session=True,
                    bufsize=0,
                )
            except OSError as error:
                raise InterpreterError(f"{python} cannot be started: {error.strerror or error}") from error
        self._read = b""
        try:
            self.hello = self._receive(STARTUP)
        except ServerGone as error:
            self.close()
            raise InterpreterError(f"{python} ended before it could import TensorFlow: {self._last_words()}") from error
        except BaseException:
            # Given up, or interrupted: it does not look at its input before it has imported TensorFlow.
            self._kill()
            self.close()
            raise
        self._accept()

    def _accept(self) -> None:
        problem = self.hello.get("error")
        if problem is None:
            return
        self.close()
        if problem == "old":
            raise InterpreterError(
                f"{self.python} has TensorFlow {self.hello['tensorflow']}; runs need 2.10 or newer "
                "(`--python`, or the setting `python`, names another interpreter)"
            )
        raise InterpreterError(
            f"TensorFlow cannot be imported by {self.python}: {self.hello.get('message')} "
            "(install tapefix[tensorflow], or name the project's interpreter with `--python` or the setting `python`)"
        )

    def run(self, request: dict[str, Any], patience: float) -> dict[str, Any]:
        """Ask for a run and wait for its end.

        Raises:
            ServerGone: the server ended or did not answer in time.
            Stopped: the run was given up, and has ended; the server is there for the next one.
        """
        self._send(json.dumps(request).encode() + b"\n", patience)
        try:
            return self._receive(patience)
        except Stopped:
            self._send(b"\n", ENDING)
            self._receive(ENDING, heedless=True)
            raise

    @property
    def wire(self) -> int:
        """What can be read from, while nothing is asked, as soon as the server has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def ending(self) -> str:
        """Say how the server has ended, when it was not asked to."""
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "does not answer"
        # The sandbox passes a signal on as a shell does.
        number = -code if code < 0 else code - 128
        return f"was ended by signal {number}" if number > 0 else f"has ended with code {code}"

    def close(self) -> None:
        """End the server, and with it every process that it started."""
        process = self._process
        if process.poll() is None and process.stdin is not None:
            process.stdin.close()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                self._kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _kill(self) -> None:
        for process in descendants(self._process.pid):
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                continue
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except OSError:
            self._process.kill()
        self._process.wait()

    def _send(self, data: bytes, patience: float) -> None:
        assert self._process.stdin is not None
        fd = self._process.stdin.fileno()
        until = time.monotonic() + patience
        try:
            while data:
                if not select.select([], [fd], [], max(0.0, until - time.monotonic()))[1]:
                    raise ServerGone
                data = data[os.write(fd, data[:65536]) :]
        except OSError as error:
            raise ServerGone from error

    def _receive(self, patience: float, *, heedless: bool = False) -> dict[str, Any]:
        """Wait for a message; `heedless` of whether it is given up."""
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        given_up = [] if heedless or self._waiting.wire < 0 else [self._waiting.wire]
        until = time.monotonic() + patience
        while b"\n" not in self._read:
            ready = select.select([fd, *given_up], [], [], max(0.0, until - time.monotonic()))[0]
            if not ready:
                raise ServerGone
            if fd not in ready:
                raise Stopped
            piece = os.read(fd, 1 << 16)
            if not piece:
                raise ServerGone
            self._read += piece
        line, _, self._read = self._read.partition(b"\n")
        try:
            message = json.loads(line)
        except ValueError as error:
            raise ServerGone from error
        if not isinstance(message, dict):
            raise VerifyError("the warm server answered something else than a message")
        return message

    def _last_words(self) -> str:
        try:
            text = self._log.read_text(errors="replace").strip()
        except OSError:
            text = ""
        return text.splitlines()[-1][:500] if text else "it said nothing"


def _environment_of(python: Path) -> Path:
    """Return the folder that holds the interpreter's environment, a virtual one before the one that it is made of."""
    return python.parent.parent


def _extra_paths() -> list[Path]:
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [Path(entry).resolve() for entry in entries if entry and Path(entry).is_absolute()] + [Path(sys.prefix)]
