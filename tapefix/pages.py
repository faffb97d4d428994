"""The page of a rule, as its pack ships it."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from tapefix.codemod import Codemod

if sys.version_info >= (3, 11):
    from importlib.resources.abc import Traversable
else:
    from importlib.abc import Traversable


def page(rule: type[Codemod]) -> str:
    """The rule's page in Markdown: `pages/CODE.md` of its package, and without one, its docstring."""
    shipped = _shipped(rule)
    if shipped is not None:
        return shipped.read_text("utf-8")
    return f"# {rule.code} {rule.name}\n\n{rule.page().rstrip()}\n"


@lru_cache(maxsize=512)
def link(rule: type[Codemod]) -> str | None:
    """A URL of the rule's page: the file that its package ships; None when it has none in the file system."""
    shipped = _shipped(rule)
    return shipped.resolve().as_uri() if isinstance(shipped, Path) else None


def _shipped(rule: type[Codemod]) -> Traversable | None:
    package = rule.__module__.rpartition(".")[0]
    if not package:
        return None
    shipped = files(package) / "pages" / f"{rule.code}.md"
    return shipped if shipped.is_file() else None
