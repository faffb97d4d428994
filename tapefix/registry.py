"""The rules: found through the entry-point group `tapefix.codemods`, ours and anyone else's alike."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tapefix.codemod import Codemod

GROUP = "tapefix.codemods"


class UnknownRuleError(ValueError):
    """A rule was named that does not exist."""

    def __init__(self, name: str, suggestions: Sequence[str]) -> None:
        self.name = name
        self.suggestions = tuple(suggestions)
        hint = f"; did you mean {' or '.join(self.suggestions)}?" if self.suggestions else ""
        super().__init__(f"there is no rule {name!r}{hint}")


class RulePackError(RuntimeError):
    """A rule pack cannot be loaded, or two rules share a code or a name."""


@lru_cache(maxsize=1)
def load_rules() -> tuple[type[Codemod], ...]:
    """Every rule of every installed pack, sorted by code.

    An entry point names a module, or a package whose modules are looked through; every class in them that derives
    from `Codemod` and has a code is a rule.

    Raises:
        RulePackError: a pack cannot be imported, or two rules share a code or a name.
    """
    rules: dict[str, type[Codemod]] = {}
    names: dict[str, type[Codemod]] = {}
    for entry in entry_points(group=GROUP):
        try:
            modules = list(_modules(importlib.import_module(entry.module)))
        except ImportError as error:
            raise RulePackError(f"the rule pack {entry.name!r} ({entry.value}) cannot be loaded: {error}") from error
        for module in modules:
            for rule in _rules_in(module):
                clash = rules.get(rule.code) or names.get(rule.name)
                if clash is not None and clash is not rule:
                    raise RulePackError(
                        f"{rule.__module__}.{rule.__name__} and {clash.__module__}.{clash.__name__} are both called "
                        f"{rule.code} ({rule.name}); uninstall one of the packs"
                    )
                rules[rule.code] = names[rule.name] = rule
    return tuple(rules[code] for code in sorted(rules))


def _modules(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    for info in pkgutil.iter_modules(getattr(module, "__path__", ()), module.__name__ + "."):
        yield from _modules(importlib.import_module(info.name))


def _rules_in(module: ModuleType) -> Iterator[type[Codemod]]:
    from tapefix.codemod import Codemod

    for found in vars(module).values():
        own = isinstance(found, type) and issubclass(found, Codemod) and found.__module__ == module.__name__
        # A base class that several rules of a pack share has no code of its own.
        if own and getattr(found, "code", None):
            yield found


def select_rules(
    rules: Sequence[type[Codemod]], select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> tuple[type[Codemod], ...]:
    """The rules that `select` names (all, when it is empty) without those that `ignore` names.

    A name is a code (`TPF101`), the beginning of codes (`TPF1`), or a rule's name (`numpy-method-on-path`).

    Raises:
        UnknownRuleError: nothing is called that.
    """
    chosen = {rule for name in select for rule in _matching(rules, name)} if select else set(rules)
    chosen -= {rule for name in ignore for rule in _matching(rules, name)}
    return tuple(rule for rule in rules if rule in chosen)


def find_rule(rules: Sequence[type[Codemod]], name: str) -> type[Codemod]:
    """The rule with this code or name.

    Raises:
        UnknownRuleError: nothing is called that.
    """
    for rule in rules:
        if name.upper() == rule.code or name.lower() == rule.name:
            return rule
    raise UnknownRuleError(name, _suggestions(rules, name))


def _matching(rules: Sequence[type[Codemod]], name: str) -> list[type[Codemod]]:
    wanted = name.strip()
    found = [rule for rule in rules if rule.name == wanted.lower() or rule.code.startswith(wanted.upper())]
    if not found or not wanted:
        raise UnknownRuleError(name, _suggestions(rules, name))
    return found


def _suggestions(rules: Sequence[type[Codemod]], name: str) -> list[str]:
    known = {rule.code.lower(): rule.code for rule in rules} | {rule.name: rule.name for rule in rules}
    return [known[match] for match in difflib.get_close_matches(name.strip().lower(), known, n=2)]
