"""The protocol as pygls speaks it, with an answer also to what makes no sense."""

from __future__ import annotations

from typing import Any

from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol


class Protocol(LanguageServerProtocol):
    """Answers requests whose parameters are not as the protocol has them: a client would wait for ever."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Make a message of what was received.

        Raises:
            JsonRpcException: it is none; a request has been answered so.
        """
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise
