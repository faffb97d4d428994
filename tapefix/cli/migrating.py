"""One `tapefix migrate`: from what was asked for to a campaign, and from its result to what is shown."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from tapefix.campaign.cache import Cache
from tapefix.campaign.campaign import Campaign
from tapefix.campaign.executor import Executor, Here, default_jobs, inside_a_pool, processors
from tapefix.campaign.journal import Journal, JournalError, find_campaign
from tapefix.campaign.memory import Memory, remember
from tapefix.campaign.outcome import Settings
from tapefix.campaign.planning import Planner
from tapefix.cli.delivering import Delivery, delivered
from tapefix.cli.guard import fail
from tapefix.cli.live import Live
from tapefix.cli.reporting import report_campaign
from tapefix.cli.reviewing import Review
from tapefix.cli.verifying import RunSettings
from tapefix.report.campaign import campaign_data, campaign_lines
from tapefix.report.lines import show
from tapefix.report.reporters import JsonReporter, make_reporter
from tapefix.report.results import FileResult, Totals
from tapefix.selection import Selection
from tapefix.share import Shares
from tapefix.source.undoing import undo_root
from tapefix.verify.options import RunOptions, VerifyError


class Migration:
    """A campaign of the command line, with its journal open."""

    def __init__(self, journal: Journal, settings: Settings, memory: Memory | None = None) -> None:
        self._journal = journal
        self._settings = settings
        self._memory = memory

    @classmethod
    def begun(cls, settings: Settings) -> Migration:
        """A new one.

        Raises:
            JournalError: the folder that is to hold its journal cannot be written.
            ConfigError, HistoryError, SourceError: what is to be told apart by a revision or a baseline, cannot be.
        """
        for given in settings.paths:
            if not os.path.lexists(given):
                fail(f"{given}: there is no such file or folder")
        planner = _planner(settings)
        for path in map(Path, settings.paths):
            planner.shares.check(path, planner.selection.config(path if path.is_dir() else path.parent))
        common = os.path.commonpath([os.path.realpath(given) for given in settings.paths])
        return cls(Journal.create(undo_root(Path(common))), replace(settings, jobs=_jobs(settings)))

    @classmethod
    def taken_up(cls, name: str, jobs: int | None) -> Migration:
        """One that was stopped: the named one, or the last of this project.

        Raises:
            JournalError: its journal cannot be read or kept, or it is still running.
        """
        folder = find_campaign(Path(), name)
        if folder is None:
            what = f"campaign {name}" if name else "campaign"
            fail(f"there is no {what} in this folder or above it")
        journal = Journal(folder)
        memory = remember(folder)
        if memory.undone:
            fail(f"campaign {folder.name} was taken back; begin another one")
        try:
            os.chdir(memory.cwd)
        except OSError as error:
            fail(f"{memory.cwd}, where the campaign began, cannot be entered: {error.strerror}")
        return cls(journal, replace(memory.settings, jobs=jobs or memory.settings.jobs), memory)

    def run(self, output_format: str, *, quiet: bool, report: Path | None = None) -> int:
        """Carry it out, show the result, and return the exit code."""
        settings = self._settings
        review = Review(self._journal, self._memory) if settings.interactive else None
        executor = Here(review.choosing) if review is not None else _executor(settings)
        with self._journal, executor, Live(quiet=quiet, silent=settings.interactive) as live:
            # What other machines have installed is not known here.
            known = settings.cache and settings.scheduler is None
            cache = Cache(self._journal.root) if known else None
            campaign = Campaign(
                self._journal,
                settings,
                _planner(settings),
                executor,
                cache,
                live,
                memory=self._memory,
                stopped=review.stopped if review is not None else lambda: False,
            )
            try:
                result = campaign.run()
            except (KeyboardInterrupt, JournalError, VerifyError):
                live.stop()
                sys.stderr.write(f"stopped; `tapefix migrate --resume {self._journal.id}` goes on\n")
                raise
            delivery = delivered(result)
        code = _shown(delivery, output_format)
        if report is not None:
            report_campaign(report, delivery.result, _files(delivery))
        return code


def _planner(settings: Settings) -> Planner:
    asked = RunSettings(
        Path(settings.python) if settings.python else None,
        settings.samples,
        settings.timeout,
        settings.memory,
        settings.device,
        settings.sandbox,
        settings.run,
    )
    return Planner(
        Selection(settings.select, settings.ignore),
        lambda path, config: asked.options(path, config) if settings.verify else None,
        settings.unsafe,
        Shares(settings.since, Path(settings.baseline) if settings.baseline else None),
        settings.pictures,
    )


def _jobs(settings: Settings) -> int:
    if settings.jobs:
        return settings.jobs
    if inside_a_pool():
        return 1
    if not settings.verify:
        return processors()
    return default_jobs(settings.memory or RunOptions.memory_mb, _gpus(settings))


def _gpus(settings: Settings) -> int:
    """How many GPUs the runs may use."""
    device = settings.device or "auto"
    if device.startswith("cpu"):
        return 0
    return 1 if device.startswith("gpu") else len(list(Path("/dev").glob("nvidia[0-9]*")))


def _executor(settings: Settings) -> Executor:
    if inside_a_pool():
        return Here()
    if settings.scheduler is not None:
        from tapefix.campaign.cluster import Cluster

        return Cluster(settings.scheduler)
    from tapefix.campaign.workers import LocalWorkers

    return LocalWorkers(settings.jobs, _gpus(settings) if settings.verify else 0)


def _files(delivery: Delivery) -> list[FileResult]:
    """Each file as it is shown: what lies in a patch or on a branch is done, as what is written."""
    outcomes = delivery.result.files
    return [replace(outcome.result, written=outcome.written or delivery.has(outcome)) for outcome in outcomes]


def _shown(delivery: Delivery, output_format: str) -> int:
    result = delivery.result
    files = _files(delivery)
    if output_format == "text":
        totals = Totals()
        for file in files:
            totals.add(file)
        show(campaign_lines(result), sys.stdout)
        show([((line, ""),) for line in delivery.lines()], sys.stdout)
    else:
        reporter = make_reporter(output_format, "migrate")
        if isinstance(reporter, JsonReporter):
            reporter.about = {"campaign": campaign_data(result)}
        for file in files:
            reporter.add(file)
        reporter.finish(" ".join(delivery.lines()))
        totals = reporter.totals
    return max(totals.exit_code(), 1 if result.open else 0)
