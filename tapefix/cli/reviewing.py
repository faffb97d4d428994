"""The review of a campaign, finding by finding. Every answer is in the journal before the next question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tapefix.campaign.journal import Journal
from tapefix.campaign.memory import Memory
from tapefix.cli.asking import Answer, Chooser, Quit
from tapefix.source.text import SourceText

if TYPE_CHECKING:
    from tapefix.suppressions import Watched


class Review:
    """Asks about each rewrite before it is run, and remembers what was said in earlier parts of the campaign."""

    def __init__(self, journal: Journal, memory: Memory | None) -> None:
        self._journal = journal
        self._memory = memory
        self._quit = Quit()

    def choosing(self, source: SourceText, watched: Watched) -> Chooser:
        """What decides about the rewrites of one file."""

        def answered(answer: Answer, yes: bool) -> None:
            code, line, rule = answer
            self._journal.append("answer", lasting=True, file=source.name, code=code, line=line, rule=rule, yes=yes)

        known = self._memory.answers.get(source.name) if self._memory is not None else None
        return Chooser(source, watched, self._quit, known, answered)

    def stopped(self) -> bool:
        """Whether whoever is asked has had enough; what was taken stays taken."""
        return self._quit.answer is False
