"""The repair of many files, one after the other: judged, shown, and written where that was asked for."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.cli.asking import Chooser, Quit
from tapefix.cli.inputs import Inputs, Pending
from tapefix.cli.progress import Progress
from tapefix.cli.reading import failed, passed_over
from tapefix.cli.reporting import Reporting
from tapefix.cli.verifying import RunSettings, Verifiers
from tapefix.report.lines import is_terminal
from tapefix.report.reporters import make_reporter, write_bytes
from tapefix.report.results import FileResult
from tapefix.running import QUERY
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tapefix.source.undoing import Backup, undo_root
from tapefix.source.writing import check_output

if TYPE_CHECKING:
    from tapefix.suppressions import Watched
    from tapefix.verify import Verifier


class Repairing:
    """One `tapefix fix`."""

    def __init__(
        self,
        inputs: Inputs,
        settings: RunSettings | None,
        *,
        output_format: str,
        write: bool,
        interactive: bool,
        unsafe: bool | None,
        report: Path | None = None,
    ) -> None:
        self._inputs = inputs
        self._settings = settings
        self._write = write
        self._interactive = interactive
        self._unsafe = unsafe
        self._report = None if report is None else Reporting(report)
        self._quit = Quit()
        self._backups: dict[Path, Backup] = {}
        self._stdin_to_stdout = write and inputs.paths == ["-"]
        self._reporter = make_reporter(output_format, "fix", text_on_stdout=self._stdin_to_stdout)

    def run(self) -> int:
        """Repair everything that was asked for, and return the exit code."""
        pending = self._inputs.pending()
        with Verifiers(self._settings or RunSettings()) as verifiers, Progress(len(pending)) as progress:
            for file in pending:
                progress.step(file.name)
                result = self._file(file, verifiers, progress)
                if self._report is not None:
                    verifier = None if self._settings is None else verifiers.get(file.path, file.config)
                    self._report.add(result, file.path, verifier)
                progress.pause()
                self._reporter.add(result)
        for result in failed(self._inputs.errors):
            if self._report is not None:
                self._report.add(result, Path(result.name), None)
            self._reporter.add(result)
        self._reporter.finish(self._closing())
        if self._report is not None:
            self._report.write()
        return self._reporter.totals.exit_code()

    def _file(self, file: Pending, verifiers: Verifiers, progress: Progress) -> FileResult:
        from tapefix.mending import mend

        def verifier() -> Verifier | None:
            if self._interactive:
                progress.pause()
            elif self._settings is not None:
                progress.say(f"{file.name}: running before and after")
            return verifiers.get(file.path, file.config) if self._settings is not None else None

        source = None
        try:
            source = file.source()
            if source.foreign is not None:
                return self._pass_on(replace(passed_over(file.name, source.foreign), source=source))
            result = mend(
                source,
                file.path.absolute(),
                self._inputs.rules(file),
                verifier,
                unsafe=file.config.unsafe if self._unsafe is None else self._unsafe,
                anyway=self._worth_running(file, source.text),
                choosing=self._choosing if self._interactive else None,
                sharing=partial(self._inputs.shares.share, file.path, file.config, source),
            )
        except SourceError as error:
            return FileResult(file.name, source, error)
        if self._stdin_to_stdout or result.proof is None:
            return self._pass_on(result)
        progress.pause()
        if self._wants_writing(result):
            return self._written(file, result)
        return result

    def _choosing(self, source: SourceText, watched: Watched) -> Chooser:
        return Chooser(source, watched, self._quit)

    def _worth_running(self, file: Pending, text: str) -> bool:
        """Whether a run may find what the reading did not: of a file that was named itself, and asks a tape."""
        named = not self._inputs.filtered and any(Path(given) == file.path for given in self._inputs.paths)
        return self._settings is not None and named and QUERY.search(text) is not None

    def _wants_writing(self, result: FileResult) -> bool:
        assert result.proof is not None and result.source is not None
        if result.proof.after == result.source.text:
            return False
        if self._write or not self._interactive or not is_terminal(sys.stdin):
            return self._write
        self._reporter.preview(result)
        sys.stderr.write(f"Write {result.name}? [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def _written(self, file: Pending, result: FileResult) -> FileResult:
        assert result.proof is not None and result.source is not None
        rules = [judged.finding.code for judged in result.proof.judged if judged.kept]
        try:
            data = check_output(result.source.with_text(result.proof.after), rules)
            root = undo_root(file.path)
            backup = self._backups.setdefault(root, Backup(root))
            backup.write(file.path, result.source.data, data, file.name)
        except SourceError as error:
            return replace(result, error=error)
        return replace(result, written=True)

    def _pass_on(self, result: FileResult) -> FileResult:
        """With `fix - --write`, the text itself goes to stdout, changed or not."""
        if not self._stdin_to_stdout or result.source is None:
            return result
        after = result.source.text if result.proof is None else result.proof.after
        codes = [judged.finding.code for judged in result.proof.judged if judged.kept] if result.proof else []
        unchanged = after == result.source.text
        try:
            write_bytes(result.source.data if unchanged else check_output(result.source.with_text(after), codes))
        except SourceError as error:
            return replace(result, error=error)
        return replace(result, written=not unchanged)

    def _closing(self) -> str:
        totals = self._reporter.totals
        good = totals.outcomes.get("verified", 0) + totals.outcomes.get("not verified", 0)
        if self._write or totals.written:
            return f"{totals.written} of {totals.files} file{'s' * (totals.files != 1)} written."
        return "Nothing was written: --write does." if good else ""
