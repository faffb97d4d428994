"""A session with the real server over its standard streams, driven as an editor drives it."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, LanguageClient, register_lsp_features

COMMAND = (sys.executable, "-m", "tapefix", "lsp")
TIMEOUT = 60.0


def capabilities(
    *, pull: bool = False, encodings: Sequence[str] | None = None, **change: Any
) -> types.ClientCapabilities:
    """What a capable client can do; it is pushed diagnostics unless it pulls them."""
    everything = types.ClientDiagnosticsTagOptions([types.DiagnosticTag.Unnecessary, types.DiagnosticTag.Deprecated])
    made = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=encodings),
        window=types.WindowClientCapabilities(work_done_progress=True),
        notebook_document=types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities()),
        workspace=types.WorkspaceClientCapabilities(
            apply_edit=True,
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
            configuration=True,
            workspace_folders=True,
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
        ),
        text_document=types.TextDocumentClientCapabilities(
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
                version_support=True,
                related_information=True,
                tag_support=everything,
                code_description_support=True,
            ),
            diagnostic=types.DiagnosticClientCapabilities() if pull else None,
            code_action=types.CodeActionClientCapabilities(
                resolve_support=types.ClientCodeActionResolveOptions(["edit"]), is_preferred_support=True
            ),
            hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
        ),
    )
    for name, value in change.items():
        setattr(made, name, value)
    return made


@dataclass
class Text:
    """What the client holds of a document."""

    text: str
    version: int


@dataclass
class Session:
    """The client's side."""

    client: LanguageClient
    result: types.InitializeResult
    registrations: list[types.Registration]
    texts: dict[str, Text] = field(default_factory=dict)
    cells: dict[str, list[str]] = field(default_factory=dict)
    notebook_version: int = 1
    published: dict[str, list[types.PublishDiagnosticsParams]] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    partial: dict[types.ProgressToken, list[types.WorkspaceDiagnosticReportPartialResult]] = field(default_factory=dict)
    """What came of answers before they were complete."""

    @property
    def encoding(self) -> str:
        """The unit of columns that was agreed on."""
        return str(self.result.capabilities.position_encoding or "utf-16")

    def open(self, uri: str, text: str, language: str = "python") -> None:
        self.texts[uri] = Text(text, 1)
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, 1, text))
        )

    def open_notebook(self, uri: str, cells: Sequence[str]) -> list[str]:
        """Open a notebook; returns the names of its cells."""
        names = [f"vscode-notebook-cell:{uri.partition(':')[2]}#W{number}" for number in range(len(cells))]
        self.cells[uri] = names
        documents = [types.TextDocumentItem(name, "python", 1, text) for name, text in zip(names, cells, strict=True)]
        self.texts.update({name: Text(text, 1) for name, text in zip(names, cells, strict=True)})
        notebook = types.NotebookDocument(
            uri, "jupyter-notebook", 1, [types.NotebookCell(types.NotebookCellKind.Code, name) for name in names]
        )
        self.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, documents))
        return names

    def change_notebook(self, uri: str, change: types.NotebookDocumentCellChanges) -> None:
        """Tell of a change of a notebook."""
        self.notebook_version += 1
        self.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                types.VersionedNotebookDocumentIdentifier(self.notebook_version, uri),
                types.NotebookDocumentChangeEvent(cells=change),
            )
        )

    def close(self, uri: str) -> None:
        del self.texts[uri]
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def replace(self, uri: str, start: int, end: int, new: str) -> None:
        """Replace a stretch of a document, given in code points, and tell the server of that alone."""
        held = self.texts[uri]
        place = types.Range(self.position(held.text, start), self.position(held.text, end))
        held.text = held.text[:start] + new + held.text[end:]
        held.version += 1
        document = types.VersionedTextDocumentIdentifier(uri=uri, version=held.version)
        change = types.TextDocumentContentChangePartial(range=place, text=new)
        notebook = next((name for name, cells in self.cells.items() if uri in cells), None)
        if notebook is not None:
            changes = types.NotebookDocumentCellContentChanges(document, [change])
            self.change_notebook(notebook, types.NotebookDocumentCellChanges(text_content=[changes]))
        else:
            self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def edit(self, uri: str, old: str, new: str) -> None:
        """Replace the first place of a piece of text."""
        start = self.texts[uri].text.index(old)
        self.replace(uri, start, start + len(old), new)

    async def diagnostics(self, uri: str) -> list[types.Diagnostic]:
        """The diagnostics of the present version, as soon as they are pushed."""
        return await self._pushed(uri, lambda pushed: pushed.version == self.texts[uri].version)

    async def cleared(self, uri: str) -> None:
        """Wait until a document that was closed has no diagnostics any more."""
        await self._pushed(uri, lambda pushed: not pushed.diagnostics and pushed.version is None)

    async def next_diagnostics(self, uri: str) -> list[types.Diagnostic]:
        """The next diagnostics that are pushed, whatever their version."""
        known = len(self.published.get(uri, ()))
        return await self._pushed(uri, lambda _: len(self.published[uri]) > known)

    async def _pushed(self, uri: str, wanted: Any) -> list[types.Diagnostic]:
        async def wait() -> list[types.Diagnostic]:
            while True:
                pushed = self.published.get(uri, ())
                if pushed and wanted(pushed[-1]):
                    return list(pushed[-1].diagnostics)
                self.arrived.clear()
                await self.arrived.wait()

        return await asyncio.wait_for(wait(), TIMEOUT)

    async def actions(
        self,
        uri: str,
        piece: str | None = None,
        *,
        only: Sequence[str] | None = None,
        diagnostics: Sequence[types.Diagnostic] = (),
        runs: bool = False,
    ) -> list[types.CodeAction]:
        """The actions at a piece of text, or for the whole document; those that run it only where `runs` says so."""
        text = self.texts[uri].text
        start, end = (text.index(piece), text.index(piece) + len(piece)) if piece is not None else (0, len(text))
        place = types.Range(self.position(text, start), self.position(text, end))
        asked = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), place, types.CodeActionContext(list(diagnostics), only=only)
        )
        found = await asyncio.wait_for(self.client.text_document_code_action_async(asked), TIMEOUT)
        actions = [action for action in found or () if isinstance(action, types.CodeAction)]
        return [action for action in actions if runs or action.command is None]

    async def apply(self, action: types.CodeAction) -> None:
        """Apply an action to the client's texts, resolving it first where it has no edit, and send the changes."""
        if action.edit is None:
            action = await asyncio.wait_for(self.client.code_action_resolve_async(action), TIMEOUT)
        assert action.edit is not None
        changes = dict(action.edit.changes or {})
        for change in action.edit.document_changes or ():
            assert isinstance(change, types.TextDocumentEdit)
            assert change.text_document.version == self.texts[change.text_document.uri].version
            changes[change.text_document.uri] = change.edits
        for uri, edits in changes.items():
            text = self.texts[uri].text
            for start, end, new in reversed(self._spans(text, edits)):
                self.replace(uri, start, end, new)

    def _spans(self, text: str, edits: Iterable[Any]) -> list[tuple[int, int, str]]:
        spans = [
            (self.offset(text, edit.range.start), self.offset(text, edit.range.end), edit.new_text) for edit in edits
        ]
        ordered = sorted(spans, key=lambda span: span[:2])
        assert all(one[1] <= two[0] for one, two in itertools.pairwise(ordered)), "edits overlap"
        return ordered

    async def held(self, uri: str) -> Text:
        """What the server holds of a document."""
        answer = await asyncio.wait_for(
            self.client.protocol.send_request_async("tapefix/documentText", {"uri": uri}), TIMEOUT
        )
        return Text(answer.text, answer.version)

    # Positions, counted here in another way than the server counts them.

    def units(self, text: str) -> int:
        codec = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[self.encoding]
        return len(text.encode(codec[0])) // codec[1]

    def position(self, text: str, offset: int) -> types.Position:
        before = re.split(r"\r\n|\r|\n", text[:offset])
        if offset < len(text) and text[offset - 1 : offset + 1] == "\r\n":
            raise AssertionError("no position is between CR and LF")
        return types.Position(len(before) - 1, self.units(before[-1]))

    def offset(self, text: str, position: types.Position) -> int:
        starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
        start = starts[position.line]
        end = start
        while self.units(text[start:end]) < position.character:
            end += 1
        assert self.units(text[start:end]) == position.character
        return end

    def piece(self, uri: str, place: types.Range) -> str:
        """The text of a range."""
        text = self.texts[uri].text
        return text[self.offset(text, place.start) : self.offset(text, place.end)]


