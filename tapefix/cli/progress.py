"""A progress bar for long work: on stderr, only on a terminal, and out of the way of everything that is printed."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from tapefix.report.lines import is_terminal, visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_PATIENCE = 0.5
"""Seconds of work before a bar is worth its flicker."""


class Progress:
    """Counts steps. `step` announces the next one, `say` what takes long, `pause` makes room for output."""

    def __init__(self, total: int, *, wanted: bool = True) -> None:
        self._total = total
        self._wanted = wanted and is_terminal(sys.stderr)
        self._started = time.monotonic()
        self._done = 0
        self._bar: Bar | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()

    def step(self, what: str) -> None:
        """Say which of the steps comes now."""
        self._done += 1
        if time.monotonic() - self._started > _PATIENCE:
            self.say(what)

    def say(self, what: str) -> None:
        """Show the bar at once: what comes now takes long."""
        if not self._wanted:
            return
        if self._bar is None:
            self._bar = self._make()
        self._bar.update(self._bar.task_ids[0], completed=max(self._done - 1, 0), description=visible(what))
        self._bar.start()

    def pause(self) -> None:
        """Take the bar away until the next step."""
        if self._bar is not None:
            self._bar.stop()

    def _make(self) -> Bar:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        console = Console(file=sys.stderr)
        bar = Bar(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
        bar.add_task("", total=self._total)
        return bar
