"""The commands that run a document, and what is seen of them afterwards."""

from __future__ import annotations

from tapefix.editor import lenses, showing_why, verifying
from tapefix.editor.running import Running
from tapefix.editor.server import Server


def register(server: Server) -> None:
    """Add them."""
    running = Running(server)
    verifying.register(server, running)
    showing_why.register(server, running)
    lenses.register(server)
