"""Places in other files than the one that is spoken of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tapefix.finding import Related


@dataclass(frozen=True)
class Elsewhere(Related):
    """A place in another file that helps to understand a finding."""

    path: Path = field(kw_only=True)
