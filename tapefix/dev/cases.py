"""The golden cases under `fixtures/`: found by glob, one folder a case."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Case:
    """`fixtures/<rule-name>/<case>/`.

    With `after.py` it changes. Without, it does not: a look-alike, or, with `advice = true` in its `case.toml`, a break
    that the rule names and has no rewrite for.
    """

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def id(self) -> str:
        """The rule and the case, as its folder is called."""
        return f"{self.rule}/{self.folder.name}"

    @property
    def rule(self) -> str:
        """The name of the rule."""
        return self.folder.parent.name

    @property
    def before(self) -> Path:
        """The script with the break, or the look-alike."""
        return self.folder / "before.py"

    @property
    def after(self) -> Path:
        """The script as it must be repaired."""
        return self.folder / "after.py"

    @property
    def changes(self) -> bool:
        """Whether there is a repair."""
        return self.after.exists()

    @property
    def advises(self) -> bool:
        """Whether the rule names the break and leaves it at that."""
        return bool(self.settings.get("advice", False))

    @property
    def unsafe(self) -> bool:
        """Whether unsafe rewrites are asked for."""
        return bool(self.settings.get("unsafe", False))

    def text(self, path: Path) -> str:
        """One of its files, line ends as they are."""
        return path.read_bytes().decode("utf-8")


def cases(root: Path) -> list[Case]:
    """Every case in a folder of rules."""
    found = []
    for before in sorted(root.glob("*/*/before.py")):
        settings = before.with_name("case.toml")
        loaded = tomllib.loads(settings.read_text("utf-8")) if settings.exists() else {}
        found.append(Case(before.parent, loaded))
    return found
