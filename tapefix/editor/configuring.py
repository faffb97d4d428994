"""Settings that change while a session runs: the client's own, and those of `pyproject.toml`."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from tapefix.config import FILE
from tapefix.editor.diagnostics import refresh
from tapefix.editor.programs import file_path
from tapefix.editor.server import Server
from tapefix.editor.settings import SECTION

logger = logging.getLogger(__name__)


def register(server: Server) -> None:
    """Add the features that follow the settings."""
    server.folders_changed.append(lambda: _moved(server))
    server.ready.append(lambda: _later(server, watch=True))
    server.settings.known.asked.append(lambda path: server.call(lambda: _later(server, baseline=path)))

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(ls: Server, params: types.DidChangeConfigurationParams) -> None:
        if not _asks(ls):
            given: Any = params.settings
            if ls.settings.set_client(given.get(SECTION, given) if isinstance(given, dict) else given):
                _again(ls)
        else:
            await _pull(ls)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
        changed = [file_path(change.uri) for change in params.changes]
        if any(path is not None and (path.name == FILE or ls.settings.known.has(path)) for path in changed):
            ls.settings.forget_files()
            _again(ls)


def _moved(server: Server) -> None:
    """Another folder's settings hold for some programs, whatever the client has to say of it."""
    _again(server)
    _later(server)


def _later(server: Server, *, watch: bool = False, baseline: Path | None = None) -> None:
    """Ask the client for its settings, or to watch a baseline, while everything else goes on."""
    task = asyncio.ensure_future(_ask(server, watch) if baseline is None else _watch_baseline(server, baseline))
    server.tasks.add(task)
    task.add_done_callback(server.tasks.discard)


async def _ask(server: Server, watch: bool) -> None:
    try:
        if watch:
            await _watch(server)
        if _asks(server):
            await _pull(server)
    except Exception as error:  # a client may refuse either, and the session goes on without
        logger.warning("the client did not answer: %s", error)


async def _watch_baseline(server: Server, path: Path) -> None:
    """Ask the client to tell of changes to a baseline; without that, they are seen at the next look."""
    # What stands for more than itself in a pattern may be any character.
    name = re.sub(r"[*?{}\[\],!]", "?", path.name)
    try:
        await _register(server, [_watching(server, f"tapefix-baseline-{path}", name)])
    except Exception as error:  # a client may refuse
        logger.warning("the client does not watch %s: %s", path, error)


def _asks(server: Server) -> bool:
    """Whether the client wants to be asked for its settings."""
    return bool(get_capability(server.client_capabilities, "workspace.configuration", False))


async def _pull(server: Server) -> None:
    """Ask the client for its settings: for all, and for each of its folders."""
    folders = server.folder_uris()
    items = [types.ConfigurationItem(section=SECTION)]
    items += [types.ConfigurationItem(scope_uri=uri, section=SECTION) for uri in folders]
    answers = await server.workspace_configuration_async(types.ConfigurationParams(items))
    news = False
    for place, answer in zip([None, *folders.values()], answers, strict=False):
        news = server.settings.set_client(answer, place) or news
    if news:
        _again(server)


async def _watch(server: Server) -> None:
    """Ask the client to tell of changes to `pyproject.toml`, and of its settings."""
    can = server.client_capabilities
    wanted = [_watching(server, "tapefix-files", FILE)]
    if get_capability(can, "workspace.did_change_configuration.dynamic_registration", False):
        section = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        wanted.append(types.Registration("tapefix-settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
    await _register(server, wanted)


def _watching(server: Server, key: str, name: str) -> types.Registration | None:
    """What asks the client to tell of changes to files of a name; None where it cannot."""
    can = server.client_capabilities
    if not get_capability(can, "workspace.did_change_watched_files.dynamic_registration", False):
        return None
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(f"**/{name}")])
    return types.Registration(key, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)


async def _register(server: Server, wanted: Iterable[types.Registration | None]) -> None:
    registrations = [each for each in wanted if each is not None]
    if registrations:
        await server.client_register_capability_async(types.RegistrationParams(registrations))


def _again(server: Server) -> None:
    server.checker.again()
    refresh(server)
