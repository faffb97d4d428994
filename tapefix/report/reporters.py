"""The ways to show what a command found out: text, JSON, GitHub annotations, SARIF, JUnit XML."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from tapefix.finding import Related
from tapefix.report import data, github
from tapefix.report.findings import error_lines, finding_lines, notice_lines
from tapefix.report.lines import Line, is_terminal, show
from tapefix.report.results import FileResult, Totals, status_of
from tapefix.report.verdicts import verdict_lines

REPAIRING = ("fix", "migrate")
"""Commands that make repairs."""
FORMATS = ("text", "json", "github", "sarif", "junit")


class Reporter(ABC):
    """Shows results as they come."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.totals = Totals()

    def add(self, result: FileResult) -> None:
        """Count and show a file."""
        self.totals.add(result)
        self.show(result)

    def preview(self, result: FileResult) -> None:  # noqa: B027 - only a reporter for people has somebody to ask
        """Show a file that a question will be about; `add` then shows what has come of it."""

    @abstractmethod
    def show(self, result: FileResult) -> None:
        """Show a file."""

    @abstractmethod
    def finish(self, closing: str = "") -> None:
        """Show what the whole came to; `closing` says what to do next."""


class TextReporter(Reporter):
    """For people. A diff goes to stdout; where that is no terminal, everything else goes to stderr."""

    def __init__(self, command: str, *, text_on_stdout: bool = False, brief: bool = False) -> None:
        super().__init__(command)
        self.brief = brief
        """Whether findings are counted and not shown."""
        piped = command == "fix" and not is_terminal(sys.stdout)
        self.talk = sys.stderr if piped or text_on_stdout else sys.stdout
        self.quiet = text_on_stdout
        self._previewed = ""

    def preview(self, result: FileResult) -> None:
        """Show the diff, the verdict and what is left."""
        self._show_repair(result)
        self._previewed = result.name

    def show(self, result: FileResult) -> None:
        """Show a file."""
        if result.error is not None:
            # Together with the findings on a terminal, but never in between what a program reads.
            show(error_lines(result.error, result.source), sys.stderr if self.talk is sys.stdout else self.talk)
        if self._previewed != result.name:
            self._show_repair(result)
        if result.written and not self.quiet:
            written = ((f"{result.name}: ", "place"), ("written", "good"), ("; `tapefix undo` takes it back", "dim"))
            show([written], self.talk)

    def _show_repair(self, result: FileResult) -> None:
        if self.brief:
            return
        for notice in result.notices:
            show(notice_lines(notice, result.name), self.talk)
        if result.proof is not None and result.proof.judged:
            if not self.quiet:
                self._diff(result)
            show(_repair_lines(result), self.talk)
        if result.source is not None:
            source = result.left
            told: set[Related] = set()
            for finding in result.findings:
                show(finding_lines(finding, source, told=told), self.talk)

    def finish(self, closing: str = "") -> None:
        """Show what the whole came to."""
        if self.brief:
            show(_statistics(self.totals), self.talk)
        show(_summary_lines(self.command, self.totals, closing), self.talk)

    def _diff(self, result: FileResult) -> None:
        if result.source is None or result.shown_text == result.source.text:
            return
        if is_terminal(sys.stdout):
            from tapefix.report.diff import show_changes

            show_changes(result.source.changes(result.shown_text), sys.stdout)
        else:
            from tapefix.source.diffs import patch_bytes

            write_bytes(patch_bytes(result.diff, result.source.encoding))


class JsonReporter(Reporter):
    """For programs, as `schema-1.json` says."""

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self.files: list[dict[str, Any]] = []
        self.about: dict[str, Any] = {}
        """What there is to say of the whole besides."""

    def show(self, result: FileResult) -> None:
        """Keep a file; the document is written at the end."""
        proof = result.proof
        entry: dict[str, Any] = {
            "path": result.name,
            "error": None if result.error is None else data.error_data(result.error),
            "findings": [data.finding_data(finding, result.left) for finding in result.findings],
            "notices": [data.notice_data(notice) for notice in result.notices],
        }
        if result.end is not None:
            # Drawings are for the page; `why` has the paths as data.
            entry["end"] = {name: value for name, value in asdict(result.end).items() if name != "paths"}
        if self.command in REPAIRING:
            entry["repair"] = None
            if proof is not None and proof.judged:
                entry["repair"] = {
                    "diff": result.diff,
                    "written": result.written,
                    "rewrites": [data.judged_data(judged, status_of(judged)) for judged in proof.judged],
                    "verdict": data.verdict_data(proof.verdict),
                }
        self.files.append(entry)

    def finish(self, closing: str = "") -> None:
        """Write the document."""
        totals = self.totals
        names = ("files", "findings", "fixable", "notices", "errors")
        summary = {name: getattr(totals, name) for name in names}
        if self.command in REPAIRING:
            summary |= {"rewrites": totals.rewrites, "written": totals.written}
            for status in ("verified", "rejected", "not run"):
                summary[status.replace(" ", "_")] = totals.outcomes.get(status, 0)
        sys.stdout.write(data.document(self.command, **self.about, files=self.files, summary=summary))


