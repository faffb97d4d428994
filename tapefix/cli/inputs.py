"""From the paths on a command line to texts, each with its settings and rules."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.config import Config
from tapefix.selection import Selection
from tapefix.share import Shares
from tapefix.source.errors import SourceError
from tapefix.source.ignoring import compile_patterns
from tapefix.source.opening import read_source
from tapefix.source.text import SourceText, read_bytes
from tapefix.source.walking import candidates, holds

if TYPE_CHECKING:
    from tapefix.codemod import Codemod

STDIN = "-"


@dataclass(frozen=True)
class Pending:
    """A file that is to be looked at; its bytes where they were read already."""

    name: str
    path: Path
    data: bytes | None
    config: Config

    def source(self) -> SourceText:
        """The text of the file.

        Raises:
            SourceError: it cannot be read.
        """
        return read_source(self.path, self.name, self.data)


class Inputs:
    """What the command line names."""

    def __init__(
        self,
        paths: Sequence[str],
        *,
        stdin_filename: Path | None = None,
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        shares: Shares | None = None,
        filtered: bool = False,
    ) -> None:
        self.paths = paths
        self.filtered = filtered
        """Whether files given by name are passed over where a walk of their folder would pass over them."""
        self.stdin_filename = stdin_filename
        self.selection = Selection(select, ignore)
        self.shares = Shares() if shares is None else shares
        self.errors: list[SourceError] = []

    def pending(self) -> list[Pending]:
        """The files to look at; what cannot be read is in `errors`.

        Raises:
            ConfigError: a `pyproject.toml` cannot be used.
            HistoryError: what has changed was asked for, and is not known.
            SourceError: a baseline cannot be read.
        """
        seen: set[str] = set()
        found: list[Pending] = []
        for given in self.paths:
            if given == STDIN:
                found.append(self._stdin())
                continue
            path = Path(given)
            config = self._config(path if path.is_dir() else path.parent)
            exclude = compile_patterns(str(config.root), config.exclude) if config.root and config.exclude else None
            for name, data in candidates(given, self.errors.append, exclude=exclude, seen=seen):
                file = Path(name)
                each = Pending(name, file, data, self._config(file.parent))
                if data is not None or not self.filtered or self._worth_looking(each):
                    found.append(each)
        self.selection.check_names()
        for each in found:
            self.shares.baseline(each.config)
        return [each for each in found if self.shares.touches(each.path)]

    def rules(self, pending: Pending) -> tuple[type[Codemod], ...]:
        """The rules that apply to a file.

        Raises:
            UnknownRuleError: the command line names a rule that does not exist.
            ConfigError: the configuration does.
        """
        return self.selection.rules(pending.path, pending.config)

    def _worth_looking(self, named: Pending) -> bool:
        """Whether a file given by name is none that the settings exclude, and has something in it to find."""
        if self.selection.excludes(named.path, named.config):
            return False
        try:
            return holds(read_bytes(named.path, named.name))
        except SourceError:
            # What cannot be read is told when it is looked at.
            return True

    def _config(self, folder: Path) -> Config:
        return self.selection.config(folder)

    def _stdin(self) -> Pending:
        name = str(self.stdin_filename) if self.stdin_filename is not None else "<stdin>"
        path = self.stdin_filename if self.stdin_filename is not None else Path("stdin.py")
        return Pending(name, path.absolute(), sys.stdin.buffer.read(), self._config(path.parent))
