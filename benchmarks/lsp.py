"""How long the language server takes from a change to its diagnostics, and from a request to its code actions.

The module that is edited has 1,000 lines and ten tapes: fixtures of ten rules, each in a function, and between them
code without a tape. Each time is given against one `libcst.parse_module` of the same text in the same run. Changes are
whole statements that come and go at random places, sent through the real protocol; the server's pause is included.
At last, the server's memory after 1,000 changes against that after 50.

    python benchmarks/lsp.py [--changes 100] [--memory 1000]
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import random
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libcst
import psutil

ROOT = Path(__file__).resolve().parents[1]
LINES, TAPES = 1000, 10
URI = "untitled:benchmark.py"


def module() -> str:
    """The text that is edited."""
    broken = list(itertools.islice(_pieces(), TAPES))
    between = _functions()
    made = ["import tensorflow as tf\nimport numpy as np\n"]
    size = 2
    while size < LINES:
        due = broken and size >= LINES // TAPES * (TAPES - len(broken))
        piece = broken.pop(0) if due else next(between)
        made.append(piece)
        size += piece.count("\n")
    return "".join(made)


def _pieces() -> Iterator[str]:
    """Fixtures of ten rules that have one tape each, as functions."""
    for rule in sorted((ROOT / "fixtures").iterdir()):
        for case in sorted(rule.glob("*/before.py")):
            text = case.read_text("utf-8")
            plain = "__future__" not in text and "import *" not in text and '"""' not in text
            if (
                plain
                and text.count("GradientTape(") == 1
                and 20 < text.count("\n") < 60
                and (case.parent / "after.py").exists()
            ):
                name = rule.name.replace("-", "_")
                yield f"\n\ndef {name}():\n" + textwrap.indent(text.rstrip() + "\n", "    ")
                break


def _functions() -> Iterator[str]:
    """Functions of tapefix itself."""
    for path in sorted((ROOT / "tapefix" / "source").glob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                yield f"\n\n{ast.get_source_segment(text, node)}\n"


class Client:
    """The other side of the protocol, and no more of it than is needed to measure."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tapefix", "lsp"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._id = 0
        self._version = 1
        self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.notify("initialized", {})

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        output = self.process.stdout
        assert output is not None
        length = 0
        while (line := output.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer: dict[str, Any] = json.loads(output.read(length))
        return answer

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def request(self, method: str, params: Any) -> Any:
        self._id += 1
        self.send({"id": self._id, "method": method, "params": params})
        while (answer := self.receive()).get("id") != self._id:
            pass
        return answer.get("result")

    def open(self, text: str) -> None:
        document = {"uri": URI, "languageId": "python", "version": self._version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, line: int, removed: int, new: str) -> None:
        self._version += 1
        place = {"start": {"line": line, "character": 0}, "end": {"line": line + removed, "character": 0}}
        document = {"uri": URI, "version": self._version}
        self.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": [{"range": place, "text": new}]}
        )

    def diagnostics(self) -> list[dict[str, Any]]:
        """Wait for those of the present version."""
        while True:
            message = self.receive()
            params = message.get("params") or {}
            if message.get("method") == "textDocument/publishDiagnostics" and params["version"] == self._version:
                found: list[dict[str, Any]] = params["diagnostics"]
                return found

    def actions(self, line: int) -> list[dict[str, Any]]:
        place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 200}}
        asked = {"textDocument": {"uri": URI}, "range": place, "context": {"diagnostics": []}}
        found: list[dict[str, Any]] = self.request("textDocument/codeAction", asked)
        return found

    def memory(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def close(self) -> None:
        self.request("shutdown", None)
        self.notify("exit", None)
        assert self.process.wait(10) == 0


class Editing:
    """A text that changes at random places: a statement comes, or one goes that had come."""

    def __init__(self, text: str, client: Client) -> None:
        self.lines = text.splitlines(keepends=True)
        self._client = client
        self._random = random.Random(5)
        tree = ast.parse(text)
        self._targets = sorted({n.lineno for n in ast.walk(tree) if isinstance(n, ast.Return | ast.Assign)})
        self._added: int | None = None

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def step(self) -> None:
        if self._added is not None:
            line, self._added = self._added, None
            del self.lines[line]
            self._client.change(line, 1, "")
            return
        line = self._random.choice(self._targets) - 1
        indent = self.lines[line][: len(self.lines[line]) - len(self.lines[line].lstrip())]
        new = f"{indent}added = {self._random.randrange(10**6)}\n"
        self._added = line
        self.lines.insert(line, new)
        self._client.change(line, 0, new)


def parse_time(text: str) -> float:
    """Median seconds of one parse."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        libcst.parse_module(text)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95) - 1]


def report(label: str, times: list[float], parse: float, goal: float) -> None:
    median, high = statistics.median(times) / parse, p95(times) / parse
    print(f"{label:<34} median {median:6.2f} x   p95 {high:6.2f} x a parse   (goal {goal:g})")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--changes", type=int, default=100)
    options.add_argument("--memory", type=int, default=1000, metavar="CHANGES")
    given = options.parse_args()
    text = module()
    print(f"{text.count(chr(10))} lines, {text.count('GradientTape(')} tapes")
    client = Client()
    editing = Editing(text, client)
    client.open(text)
    found = client.diagnostics()
    print(f"{len(found)} diagnostics")
    for _ in range(10):
        editing.step()
        found = client.diagnostics()
    changes, actions, parses = [], [], []
    for _ in range(given.changes):
        start = time.perf_counter()
        editing.step()
        found = client.diagnostics()
        changes.append(time.perf_counter() - start)
        line = random.choice(found)["range"]["start"]["line"]
        start = time.perf_counter()
        offered = client.actions(line)
        actions.append(time.perf_counter() - start)
        assert offered
        start = time.perf_counter()
        libcst.parse_module(editing.text)
        parses.append(time.perf_counter() - start)
    parse = statistics.median(parses)
    print(f"one parse {parse * 1000:.1f} ms")
    report("from a change to its diagnostics", changes, parse, 4)
    report("from a request to its actions", actions, parse, 1)
    client.close()
    if given.memory:
        memory(text, given.memory)


def memory(text: str, changes: int) -> None:
    """The server's memory after many changes, sent as fast as it takes them in."""
    client = Client()
    editing = Editing(text, client)
    client.open(text)
    client.diagnostics()
    early = 0
    for number in range(1, changes + 1):
        editing.step()
        if number % 10 == 0:
            client.diagnostics()
        if number == 50:
            early = client.memory()
    late = client.memory()
    print(f"memory after {changes} changes: {late / early:.2f} x that after 50 ({late / 2**20:.0f} MiB; goal 1.2)")
    client.close()


if __name__ == "__main__":
    main()
