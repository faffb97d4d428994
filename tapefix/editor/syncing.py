"""Keeping our texts equal to the client's."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from tapefix.editor.server import Server

DOCUMENT_TEXT = "tapefix/documentText"
"""A request of ours: the text and version of a document as we have them, for those who look for a difference."""


def register(server: Server) -> None:
    """Add the features that follow what is opened, changed and closed."""
    for method in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE):
        server.feature(method)(lambda ls, params: ls.changed(params.text_document.uri))
    for method in (types.NOTEBOOK_DOCUMENT_DID_OPEN, types.NOTEBOOK_DOCUMENT_DID_CHANGE):
        server.feature(method)(lambda ls, params: ls.changed(params.notebook_document.uri))
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(lambda ls, params: ls.forget(params.text_document.uri))
    server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)(lambda ls, params: ls.forget(params.notebook_document.uri))

    @server.feature(DOCUMENT_TEXT)
    def document_text(ls: Server, params: Any) -> dict[str, Any] | None:
        document = ls.documents.open_document(params.uri)
        return None if document is None else {"text": document.source, "version": document.version}
