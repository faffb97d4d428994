"""The golden cases of this checkout."""

from __future__ import annotations

from pathlib import Path

from tapefix.dev import cases as dev
from tapefix.dev.cases import Case

__all__ = ["ROOT", "Case", "cases"]

ROOT = Path(__file__).resolve().parent.parent / "fixtures"


def cases() -> list[Case]:
    return dev.cases(ROOT)
