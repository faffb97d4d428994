"""A campaign from its plan to its result. Only this process, and only at the end, touches the tree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

from tapefix import __version__
from tapefix.campaign.cache import Cache, code_digest
from tapefix.campaign.codec import to_data
from tapefix.campaign.executor import Executor
from tapefix.campaign.jobs import Job
from tapefix.campaign.journal import VERSION, Journal, JournalError, digest
from tapefix.campaign.memory import Memory, PlannedFile, Write, path_of
from tapefix.campaign.outcome import CampaignResult, FileOutcome, Settings, Versions
from tapefix.campaign.planning import Plan, Planner
from tapefix.source.errors import SourceError
from tapefix.source.opening import read_source
from tapefix.source.undoing import portable
from tapefix.source.writing import check_output, replace_bytes, sweep


class Watcher(Protocol):
    """Who looks on."""

    def walked(self, files: int) -> None:
        """So many files were found so far."""

    def planned(self, files: int, waiting: int) -> None:
        """The plan is complete; `waiting` files are still to be read or run."""

    def started(self, job: Job) -> None:
        """A file's turn has come."""

    def settled(self, outcome: FileOutcome) -> None:
        """A file has its end state."""


class Campaign:
    """One campaign, new or taken up again."""

    def __init__(
        self,
        journal: Journal,
        settings: Settings,
        planner: Planner,
        executor: Executor,
        cache: Cache | None,
        watcher: Watcher,
        *,
        memory: Memory | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.journal = journal
        self.settings = settings
        self._planner = planner
        self._executor = executor
        self._cache = cache
        self._watcher = watcher
        self._memory = memory or Memory(journal.folder)
        self._stopped = stopped
        self._outcomes: dict[int, FileOutcome] = {}
        self._jobs: dict[int, Job] = {}
        self._size = 0

    def run(self) -> CampaignResult:
        """Carry it out: plan, read and run, and write where that was asked for.

        Raises:
            JournalError: the journal cannot be kept; it was stopped there, and can be taken up again.
            VerifyError: a device or a sandbox that was asked for is not there.
            ConfigError, UnknownRuleError: what was asked for cannot be planned.
        """
        began = time.monotonic()
        if not self._memory.started:
            self._memory.started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            about = {"version": VERSION, "tapefix": __version__, "started": self._memory.started}
            settings = to_data(self.settings)
            self.journal.append("begin", lasting=True, cwd=str(Path.cwd()), settings=settings, **about)
        self._plan()
        self._watcher.planned(self._size, len(self._jobs))
        for outcome in self._outcomes.values():
            self._watcher.settled(outcome)
        self._work()
        if self.settings.write:
            self._write()
        if self._cache is not None:
            self._cache.forget_old()
        seconds = time.monotonic() - began
        self.journal.append("end", seconds=seconds, open=self._size - len(self._outcomes))
        return self._result(self._memory.seconds + seconds)

    def _plan(self) -> None:
        if self._memory.planned is None:
            plan = self._planner.plan(self.settings.paths, self._watcher.walked)
            self._memory.passed_over = plan.passed_over
            self._record(plan)
        else:
            plan = self._taken_up(self._memory.planned)
        self._size = plan.size
        for number, outcome in plan.settled.items():
            self._settle(number, outcome)
        for job in plan.jobs:
            known = self._memory.outcomes.get(job.number) or self._cached(job)
            if known is None:
                self._jobs[job.number] = job
            else:
                self._settle(job.number, known, job)

    def _record(self, plan: Plan) -> None:
        files = [PlannedFile("", "", False)] * plan.size
        for number, outcome in plan.settled.items():
            files[number] = PlannedFile(outcome.path, outcome.digest, False)
        for job in plan.jobs:
            files[job.number] = PlannedFile(job.name, job.digest, job.named)
        self.journal.append("plan", lasting=True, files=to_data(files), passed_over=plan.passed_over)

    def _taken_up(self, planned: Iterable[PlannedFile]) -> Plan:
        """The plan of an earlier part, less what is finished; a file that has changed meanwhile begins anew."""
        plan = Plan()
        for number, file in enumerate(planned):
            outcome, write = self._memory.outcomes.get(number), self._memory.writes.get(number)
            if write is not None:
                sweep(path_of(write, self.journal.root).parent, self._mark)
            if outcome is not None and number in self._memory.written:
                plan.settled[number] = replace(outcome, written=True)
                continue
            found = self._planner.again(number, file.name, file.named)
            if isinstance(found, Job):
                if outcome is not None and write is not None and found.digest == write.after:
                    # Killed between the write and its record.
                    plan.settled[number] = replace(outcome, written=True)
                    continue
                if found.digest != file.digest:
                    self.journal.append("changed", lasting=True, number=number, digest=found.digest)
                    self._memory.outcomes.pop(number, None)
                plan.jobs.append(found)
            else:
                plan.settled[number] = found
        return plan

    def _cached(self, job: Job) -> FileOutcome | None:
        if self._cache is None:
            return None
        known = self._cache.get(job)
        # What there is to ask about is asked, whoever knows the answer to something else.
        asked = self.settings.interactive and known is not None and known.proof is not None and known.proof.judged
        return None if asked else known

    def _work(self) -> None:
        # Neighbours share a server: as few changes from one project to another as there can be.
        jobs = sorted(self._jobs.values(), key=lambda job: (str(job.project), job.number))
        if not jobs or self._stopped():
            return
        for job, outcome in self._executor.run(jobs, self._watcher.started):
            self._settle(job.number, outcome, job)
            self._watcher.settled(outcome)
            if self._stopped():
                break

    def _settle(self, number: int, outcome: FileOutcome, job: Job | None = None) -> None:
        """Note an end state, once."""
        self._outcomes[number] = outcome
        if number in self._memory.outcomes:
            return
        kept = self.journal.keep(outcome.data) if outcome.data else None
        self.journal.append("outcome", number=number, kept=kept, outcome=to_data(outcome))
        chosen = self.settings.interactive and outcome.proof is not None
        if job is not None and self._cache is not None and not outcome.cached and not chosen:
            self._cache.put(job, outcome)

    @property
    def _mark(self) -> str:
        return f"{self.journal.id}-"

    def _write(self) -> None:
        for number, outcome in sorted(self._outcomes.items()):
            if not outcome.repaired or outcome.written:
                continue
            try:
                self._write_one(number, outcome)
                self._outcomes[number] = replace(outcome, written=True)
            except JournalError:
                raise
            except SourceError as error:
                self._outcomes[number] = replace(outcome, problem=error.message)

    def _write_one(self, number: int, outcome: FileOutcome) -> None:
        path = Path(outcome.path)
        new = repaired_bytes(outcome)
        before = self.journal.keep(outcome.data)
        write = Write(portable(Path(path).resolve(), self.journal.root), before, digest(new))
        self.journal.append("writing", lasting=True, number=number, **asdict(write))
        replace_bytes(path, outcome.data, new, outcome.path, mark=self._mark)
        self.journal.append("written", number=number)

    def _result(self, seconds: float) -> CampaignResult:
        files = tuple(self._outcomes[number] for number in sorted(self._outcomes))
        return CampaignResult(
            id=self.journal.id,
            root=self.journal.root,
            started=self._memory.started,
            seconds=seconds,
            settings=self.settings,
            versions=versions(files),
            files=files,
            passed_over=self._memory.passed_over,
            open=self._size - len(files),
        )


def repaired_bytes(outcome: FileOutcome) -> bytes:
    """What is to be written for a repaired file.

    Raises:
        SourceError: the repaired text does not parse, or has no bytes in the file's encoding.
    """
    assert outcome.proof is not None
    source = read_source(Path(outcome.path), outcome.path, outcome.data)
    rules = [judged.finding.code for judged in outcome.proof.judged if judged.kept]
    return check_output(source.with_text(outcome.proof.after), rules)


def versions(files: Iterable[FileOutcome]) -> Versions:
    """What the outcomes say that they were made with."""
    verdicts = [outcome.proof.verdict for outcome in files if outcome.proof is not None and outcome.proof.verdict]
    known = next((verdict for verdict in verdicts if verdict.tensorflow_version), None)
    if known is None:
        return Versions(__version__, code_digest())
    device = next((verdict.device for verdict in verdicts if verdict.device), "")
    return Versions(__version__, code_digest(), known.python_version, known.tensorflow_version, device, known.sandbox)
