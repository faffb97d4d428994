"""Rewrites that a file cannot take are withheld: in a notebook, those that would change what is no Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from tapefix.codemod import Codemod, with_find
from tapefix.finding import Finding, Rewrite
from tapefix.source.cells import Program, WithheldError
from tapefix.source.text import SourceText

if TYPE_CHECKING:
    from tapefix.tapes.reading import Reading

_QUOTED_OR_LINE = re.compile(r"`[^`]*`|\bline (?P<line>\d+)\b")


def fenced(rules: Sequence[type[Codemod]], source: SourceText) -> tuple[type[Codemod], ...]:
    """Rules whose rewrites leave whole what is no part of the text of a file: the cells of a notebook and its magics.

    A finding whose rewrite is withheld stays, and says why. Lines that findings speak of are those of their cells.
    """
    from tapefix.source.notebook_text import NotebookText

    return fenced_cells(rules, source.program) if isinstance(source, NotebookText) else tuple(rules)


def fenced_cells(rules: Sequence[type[Codemod]], program: Program) -> tuple[type[Codemod], ...]:
    """Rules whose rewrites leave whole what is no part of the cells of a program, and their magics."""
    later = lru_cache(maxsize=4)(program.after)

    def fence(rule: type[Codemod]) -> type[Codemod]:
        def find(this: Codemod, reading: Reading) -> Iterator[Finding]:
            program = later(reading.text)
            return (_worded(_allowed(finding, program), program) for finding in rule.find(this, reading))

        return with_find(rule, find)

    return tuple(map(fence, rules))


def _allowed(finding: Finding, program: Program) -> Finding:
    """A finding with those of its rewrites that the cells can take."""
    allowed, reason = [], ""
    for rewrite in finding.rewrites:
        try:
            allowed.append(_fitted(rewrite, program))
        except WithheldError as error:
            reason = reason or f"the rewrite is withheld: {error}"
    if not allowed and reason:
        return replace(finding, rewrite=None, alternatives=(), reason=reason)
    return finding if not allowed else replace(finding, rewrite=allowed[0], alternatives=tuple(allowed[1:]))


def _fitted(rewrite: Rewrite, program: Program) -> Rewrite:
    """A rewrite as the cells can take it.

    Raises:
        WithheldError: they cannot.
    """
    try:
        program.edits(rewrite.edits)
    except WithheldError as error:
        # A block that a cell begins may take in lines of the cells below it: these move.
        try:
            return replace(rewrite, edits=program.gathered(rewrite.edits))
        except WithheldError:
            raise error from None
    return rewrite


def _worded(finding: Finding, program: Program) -> Finding:
    """A finding whose words name the lines of a program by their cells."""

    def named(words: str) -> str:
        return _QUOTED_OR_LINE.sub(
            lambda found: found[0] if found["line"] is None else f"line {program.named(int(found['line']))}", words
        )

    related = tuple(replace(each, message=named(each.message)) for each in finding.related)
    return replace(finding, message=named(finding.message), reason=named(finding.reason), related=related)
