"""Bringing a stray into its region, from whichever side it stands on."""

from __future__ import annotations

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.admission import CannotAdmitError
from tapefix.tapes.repairs.from_above import FromAbove
from tapefix.tapes.repairs.from_below import FromBelow
from tapefix.tapes.repairs.regions import Side, Stray


def admit(reading: Reading, stray: Stray, title: str) -> tuple[Rewrite | None, str]:
    """What brings a stray into its region, or why nothing does."""
    side = FromBelow if stray.side is Side.AFTER else FromAbove
    try:
        return side(reading, stray).write().rewrite(title), ""
    except CannotAdmitError as error:
        return None, str(error)
