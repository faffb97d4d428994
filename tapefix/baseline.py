"""A baseline: findings that are known and shall be silent, in a file that people can read and compare.

An entry is known by the path of its file, seen from the folder of the baseline, the code, and the text of its line: it
stays known while lines around it come and go. Where a file has the same entry twice, two findings are known.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tapefix.finding import Finding
from tapefix.source.errors import SourceError
from tapefix.source.lines import Lines
from tapefix.source.text import SourceText, read_bytes
from tapefix.source.writing import create_bytes, replace_bytes

VERSION = 1


@dataclass(frozen=True, order=True)
class Entry:
    """What a finding is known by."""

    path: str
    code: str
    line: str
    """The text of its first line, without the indentation."""


@dataclass
class Baseline:
    """The findings that a file records."""

    path: Path
    entries: Counter[Entry] = field(default_factory=Counter)
    data: bytes | None = None
    """The bytes it was read from; None when there is no file yet."""

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read the file.

        Raises:
            SourceError: there is none, or it is no baseline.
        """
        if not path.exists():
            raise SourceError(path, "there is no such baseline; --write-baseline makes one of what is found now")
        data = read_bytes(path)
        try:
            document = json.loads(data.decode("utf-8"))
            if document["tapefix-baseline"] != VERSION:
                raise SourceError(path, "this baseline was written by a newer tapefix")
            entries = Counter(Entry(**{str(key): str(each[key]) for key in each}) for each in document["findings"])
        except json.JSONDecodeError as error:
            message = f"this is no baseline: {error.msg[:1].lower()}{error.msg[1:]} (as JSON)"
            raise SourceError(path, message, error.lineno, error.colno - 1) from None
        except (UnicodeDecodeError, KeyError, TypeError, AttributeError):
            raise SourceError(path, "this is no baseline; --write-baseline writes it anew once it is removed") from None
        return cls(path, entries, data)

    def write(self) -> None:
        """Write the file, all of it or nothing.

        Raises:
            SourceError: it cannot be written, or has changed since it was read.
        """
        listed = sorted(self.entries.elements())
        lines = ",".join(f"\n    {_dumped(entry)}" for entry in listed)
        end = "\n  " if listed else ""
        text = f'{{\n  "tapefix-baseline": {VERSION},\n  "findings": [{lines}{end}]\n}}\n'
        data = text.encode("utf-8")
        if self.data is None:
            create_bytes(self.path, data)
        elif data != self.data:
            replace_bytes(self.path, self.data, data)
        self.data = data

    def entry(self, finding: Finding, path: Path, source: SourceText) -> Entry:
        """What a finding of a file is known by."""
        return Entry(self.name(path), finding.code, first_line(finding, source.lines))

    def name(self, path: Path) -> str:
        """The path of a file, as it is written in here."""
        return os.path.relpath(path.absolute(), self.path.absolute().parent).replace(os.sep, "/")

    def file(self, entry: Entry) -> Path:
        """The file that an entry is about."""
        return self.path.absolute().parent / entry.path

    def of(self, path: Path) -> tuple[Entry, ...]:
        """The entries of one file, each as often as it is recorded."""
        name = self.name(path)
        return tuple(entry for entry in self.entries.elements() if entry.path == name)


@dataclass
class Sighting:
    """What was found, to compare a baseline with."""

    found: Counter[Entry] = field(default_factory=Counter)
    looked: dict[str, frozenset[str]] = field(default_factory=dict)
    """The files that were looked at, by name, and the codes that were looked for."""
    failed: set[str] = field(default_factory=set)
    """Files that could not be looked at."""

    def stale(self, baseline: Baseline, gone: Iterable[Entry] = ()) -> Counter[Entry]:
        """The entries that nothing was found for: those that were looked for, and those whose file is `gone`."""
        looked = Counter(
            {entry: n for entry, n in baseline.entries.items() if entry.code in self.looked.get(entry.path, ())}
        )
        return (looked - self.found) + Counter({entry: baseline.entries[entry] for entry in gone})


def first_line(finding: Finding, lines: Lines) -> str:
    """The text of the line on which a finding begins, without its indentation."""
    return lines.line(min(int(finding.range.line), lines.count)).strip()


def _dumped(entry: Entry) -> str:
    values = vars(entry)
    text = json.dumps(values, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(values)
    return text
