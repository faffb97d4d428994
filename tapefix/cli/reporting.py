"""Collecting what becomes of each file for the page that `--report` writes."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapefix.report.lines import show
from tapefix.report.page import Page, file_of, write_report
from tapefix.report.results import FileResult

if TYPE_CHECKING:
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
        worth = verifier is not None and result.source is not None and (result.proof is not None or result.findings)
        paths = _paths(result, path, verifier) if worth and verifier is not None else []
        now = time.monotonic()
        self._files.append(file_of(result, paths, now - self._last))
        self._last = now

    def write(self) -> None:
        """Write the page, and say where it is.

        Raises:
            SourceError: it cannot be written.
        """
        started = self._started.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
        page = Page("fix", started, time.monotonic() - self._begin, self._files)
        written = write_report(self._folder, page)
        show([((f"{written}: ", "place"), ("the report", ""))], sys.stderr)


def _paths(result: FileResult, path: Path, verifier: Verifier) -> list[dict[str, Any]]:
    from tapefix.report.page_data import paths_data
    from tapefix.verify import VerifyError
    from tapefix.why import explain

    assert result.source is not None
    try:
        return paths_data(explain(verifier, path.absolute(), result.source.text))
    except VerifyError:
        # What cannot be run has no way to draw; the verdict says why.
        return []
