"""`tapefix.showWhy`: a traced run, and what it has seen at the place of each break."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from tapefix.editor.actions import SHOW_WHY, Asked
from tapefix.editor.commands import Progress, argument, cancellable
from tapefix.editor.run_results import RunResult
from tapefix.editor.running import Running, log, readable, tell, unchanged
from tapefix.editor.runs.messages import Explain, Explained, Failed
from tapefix.editor.server import NAME, Server
from tapefix.running import QUERY

COMMAND = "tapefix.showWhy"
PAGE_COMMAND = "tapefix.showWhyPage"


def register(server: Server, running: Running) -> None:
    """Add the commands and their actions."""
    server.action_providers.append(offered)
    showing = ShowingWhy(server, running)
    server.closing.append(showing.close)

    @server.command(COMMAND)
    async def show_why(params: types.ExecuteCommandParams) -> Any:
        return await showing.command(params, page=False)

    @server.command(PAGE_COMMAND)
    async def show_page(params: types.ExecuteCommandParams) -> Any:
        return await showing.command(params, page=True)


def offered(asked: Asked) -> Iterator[types.CodeAction]:
    """The actions at a query, or at a finding; for those who name their kind, anywhere."""
    lines = asked.part.lines
    first, last = (min(end.line + 1, lines.count) for end in (asked.place.start, asked.place.end))
    at_finding = bool(asked.findings) and asked.wants(types.CodeActionKind.QuickFix)
    at_query = any(QUERY.search(lines.line(line)) for line in range(first, last + 1))
    if asked.checked.kept or not (at_finding or (asked.wants(SHOW_WHY) and (at_query or asked.names(SHOW_WHY)))):
        return
    # Among the fixes of a finding, so that editors show it there; else it is nothing to call attention to.
    kind = types.CodeActionKind.QuickFix if at_finding else SHOW_WHY
    commands = {COMMAND: "Show why: run it, and mark where the gradient is lost"}
    if get_capability(asked.server.client_capabilities, "window.show_document.support", False):
        commands[PAGE_COMMAND] = "Show why, as a page"
    for name, title in commands.items():
        command = types.Command(title, name, arguments=[asked.part.uri, first, asked.part.version])
        yield types.CodeAction(title=title, kind=kind, command=command)


@dataclass
class ShowingWhy:
    """Carries out the commands."""

    server: Server
    running: Running
    _pages: tempfile.TemporaryDirectory[str] | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)

    def close(self) -> None:
        """Remove the pages."""
        if self._pages is not None:
            self._pages.cleanup()
            self._pages = None

    async def command(self, params: types.ExecuteCommandParams, *, page: bool) -> dict[str, Any]:
        """Run a document, and show where its gradients are lost; return what came of it."""
        uri, line = str(argument(params, 0, str)), argument(params, 1, int)

        async def work(progress: Progress) -> tuple[str, dict[str, Any]]:
            return await self._work(uri, line, progress, page=page)

        title = f"Show why {uri.rpartition('/')[2]}"
        result = await cancellable(self.server, params.work_done_token, title, work)
        return result if result is not None else {"status": "cancelled", "message": ""}

    async def _work(self, uri: str, line: int | None, progress: Progress, *, page: bool) -> tuple[str, dict[str, Any]]:
        server = self.server
        checked = await readable(server, uri)
        if isinstance(checked, str):
            return self._say(types.MessageType.Warning, "not run", f"tapefix: {checked}.")
        program = checked.program
        script, part = self.running.script(program), program.part(uri)
        asked = program.line(part, line) if part is not None and line is not None else None
        answer = await self.running.ask(Explain(script, page, asked), checked, progress)
        if isinstance(answer, Failed):
            return self._say(types.MessageType.Error, "not run", f"{script.name}: not run: {answer.sentence}")
        if not isinstance(answer, Explained):
            raise asyncio.CancelledError
        log(answer.details)
        shown = await self._show_page(answer.page) if page else None
        status = "explained" if answer.broken else "nothing"
        if unchanged(server, program) is None:
            message = f"{answer.sentence} The text has changed since the run began; nothing is marked."
            return self._say(types.MessageType.Warning, "changed", message, shown)
        self.running.keep(RunResult(program, answer.lines, answer.marks, answer.findings))
        kind = types.MessageType.Warning if answer.broken else types.MessageType.Info
        return self._say(kind, status, answer.sentence, shown)

    async def _show_page(self, page: str) -> str:
        """Have the client open the page; return its name."""
        if self._pages is None:
            self._pages = tempfile.TemporaryDirectory(prefix=f"{NAME}-why-")
        self._count += 1
        path = Path(self._pages.name) / f"why{self._count}.html"
        path.write_text(page, encoding="utf-8", errors="backslashreplace")
        await self.server.window_show_document_async(types.ShowDocumentParams(path.as_uri(), external=True))
        return path.as_uri()

    def _say(
        self, kind: types.MessageType, status: str, message: str, page: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        tell(self.server, kind, message)
        result = {"status": status, "message": message}
        return status, result if page is None else {**result, "page": page}
