"""The report of many files as one self-contained page: totals, a table that filters and sorts, each file's proof."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tapefix import __version__
from tapefix.report.lines import visible
from tapefix.report.page_data import PageFile, file_data
from tapefix.report.results import FileResult, status_of
from tapefix.source.errors import SourceError

_TEMPLATES = Path(__file__).with_name("templates")
NAME = "index.html"


@dataclass(frozen=True)
class Page:
    """A whole report."""

    command: str
    started: str
    """ISO 8601."""
    seconds: float
    files: Sequence[PageFile]
    states: Sequence[str] = ()
    """Every end state, in the order in which they are shown; those of the files where it is empty."""
    conditions: Sequence[str] = ()
    """What it ran with."""
    passed_over: int = 0
    """Files with nothing in them for a rule to find."""


def write_report(folder: Path, page: Page) -> Path:
    """Write a report into a folder, which is made where it is not there, and return the page's path.

    Raises:
        SourceError: it cannot be written.
    """
    path = folder / NAME
    text = render(page)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise SourceError(str(path), f"the report cannot be written: {error.strerror or error}") from None
    return path


def render(page: Page) -> str:
    """Return the page as HTML; names and sources are text, whatever they hold."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["visible"] = visible
    script, style = ((_TEMPLATES / f"report.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    counted = Counter(file.state for file in page.files)
    states = list(page.states or sorted(counted))
    return environment.get_template("report.html").render(
        page=page,
        data=[file_data(file) for file in page.files],
        states=[(state, counted[state]) for state in states if counted[state]],
        codes=sorted({code for file in page.files for code in file.codes}),
        figures=_figures(page),
        # Nothing but this very script runs, and nothing is fetched, whatever a file's name or text may hold.
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        style=Markup(style),
        version=__version__,
    )


def _figures(page: Page) -> list[tuple[str, int]]:
    judged = [each for file in page.files if file.result.proof is not None for each in file.result.proof.judged]
    return [
        ("files", len(page.files)),
        ("rewrites", len(judged)),
        ("verified", sum(status_of(each) == "verified" and each.kept for each in judged)),
        ("files written", sum(file.result.written for file in page.files)),
        ("findings left", sum(len(file.result.findings) for file in page.files)),
    ]


def file_of(result: FileResult, paths: Sequence[dict[str, object]] = (), seconds: float = 0.0) -> PageFile:
    """A file with its end state: that of its campaign, else as its result tells it."""
    end = result.end
    if end is not None:
        return PageFile(result, end.state, end.reason, end.seconds, end.paths, end.attempts, end.cached)
    judged = result.proof.judged if result.proof is not None else ()
    verdict = result.proof.verdict if result.proof is not None else None
    reason = verdict.reason if verdict is not None else ""
    statuses = {status_of(each) for each in judged if each.kept}
    if result.error is not None:
        state, reason = "left out", result.error.message
    elif "verified" in statuses:
        state = "fixed and verified"
    elif judged and (statuses or all(status_of(each) == "not run" for each in judged)):
        state = "fixed, not verified"
    elif judged:
        state = "refused"
    else:
        state = "advice only" if result.findings else "unchanged"
    return PageFile(result, state, reason, seconds, paths)
