"""`tapefix lsp`: the language server."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from tapefix.cli.guard import fail, guarded


@guarded
def lsp(
    stdio: Annotated[bool, typer.Option("--stdio", help="Talk over standard input and output; so it does.")] = False,
    tcp: Annotated[bool, typer.Option("--tcp", help="Listen on a port of this machine for one client.")] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, metavar="N", help="The port for --tcp [default: a free one]."),
    ] = None,
) -> int:
    """Serve an editor: findings where people type, and their rewrites as code actions."""
    if tcp and stdio:
        fail("--stdio and --tcp exclude each other")
    if port is not None and not tcp:
        fail("--port belongs to --tcp")
    from tapefix.editor.start import serve_port, serve_standard_streams

    code = serve_port(port or 0) if tcp else serve_standard_streams()
    # All is done and closed. Taking the interpreter down takes a second, and editors kill what does not end soon.
    sys.stderr.flush()
    os._exit(code)
