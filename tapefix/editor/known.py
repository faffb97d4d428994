"""What is known already: the baselines that projects name, read again when they change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tapefix.baseline import Baseline
from tapefix.config import Config
from tapefix.share import Allotment
from tapefix.source.errors import SourceError

State = tuple[int, int]
"""What a file looked like from outside when it was read."""


class Known:
    """The baselines of a session. Asked from the thread that checks."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._read: dict[Path, tuple[State | None, Baseline | None]] = {}
        self.asked: list[Callable[[Path], None]] = []
        """Called with each baseline that is asked for, the first time."""

    def allotment(self, path: Path | None, config: Config) -> Allotment:
        """What is known of a file with these settings; nothing of a text that was never saved."""
        if path is None or config.baseline_file is None:
            return Allotment()
        baseline = self._baseline(config.baseline_file)
        return Allotment() if baseline is None else Allotment(known=baseline.of(path))

    def has(self, path: Path) -> bool:
        """Whether a file is one of the baselines, or has the name of one: it may be named through a link."""
        return any(path.name == file.name for file in tuple(self._read))

    def _baseline(self, file: Path) -> Baseline | None:
        """A baseline as it is now; what cannot be used is complained of, and the last good one holds."""
        state = file_state(file)
        if file not in self._read:
            for hear in self.asked:
                hear(file)
        elif self._read[file][0] == state:
            return self._read[file][1]
        try:
            baseline: Baseline | None = Baseline.read(file)
        except SourceError as error:
            self._complain(str(error))
            baseline = self._read[file][1] if file in self._read and state is not None else None
        self._read[file] = state, baseline
        return baseline


def file_state(path: Path) -> State | None:
    """What changes when a file does; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
