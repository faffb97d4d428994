"""What runs have found of open programs: shown where the lines that it is about still stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapefix.editor.keeping import KeptLines
from tapefix.editor.programs import Program
from tapefix.finding import Finding


@dataclass(frozen=True)
class RunResult:
    """What the last run of a program found."""

    program: Program
    """The text that was run."""
    lines: Mapping[int, str]
    """What there is to say of a line (a query, or a line that was repaired), in Markdown."""
    marks: Mapping[int, str] = field(default_factory=dict)
    """What there is to say of a query in a few words."""
    findings: tuple[Finding, ...] = ()
    """Breaks that the run has seen, to be shown beside those that the text shows."""


@dataclass
class RunResults:
    """The last result of each program."""

    _results: dict[str, RunResult] = field(default_factory=dict)

    def put(self, result: RunResult) -> None:
        """Keep a result in place of the one before."""
        self._results[result.program.uri] = result

    def drop(self, uri: str) -> None:
        """Forget the result of a program."""
        self._results.pop(uri, None)

    def at(self, program: Program, line: int) -> str | None:
        """What the last run found of a line of the present text, in Markdown."""
        result = self._results.get(program.uri)
        return None if result is None else _moved(result, result.lines, program).get(line)

    def marks(self, program: Program) -> dict[int, str]:
        """What the last run found of the queries of the present text, in a few words, by their lines."""
        result = self._results.get(program.uri)
        return {} if result is None else _moved(result, result.marks, program)

    def findings(self, program: Program) -> list[Finding]:
        """The breaks that the last run has seen, as long as the text is the one that was run."""
        result = self._results.get(program.uri)
        # Any change, wherever it is, may have mended what was seen.
        return list(result.findings) if result is not None and result.program.text == program.text else []


def _moved(result: RunResult, said: Mapping[int, str], program: Program) -> dict[int, str]:
    """What was said of lines, by where they stand now, as far as they are still there."""
    kept = KeptLines(result.program.lines, program.lines)
    places = ((kept.line(line), text) for line, text in said.items())
    return {line: text for line, text in places if line is not None}
