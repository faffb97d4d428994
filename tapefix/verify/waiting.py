"""Somebody who waits for runs: who hears how far they are, and may give them up."""

from __future__ import annotations

import select
from pathlib import Path


class Stopped(Exception):
    """Nobody waits for the run any more; it was ended."""


class Waiting:
    """Waits for runs. Derive from it to hear of them."""

    def __init__(self, wire: int = -1) -> None:
        self.wire = wire
        """What can be read from as soon as the runs are given up; -1: they never are."""

    def check(self) -> None:
        """Go on only when somebody still waits.

        Raises:
            Stopped: nobody does.
        """
        if self.wire >= 0 and select.select([self.wire], [], [], 0)[0]:
            raise Stopped

    def starting(self, python: Path) -> None:
        """A warm server is about to import TensorFlow, which takes a while."""

    def started(self) -> None:
        """It has, and can be asked for runs."""

    def running(self) -> None:
        """A run begins."""

    def lost(self, how: str) -> None:
        """A warm server has ended by itself; `how` says it in words."""
