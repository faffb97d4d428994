"""A file through the codemods until nothing more changes."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from libcst.codemod import CodemodContext

from tapefix.codemod import Codemod
from tapefix.finding import Applicability, Finding, Range, Rewrite
from tapefix.source.edits import Edit, OverlappingEditsError, apply_edits, conflicts
from tapefix.source.linemap import compose, line_origins
from tapefix.source.parsing import parses
from tapefix.tapes.observed import Observations
from tapefix.tapes.reading import Reading
from tapefix.tapes.related import with_related
from tapefix.tapes.tree import Tree

MAX_PASSES = 12
"""A rewrite may uncover another break. No real file takes more than a few passes; this bounds a rule gone wrong."""


class BrokenRewriteError(RuntimeError):
    """A rewrite left text that does not parse, or rewrites do not come to an end: a defect of the rules named."""

    def __init__(self, message: str, rules: Iterable[str]) -> None:
        self.rules = tuple(dict.fromkeys(rules))
        super().__init__(f"{message} ({', '.join(self.rules)})")


@dataclass(frozen=True)
class Repair:
    """A text after its rewrites."""

    text: str
    applied: tuple[Finding, ...]
    """What was rewritten, in the order of application; lines are those of the text before all rewrites."""
    remaining: tuple[Finding, ...]
    """What is still found: advice, unsafe rewrites that were not asked for, and what `accept` declined."""
    passes: int = 0


@dataclass
class Memory:
    """What a look at a text leaves for the next one, when the text has changed here or there."""

    tree: Tree | None = None


def check(
    text: str,
    rules: Sequence[type[Codemod]],
    *,
    observations: Observations | None = None,
    stop: Callable[[], bool] | None = None,
    memory: Memory | None = None,
) -> list[Finding]:
    """Every finding in a text, by position; with the help of what a run has seen, if there was one.

    `stop` is asked now and then whether somebody still waits for the answer. `memory` is for who looks at a text
    again and again while it changes.

    Raises:
        ParseError: the text is not Python 3.
        StoppedError: nobody waits any more.
    """
    return _findings(text, rules, observations, stop, memory)


def repair(
    text: str,
    rules: Sequence[type[Codemod]],
    *,
    unsafe: bool = False,
    accept: Callable[[Finding], bool] | None = None,
    observations: Observations | None = None,
    choose: Callable[[Finding], Rewrite | None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Repair:
    """Apply rewrites until nothing more changes; `observations` are what a run of the text has seen.

    `choose` says which of a finding's rewrites is taken; without it, the preferred one. `stop` is asked now and then
    whether somebody still waits for the answer.

    Rewrites of one pass that want the same text take turns: the later one is found again in the next pass, where
    it applies to what the earlier one has left, so that none is lost.

    Raises:
        ParseError: the text is not Python 3.
        BrokenRewriteError: a rule's rewrite does not parse, or rewrites undo each other without end.
        StoppedError: nobody waits any more.
    """
    applied: list[Finding] = []
    seen = {text}
    origins = list(range(text.count("\n") + text.count("\r") + 3))
    for passes in range(MAX_PASSES):
        found = _findings(text, rules, observations.moved(origins) if observations else None, stop)
        wanted = []
        for finding in found:
            original = _at_origin(finding, origins)
            if applies(finding, unsafe) and (accept is None or accept(original)):
                wanted.append(finding if choose is None else replace(finding, rewrite=choose(original)))
        if not wanted:
            return Repair(text, tuple(applied), tuple(found), passes)
        chosen, edits = _compatible(wanted)
        changed, chosen = _apply(text, chosen, edits)
        if changed in seen:
            raise BrokenRewriteError("rewrites undo each other", (finding.code for finding in chosen))
        applied.extend(_at_origin(finding, origins) for finding in chosen)
        seen.add(changed)
        origins = compose(origins, line_origins(text, changed))
        text = changed
    raise BrokenRewriteError(
        f"rewrites did not come to an end in {MAX_PASSES} passes", (finding.code for finding in applied[-3:])
    )


def _at_origin(finding: Finding, origins: Sequence[int]) -> Finding:
    """A finding with its lines as they were before the first pass."""

    def origin(line: int) -> int:
        return origins[min(line, len(origins) - 1)]

    def move(where: Range) -> Range:
        return replace(where, line=origin(where.line), end_line=max(origin(where.end_line), origin(where.line)))

    lines = (finding.queries, finding.keeps, finding.tapes)
    queries, keeps, tapes = (frozenset(origin(line) for line in each) for each in lines)
    related = tuple(replace(place, range=move(place.range)) for place in finding.related)
    return replace(finding, range=move(finding.range), queries=queries, keeps=keeps, related=related, tapes=tapes)


def apply_finding(text: str, finding: Finding) -> str:
    """The text with the rewrite of one finding.

    Raises:
        ValueError: the finding has no rewrite.
    """
    if finding.rewrite is None:
        raise ValueError(f"{finding.code} has no rewrite")
    return apply_edits(text, finding.rewrite.edits)


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Trees and readings are large and die together: the garbage collector would only go over them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _findings(
    text: str,
    rules: Sequence[type[Codemod]],
    observed: Observations | None,
    stop: Callable[[], bool] | None,
    memory: Memory | None = None,
) -> list[Finding]:
    with _collection_paused():
        reading = Reading(text, observed=observed, stop=stop, before=memory.tree if memory is not None else None)
        if memory is not None:
            memory.tree = reading.tree
        return _found(reading, rules)


def _found(reading: Reading, rules: Sequence[type[Codemod]]) -> list[Finding]:
    found: dict[tuple[object, ...], Finding] = {}
    for rule in rules:
        reading.go_on()
        for finding in rule(CodemodContext()).find(reading):
            if finding.queries and finding.queries <= reading.expected:
                # A test, or a lesson, of what breaks a tape.
                continue
            # One place in a helper is read once for each of its calls; it is one finding, for all their queries.
            key = (finding.code, finding.range)
            known = found.get(key)
            found[key] = finding if known is None else _merged(known, finding)
    return sorted((with_related(reading, finding) for finding in found.values()), key=lambda finding: finding.key)


def _merged(first: Finding, second: Finding) -> Finding:
    best = first if first.rewrite is not None or second.rewrite is None else second
    return replace(best, queries=first.queries | second.queries, keeps=first.keeps | second.keeps)


def applies(finding: Finding, unsafe: bool) -> bool:
    """Whether a finding has a rewrite that may be applied."""
    if finding.rewrite is None:
        return False
    return finding.applicability is Applicability.SAFE or (unsafe and finding.applicability is Applicability.UNSAFE)


def _compatible(findings: Sequence[Finding]) -> tuple[list[Finding], list[Edit]]:
    """As many findings, from the first on, as do not want the same text; outer ones before inner ones."""
    chosen: list[Finding] = []
    taken: list[Edit] = []
    for finding in findings:
        assert finding.rewrite is not None
        if not conflicts(finding.rewrite.edits, taken):
            chosen.append(finding)
            taken.extend(finding.rewrite.edits)
    # At one offset, the insertion that belongs to the wider expression comes first.
    ordered = sorted(chosen, key=lambda f: (f.range.line, f.range.column, -f.range.end_line, -f.range.end_column))
    return chosen, [edit for finding in ordered if finding.rewrite is not None for edit in finding.rewrite.edits]


def _apply(text: str, chosen: list[Finding], edits: Sequence[Edit]) -> tuple[str, list[Finding]]:
    """The text with the rewrites that go together, and which these are."""
    codes = [finding.code for finding in chosen]
    try:
        changed = apply_edits(text, edits)
    except OverlappingEditsError as error:
        raise BrokenRewriteError(f"rewrites overlap: {error}", codes) from error
    if parses(changed):
        return changed, chosen
    for finding in chosen:
        if not parses(apply_finding(text, finding)):
            raise BrokenRewriteError("a rewrite left text that is not Python", [finding.code])
    # Each by itself is right: the others wait for their turn.
    return apply_finding(text, chosen[0]), chosen[:1]
