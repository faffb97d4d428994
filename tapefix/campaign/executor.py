"""Where jobs are done: here, in worker processes of this machine, or elsewhere; one interface for all."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

from tapefix.campaign.jobs import Job, Mender
from tapefix.campaign.outcome import FileOutcome
from tapefix.mending import Choosing
from tapefix.verify.options import VerifyError

Started = Callable[[Job], None]


class Executor(ABC):
    """Does jobs, as many at once as it has workers. It touches no file of the tree."""

    workers = 1

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def run(self, jobs: Sequence[Job], started: Started) -> Iterator[tuple[Job, FileOutcome]]:
        """Each job with its outcome, in the order in which they end; `started` is told when one begins.

        Raises:
            VerifyError: a device or a sandbox that was asked for is not there.
        """

    @abstractmethod
    def close(self) -> None:
        """End every worker and its server."""


class Here(Executor):
    """One job after the other in this process."""

    def __init__(self, choosing: Choosing | None = None) -> None:
        self._mender = Mender()
        self._choosing = choosing

    def run(self, jobs: Sequence[Job], started: Started) -> Iterator[tuple[Job, FileOutcome]]:
        """Each job with its outcome."""
        for job in jobs:
            started(job)
            answer = self._mender.answer(job, self._choosing)
            if isinstance(answer, VerifyError):
                raise answer
            yield job, answer

    def close(self) -> None:
        """End the server."""
        self._mender.close()


def inside_a_pool() -> bool:
    """Whether somebody runs several of us at once already, as pre-commit does."""
    return bool(os.environ.get("PRE_COMMIT"))


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_jobs(memory_mb: int, gpus: int) -> int:
    """How many runs fit at once: by processors, by the memory that each may take, and one for each GPU."""
    import psutil

    fitting: int = psutil.virtual_memory().available // (memory_mb * 1_000_000)
    most = min(processors(), fitting)
    return max(1, min(most, gpus) if gpus else most)
