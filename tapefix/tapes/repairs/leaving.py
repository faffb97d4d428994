"""One place where paths leave TensorFlow, and what is written there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import libcst as cst

from tapefix.allowance import Allowance
from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.copies import as_mended
from tapefix.tapes.repairs.departure_kinds import Departure
from tapefix.tapes.repairs.leftover import says_nothing
from tapefix.tapes.repairs.uses import Ask
from tapefix.tapes.values import Value
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.written import Translation


@dataclass
class Leaving:
    """One expression at which paths leave TensorFlow (or go on outside it), with all its evaluations."""

    node: cst.CSTNode
    departure: Departure
    values: list[Value]
    queries: set[int] = field(default_factory=set)
    """Lines of the queries that lose a gradient by it."""
    translation: Translation | None = None
    """What to write in its place; `None` where nothing can be written."""
    obstacle: str = ""
    """Why the path cannot be mended here."""
    beyond: str = ""
    """Why the path cannot be mended elsewhere, though this step could be."""
    widens: str = ""
    """Which gradient lacks a part by it, and would change when it is mended; empty where none does."""
    asks: list[Ask] = field(default_factory=list)
    """Other uses of the result, off every path, that need what it was: they ask for it where they use it."""

    @property
    def reason(self) -> str:
        """Why nothing is written here, or why what is written is not safe; empty where it is."""
        return self.stuck or self.widens

    @property
    def stuck(self) -> str:
        """Why nothing is written here; empty when something is."""
        return self.obstacle or self.beyond

    @property
    def changes(self) -> bool:
        """Whether the expression reads differently on tensors."""
        return self.translation is None or not self.translation.unchanged

    def rewrite(self, reading: Reading, title: str) -> Rewrite | None:
        """The step inside TensorFlow; `None` where the path cannot be mended."""
        if self.stuck or self.translation is None:
            return None
        allows = [Allowance.WHOLE] if self.widens else []
        draft = Draft(reading)
        nothing = says_nothing(reading, self.node, self._kept(reading))
        if nothing is not None and not self.asks:
            draft.delete(nothing)
            return draft.rewrite(title, *allows)
        pieces = as_mended(reading, reading.departures.leavings, self.node, self.translation.pieces)
        replace(self.translation, pieces=pieces).write(draft, self.node)
        for ask in self.asks:
            ask.write(draft)
        if "tensorflow" in self.translation.needs:
            draft.tensorflow()
        return draft.rewrite(title, *allows) if draft.edits else None

    def _kept(self, reading: Reading) -> cst.CSTNode:
        """What stays of the expression once the departures inside it are mended, too."""
        kept, inner = self.node, self
        while inner.translation is not None and len(inner.translation.pieces) == 1:
            piece = inner.translation.pieces[0]
            if not isinstance(piece, cst.CSTNode):
                break
            kept = piece
            if piece not in reading.departures.leavings:
                break
            inner = reading.departures.leavings[piece]
        return kept
