"""The page of a rule, as its pack ships it."""

from __future__ import annotations

from importlib.resources import files

from tapefix.codemod import Codemod


def page(rule: type[Codemod]) -> str:
    """The rule's page in Markdown: `pages/CODE.md` of its package, and without one, its docstring."""
    package = rule.__module__.rpartition(".")[0]
    if package:
        shipped = files(package) / "pages" / f"{rule.code}.md"
        if shipped.is_file():
            return shipped.read_text("utf-8")
    return f"# {rule.code} {rule.name}\n\n{rule.page().rstrip()}\n"
