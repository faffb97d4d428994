"""Starting and ending the server, and what it does with messages that are none."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from tests.cli.running import BROKEN, tapefix
from tests.editor.session import COMMAND


@contextmanager
def started(command: Sequence[str] = COMMAND) -> Iterator[subprocess.Popen[bytes]]:
    """A server, which does not outlive the test."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            yield server
        finally:
            server.kill()


def send(stream: IO[bytes], *messages: dict[str, Any] | bytes) -> None:
    for message in messages:
        data = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any]:
    length = 0
    while (line := stream.readline()).strip():
        name, _, value = line.partition(b":")
        assert name in (b"Content-Length", b"Content-Type"), line
        length = int(value) if name == b"Content-Length" else length
    message: dict[str, Any] = json.loads(stream.read(length))
    return message


def answer(stream: IO[bytes], number: int) -> dict[str, Any]:
    while (message := receive(stream)).get("id") != number:
        pass
    return message


INITIALIZE = {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}
SHUTDOWN: dict[str, Any] = {"id": 9, "method": "shutdown"}
EXIT: dict[str, Any] = {"method": "exit"}


@pytest.mark.parametrize("messages", [[], [EXIT], [INITIALIZE], [INITIALIZE, EXIT]])
def test_an_end_that_was_not_asked_for(tmp_path: Path, messages: list[dict[str, Any]]) -> None:
    with started() as server:
        assert server.stdin is not None
        send(server.stdin, *messages)
        _, errors = server.communicate(timeout=60)
        assert (server.returncode, errors) == (1, b"")


def test_what_makes_no_sense_is_answered_and_ends_nothing(tmp_path: Path) -> None:
    with started() as server:
        assert server.stdin is not None
        assert server.stdout is not None
        early = {"id": 5, "method": "textDocument/hover", "params": {"textDocument": {"uri": "a"}, "position": {}}}
        send(server.stdin, b"no JSON", b"[]", b"{}", b'"text"', early)
        assert "error" in answer(server.stdout, 5)
        send(server.stdin, INITIALIZE)
        assert answer(server.stdout, 1)["result"]["serverInfo"]["name"] == "tapefix"
        wrong = {"id": 2, "method": "textDocument/codeAction", "params": {"textDocument": 5}}
        send(server.stdin, b"\xff\xfe", {"method": "textDocument/didOpen", "params": 3}, wrong)
        assert "error" in answer(server.stdout, 2)
        text = {"uri": "untitled:a", "languageId": "python", "version": 1, "text": BROKEN}
        send(server.stdin, {"method": "textDocument/didOpen", "params": {"textDocument": text}})
        while (message := receive(server.stdout)).get("method") != "textDocument/publishDiagnostics":
            pass
        assert [found["code"] for found in message["params"]["diagnostics"]] == ["TPF101"]
        send(server.stdin, SHUTDOWN)
        assert answer(server.stdout, 9)["result"] is None
        send(server.stdin, EXIT)
        assert server.wait(60) == 0


def test_what_a_rule_prints_is_kept_from_the_protocol(tmp_path: Path) -> None:
    script = """
import os, sys
from tapefix.editor import checking, start
def loud(*_, **__):
    print("loud")
    os.write(1, b"louder")
    return []
checking.check = loud
sys.exit(start.serve_standard_streams())
"""
    command = [sys.executable, "-c", script]
    with started(command) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        text = {"uri": "untitled:a", "languageId": "python", "version": 1, "text": BROKEN}
        send(server.stdin, INITIALIZE, {"method": "textDocument/didOpen", "params": {"textDocument": text}})
        while receive(server.stdout).get("method") != "textDocument/publishDiagnostics":
            pass
        send(server.stdin, SHUTDOWN, EXIT)
        output, errors = server.communicate(timeout=60)
        assert server.returncode == 0
        assert b"loud" not in output
        assert b"louder" in errors


def test_on_a_port_of_this_machine(tmp_path: Path) -> None:
    with started([*COMMAND, "--tcp"]) as server:
        assert server.stderr is not None
        line = server.stderr.readline().decode()
        assert line.startswith("tapefix lsp listens on 127.0.0.1:")
        port = int(line.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            stream = connection.makefile("rwb")
            send(stream, INITIALIZE)
            assert "capabilities" in answer(stream, 1)["result"]
            with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
                pass
            send(stream, SHUTDOWN)
            answer(stream, 9)
            send(stream, EXIT)
            assert server.wait(60) == 0
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    done = tapefix("lsp", "--tcp", "--port", str(taken.getsockname()[1]), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    taken.close()


def test_a_client_that_goes_away(tmp_path: Path) -> None:
    with started([*COMMAND, "--tcp"]) as server:
        assert server.stderr is not None
        port = int(server.stderr.readline().decode().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            send(connection.makefile("rwb"), INITIALIZE)
        assert server.wait(60) == 1


def test_wrong_use(tmp_path: Path) -> None:
    for arguments in (["--port", "1"], ["--tcp", "--stdio"]):
        done = tapefix("lsp", *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith("error: --")
