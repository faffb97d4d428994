"""An editor that gives the commands that run a document, applies what it is sent, and knows the processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from lsprotocol import types

from tests.editor.session import TIMEOUT, Session, capabilities, session

FIX_AND_VERIFY, SHOW_WHY = "tapefix.fixAndVerify", "tapefix.showWhy"
WINDOW = types.WindowClientCapabilities(
    work_done_progress=True,
    show_message=types.ShowMessageRequestClientCapabilities(),
    show_document=types.ShowDocumentClientCapabilities(True),
)


@dataclass
class Editor:
    """A session whose client can do what runs need."""

    session: Session
    applied: list[types.WorkspaceEdit] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    """What the server has offered to choose from."""
    choice: str | None = None
    """What is chosen of that."""
    known: int = 0

    def open(self, path: Path, text: str) -> str:
        """Open a text under a name that need not be there."""
        uri = path.as_uri()
        self.session.open(uri, text)
        return uri

    def text(self, uri: str) -> str:
        return self.session.texts[uri].text

    async def action(self, uri: str, command: str, piece: str | None = None, only: Sequence[str] | None = None) -> Any:
        """The one action with a command at a piece of text, or for all."""
        (found,) = [
            action
            for action in await self.session.actions(uri, piece, only=only, runs=True)
            if action.command is not None and action.command.command == command
        ]
        return found

    def start(self, action: types.CodeAction, token: str | None = None) -> asyncio.Future[Any]:
        """Give the command of an action."""
        assert action.command is not None
        if token is not None:
            self.session.client.progress_reports[token] = []
        params = types.ExecuteCommandParams(action.command.command, action.command.arguments, work_done_token=token)
        return asyncio.ensure_future(self.session.client.workspace_execute_command_async(params))

    async def run(self, action: types.CodeAction, token: str | None = None) -> dict[str, Any]:
        """Give the command of an action, and return what came of it."""
        result = await asyncio.wait_for(self.start(action, token), TIMEOUT)
        return dict(result) if isinstance(result, dict) else vars(result)

    async def fix_all(self, uri: str) -> dict[str, Any]:
        return await self.run(await self.action(uri, FIX_AND_VERIFY, only=["source.fixAndVerify"]))

    async def show_why(self, uri: str, piece: str) -> dict[str, Any]:
        return await self.run(await self.action(uri, SHOW_WHY, piece))

    async def hover(self, uri: str, piece: str) -> str:
        """What is shown at a piece of text."""
        text = self.text(uri)
        place = self.session.position(text, text.index(piece))
        asked = types.HoverParams(types.TextDocumentIdentifier(uri), place)
        answer = await asyncio.wait_for(self.session.client.text_document_hover_async(asked), TIMEOUT)
        return "" if answer is None else str(answer.contents.value)  # type: ignore[union-attr]

    @property
    def messages(self) -> list[str]:
        """What was shown since this was asked last."""
        found = [message.message for message in self.session.client.messages[self.known :]]
        self.known += len(found)
        return found

    async def until(self, wanted: Callable[[], Any]) -> Any:
        """Wait for something."""
        end = time.monotonic() + TIMEOUT
        while not (found := wanted()):
            assert time.monotonic() < end, "it does not come"
            await asyncio.sleep(0.05)
        return found

    @property
    def server(self) -> psutil.Process:
        process = self.session.client._server
        assert process is not None
        return psutil.Process(process.pid)

    def helpers(self) -> list[psutil.Process]:
        """The processes for runs."""
        return [process for process in self.server.children() if alive(process)]

    def warm(self) -> list[psutil.Process]:
        """The warm servers themselves, without the sandbox around them and what they have forked."""
        found = [process for process in self.below() if _is_warm(process)]
        return [process for process in found if process.ppid() not in {each.pid for each in found}]

    def below(self) -> list[psutil.Process]:
        """Every process that the server has started, directly or not."""
        return [process for process in self.server.children(recursive=True) if alive(process)]

    def _apply(self, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        held = self.session.texts
        changes = params.edit.document_changes or ()
        for change in changes:
            assert isinstance(change, types.TextDocumentEdit)
            if change.text_document.version != held[change.text_document.uri].version:
                return types.ApplyWorkspaceEditResult(False, "the version is another one")
        self.applied.append(params.edit)
        for change in changes:
            assert isinstance(change, types.TextDocumentEdit)
            uri = change.text_document.uri
            for start, end, new in reversed(self.session._spans(held[uri].text, change.edits)):
                self.session.replace(uri, start, end, new)
        return types.ApplyWorkspaceEditResult(True)

    def _choose(self, params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        self.offered.append(params.message)
        choice, self.choice = self.choice, None
        return next((action for action in params.actions or () if action.title == choice), None)


def alive(process: psutil.Process) -> bool:
    """Whether a process runs, and is more than an entry in a table."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _is_warm(process: psutil.Process) -> bool:
    try:
        return process.name() != "bwrap" and any("_tapefix_child" in part for part in process.cmdline())
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def running(folder: Path, **options: Any) -> AsyncIterator[Editor]:
    """A session of such an editor."""
    async with session(folder, can=capabilities(window=WINDOW), **options) as opened:
        editor = Editor(opened)
        opened.client.feature(types.WORKSPACE_APPLY_EDIT)(lambda params: editor._apply(params))
        opened.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(lambda params: editor._choose(params))
        yield editor
