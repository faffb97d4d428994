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

ROOT = Path(__file__).resolve().parent.parent / "fixtures"


@dataclass(frozen=True)
class Case:
    """`fixtures/<rule-name>/<case>/`: with `after.py` it changes, without it is a look-alike that must not."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def id(self) -> str:
        return f"{self.rule}/{self.folder.name}"

    @property
    def rule(self) -> str:
        return self.folder.parent.name

    @property
    def before(self) -> Path:
        return self.folder / "before.py"

    @property
    def after(self) -> Path:
        return self.folder / "after.py"

    @property
    def changes(self) -> bool:
        return self.after.exists()

    def text(self, path: Path) -> str:
        return path.read_bytes().decode("utf-8")


def cases() -> list[Case]:
    found = []
    for before in sorted(ROOT.glob("*/*/before.py")):
        settings = before.with_name("case.toml")
        loaded = tomllib.loads(settings.read_text("utf-8")) if settings.exists() else {}
        found.append(Case(before.parent, loaded))
    return found
