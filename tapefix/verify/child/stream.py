"""The record of a run: one JSON object a line, written as things happen, so that a killed run leaves what it saw."""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Callable, Dict, Optional


class Stream:
    """Appends events to the record; other processes that inherit it stay silent."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._printed: Optional[Dict[str, Any]] = None
        self.ended = False
        self.closing: Optional[Callable[[], None]] = None
        """What there is to write before the last event."""

    @property
    def ours(self) -> bool:
        """Whether this is the process that the run was started in."""
        return os.getpid() == self._pid

    def emit(self, kind: str, **fields: Any) -> None:
        """Write one event."""
        if not self.ours:
            return
        with self._lock:
            self.flush()
            self._write(dict(fields, kind=kind))

    def printed(self, line: Optional[int], direct: bool, text: str) -> None:
        """Note a write to stdout; what one line prints in a row becomes one event."""
        if not self.ours:
            return
        with self._lock:
            last = self._printed
            if last is not None and last["line"] == line and last["direct"] == direct and len(last["text"]) < 1 << 16:
                last["text"] += text
                return
            self.flush()
            self._printed = {"kind": "print", "line": line, "direct": direct, "text": text}

    def flush(self) -> None:
        """Write what was printed since the last event."""
        if self._printed is not None:
            event, self._printed = self._printed, None
            self._write(event)

    def end(self, reason: str, **fields: Any) -> None:
        """Write the last event; later ones are dropped."""
        with self._lock:
            if not self.ended:
                closing, self.closing = self.closing, None
                if closing is not None and self.ours:
                    closing()
                self.emit("end", reason=reason, **fields)
                self.ended = True

    def _write(self, event: Dict[str, Any]) -> None:
        if self.ended:
            return
        data = json.dumps(event, default=str).encode("utf-8", "backslashreplace") + b"\n"
        while data:
            data = data[os.write(self._fd, data) :]
