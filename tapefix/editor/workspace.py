"""Findings in the files of the client's folders that are not open, for those who ask for all of them."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from lsprotocol import types

from tapefix.editor.checking import look
from tapefix.editor.closed import closed_program
from tapefix.editor.diagnostics import diagnostics_of, fingerprint
from tapefix.editor.known import State, file_state
from tapefix.editor.positions import Units
from tapefix.editor.programs import file_path
from tapefix.editor.server import Server
from tapefix.editor.settings import Ruling
from tapefix.source.errors import SourceError
from tapefix.source.ignoring import Patterns
from tapefix.source.text import read_bytes
from tapefix.source.walking import holds, walk
from tapefix.tapes.execution.state import StoppedError

logger = logging.getLogger(__name__)

SLICE = 100
"""Files that a walk comes by before anything else may go on."""
BATCH = 16
"""Reports that are sent together, to a client that takes them bit by bit."""
REST, LONGEST_REST = 20, 10.0
"""A client asks again as soon as it has its answer: one with no news waits for a multiple of what it took, in seconds.
"""

T = TypeVar("T")
Report = types.WorkspaceFullDocumentDiagnosticReport | types.WorkspaceUnchangedDocumentDiagnosticReport


def register(server: Server) -> None:
    """Add the request for the diagnostics of all folders."""
    unopened = Unopened(server)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def pulled(ls: Server, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        token, reports = params.partial_result_token, []
        begun, news = time.monotonic(), False
        async for report in unopened.reports({each.uri: each.value for each in params.previous_result_ids}):
            reports.append(report)
            news = news or isinstance(report, types.WorkspaceFullDocumentDiagnosticReport)
            if token is not None and len(reports) >= BATCH:
                ls.progress(types.ProgressParams(token, types.WorkspaceDiagnosticReportPartialResult(reports)))
                reports = []
        if token is not None and reports:
            ls.progress(types.ProgressParams(token, types.WorkspaceDiagnosticReportPartialResult(reports)))
            reports = []
        if not news:
            await asyncio.sleep(min((time.monotonic() - begun) * REST, LONGEST_REST))
        return types.WorkspaceDiagnosticReport(reports)


@dataclass(frozen=True)
class Seen:
    """What was found in a file when it was looked at."""

    state: State
    ruling: Ruling | None = None
    """None where there is nothing in the file for a rule to find."""
    items: tuple[types.Diagnostic, ...] | None = None
    """None where the settings leave the file out."""
    result: str = ""

    def holds_for(self, ruling: Ruling) -> bool:
        """Whether the same would be found with these settings."""
        return self.ruling is not None and (self.ruling.rules, self.ruling.own) == (ruling.rules, ruling.own)


class Unopened:
    """The files in the client's folders that it has not open, and what was found in each."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._seen: dict[str, Seen] = {}

    async def reports(self, previous: Mapping[str, str]) -> AsyncIterator[Report]:
        """What is found in each file, and what is not found any more; `previous` has the results that are known."""
        known = {path: result for uri, result in previous.items() if (path := file_path(uri)) is not None}
        found: set[str] = set()
        reported: set[Path] = set()
        settings = self._server.settings
        for folder in [folder for folder in settings.folders if not settings.open_files_only(folder)]:
            files = _files(folder, await self._aside(partial(self._excluded, folder)), found)
            while part := await asyncio.to_thread(partial(_first, files)):
                for name, state in part:
                    path = Path(name)
                    if path in self._open():
                        continue
                    self._seen[name] = seen = await self._seen_now(path, state)
                    if seen.items is not None:
                        reported.add(path)
                        yield _report(path.as_uri(), seen, known.get(path))
        self._seen = {name: seen for name, seen in self._seen.items() if name in found}
        texts = {file_path(uri) for uri in self._server.documents.text_documents}
        for uri in previous:
            path_of = file_path(uri)
            # What is open as a text is asked for by itself; the cells of a notebook are, each by its own name.
            if path_of not in reported and path_of not in texts:
                yield types.WorkspaceFullDocumentDiagnosticReport(uri, [])

    def _open(self) -> set[Path | None]:
        """The files that are open: their texts are the client's."""
        documents = self._server.documents
        return {file_path(uri) for uri in (*documents.text_documents, *documents.notebook_documents)}

    async def _seen_now(self, path: Path, state: State) -> Seen:
        """What is in a file; it is read where it is not what it was."""
        seen = self._seen.get(str(path))
        if seen is not None and seen.state != state:
            seen = None
        if seen is not None and seen.ruling is None:
            return seen
        return await self._aside(partial(self._look, path, state, seen))

    async def _aside(self, work: Callable[[Callable[[], bool]], T]) -> T:
        return await self._server.checker.in_spare_time(work)

    # In the thread

    def _excluded(self, folder: Path, _: Callable[[], bool]) -> Patterns | None:
        return self._server.settings.excluded(folder)

    def _look(self, path: Path, state: State, seen: Seen | None, stop: Callable[[], bool]) -> Seen:
        """Look at a file, unless the same is known of it already."""
        try:
            data = b"" if seen is not None else read_bytes(path, str(path))
        except SourceError:
            return Seen(state)
        if seen is None and not holds(data):
            return Seen(state)
        ruling = self._server.settings.ruling(path)
        if seen is not None:
            if seen.holds_for(ruling):
                return seen
            return self._look(path, state, None, stop)
        if not ruling.rules:
            return Seen(state, ruling)
        items = self._found(path, data, ruling, stop)
        return Seen(state, ruling, tuple(items), fingerprint(self._server, items))

    def _found(self, path: Path, data: bytes, ruling: Ruling, stop: Callable[[], bool]) -> list[types.Diagnostic]:
        """What is found in a file; nothing in what cannot be read."""
        server = self._server
        try:
            program = closed_program(path, data, Units(server.documents.position_codec.encoding))
            if program is None:
                return []
            checked = look(program, ruling, stop)
        except (SourceError, RecursionError):
            return []
        except StoppedError:
            raise
        except Exception:
            # A rule that fails on a file must not keep the others from being shown.
            logger.exception("%s could not be checked", path)
            return []
        return diagnostics_of(server, checked)[program.uri]


def _files(folder: Path, exclude: Patterns | None, found: set[str]) -> Iterator[tuple[str, State]]:
    """The files below a folder that have not been come by, each with its state."""
    real = os.path.realpath(folder)
    for name, key in walk(str(folder), real, lambda _: None, exclude):
        state = file_state(Path(name)) if key not in found else None
        if state is not None:
            found.update((key, name))
            yield name, state


def _first(files: Iterator[tuple[str, State]]) -> list[tuple[str, State]]:
    return list(itertools.islice(files, SLICE))


def _report(uri: str, seen: Seen, known: str | None) -> Report:
    if seen.result == known:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(uri, seen.result)
    return types.WorkspaceFullDocumentDiagnosticReport(uri, list(seen.items or ()), result_id=seen.result)
