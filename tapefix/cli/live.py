"""A campaign as it goes: a live view on a terminal, a line for each file elsewhere, nothing when that is wanted."""

from __future__ import annotations

import sys
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING

from tapefix.campaign.jobs import Job
from tapefix.campaign.outcome import EndState, FileOutcome
from tapefix.report.campaign import outcome_line
from tapefix.report.lines import is_terminal, show, visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Live:
    """Shows files, findings and verdicts as they come, and how long the rest may take."""

    def __init__(self, *, quiet: bool, silent: bool) -> None:
        """`quiet` shows nothing; `silent` keeps the lines back, because questions are asked meanwhile."""
        self._quiet = quiet
        self._terminal = not quiet and not silent and is_terminal(sys.stderr)
        self._lines = not quiet and not silent and not self._terminal
        self._bar: Bar | None = None
        self._states: Counter[EndState] = Counter()
        self._findings = 0
        self._going: list[str] = []

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the view away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def walked(self, files: int) -> None:
        """So many files were found so far."""
        if self._terminal:
            self._show(f"looking for files: {files}", None)

    def planned(self, files: int, waiting: int) -> None:
        """The plan is complete."""
        if self._terminal:
            self._show("", files)
        elif self._lines and waiting:
            known = f", {files - waiting} of them known" if files > waiting else ""
            sys.stderr.write(f"{files} file{'s' * (files != 1)} to look at{known}\n")

    def started(self, job: Job) -> None:
        """A file's turn has come."""
        self._going.append(job.name)
        if self._terminal:
            self._show(self._said(), None)

    def settled(self, outcome: FileOutcome) -> None:
        """A file has its end state."""
        self._states[outcome.state] += 1
        self._findings += len(outcome.findings)
        if outcome.path in self._going:
            self._going.remove(outcome.path)
        if self._terminal:
            self._show(self._said(), None, advance=1)
        elif self._lines and not outcome.cached and outcome.state is not EndState.UNCHANGED:
            show([outcome_line(outcome, short=True)], sys.stderr)

    def _said(self) -> str:
        counted = [
            f"{self._states[state]} {state.value}"
            for state in (EndState.VERIFIED, EndState.REFUSED, EndState.UNVERIFIED)
            if self._states[state]
        ]
        going = visible(self._going[-1]) if self._going else ""
        findings = f"{self._findings} finding{'s' * (self._findings != 1)} left" if self._findings else ""
        return " · ".join(part for part in (*counted, findings, going) if part)

    def _show(self, what: str, total: int | None, advance: int = 0) -> None:
        if self._bar is None:
            self._bar = _make()
            self._bar.start()
        task = self._bar.task_ids[0]
        if total is not None:
            self._bar.update(task, total=total)
        self._bar.update(task, description=what, advance=advance)


def _make() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    bar = Bar(*columns, console=Console(file=sys.stderr), transient=True, redirect_stdout=False, redirect_stderr=False)
    bar.add_task("", total=None)
    return bar
