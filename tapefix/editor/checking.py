"""Looking at programs: in a thread of its own, the latest text only, given up as soon as the text changes again."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from tapefix.config import Config
from tapefix.editor.keeping import KeptLines
from tapefix.editor.programs import Program
from tapefix.editor.settings import Ruling, Settings
from tapefix.engine import Memory, check
from tapefix.finding import Finding
from tapefix.registry import load_rules
from tapefix.share import ALL, Share
from tapefix.source.errors import ParseError
from tapefix.source.walking import holds
from tapefix.suppressions import Notice, visible
from tapefix.tapes.execution.state import StoppedError

logger = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.25
"""Seconds without a change before a text is looked at: a part of what the last look took, within these bounds."""
PAUSE_SHARE = 0.05
IDLE = 0.05
"""Seconds without work after which memory is tidied up."""
MOST_UNTIDY = 4
"""Looks after which it is tidied up even though there is work."""
STACK = 64 * 1024 * 1024
"""Bytes of stack for the thread that reads: deep code is walked by recursion."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Checked:
    """What was found in a program."""

    program: Program
    ruling: Ruling
    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()
    share: Share = ALL
    """Which of all that is found counts; the rest is known."""
    kept: bool = False
    """Whether the text cannot be read, and the findings are those of an earlier text on lines that are the same."""


@dataclass(eq=False)
class _Entry:
    program: Program
    stop: threading.Event
    result: asyncio.Future[Checked | None]
    """None when the text changed meanwhile."""
    last: Checked | None = None
    """The last look at a text that could be read."""
    memory: Memory = field(default_factory=Memory)
    cost: float = 0.0
    """Seconds that the last look took."""
    timer: asyncio.TimerHandle | None = None