@asynccontextmanager
async def session(
    folder: Path | None = None,
    *,
    can: types.ClientCapabilities | None = None,
    options: Any = None,
    settings: dict[str, Any] | None = None,
    folders: Sequence[Path] = (),
    command: Sequence[str] = COMMAND,
    quiet: bool = True,
) -> AsyncIterator[Session]:
    """Start a server, and end it in the proper way: exit code 0 and, if `quiet`, no error in the log."""
    client = LanguageClient(converter_factory=_converter, configuration={"": settings or {}})
    features = dict(DEFAULT_CLIENT_FEATURES)
    published: dict[str, list[types.PublishDiagnosticsParams]] = {}
    arrived = asyncio.Event()

    def pushed(ls: LanguageClient, params: types.PublishDiagnosticsParams) -> None:
        published.setdefault(params.uri, []).append(params)
        arrived.set()

    features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] = pushed
    registrations: list[types.Registration] = []

    def register(ls: LanguageClient, params: types.RegistrationParams) -> None:
        registrations.extend(params.registrations)

    features[types.CLIENT_REGISTER_CAPABILITY] = register
    partial: dict[types.ProgressToken, list[types.WorkspaceDiagnosticReportPartialResult]] = {}
    progress = features[types.PROGRESS]

    def progressed(ls: LanguageClient, params: types.ProgressParams) -> None:
        if "kind" in params.value:
            progress(ls, params)
            return
        part = ls.protocol._converter.structure(params.value, types.WorkspaceDiagnosticReportPartialResult)
        partial.setdefault(params.token, []).append(part)

    features[types.PROGRESS] = progressed
    register_lsp_features(client, features)
    await client.start_io(*command, cwd=folder, env={**os.environ, "PYTHONWARNINGS": "error"})
    places = [types.WorkspaceFolder(each.as_uri(), each.name) for each in ([folder] if folder else []) + list(folders)]
    result = await asyncio.wait_for(
        client.initialize_session(
            types.InitializeParams(
                capabilities=can or capabilities(), workspace_folders=places, initialization_options=options
            )
        ),
        TIMEOUT,
    )
    server = client._server
    assert server is not None
    try:
        yield Session(client, result, registrations, published=published, arrived=arrived, partial=partial)
        await asyncio.wait_for(client.shutdown_session(), TIMEOUT)
        assert server.returncode == 0
        errors = [each.message for each in client.log_messages if each.type is types.MessageType.Error]
        assert not quiet or not errors, errors
    finally:
        if server.returncode is None:
            server.kill()
        await client.stop()


def _converter() -> Any:
    """What makes messages of data. That of the library takes an action with a command for a command."""
    converter = default_converter()

    def action(given: Any, _: type) -> types.Command | types.CodeAction:
        return converter.structure(given, types.Command if isinstance(given.get("command"), str) else types.CodeAction)

    # The key under which the library has its own.
    either = Union[types.Command, types.CodeAction]  # noqa: UP007
    converter.register_structure_hook(either, action)
    return converter
