"""Keeping our texts equal to the client's."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from tapefix.editor.server import Server

DOCUMENT_TEXT = "tapefix/documentText"
"""A request of ours: the text and version of a document as we have them, for those who look for a difference."""


def register(server: Server) -> None:
    """Add the features that follow what is opened, changed and closed."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        _changed(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        _changed(ls, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        ls.forget(params.text_document.uri)

    @server.feature(DOCUMENT_TEXT)
    def document_text(ls: Server, params: Any) -> dict[str, Any] | None:
        document = ls.documents.open_document(params.uri)
        return None if document is None else {"text": document.source, "version": document.version}


def _changed(server: Server, uri: str) -> None:
    program = server.program(uri)
    if program is not None:
        server.checker.changed(program)
