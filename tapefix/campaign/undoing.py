"""Taking back what a campaign has written."""

from __future__ import annotations

from pathlib import Path

from tapefix.campaign.journal import Journal, read_blob
from tapefix.campaign.memory import path_of, remember
from tapefix.source.errors import SourceError
from tapefix.source.undoing import Undone, put_back
from tapefix.source.writing import sweep


def undo_campaign(folder: Path) -> Undone:
    """Put back the bytes of every file that a campaign has written, or had begun to write.

    A file that has changed since is left alone, and so it stays when this is asked for again.

    Raises:
        SourceError: the journal cannot be read or kept, or the campaign is still running.
    """
    with Journal(folder) as journal:
        memory = remember(folder)
        restored: list[Path] = []
        refused: list[SourceError] = []
        for _, write in sorted(memory.writes.items(), reverse=True):
            path = path_of(write, memory.root)
            sweep(path.parent, f"{journal.id}-")
            try:
                if put_back(path, write.before, write.after, read_blob(folder, write.before)):
                    restored.append(path)
            except SourceError as error:
                refused.append(error)
        journal.append("undone", lasting=True)
    return Undone(tuple(reversed(restored)), tuple(reversed(refused)))
