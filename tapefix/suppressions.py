"""`# tapefix: ignore[...]`: comments that hide findings, and what to say of those that hide nothing."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from tapefix.finding import Finding
from tapefix.source.lines import Lines
from tapefix.source.nesting import comment_spans, logical_lines

if TYPE_CHECKING:
    from tapefix.codemod import Codemod
    from tapefix.tapes.reading import Reading

_COMMENT = re.compile(r"tapefix:[ \t]*(?P<word>[\w-]*)[ \t]*(?P<list>\[(?P<names>[^\]]*)(?P<end>\]?))?")


@dataclass(frozen=True)
class Notice:
    """Something to say of a place that is no finding: a comment of ours that does not work, a run that ended there."""

    line: int
    column: int
    end_column: int
    message: str


@dataclass
class Suppression:
    """One comment that hides findings."""

    line: int
    column: int
    end_column: int
    whole_file: bool
    names: tuple[str, ...]
    """Codes, beginnings of codes, or names of rules; empty for all."""
    problem: str = ""
    first: int = 0
    last: int = 0
    """The lines of the statement that it stands in."""
    used: set[str] = field(default_factory=set)

    @property
    def leaves_out_all(self) -> bool:
        """Whether it hides whatever could be found in the file."""
        return self.whole_file and not self.names and not self.problem

    def hides(self, finding: Finding) -> bool:
        """Whether it hides a finding; remembers that it did."""
        if self.problem or not (self.whole_file or self.touches(finding)):
            return False
        if not self.names:
            self.used.add("")
            return True
        matching = [name for name in self.names if _means(name, finding.code, finding.name)]
        self.used.update(matching)
        return bool(matching)

    def touches(self, finding: Finding) -> bool:
        """Whether it stands on a line of a finding, or in its statement."""
        return (
            finding.range.line <= self.line <= finding.range.end_line or self.first <= finding.range.line <= self.last
        )


class Suppressions:
    """The comments of a text that hide findings."""

    def __init__(self, text: str) -> None:
        self.found = list(_read(text)) if "tapefix:" in text else []

    def hides(self, finding: Finding) -> bool:
        """Whether a comment hides a finding."""
        # All of them are asked, so that each one that applies counts as used.
        hiding = [suppression for suppression in self.found if suppression.hides(finding)]
        return bool(hiding)

    def notices(self, active: Iterable[type[Codemod]], known: Sequence[type[Codemod]]) -> list[Notice]:
        """What to say of comments that are malformed, name no rule, or hid nothing though their rules were active."""
        active = list(active)
        return [
            Notice(found.line, found.column, found.end_column, message)
            for found in self.found
            for message in _complaints(found, active, known)
        ]


def visible(
    findings: Iterable[Finding], text: str, active: Iterable[type[Codemod]], known: Sequence[type[Codemod]]
) -> tuple[list[Finding], list[Notice]]:
    """The findings that no comment hides, and what to say of the comments.

    `active` are the rules that ran, `known` all there are.
    """
    suppressions = Suppressions(text)
    shown = [finding for finding in findings if not suppressions.hides(finding)]
    return shown, suppressions.notices(active, known)


class Watched:
    """Rules that leave out what the text's comments hide, on every pass over a text that changes meanwhile."""

    def __init__(self, rules: Sequence[type[Codemod]]) -> None:
        self.text = ""
        """The text of the pass that is under way."""
        self.rules = tuple(self._wrap(rule) for rule in rules)

    def _wrap(self, rule: type[Codemod]) -> type[Codemod]:
        from tapefix.codemod import with_find

        outer = self

        def find(this: Codemod, reading: Reading) -> Iterator[Finding]:
            outer.text = reading.text
            suppressions = _cached(reading.text)
            return (finding for finding in rule.find(this, reading) if not suppressions.hides(finding))

        return with_find(rule, find)


@lru_cache(maxsize=4)
def _cached(text: str) -> Suppressions:
    return Suppressions(text)


def _read(text: str) -> Iterator[Suppression]:
    lines = Lines(text)
    starts: list[int] = []
    for start, end in comment_spans(text):
        for match in _COMMENT.finditer(text, start, end):
            starts = starts or logical_lines(text)
            index = bisect_right(starts, start)
            line, column = lines.position(match.start())
            first, _ = lines.position(starts[index - 1])
            last, _ = lines.position(starts[index] - 1 if index < len(starts) else len(text))
            names = tuple(name.strip() for name in (match["names"] or "").split(",") if name.strip())
            yield Suppression(
                line=line,
                column=column,
                end_column=column + match.end() - match.start(),
                whole_file=match["word"] == "ignore-file",
                names=names,
                problem=_problem(match, names),
                first=first,
                last=last,
            )


def _problem(match: re.Match[str], names: tuple[str, ...]) -> str:
    if match["word"] not in ("ignore", "ignore-file"):
        return (
            f"`tapefix: {match['word']}` means nothing; write `tapefix: ignore[CODE]` or `tapefix: ignore-file[CODE]`"
        )
    if match["list"] is not None and not match["end"]:
        return f"`{match[0].strip()}` lacks its closing bracket, and hides nothing"
    if match["list"] is not None and not names:
        return f"`{match[0].strip()}` names no rule, and hides nothing"
    return ""


def _complaints(found: Suppression, active: list[type[Codemod]], known: Sequence[type[Codemod]]) -> Iterator[str]:
    if found.problem:
        yield found.problem
        return
    if not found.names:
        # With a selection of rules, it may be there for one that did not run.
        if not found.used and len(active) == len(known):
            yield "this comment hides nothing; remove it"
        return
    for name in found.names:
        if not any(_means(name, rule.code, rule.name) for rule in known):
            from tapefix.config import suggest

            names = [rule.code for rule in known] + [rule.name for rule in known]
            yield f"there is no rule `{name}`{suggest(name, names)}"
        elif name not in found.used and any(_means(name, rule.code, rule.name) for rule in active):
            yield f"`{name}` hides nothing here; remove it"


def _means(name: str, code: str, rule: str) -> bool:
    return code.startswith(name.upper()) or rule == name.lower()
