"""The set-up pages, and what they tell people to copy."""

from __future__ import annotations

import re

from tests.fixtures import ROOT

EDITORS = ROOT.parent / "editors"
PAGES = ("neovim.md", "emacs.md", "helix.md", "pycharm.md", "vscode/README.md")


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a language on a page, in their order."""
    text = (EDITORS / page).read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.M | re.S)
    return [re.sub(rf"^{indent}", "", block, flags=re.M) for indent, block in found]