@dataclass
class Checker:
    """The programs that are open, and what was found in each."""

    settings: Settings
    found: list[Callable[[Checked], None]] = field(default_factory=list)
    """Called with each new result, in the event loop."""

    def __post_init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._waiting: list[str] = []
        self._running: str | None = None
        self._jobs = 0
        """How much of what is done in the thread somebody waits for, looks apart."""
        self._closed = False
        self._tidy: asyncio.TimerHandle | None = None
        self._untidy = 0
        previous = threading.stack_size(STACK)
        self._thread = ThreadPoolExecutor(1, "tapefix-check")
        # The thread is started by its first work, with the stack size of that moment.
        self._thread.submit(_prepare)
        threading.stack_size(previous)

    def changed(self, program: Program) -> None:
        """A program was opened or changed: what was found before is void, and it is looked at after a short pause."""
        loop = asyncio.get_running_loop()
        entry = self._entries.get(program.uri)
        if entry is None:
            entry = self._entries[program.uri] = _Entry(program, threading.Event(), loop.create_future())
            self._enqueue(program.uri)
            return
        self._give_up(entry)
        entry.program, entry.stop, entry.result = program, threading.Event(), loop.create_future()
        pause = min(max(entry.cost * PAUSE_SHARE, SHORTEST_PAUSE), LONGEST_PAUSE)
        entry.timer = loop.call_later(pause, self._enqueue, program.uri)

    def closed(self, uri: str) -> None:
        """A program is not open any more."""
        entry = self._entries.pop(uri, None)
        if entry is not None:
            self._give_up(entry)

    def again(self) -> None:
        """The settings have changed: every program is looked at anew."""
        for entry in list(self._entries.values()):
            self.changed(entry.program)

    async def checked(self, uri: str) -> Checked | None:
        """What is found in the present text of a program; None when it is not open."""
        while (entry := self._entries.get(uri)) is not None:
            if entry.timer is not None:
                # Somebody waits for it: no pause.
                entry.timer.cancel()
                self._enqueue(uri)
            found = await asyncio.shield(entry.result)
            if found is not None:
                return found
        return None

    def latest(self, uri: str) -> Checked | None:
        """What was found in the present text of a program, when that is known already."""
        entry = self._entries.get(uri)
        if entry is None or not entry.result.done() or entry.result.cancelled():
            return None
        return entry.result.result()

    def results(self) -> list[Checked]:
        """What was found in every program, as far as it is known already."""
        found = (self.latest(uri) for uri in self._entries)
        return [checked for checked in found if checked is not None]

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do something dear where it holds up nobody."""
        self._untidy += 1
        self._jobs += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._jobs -= 1

    async def in_spare_time(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """Do something in the thread as long as nobody waits for anything else there.

        `work` is given what says that somebody does. It raises StoppedError then, and is done anew later.
        """
        given_up = threading.Event()

        def stop() -> bool:
            return given_up.is_set() or self._closed or self._running is not None or self._jobs > 0

        loop = asyncio.get_running_loop()
        while True:
            while self._running is not None or self._jobs > 0:
                await asyncio.sleep(IDLE)
            if self._untidy >= MOST_UNTIDY:
                self._tidy_up()
            self._untidy += 1
            try:
                return await loop.run_in_executor(self._thread, work, stop)
            except StoppedError:
                if self._closed:
                    raise asyncio.CancelledError from None
            except asyncio.CancelledError:
                given_up.set()
                raise

    def close(self) -> None:
        """Give up everything."""
        self._closed = True
        for uri in list(self._entries):
            self.closed(uri)
        if self._tidy is not None:
            self._tidy.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    # In the event loop

    def _give_up(self, entry: _Entry) -> None:
        entry.stop.set()
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None
        if not entry.result.done():
            entry.result.set_result(None)

    def _enqueue(self, uri: str) -> None:
        entry = self._entries.get(uri)
        if entry is None:
            return
        entry.timer = None
        if uri in self._waiting:
            self._waiting.remove(uri)
        self._waiting.append(uri)
        self._next()

    def _next(self) -> None:
        """Look at the program that changed last: it is the one that somebody types in."""
        if self._running is not None or not self._waiting:
            return
        if self._tidy is not None:
            self._tidy.cancel()
        uri = self._waiting.pop()
        entry = self._entries.get(uri)
        if entry is None:
            self._next()
            return
        self._running = uri
        if self._untidy >= MOST_UNTIDY:
            self._tidy_up()
        self._untidy += 1
        loop = asyncio.get_running_loop()
        program, stop, last, memory = entry.program, entry.stop, entry.last, entry.memory

        def done(future: Future[tuple[Checked | None, float]]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._done, uri, stop, future)

        self._thread.submit(self._look, program, stop, last, memory).add_done_callback(done)

    def _done(self, uri: str, stop: threading.Event, future: Future[tuple[Checked | None, float]]) -> None:
        self._running = None
        entry = self._entries.get(uri)
        if not future.cancelled() and entry is not None and entry.stop is stop and not entry.result.done():
            found, entry.cost = future.result()
            if found is not None:
                if not found.kept:
                    entry.last = found
                entry.result.set_result(found)
                for listener in self.found:
                    listener(found)
        self._next()
        if self._running is None:
            self._tidy = asyncio.get_running_loop().call_later(IDLE, self._tidy_up)

    def _tidy_up(self) -> None:
        """Free what past looks have left: trees and readings go in circles, and only the collector sees that."""
        self._untidy = 0
        self._thread.submit(gc.collect)

    # In the thread

    def _look(
        self, program: Program, stop: threading.Event, last: Checked | None, memory: Memory
    ) -> tuple[Checked | None, float]:
        start = time.perf_counter()
        try:
            ruling = self.settings.ruling(program.path)
            if not ruling.rules or not holds(program.text.encode("utf-8", "surrogatepass")):
                found = Checked(program, ruling)
            elif not program.readable:
                found = _kept(program, last)
            else:
                found = look(program, ruling, stop.is_set, memory)
        except StoppedError:
            return None, 0.0
        except (ParseError, RecursionError):
            found = _kept(program, last)
        except Exception:
            # A rule that fails on a text must not end the session.
            logger.exception("%s could not be checked", program.uri)
            found = _kept(program, last)
        return found, time.perf_counter() - start


def look(program: Program, ruling: Ruling, stop: Callable[[], bool], memory: Memory | None = None) -> Checked:
    """What the rules find in a program.

    Raises:
        ParseError: it is not Python 3.
        StoppedError: nobody waits for it any more.
    """
    findings = check(program.text, program.fenced(ruling.rules), stop=stop, memory=memory)
    shown, notices = visible(findings, program.text, ruling.rules, load_rules())
    share = ruling.own.share(program.lines, shown)
    mine = tuple(finding for finding in shown if share.mine(finding))
    return Checked(program, ruling, mine, tuple(notices), share)


def _prepare() -> None:
    """Load what every look needs, which the collector need not go over again each time."""
    load_rules()
    gc.collect()
    gc.freeze()


def _kept(program: Program, last: Checked | None) -> Checked:
    """What is still true of the last text that could be read."""
    if last is None:
        return Checked(program, Ruling(Config(), ()), kept=True)
    findings = KeptLines(last.program.lines, program.lines).findings(last.findings)
    return Checked(program, last.ruling, tuple(findings), kept=True)
