"""Commands as a client gives them: each is a task that can be cancelled, and that shows how far it is."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from tapefix.editor.server import Server

logger = logging.getLogger(__name__)


def register(server: Server) -> None:
    """Carry out commands ourselves: those of pygls can neither be cancelled nor know the client's token."""
    features = server.protocol.fm
    initialize = features.builtin_features[types.INITIALIZE]

    async def execute(params: types.ExecuteCommandParams) -> Any:
        command = features.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"command {params.command!r} is not defined")
        return await command(params)

    def initialized(params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        result: types.InitializeResult = yield from initialize(params)
        if result.capabilities.execute_command_provider is not None:
            result.capabilities.execute_command_provider.work_done_progress = True
        return result

    features.add_builtin_feature(types.WORKSPACE_EXECUTE_COMMAND, execute)
    features.add_builtin_feature(types.INITIALIZE, initialized)


def argument(params: types.ExecuteCommandParams, index: int, kind: type | tuple[type, ...]) -> Any:
    """An argument of a command; None when there are fewer.

    Raises:
        JsonRpcInvalidParams: it is something else than it has to be.
    """
    given = params.arguments or ()
    value = given[index] if index < len(given) else None
    if value is not None and not isinstance(value, kind):
        raise JsonRpcInvalidParams(f"{params.command}: argument {index + 1} cannot be {value!r}")
    return value


class Progress:
    """Shows the client how far something is, where it can show that; there it can also be cancelled."""

    def __init__(self, server: Server, token: types.ProgressToken | None) -> None:
        self._server = server
        self._token = token
        self._begun = False

    async def begin(self, title: str, cancel: Callable[[], object]) -> None:
        """Begin; `cancel` is called when the client does not want to wait any more."""
        progress = self._server.work_done_progress
        if self._token is None:
            if not get_capability(self._server.client_capabilities, "window.work_done_progress", False):
                return
            token = str(uuid.uuid4())
            try:
                await progress.create_async(token)
            except JsonRpcException as error:
                logger.info("the client shows no progress: %s", error)
                return
            self._token = token
        progress.begin(self._token, types.WorkDoneProgressBegin(title=title, cancellable=True))
        self._begun = True

        def ended(future: Any) -> None:
            if future.cancelled():
                cancel()

        progress.tokens[self._token].add_done_callback(ended)

    def say(self, message: str) -> None:
        """Say what is being done."""
        if self._begun and self._token is not None:
            report = types.WorkDoneProgressReport(message=message, cancellable=True)
            self._server.work_done_progress.report(self._token, report)

    def end(self, message: str) -> None:
        """Say what came of it."""
        if self._begun and self._token is not None:
            self._begun = False
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=message))
            self._server.work_done_progress.tokens.pop(self._token, None)


async def cancellable(
    server: Server,
    token: types.ProgressToken | None,
    title: str,
    work: Callable[[Progress], Awaitable[tuple[str, Any]]],
) -> Any:
    """Do some work with progress. It gives what the progress ends with, and its result; None when it is cancelled."""
    progress = Progress(server, token)
    task: asyncio.Future[tuple[str, Any]] = asyncio.ensure_future(work(progress))
    message = "failed"
    try:
        await progress.begin(title, task.cancel)
        message, result = await asyncio.shield(task)
        return result
    except asyncio.CancelledError:
        message = "cancelled"
        if task.cancelled():
            # By the button beside the progress: the request has its answer.
            return None
        task.cancel()
        raise
    finally:
        progress.end(message)
