"""What of the findings is one's own: about what has changed since a revision, and not known from a baseline."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.config import Config
from tapefix.finding import Finding
from tapefix.source.lines import Lines
from tapefix.source.text import SourceText
from tapefix.suppressions import Notice
from tapefix.units import identity

if TYPE_CHECKING:
    from tapefix.baseline import Baseline, Entry, Sighting
    from tapefix.codemod import Codemod
    from tapefix.source.since import Changes, History


@dataclass(frozen=True)
class Share:
    """One's own part of one file; everything, unless something narrows it."""

    changed: Changes | None = None
    """What counts of the text; None for all of it."""
    known: frozenset[tuple[str, int]] = frozenset()
    """Identities of findings that a baseline has."""

    def mine(self, finding: Finding) -> bool:
        """Whether a finding counts, its lines being those of the file."""
        if identity(finding) in self.known:
            return False
        return self.changed is None or not self.changed.lines.isdisjoint(_lines(finding)) or self._lacks(finding)

    def mine_after(self, before: str, after: str) -> Callable[[Finding], bool]:
        """The same for findings in a rewritten text of the file."""
        from tapefix.source.linemap import line_origins

        origins = line_origins(before, after)

        def origin(line: int) -> int:
            return origins[min(line, len(origins) - 1)]

        return lambda finding: self.mine(finding.called(origin))

    def notices(self, notices: Iterable[Notice]) -> list[Notice]:
        """The notices on lines that have changed."""
        return [each for each in notices if self.changed is None or each.line in self.changed.lines]

    def _lacks(self, finding: Finding) -> bool:
        """Whether something was removed between a tape and its query: a watch, a step of the path."""
        removals = self.changed.removals if self.changed is not None else ()
        queries = finding.queries | finding.keeps
        return any(tape <= line < query for line in removals for tape in finding.tapes for query in queries)


ALL = Share()


def _lines(finding: Finding) -> set[int]:
    """The lines that a finding is about: where it stands, the queries that it costs a gradient, their tape."""
    places = (finding.range, *(related.range for related in finding.related))
    return {line for place in places for line in range(place.line, place.end_line + 1)} | set(finding.queries)


@dataclass(frozen=True)
class Allotment:
    """What a file's share will be, before its findings are known."""

    changed: Changes | None = None
    """What counts of its text; None for all of it."""
    known: tuple[Entry, ...] = ()
    """What a baseline records of it."""

    def share(self, lines: Lines, findings: Sequence[Finding]) -> Share:
        """One's own part of the file, when these are its findings; of equal ones, the first are those on record."""
        if not self.known:
            return ALL if self.changed is None else Share(self.changed)
        from tapefix.baseline import first_line

        left = Counter((entry.code, entry.line) for entry in self.known)
        known: set[tuple[str, int]] = set()
        new: set[tuple[str, int]] = set()
        for finding in sorted(findings, key=lambda each: each.key):
            recorded = (finding.code, first_line(finding, lines))
            left[recorded] -= 1
            (known if left[recorded] >= 0 else new).add(identity(finding))
        return Share(self.changed, frozenset(known - new))


class Shares:
    """The shares of all files of one command.

    Without a `revision` everything counts. A `baseline` stands in for those that the settings of projects name.
    """

    def __init__(self, revision: str | None = None, baseline: Path | None = None, *, writes: bool = False) -> None:
        self._history: History | None = None
        if revision is not None:
            # Git, and what a baseline needs, are no business of a check that is told of neither.
            from tapefix.source.since import History

            self._history = History(revision)
        self._given = baseline
        self._writes = writes
        self._baselines: dict[Path, Baseline] = {}
        self._sightings: dict[Path, Sighting] = {}

    @property
    def baselines(self) -> Sequence[Baseline]:
        """Those that were asked for so far."""
        return tuple(self._baselines.values())

    def baseline(self, config: Config) -> Baseline | None:
        """The baseline for files with these settings; None when there is none.

        Raises:
            SourceError: it cannot be read, or is not there.
        """
        path = self._given or config.baseline_file
        if path is None:
            return None
        from tapefix.baseline import Baseline, Sighting

        path = path.absolute()
        if path not in self._baselines:
            new = self._writes and not path.exists()
            self._baselines[path] = Baseline(path) if new else Baseline.read(path)
            self._sightings[path] = Sighting()
        return self._baselines[path]

    def touches(self, path: Path) -> bool:
        """Whether anything of a file counts.

        Raises:
            HistoryError: nothing is known of what has changed in it.
        """
        return self._history is None or self._history.touched(path)

    def check(self, path: Path, config: Config) -> None:
        """See that what was asked for is there for a file or folder, before anything is done.

        Raises:
            HistoryError: nothing is known of what has changed in it.
            SourceError: its baseline cannot be read.
        """
        self.baseline(config)
        if self._history is not None:
            self._history.check(path)

    def allot(self, path: Path, config: Config, source: SourceText) -> Allotment:
        """What one's own part of a file will be.

        Raises:
            HistoryError: nothing is known of what has changed in it.
            SourceError: its baseline cannot be read.
        """
        baseline = self.baseline(config)
        changed = None if self._history is None else self._history.changed(path, source)
        return Allotment(changed, () if baseline is None else baseline.of(path))

    def share(self, path: Path, config: Config, source: SourceText, findings: Sequence[Finding]) -> Share:
        """One's own part of a file with these findings.

        Raises:
            HistoryError: nothing is known of what has changed in it.
            SourceError: its baseline cannot be read.
        """
        return self.allot(path, config, source).share(source.lines, findings)

    @property
    def narrow(self) -> bool:
        """Whether only what has changed counts."""
        return self._history is not None

    def saw(
        self,
        path: Path,
        config: Config,
        source: SourceText | None,
        findings: Sequence[Finding] | None,
        rules: Iterable[type[Codemod]] = (),
    ) -> None:
        """Note what was found in a file, known or not; None where it could not be looked at."""
        baseline = self.baseline(config)
        if baseline is None:
            return
        sighting = self._sightings[baseline.path]
        if findings is None or source is None:
            sighting.failed.add(baseline.name(path))
            return
        sighting.looked[baseline.name(path)] = frozenset(rule.code for rule in rules)
        sighting.found.update(baseline.entry(finding, path, source) for finding in findings)

    def stale(
        self, baseline: Baseline, folders: Iterable[Path], looks_for: Callable[[Path, str], bool]
    ) -> Counter[Entry]:
        """The entries of a baseline that nothing is found for any more.

        A file below one of the `folders` that did not come to be looked at has nothing in it to find;
        `looks_for` says whether a code is looked for in a file.
        """
        sighting = self._sightings[baseline.path]
        roots = [_normal(folder) for folder in folders]
        gone = []
        for entry in baseline.entries:
            if entry.path in sighting.looked or entry.path in sighting.failed:
                continue
            path = _normal(baseline.file(entry))
            passed = any(path.is_relative_to(root) for root in roots) and looks_for(path, entry.code)
            if passed or not os.path.lexists(path):
                gone.append(entry)
        return sighting.stale(baseline, gone)

    def renew(self, baseline: Baseline, stale: Counter[Entry]) -> tuple[int, int]:
        """Write a baseline with what was found; return how many entries are new in it, and how many are gone.

        Raises:
            SourceError: it cannot be written.
        """
        new = self._sightings[baseline.path].found - baseline.entries
        baseline.entries = baseline.entries - stale + new
        baseline.write()
        return new.total(), stale.total()


def _normal(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links
