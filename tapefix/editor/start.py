"""Starting the server, on standard input and output or on a port of this machine."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from typing import BinaryIO

from pygls.io_ import run_async

from tapefix.editor import (
    actions,
    commands,
    configuring,
    diagnostics,
    fix_all,
    hover,
    lifecycle,
    run_commands,
    syncing,
    workspace,
)
from tapefix.editor.logs import log_to_client
from tapefix.editor.server import Server

FEATURES = (lifecycle, syncing, configuring, diagnostics, workspace, actions, fix_all, hover, commands, run_commands)
"""What a server can do: each of them has a function `register`."""
HOST = "127.0.0.1"


def make_server() -> Server:
    """A server with every feature."""
    # What a look leaves is freed when nobody waits for the next one: `Checker` sees to it.
    gc.disable()
    server = Server()
    log_to_client(server)
    for feature in FEATURES:
        feature.register(server)
    return server


def serve_standard_streams() -> int:
    """Serve the client that started us; returns the exit code: 0 when it has asked for the end first."""
    output = _own_output()
    server = make_server()
    server.start_io(sys.stdin.buffer, output)
    server.close()
    return 0 if server.asked_to_stop else 1


def serve_port(port: int) -> int:
    """Serve the first client that connects to a port; returns the exit code: 0 when it has asked for the end first."""
    server = make_server()
    try:
        asyncio.run(_serve_port(server, port))
    except SystemExit:
        pass
    finally:
        server.close()
    return 0 if server.asked_to_stop else 1


async def _serve_port(server: Server, port: int) -> None:
    over = asyncio.get_running_loop().create_future()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # One session a process: what it holds is that of one client.
        listening.close()
        server.protocol.set_writer(writer)
        await run_async(threading.Event(), reader, server.protocol, error_handler=server.report_server_error)
        over.set_result(None)

    listening = await asyncio.start_server(connected, HOST, port)
    name = listening.sockets[0].getsockname()
    sys.stderr.write(f"tapefix lsp listens on {name[0]}:{name[1]}\n")
    sys.stderr.flush()
    await over


def _own_output() -> BinaryIO:
    """Standard output for the protocol alone: whatever else writes there goes to standard error."""
    sys.stdout.flush()
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output
