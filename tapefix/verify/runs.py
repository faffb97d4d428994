"""Carrying out runs: the working copy, the warm server, and the record of each."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tapefix.verify import sandbox
from tapefix.verify.evidence import End, Evidence
from tapefix.verify.interpreter import find_interpreter
from tapefix.verify.options import RunOptions
from tapefix.verify.record import read_evidence
from tapefix.verify.server import ServerGone, WarmServer
from tapefix.verify.waiting import Waiting
from tapefix.verify.workspace import Workspace, remove_tree

UNDETERMINISTIC = re.compile(r"determinis", re.I)
# What TensorFlow's own kernels say of tensors with their channels first.
CHANNELS_LAST = "NHWC"
ANSWERS = "answers"
STEPS = 20
"""How many steps of training a script is given at least where it is compared with its graph."""


FrozenMask = tuple[tuple[str, tuple[tuple[int, ...], ...]], ...]


Handed = tuple[tuple[str, tuple[tuple[tuple[int, str], ...], ...]], ...]
"""For each query and each time that it is asked: the parts of its answer, and the names under which others are kept."""


def frozen(mask: Mapping[str, Sequence[Sequence[int]]]) -> FrozenMask:
    """A mask as a part of a request."""
    return tuple((key, tuple(tuple(hidden) for hidden in masks)) for key, masks in sorted(mask.items()))


@dataclass(frozen=True)
class RunRequest:
    """What is to be run, and how it is to be watched."""

    text: str
    oracle: bool = False
    eager: bool = False
    mask: FrozenMask = ()
    """Whose answers are handed back as `None`."""
    zeros: FrozenMask = ()
    """Whose answers are handed back as zeros."""
    single: FrozenMask = ()
    """Whose answers are handed back as one zero, whatever their shape."""
    empty: tuple[str, ...] = ()
    """Whose answers are handed back as an empty list."""
    keep: bool = False
    """Whether to keep the answers, so that another run may be handed them."""
    handed: Handed = ()
    """In place of which answers those of another run are handed back."""
    answers: str = ""
    """The folder in which that one has kept them."""
    disturb: tuple[int, ...] = ()
    trace: bool = False
    """Whether to follow where every value comes from, and to explain each query without an answer."""
    again: bool = False
    """A second run of the same, to see whether it says the same."""
    graph: bool = False
    """Whether TensorFlow is to the script what TensorFlow 1 was: the run before of what trains in a session."""
    initial: str | None = None
    """What the variables that the script makes begin with, as JSON; the run after of what trained in a session."""
    rebinding: bool = False
    """Whether `v -= x` on a variable makes a tensor, as `v = v - x` does, where it raises."""


class Runner:
    """Runs the scripts below one folder."""

    def __init__(self, options: RunOptions, root: Path, waiting: Waiting | None = None) -> None:
        self.options = options
        self.root = root
        self.waiting = waiting or Waiting()
        walls = sandbox.choose(options.sandbox)
        self.walls = walls
        self.python = find_interpreter(root, options.python)
        _sweep()
        self._base = Path(tempfile.mkdtemp(prefix=f"tapefix-{os.getpid()}-")).resolve()
        self._scratch = self._base / "runs"
        self._scratch.mkdir()
        self._server: WarmServer | None = None
        self._onednn = False
        self._count = 0
        self._aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tapefix-removing")
        self.hello: dict[str, Any] = {}
        # What is not copied is linked to the original, which only a real wall keeps from being written.
        rest = root if walls.level == "landlock" else None
        if walls.level == "bubblewrap":
            rest = sandbox.originals(self._scratch)
            rest.mkdir()
        self._workspace = Workspace(
            root,
            self._base / "copy",
            max_bytes=options.copy_bytes,
            max_files=options.copy_files,
            rest=rest,
        )

    @property
    def walls_line(self) -> str:
        """What the verdict says of the sandbox."""
        left_out = self._workspace.left_out
        if not left_out:
            return self.walls.line
        how = "missing" if self.walls.level == "limits" else "read-only"
        return f"{self.walls.line}; {left_out} large files are {how} for the run"

    def discard(self, evidence: Evidence) -> None:
        """Remove the answers that a run has kept."""
        if evidence.kept:
            self._aside.submit(remove_tree, Path(evidence.kept))

    def close(self) -> None:
        """End the server and remove everything temporary."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._aside.shutdown()
        remove_tree(self._base)

    @property
    def wire(self) -> int | None:
        """What can be read from, between runs, as soon as the server has ended."""
        return None if self._server is None else self._server.wire

    def mourn(self) -> None:
        """Let go of a server that has ended by itself, and say so."""
        if self._server is not None:
            self.waiting.lost(self._server.ending())
        self._drop()

    def run(self, path: Path, request: RunRequest, called: Callable[[int], int] = int) -> Evidence:
        """Run a text in place of the file at `path`; `called` says what its lines are called."""
        evidence = self._attempt(path, request, called, deterministic=True)
        if not self._onednn and _channels_first(evidence):
            # Of all kernels for a processor, only oneDNN's take channels first.
            self._onednn = True
            self._drop()
            evidence = self._attempt(path, request, called, deterministic=True)
        end = evidence.end
        if end.reason == "raised" and UNDETERMINISTIC.search(f"{end.type} {end.message}"):
            relaxed = self._attempt(path, request, called, deterministic=False)
            note = "an operation has no deterministic kernel: determinism was off"
            return replace(relaxed, notes=(*relaxed.notes, note))
        return evidence

    def _attempt(
        self, path: Path, request: RunRequest, called: Callable[[int], int], *, deterministic: bool
    ) -> Evidence:
        self.waiting.check()
        self.waiting.running()
        self._workspace.restore()
        relative = path.relative_to(self.root).as_posix()
        self._workspace.put(relative, _encoded(request.text))
        self._count += 1
        folder = self._scratch / f"run{self._count}"
        folder.mkdir()
        try:
            message = self._message(path, relative, request, folder, deterministic=deterministic)
            patience = self.options.timeout + 60
            try:
                answer = self._warm().run(message, patience)
            except ServerGone:
                # Once more, with a new server: a run that takes the server down twice is to blame itself.
                self.mourn()
                remove_tree(folder)
                folder.mkdir()
                try:
                    answer = self._warm().run(message, patience)
                except ServerGone:
                    self.mourn()
                    return Evidence(End("killed", code="unknown (it took the server down with it)"))
            evidence = read_evidence(folder / "record", answer, self._workspace.changes(), called)
            if request.keep and (folder / ANSWERS).is_dir():
                kept = (folder / ANSWERS).rename(self._scratch / f"{ANSWERS}{self._count}")
                evidence = replace(evidence, kept=str(kept))
            return evidence
        finally:
            # The next run need not wait for it.
            self._aside.submit(remove_tree, folder)

    def _warm(self) -> WarmServer:
        if self._server is None:
            self.waiting.starting(self.python)
            server = WarmServer(
                self.python,
                self.options,
                self.walls,
                self.root,
                self._workspace.folder,
                self._scratch,
                onednn=self._onednn,
                waiting=self.waiting,
            )
            self._server = server
            self.hello = server.hello
            self.waiting.started()
        return self._server

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _message(
        self, path: Path, relative: str, request: RunRequest, folder: Path, *, deterministic: bool
    ) -> dict[str, Any]:
        options = self.options
        # In the sandbox the copy stands where the project stands; without one it has a place of its own.
        root = self.root if self.walls.level == "bubblewrap" else self._workspace.folder
        script = root / relative
        gpu = options.device.startswith("gpu") or (options.device == "auto" and shutil.which("nvidia-smi") is not None)
        memory = options.memory_mb * 1_000_000
        return {
            "dir": str(folder),
            "path": str(script),
            "original": str(path),
            "root": str(root),
            "guarded": "" if self.walls.level == "bubblewrap" else str(self.root),
            "cwd": str(root if options.run else script.parent),
            "text": request.text,
            "run": options.run or "",
            "notebook": path.suffix == ".ipynb",
            "samples": max(options.samples, STEPS) if request.graph or request.initial is not None else options.samples,
            "graph": request.graph,
            "initial": json.loads(request.initial) if request.initial is not None else None,
            "oracle": request.oracle,
            "eager": request.eager,
            "rebinding": request.rebinding,
            "trace": request.trace,
            "deterministic": deterministic,
            "device": options.device,
            # A spare must not hold memory of a GPU that the run before it needs.
            "spares": options.spares if not gpu and options.device in ("auto", "cpu") else 0,
            "mask": {key: [list(hidden) for hidden in masks] for key, masks in request.mask},
            "zeros": {key: [list(hidden) for hidden in masks] for key, masks in request.zeros},
            "single": {key: [list(hidden) for hidden in masks] for key, masks in request.single},
            "empty": list(request.empty),
            "answers": str(folder / ANSWERS) if request.keep else request.answers,
            "keep": request.keep,
            "handed": dict(request.handed),
            "disturb": list(request.disturb),
            "limits": {
                "timeout": options.timeout,
                "memory": memory,
                "processes": options.processes,
                "output": options.output_bytes,
                "file": options.file_bytes,
                # A GPU's driver maps more address space than there is memory.
                "address": 0 if gpu else 1,
                "oracle": min(15.0, options.timeout / 4),
            },
        }


def _channels_first(evidence: Evidence) -> bool:
    """Whether a kernel has turned down tensors with their channels first."""
    errors = [query.error.get("message", "") for query in evidence.queries if query.error is not None]
    return any(CHANNELS_LAST in message for message in (evidence.end.message, *errors))


def _sweep() -> None:
    """Remove what a killed tapefix left in the temporary folder: a day old, of a process that is gone."""
    for folder in Path(tempfile.gettempdir()).glob("tapefix-*-*"):
        number = folder.name.split("-")[1]
        try:
            old = time.time() - folder.stat().st_mtime > 86_400 and folder.owner() == Path.home().owner()
        except (OSError, KeyError):
            continue
        if old and number.isdigit() and not Path("/proc", number).exists():
            remove_tree(folder)


def _encoded(text: str) -> bytes:
    """Return the text as a file would hold it, in the encoding that it declares."""
    import io
    import tokenize

    plain = text.encode("utf-8", "surrogatepass")
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(plain).readline)[0]
        return text.encode(encoding)
    except (SyntaxError, UnicodeError, LookupError):
        return plain
