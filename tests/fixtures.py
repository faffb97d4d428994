"""The golden cases of this checkout."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tapefix.dev import cases as dev
from tapefix.dev.cases import Case

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["LEGACY", "ROOT", "Case", "cases", "expected"]

ROOT = Path(__file__).resolve().parent.parent / "fixtures"
LEGACY = ROOT / "legacy"
"""A tree of old scripts and notebooks, and what becomes of each in a campaign: `expected.toml`."""


def cases() -> list[Case]:
    return dev.cases(ROOT)


@dataclass(frozen=True)
class Expected:
    """What becomes of one file of the legacy tree."""

    path: Path
    state: str
    """The value of its end state."""
    rules: tuple[str, ...]
    passed_over: bool
    """Whether a walk does not parse it."""


def expected() -> dict[str, Expected]:
    """The table of the legacy tree, by path."""
    rows = tomllib.loads((LEGACY / "expected.toml").read_text("utf-8"))["files"]
    return {
        name: Expected(LEGACY / name, row["state"], tuple(row["rules"]), bool(row.get("passed_over", False)))
        for name, row in rows.items()
    }
