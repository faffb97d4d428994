"""The processes for runs, from the server's side: one for each project, asked for one thing after the other."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from tapefix.config import Config
from tapefix.editor.runs.frames import receive, send
from tapefix.editor.runs.messages import (
    Answer,
    Begin,
    Explain,
    Explained,
    Failed,
    GivenUp,
    GiveUp,
    Lost,
    Prove,
    Proved,
    Told,
)
from tapefix.running import project_of, run_options

logger = logging.getLogger(__name__)

PACKAGE = Path(__file__).parents[3]
BOOT = (
    # What lies in the folder that the editor was started in is not to be imported.
    "import sys\n"
    "sys.path[:] = [entry for entry in sys.path if entry]\n"
    "sys.path.append(sys.argv[1])\n"
    "from tapefix.editor.runs.process import main\n"
    "main()\n"
)
GONE = "the process that runs scripts has ended in the middle of it; it is started again when it is needed"

Tell = Callable[[Told], None]


class Worker:
    """One process. It lives until it is ended, or ends by itself."""

    def __init__(self, begin: Begin, lost: Callable[[str], None]) -> None:
        self.begin = begin
        self.gone = False
        """Whether it can be asked nothing any more."""
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._pending = 0
        self._answer: asyncio.Future[Answer] | None = None
        self._tell: Tell | None = None
        self._starting = False
        self._given_up = False
        self._retired = False
        self._process = subprocess.Popen(
            [sys.executable, "-c", BOOT, str(PACKAGE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # An interrupt from the terminal is meant for the editor.
            start_new_session=True,
            bufsize=0,
        )
        self._thread = threading.Thread(target=self._listen, name="tapefix-runs", daemon=True)
        self._thread.start()
        self._send(begin)

    async def ask(self, task: Prove | Explain, tell: Tell) -> Answer:
        """Have something done, after what was asked before. Who is cancelled here gives it up."""
        work = asyncio.ensure_future(self._carry_out(task, tell))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if self._tell is tell:
                self._give_up()
            else:
                work.cancel()
            raise

    def retire(self) -> None:
        """End it once it has done what it was asked for."""
        self._retired = True
        if not self._pending:
            self.end()

    def end(self) -> None:
        """End it, and with it whatever it runs."""
        self.gone = True
        stdin = self._process.stdin
        assert stdin is not None
        if not stdin.closed:
            stdin.close()

    async def _carry_out(self, task: Prove | Explain, tell: Tell) -> Answer:
        self._pending += 1
        try:
            async with self._lock:
                return await self._exchange(task, tell)
        finally:
            self._pending -= 1
            if self._retired and not self._pending:
                self.end()

    async def _exchange(self, task: Prove | Explain, tell: Tell) -> Answer:
        if self.gone:
            return Failed(GONE)
        self._answer, self._tell = self._loop.create_future(), tell
        self._starting = self._given_up = False
        self._send(task)
        try:
            return await self._answer
        finally:
            self._answer = self._tell = None

    def _give_up(self) -> None:
        self._given_up = True
        # A warm server that is being started is not asked to stop: whoever tries again would have to wait for it anew.
        if not self._starting:
            self._send(GiveUp())

    def _send(self, message: object) -> None:
        assert self._process.stdin is not None
        if self.gone:
            return
        try:
            send(self._process.stdin.fileno(), message)
        except OSError as error:
            # The thread that listens finds the end, and says so.
            logger.debug("%s", error)

    def _hear(self, message: object) -> None:
        if isinstance(message, Lost):
            self._lost(f"the process that has TensorFlow {message.how}; the next run starts it again")
        elif isinstance(message, Told):
            self._starting = message.stage == "starting"
            if self._given_up and not self._starting:
                self._send(GiveUp())
            elif self._tell is not None:
                self._tell(message)
        elif self._answer is not None and not self._answer.done():
            assert isinstance(message, Proved | Explained | Failed | GivenUp)
            self._answer.set_result(message)

    def _ended(self, code: int) -> None:
        asked = self.gone
        self.gone = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(GivenUp() if asked else Failed(GONE))
        if not asked:
            how = f"was ended by signal {-code}" if code < 0 else f"has ended with code {code}"
            self._lost(f"the process that runs scripts {how}; the next run starts it again")

    # In the thread

    def _listen(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        with stdout:
            while (message := receive(stdout.fileno())) is not None:
                self._call(self._hear, message)
        self._call(self._ended, self._process.wait())

    def _call(self, what: Callable[..., object], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:
            # The session is over.
            return


class Workers:
    """The processes of a session."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._workers: dict[Path, Worker] = {}

    async def ask(self, task: Prove | Explain, config: Config, tell: Tell) -> Answer:
        """Have something done by the process of the script's project; with other settings it is started anew."""
        path = task.script.path
        try:
            begin = Begin(project_of(path), run_options(path, config))
        except ValueError as error:
            return Failed(f"the settings: {error}")
        worker = self._workers.get(begin.project)
        if worker is not None and worker.begin != begin:
            worker.retire()
        if worker is None or worker.gone or worker.begin != begin:
            name = begin.project.name or str(begin.project)
            worker = self._workers[begin.project] = Worker(begin, lambda how: self._complain(f"{name}: {how}."))
        return await worker.ask(task, tell)

    def close(self) -> None:
        """End all of them; each of them ends what it runs."""
        for worker in self._workers.values():
            worker.end()
        self._workers.clear()