class GithubReporter(Reporter):
    """For the log of a GitHub workflow."""

    def show(self, result: FileResult) -> None:
        """Write the annotations of a file."""
        write = sys.stdout.write
        if result.error is not None:
            write(github.error_annotation(result.error))
        for judged in result.proof.judged if result.proof is not None else ():
            if not (judged.kept and result.written):
                write(github.finding_annotation(judged.finding, result.name))
        for finding in result.findings:
            write(github.finding_annotation(finding, result.name))
        for notice in result.notices:
            write(github.notice_annotation(notice, result.name))

    def finish(self, closing: str = "") -> None:
        """Say what the whole came to, in the log's own text."""
        show(_summary_lines(self.command, self.totals, closing), sys.stderr)


class DocumentReporter(Reporter):
    """For services that read SARIF or JUnit XML: one document, written at the end."""

    def __init__(self, command: str, output_format: str) -> None:
        super().__init__(command)
        self.results: list[FileResult] = []
        self._format = output_format
        self._started = datetime.now(timezone.utc)

    def show(self, result: FileResult) -> None:
        """Keep a file."""
        self.results.append(result)

    def finish(self, closing: str = "") -> None:
        """Write the document, and what the whole came to beside it."""
        from tapefix.report import junit, sarif

        if self._format == "sarif":
            document = sarif.document(self.command, self.results, self.totals, self._started)
        else:
            document = junit.document(self.command, self.results)
        # UTF-8 whatever the locale says, as XML declares it.
        write_bytes(document.encode("utf-8"))
        show(_summary_lines(self.command, self.totals, closing), sys.stderr)


def make_reporter(output_format: str, command: str, *, text_on_stdout: bool = False, brief: bool = False) -> Reporter:
    """The reporter for `--output-format`; as text, a `brief` one counts findings and does not show them."""
    if output_format == "json":
        return JsonReporter(command)
    if output_format == "github":
        return GithubReporter(command)
    if output_format in ("sarif", "junit"):
        return DocumentReporter(command, output_format)
    return TextReporter(command, text_on_stdout=text_on_stdout, brief=brief)


def write_bytes(content: bytes) -> None:
    """Write bytes to stdout, line ends and encoding as they are."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(content.decode("utf-8", "replace"))
    else:
        buffer.write(content)
        buffer.flush()


def _repair_lines(result: FileResult) -> Iterator[Line]:
    proof = result.proof
    assert proof is not None
    if proof.verdict is not None:
        yield from verdict_lines(proof.verdict, result.name)
    for judged in proof.judged:
        finding = judged.finding
        status = status_of(judged)
        title = finding.rewrite.title if finding.rewrite is not None else finding.message
        what = f" line {finding.range.line}: {title} "
        style = {"verified": "good", "rejected": "bad"}.get(status, "unsure")
        reason = ""
        if not judged.kept and judged.verdict is not None and judged.verdict is not proof.verdict:
            reason = f": {judged.verdict.reason}" if judged.verdict.reason else ""
        outcome = status if judged.kept or status == "not run" else f"{status}, left out"
        yield (("  ", ""), (finding.code, "code"), (what, ""), (f"[{outcome}]", style), (reason, ""))


def _statistics(totals: Totals) -> Iterator[Line]:
    width = len(str(max(totals.rules.values(), default=0)))
    for (code, name), count in sorted(totals.rules.items(), key=lambda item: (-item[1], item[0])):
        yield ((f"{count:>{width}}  ", "strong"), (code, "code"), (f"  {name}", ""))


def _summary_lines(command: str, totals: Totals, closing: str) -> Iterator[Line]:
    parts = []
    if totals.rewrites:
        counted = ", ".join(f"{count} {status}" for status, count in sorted(totals.outcomes.items(), reverse=True))
        parts.append(f"{_count(totals.rewrites, 'rewrite')} ({counted})")
    if totals.findings or command == "check":
        remaining = " left" if command in REPAIRING else ""
        fixable = f", {totals.fixable} with a rewrite" if command == "check" and totals.findings else ""
        waiting = (
            f", {totals.waiting} {'waits' if totals.waiting == 1 else 'wait'} for --unsafe" if totals.waiting else ""
        )
        parts.append(f"{_count(totals.findings, 'finding')}{remaining}{fixable}{waiting}")
    if totals.errors:
        parts.append(f"{_count(totals.errors, 'file')} could not be processed")
    if not parts:
        parts.append("nothing to repair was found" if totals.notices else "nothing to repair")
    style = "bad" if totals.errors else "strong"
    yield (("; ".join(parts) + ".", style), (f" {closing}" if closing else "", ""))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
