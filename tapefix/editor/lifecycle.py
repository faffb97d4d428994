"""The beginning and the end of a session."""

from __future__ import annotations

import asyncio
import logging
import sys

from lsprotocol import types

from tapefix import __version__
from tapefix.editor.documents import Documents
from tapefix.editor.server import Server

logger = logging.getLogger(__name__)


def register(server: Server) -> None:
    """Add the features that open and close a session."""

    @server.feature(types.INITIALIZE)
    def initialize(ls: Server, params: types.InitializeParams) -> None:
        ls.loop = asyncio.get_running_loop()
        _take_over(ls)
        ls.settings.folders = tuple(ls.folder_uris().values())
        given = params.initialization_options
        if isinstance(given, dict):
            # Some clients send the settings themselves, others wrap them.
            given = given.get("settings", given)
            given = given.get("tapefix", given) if isinstance(given, dict) else given
        ls.settings.set_client(given)

    @server.feature(types.INITIALIZED)
    def initialized(ls: Server, params: types.InitializedParams) -> None:
        logger.info("tapefix %s, Python %s", __version__, sys.version.split()[0])
        for ready in ls.ready:
            ready()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
        ls.settings.folders = tuple(ls.folder_uris().values())
        for changed in ls.folders_changed:
            changed()

    @server.feature(types.SHUTDOWN)
    def shutdown(ls: Server, params: None) -> None:
        ls.asked_to_stop = True
        ls.close()


def _take_over(server: Server) -> None:
    """Use our own documents in place of those that pygls has just made."""
    made = server.workspace
    server.protocol._workspace = Documents(
        made.root_uri,
        types.TextDocumentSyncKind.Incremental,
        list(made.folders.values()),
        made.position_encoding,
    )
