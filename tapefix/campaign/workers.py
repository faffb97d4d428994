"""Jobs in worker processes of this machine, each with a warm server of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from tapefix.campaign.executor import Executor, Started
from tapefix.campaign.jobs import Job, Mender, crashed
from tapefix.campaign.outcome import FileOutcome

TRIES = 2
"""How often a job is begun whose worker dies."""


class _Worker:
    def __init__(self, gpu: int | None, spares: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_work, args=(theirs, gpu, spares), daemon=True)
        self.process.start()
        theirs.close()
        self.job: Job | None = None

    def give(self, job: Job) -> bool:
        """Hand over a job; False when the worker is gone."""
        try:
            self.pipe.send(job)
        except OSError:
            return False
        self.job = job
        return True

    def take(self) -> FileOutcome | Exception | None:
        """The outcome of its job; None when it died over it."""
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            return None
        assert isinstance(answer, (FileOutcome, Exception))
        return answer

    def end(self) -> None:
        """Let it end its server and itself; kill it when it does not."""
        self.pipe.close()
        self.process.join(6)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


class LocalWorkers(Executor):
    """As many processes as jobs at once. A job whose worker died is done again, once."""

    def __init__(self, jobs: int, gpus: int = 0) -> None:
        self.workers = jobs
        self._gpus = gpus
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._made = 0

    def run(self, jobs: Sequence[Job], started: Started) -> Iterator[tuple[Job, FileOutcome]]:
        """Each job with its outcome, in the order in which they end."""
        waiting = deque(jobs)
        tries: dict[int, int] = {}
        while waiting or self._busy:
            while waiting and len(self._busy) < self.workers:
                self._begin(waiting.popleft(), started, tries)
            for pipe in wait([worker.pipe for worker in self._busy]):
                worker = next(worker for worker in self._busy if worker.pipe is pipe)
                job = worker.job
                assert job is not None
                answer = worker.take()
                self._busy.remove(worker)
                if answer is None:
                    worker.end()
                    if tries[job.number] < TRIES:
                        waiting.appendleft(job)
                        continue
                    answer = crashed(job, "its worker died, twice")
                else:
                    self._idle.append(worker)
                if isinstance(answer, Exception):
                    raise answer
                yield job, answer

    def close(self) -> None:
        """End every worker and its server."""
        # All are told before any is waited for.
        for worker in self._busy:
            worker.process.terminate()
        for worker in (*self._busy, *self._idle):
            worker.end()
        self._busy.clear()
        self._idle.clear()

    def _begin(self, job: Job, started: Started, tries: dict[int, int]) -> None:
        worker = self._idle.pop() if self._idle else self._make()
        while not worker.give(job):
            worker.end()
            worker = self._make()
        self._busy.append(worker)
        tries[job.number] = tries.get(job.number, 0) + 1
        started(job)

    def _make(self) -> _Worker:
        gpu = self._made % self._gpus if self._gpus > 1 else None
        self._made += 1
        # Where each processor has a job, whatever gets ready for the next run only takes turns with one.
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        return _Worker(gpu, processors // self.workers if processors > self.workers else 0)


def _work(pipe: Connection, gpu: int | None, spares: int) -> None:
    """What a worker process does: jobs from its pipe, until that is closed."""
    # An interrupt goes to the whole group; who began the campaign says what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _leave_with_parent()
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(gpu)
    with Mender(spares) as mender:
        while True:
            try:
                job = pipe.recv()
            except (EOFError, OSError):
                return
            answer = mender.answer(job)
            try:
                pipe.send(answer)
            except OSError:
                return


def _leave_with_parent() -> None:
    """End this process when the campaign is killed, and with it the server in its sandbox."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
