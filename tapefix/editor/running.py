"""Having things run for the text of a document: what both commands have in common."""

from __future__ import annotations

import itertools
import logging
import tempfile
from pathlib import Path

from lsprotocol import types
from pygls.capabilities import get_capability

from tapefix.editor.checking import Checked
from tapefix.editor.commands import Progress
from tapefix.editor.diagnostics import refresh
from tapefix.editor.notebooks import Notebook
from tapefix.editor.programs import Program
from tapefix.editor.run_results import RunResult
from tapefix.editor.runs.messages import Answer, Explain, Prove, Script, Told
from tapefix.editor.runs.workers import Workers
from tapefix.editor.server import NAME, Server
from tapefix.source.opening import NOTEBOOK

logger = logging.getLogger(__name__)


class Running:
    """Runs for one session."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._workers = Workers(server.complain)
        self._homeless: tempfile.TemporaryDirectory[str] | None = None
        server.closing.append(self.close)

    def close(self) -> None:
        """End what is running."""
        self._workers.close()
        if self._homeless is not None:
            self._homeless.cleanup()
            self._homeless = None

    def script(self, program: Program) -> Script:
        """The text of a program, as it is run."""
        notebook = program if isinstance(program, Notebook) else None
        path = program.path or self._free_path(".py" if notebook is None else NOTEBOOK)
        name = path.name if program.path is not None else program.uri.rpartition(":")[2]
        cells = tuple(zip(notebook.joined.numbers, notebook.cells, strict=True)) if notebook is not None else None
        return Script(path, name, program.text, cells)

    async def ask(self, task: Prove | Explain, checked: Checked, progress: Progress) -> Answer:
        """Have something done, and show how far it is."""
        runs = 0

        def tell(told: Told) -> None:
            nonlocal runs
            if told.stage == "starting":
                progress.say(f"{told.what} imports TensorFlow")
            else:
                runs += told.stage == "running"
                progress.say(f"run {runs}" if runs else "running")

        return await self._workers.ask(task, checked.ruling.config, tell)

    def keep(self, result: RunResult) -> None:
        """Show from now on what a run has found."""
        self.server.runs.put(result)
        refresh(self.server)
        if get_capability(self.server.client_capabilities, "workspace.code_lens.refresh_support", False):
            self.server.workspace_code_lens_refresh(None)

    def _free_path(self, suffix: str) -> Path:
        """Where a text that was never saved could be saved: beside the files of the first folder."""
        folders = self.server.settings.folders
        if folders:
            folder = folders[0]
        else:
            self._homeless = self._homeless or tempfile.TemporaryDirectory(prefix=f"{NAME}-untitled-")
            folder = Path(self._homeless.name)
        names = (f"untitled{number}{suffix}" for number in itertools.count(1))
        return next(folder / name for name in names if not (folder / name).exists())


async def readable(server: Server, uri: str) -> Checked | str:
    """What was found in the present text of a document; or why it cannot be run."""
    checked = await server.checker.checked(server.key(uri))
    if checked is None:
        return "this document is not open as Python"
    if checked.kept:
        return "the text is no Python as it stands; nothing was run"
    return checked


def unchanged(server: Server, program: Program) -> Program | None:
    """The program as it is now, where its text is still the same."""
    now = server.checker.latest(program.uri)
    current = now.program if now is not None else server.program(program.uri)
    return current if current is not None and current.text == program.text else None


def tell(server: Server, kind: types.MessageType, message: str) -> None:
    """Show the user a message."""
    server.window_show_message(types.ShowMessageParams(kind, message))


def log(details: str) -> None:
    """Put the details into the client's log."""
    if details:
        logger.info("%s", details.rstrip())
