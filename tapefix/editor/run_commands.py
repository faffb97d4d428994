"""The commands that run a document."""

from __future__ import annotations

from tapefix.editor import showing_why, verifying
from tapefix.editor.running import Running
from tapefix.editor.server import Server


def register(server: Server) -> None:
    """Add them."""
    running = Running(server)
    verifying.register(server, running)
    showing_why.register(server, running)
