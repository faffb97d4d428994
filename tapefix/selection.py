"""Which rules look at which file: what is asked for, the settings of its project, and what these say of its path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.config import Config, ConfigError, find_config
from tapefix.source.ignoring import Patterns, compile_patterns, covers

if TYPE_CHECKING:
    from tapefix.codemod import Codemod


class Selection:
    """The rules that somebody selects or ignores, over those of each file's settings."""

    def __init__(self, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> None:
        self.select = tuple(select)
        self.ignore = tuple(ignore)
        self._configs: dict[Path, Config] = {}
        self._rules: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[type[Codemod], ...]] = {}
        self._patterns: dict[tuple[Path, tuple[str, ...]], Patterns | None] = {}

    def config(self, folder: Path) -> Config:
        """The settings for a folder, read once.

        Raises:
            ConfigError: a `pyproject.toml` cannot be used.
        """
        return find_config(folder, self._configs)

    def check_names(self) -> None:
        """See that every rule which is named somewhere exists, whether or not a file is looked at.

        Raises:
            UnknownRuleError: somebody selects or ignores a rule that does not exist.
            ConfigError: the settings do.
        """
        if self.select or self.ignore or any(config.select or config.ignore for config in self._configs.values()):
            for config in {id(config): config for config in (Config(), *self._configs.values())}.values():
                self._chosen(config)

    def rules(self, path: Path, config: Config) -> tuple[type[Codemod], ...]:
        """The rules that apply to a file with these settings.

        Raises:
            UnknownRuleError: somebody selects or ignores a rule that does not exist.
            ConfigError: the settings do.
        """
        chosen = self._chosen(config)
        extra = tuple(
            name
            for pattern, names in config.per_file_ignores.items()
            if self._matches(config, (pattern,), path)
            for name in names
        )
        if not extra:
            return chosen
        from tapefix.registry import UnknownRuleError, load_rules, select_rules

        try:
            ignored = set(load_rules()) - set(select_rules(load_rules(), (), extra))
        except UnknownRuleError as error:
            raise ConfigError(f"{config.source}.per-file-ignores: {error}") from None
        return tuple(rule for rule in chosen if rule not in ignored)

    def excludes(self, path: Path, config: Config) -> bool:
        """Whether a walk leaves a file out by its settings' `exclude`."""
        return bool(config.exclude) and self._matches(config, config.exclude, path)

    def _chosen(self, config: Config) -> tuple[type[Codemod], ...]:
        from tapefix.registry import RulePackError, UnknownRuleError, load_rules, select_rules

        # What is selected here is wanted, whatever the settings ignore.
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
                    raise ConfigError(f"{config.source}.{key}: {error}") from None
            self._rules[select, ignore] = select_rules(rules, select, ignore)
        return self._rules[select, ignore]

    def _matches(self, config: Config, patterns: tuple[str, ...], path: Path) -> bool:
        if config.root is None:
            return False
        key = (config.root, patterns)
        if key not in self._patterns:
            self._patterns[key] = compile_patterns(str(config.root), patterns)
        compiled = self._patterns[key]
        return compiled is not None and covers(compiled, str(path.absolute()))
