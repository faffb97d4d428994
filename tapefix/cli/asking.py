"""Asking about each rewrite, one by one."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tapefix.finding import Finding
from tapefix.report.findings import finding_lines
from tapefix.report.lines import show
from tapefix.source.diffs import split_lines
from tapefix.source.text import SourceText

if TYPE_CHECKING:
    from tapefix.suppressions import Watched

Answer = tuple[str, int, str]
"""A rewrite that was asked about: its code, its line in the file, its rule's name."""
HELP = (
    "y: take it   n: leave it   a: take it and all that follow   q: leave it and all that follow, keep what was taken\n"
)


class Quit:
    """Whether the questions are over, for this file and the next ones."""

    def __init__(self) -> None:
        self.answer: bool | None = None
        """What holds for all that follows."""


class Chooser:
    """Decides which rewrites are wanted. Every question comes once, even when a later pass finds its rewrite again."""

    def __init__(
        self,
        source: SourceText,
        watched: Watched,
        quit_: Quit,
        answers: Mapping[Answer, bool] | None = None,
        answered: Callable[[Answer, bool], None] = lambda answer, yes: None,
    ) -> None:
        """`answers` were given before; `answered` hears each new one."""
        self._source = source
        self._watched = watched
        self._quit = quit_
        self._answers: dict[Answer, bool] = dict(answers or {})
        self._answered = answered
        self._lines: dict[str, list[int]] = {}

    def __call__(self, finding: Finding) -> bool:
        """Whether a rewrite is wanted."""
        key = (finding.code, self._original_line(finding), finding.name)
        if key not in self._answers:
            over = self._quit.answer
            self._answers[key] = over if over is not None else self._ask(finding)
            # What is left because of a `q` was not asked.
            if self._answers[key] or self._quit.answer is None:
                self._answered(key, self._answers[key])
        return self._answers[key]

    def _ask(self, finding: Finding) -> bool:
        source = self._source.with_text(self._watched.text)
        show(finding_lines(finding.called(source.named), source), sys.stderr)
        self._show_rewrite(finding, source)
        while True:
            sys.stderr.write(f"{finding.rewrite.title if finding.rewrite else finding.code}? [y,n,a,q,?] ")
            sys.stderr.flush()
            line = sys.stdin.readline()
            if not line:
                sys.stderr.write("\n")
            answer = line.strip().lower()[:1] if line else "q"
            if answer in ("a", "q"):
                self._quit.answer = answer == "a"
                return self._quit.answer
            if answer in ("y", "n"):
                return answer == "y"
            sys.stderr.write(HELP)

    def _show_rewrite(self, finding: Finding, source: SourceText) -> None:
        from tapefix.engine import apply_finding
        from tapefix.report.diff import show_changes

        show_changes(source.changes(apply_finding(source.text, finding)), sys.stderr, context=2)

    def _original_line(self, finding: Finding) -> int:
        """The line of the file that a finding of a later pass stands for."""
        text = self._watched.text
        if text not in self._lines:
            self._lines[text] = _origins(split_lines(self._source.text), split_lines(text))
        origins = self._lines[text]
        return origins[min(finding.range.line, len(origins)) - 1] if origins else finding.range.line


def _origins(old: list[str], new: list[str]) -> list[int]:
    """For each line of a rewritten text, the line of the original that it comes from or stands nearest to."""
    origins = []
    for _, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        origins += [min(i1 + offset, max(i2 - 1, i1)) + 1 for offset in range(j2 - j1)]
    return origins
