"""From the paths on a command line to texts, each with its settings and rules."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.config import Config, ConfigError, find_config
from tapefix.source.errors import SourceError
from tapefix.source.ignoring import Patterns, compile_patterns, covers
from tapefix.source.text import SourceText
from tapefix.source.walking import candidates

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
        if self.data is None:
            return SourceText.read(self.path, self.name)
        return SourceText.from_bytes(self.data, self.name, self.path)


class Inputs:
    """What the command line names."""

    def __init__(
        self,
        paths: Sequence[str],
        *,
        stdin_filename: Path | None = None,
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
    ) -> None:
        self.paths = paths
        self.stdin_filename = stdin_filename
        self.select = tuple(select)
        self.ignore = tuple(ignore)
        self.errors: list[SourceError] = []
        self._configs: dict[Path, Config] = {}
        self._rules: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[type[Codemod], ...]] = {}
        self._per_file: dict[tuple[Path, str], Patterns | None] = {}

    def pending(self) -> list[Pending]:
        """The files to look at; what cannot be read is in `errors`.

        Raises:
            ConfigError: a `pyproject.toml` cannot be used.
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
                found.append(Pending(name, file, data, self._config(file.parent)))
        if self.select or self.ignore or any(config.select or config.ignore for config in self._configs.values()):
            # A misspelt rule is an error also where no file happens to be looked at.
            for config in {id(config): config for config in (Config(), *self._configs.values())}.values():
                self._chosen(config)
        return found

    def rules(self, pending: Pending) -> tuple[type[Codemod], ...]:
        """The rules that apply to a file.

        Raises:
            UnknownRuleError: the command line names a rule that does not exist.
            ConfigError: the configuration does.
        """
        chosen = self._chosen(pending.config)
        config = pending.config
        extra = tuple(
            name
            for pattern, names in config.per_file_ignores.items()
            if self._matches(config, pattern, pending)
            for name in names
        )
        if not extra:
            return chosen
        from tapefix.registry import UnknownRuleError, load_rules, select_rules

        try:
            ignored = set(load_rules()) - set(select_rules(load_rules(), (), extra))
        except UnknownRuleError as error:
            raise ConfigError(f"{config.path}: tool.tapefix.per-file-ignores: {error}") from None
        return tuple(rule for rule in chosen if rule not in ignored)

    def _chosen(self, config: Config) -> tuple[type[Codemod], ...]:
        from tapefix.registry import RulePackError, UnknownRuleError, load_rules, select_rules

        # What is selected on the command line is wanted, whatever the configuration ignores.
        select = self.select or config.select
        ignore = self.ignore if self.select else (*config.ignore, *self.ignore)
        if (select, ignore) not in self._rules:
            rules = load_rules()
            if not rules:
                raise RulePackError("no rules are installed; install tapefix again")
            for key, listed in (("select", config.select), ("ignore", config.ignore)):
                try:
                    select_rules(rules, listed)
                except UnknownRuleError as error:
                    raise ConfigError(f"{config.path}: tool.tapefix.{key}: {error}") from None
            self._rules[select, ignore] = select_rules(rules, select, ignore)
        return self._rules[select, ignore]

    def _matches(self, config: Config, pattern: str, pending: Pending) -> bool:
        assert config.root is not None
        if (config.root, pattern) not in self._per_file:
            self._per_file[config.root, pattern] = compile_patterns(str(config.root), [pattern])
        patterns = self._per_file[config.root, pattern]
        return patterns is not None and covers(patterns, str(pending.path.absolute()))

    def _config(self, folder: Path) -> Config:
        return find_config(folder, self._configs)

    def _stdin(self) -> Pending:
        name = str(self.stdin_filename) if self.stdin_filename is not None else "<stdin>"
        path = self.stdin_filename if self.stdin_filename is not None else Path("stdin.py")
        return Pending(name, path.absolute(), sys.stdin.buffer.read(), self._config(path.parent))
