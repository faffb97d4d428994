"""The checkout that tapefix runs from, which alone has fixtures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tapefix

PARTS = ("pyproject.toml", "README.md", "codemods", "fixtures")


class CheckoutError(RuntimeError):
    """tapefix does not run from a checkout."""


@dataclass(frozen=True)
class Checkout:
    """Where the parts of the project are."""

    root: Path

    @classmethod
    def here(cls) -> Checkout:
        """The checkout that this module is part of.

        Raises:
            CheckoutError: it is part of an installation.
        """
        root = Path(tapefix.__file__).resolve().parent.parent
        missing = [part for part in PARTS if not (root / part).exists()]
        if missing:
            raise CheckoutError(
                f"tapefix.dev works on a checkout of tapefix, and {root} is none: it has no {missing[0]}; "
                "clone the repository and install it with `pip install --editable '.[dev]'`"
            )
        return cls(root)

    @property
    def readme(self) -> Path:
        """The file with the table of rules."""
        return self.root / "README.md"

    @property
    def codemods(self) -> Path:
        """One file per rule."""
        return self.root / "codemods"

    @property
    def pages(self) -> Path:
        """One page per rule, beside the rules so that an installation has them, too."""
        return self.codemods / "pages"

    @property
    def fixtures(self) -> Path:
        """One folder per rule, with one folder per case."""
        return self.root / "fixtures"
