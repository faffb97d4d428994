"""What is logged goes to the client's log: standard output belongs to the protocol."""

from __future__ import annotations

import logging
import threading

from lsprotocol import types

from tapefix.editor.server import Server

_TYPES = (
    (logging.ERROR, types.MessageType.Error),
    (logging.WARNING, types.MessageType.Warning),
    (logging.INFO, types.MessageType.Info),
)


class ClientLog(logging.Handler):
    """Sends log records to the client."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self._state = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record. What goes wrong with that is not logged in turn."""
        if getattr(self._state, "sending", False):
            return
        kind = next((kind for level, kind in _TYPES if record.levelno >= level), types.MessageType.Log)
        try:
            message = self.format(record)
        except Exception:
            self.handleError(record)
            return
        self._server.call(lambda: self._send(kind, message))

    def _send(self, kind: types.MessageType, message: str) -> None:
        self._state.sending = True
        try:
            self._server.window_log_message(types.LogMessageParams(kind, message))
        finally:
            self._state.sending = False


def log_to_client(server: Server) -> None:
    """Send our own records from `INFO` on to the client, and those of the libraries below us from `ERROR` on."""
    handler = ClientLog(server)
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name, level in (("tapefix", logging.INFO), ("pygls", logging.ERROR), ("asyncio", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.addHandler(handler)
        logger.propagate = False
