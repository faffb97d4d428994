"""The server: what a session holds, and which features it has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, PyglsError
from pygls.lsp.server import LanguageServer

from tapefix import __version__
from tapefix.editor.checking import Checked, Checker
from tapefix.editor.documents import Documents
from tapefix.editor.notebooks import notebook_program
from tapefix.editor.programs import LANGUAGES, Program, file_path, program_of
from tapefix.editor.protocol import Protocol
from tapefix.editor.run_results import RunResults
from tapefix.editor.settings import Settings
from tapefix.finding import Range

if TYPE_CHECKING:
    from tapefix.editor.actions import Asked

logger = logging.getLogger(__name__)

NAME = "tapefix"
NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithCells(
            cells=[types.NotebookCellLanguage("python")],
            notebook=types.NotebookDocumentFilterNotebookType("jupyter-notebook"),
        )
    ],
    save=True,
)


@dataclass(frozen=True)
class Hovered:
    """Something to know of a place."""

    text: str
    """In Markdown."""
    place: Range
    """The part of the program that it is about."""


class Server(LanguageServer):
    """One session with one client."""

    def __init__(self) -> None:
        super().__init__(NAME, __version__, notebook_document_sync=NOTEBOOKS, protocol_cls=Protocol, max_workers=4)
        self.settings = Settings(self.complain)
        self.checker = Checker(self.settings)
        self.runs = RunResults()
        self.asked_to_stop = False
        """Whether the client has asked for the end in the proper way."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.action_providers: list[Callable[[Asked], Iterable[types.CodeAction]]] = []
        """Say which code actions there are at a place."""
        self.action_resolvers: dict[str, Callable[[Server, dict[str, Any]], Awaitable[types.WorkspaceEdit | None]]] = {}
        """Make the edit of a chosen action, by the `do` of its data."""
        self.hover_providers: list[Callable[[Server, Checked, int, int], Iterable[Hovered]]] = []
        """Say what there is to know of a line and a column of a program."""
        self.ready: list[Callable[[], None]] = []
        """Called when the client is ready to be asked things."""
        self.forgotten: list[Callable[[str], None]] = []
        """Called with the name of each program that is closed."""
        self.folders_changed: list[Callable[[], None]] = []
        """Called when the client has added or removed a folder."""
        self.closing: list[Callable[[], None]] = []
        """What is to be ended with the session."""
        self.tasks: set[asyncio.Future[Any]] = set()
        """What goes on beside the messages."""

    @property
    def documents(self) -> Documents:
        """The open texts and notebooks."""
        documents = self.workspace
        assert isinstance(documents, Documents)
        return documents

    def program(self, uri: str) -> Program | None:
        """The program that a document, cell or notebook makes; None for what is not open, or not Python."""
        notebook = self.documents.notebook_of(uri)
        if notebook is not None:
            return notebook_program(notebook, self.documents)
        document = self.documents.open_document(uri)
        if document is None:
            return None
        python = document.language_id in LANGUAGES or str(document.path).endswith((".py", ".pyi"))
        return program_of(document) if python else None

    def key(self, uri: str) -> str:
        """The name of the program that a document belongs to: its own, or that of the notebook around it."""
        notebook = self.documents.notebook_of(uri)
        return uri if notebook is None else notebook.uri

    def folder_uris(self) -> dict[str, Path]:
        """The client's folders that are in the file system, by their names."""
        uris = [folder.uri for folder in self.workspace.folders.values()]
        if not uris and self.workspace.root_uri is not None:
            uris = [self.workspace.root_uri]
        paths = {uri: file_path(uri) for uri in uris}
        return {uri: path for uri, path in paths.items() if path is not None}

    def changed(self, uri: str) -> None:
        """A document or notebook was opened or changed."""
        program = self.program(uri)
        if program is not None:
            self.checker.changed(program)

    def forget(self, uri: str) -> None:
        """A program is not open any more."""
        self.checker.closed(uri)
        self.runs.drop(uri)
        for forgotten in self.forgotten:
            forgotten(uri)

    def complain(self, message: str) -> None:
        """Show the user a message about something that is wrong."""
        logger.warning("%s", message)
        self.call(lambda: self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message)))

    def call(self, what: Callable[[], object]) -> None:
        """Do something in the event loop, from whatever thread."""
        loop = self.loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(what)

    def report_server_error(self, error: Exception, source: type[PyglsError] | type[JsonRpcException]) -> None:
        """Log what went wrong with a message; the session goes on."""
        logger.error("%s: %s", source.__name__, error)

    def close(self) -> None:
        """End what the session has started."""
        for end in self.closing:
            end()
        self.checker.close()
