"""Collecting what becomes of each file for the page that `--report` writes."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.report.lines import show
from tapefix.report.page import Page, file_of, write_report
from tapefix.report.results import FileResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tapefix.campaign.outcome import CampaignResult
    from tapefix.report.page_data import PageFile
    from tapefix.verify import Verifier


class Reporting:
    """The report of one `tapefix fix`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started = datetime.now(timezone.utc)
        self._last = time.monotonic()
        self._begin = self._last
        self._files: list[PageFile] = []

    def add(self, result: FileResult, path: Path, verifier: Verifier | None) -> None:
        """Add a file; where it can be run, with the way that its missing gradients went before the repair."""
        from tapefix.report.page_data import paths_seen

        paths = []
        if verifier is not None and result.source is not None and (result.proof is not None or result.findings):
            paths = paths_seen(verifier, path.absolute(), result.source.text)
        now = time.monotonic()
        self._files.append(file_of(result, paths, now - self._last))
        self._last = now

    def write(self) -> None:
        """Write the page, and say where it is.

        Raises:
            SourceError: it cannot be written.
        """
        started = self._started.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
        _write(self._folder, Page("fix", started, time.monotonic() - self._begin, self._files))


def report_campaign(folder: Path, result: CampaignResult, files: Iterable[FileResult]) -> None:
    """Write the page of a campaign, and say where it is; `files` are its outcomes as they are shown.

    Raises:
        SourceError: it cannot be written.
    """
    from tapefix.campaign.outcome import EndState

    versions = result.versions
    conditions = [
        f"campaign {result.id}",
        f"in {result.root}",
        versions.device,
        versions.tensorflow and f"TensorFlow {versions.tensorflow}",
        versions.python and f"Python {versions.python}",
        versions.sandbox,
    ]
    page = Page(
        command="migrate",
        started=result.started.replace("T", " ").replace("Z", " UTC"),
        seconds=result.seconds,
        files=[file_of(file) for file in files],
        states=[state.value for state in EndState],
        conditions=[text for text in conditions if text],
        passed_over=result.passed_over,
    )
    _write(folder, page)


def _write(folder: Path, page: Page) -> None:
    written = write_report(folder, page)
    show([((f"{written}: ", "place"), ("the report", ""))], sys.stderr)
