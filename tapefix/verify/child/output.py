"""What a script does to the world around it: its prints, and the files and processes that it touches."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, Callable, Tuple

from .frames import Frames
from .stream import Stream

WRITING = os.O_WRONLY | os.O_RDWR
# Audit events that change something, with how many of their arguments are paths.
EFFECTS = {
    "os.remove": 1,
    "os.rename": 2,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.link": 2,
    "os.symlink": 2,
    "os.truncate": 1,
    "shutil.rmtree": 1,
    "shutil.move": 2,
    "os.system": 1,
    "subprocess.Popen": 1,
    "os.fork": 0,
    "socket.connect": 0,
    "socket.getaddrinfo": 1,
}
# Below the home directory: what nobody's training script has to read.
SECRETS = (".ssh", ".gnupg", ".aws", ".azure", ".kube", ".netrc", ".git-credentials", ".pypirc")


class Output(io.TextIOWrapper):
    """Standard output that notes which line wrote what, and ends a run that writes without end."""

    def __init__(self, stream: Stream, frames: Frames, limit: int, finish: Callable[[str], None]) -> None:
        super().__init__(io.FileIO(1, "w", closefd=False), encoding="utf-8", errors="replace", write_through=True)
        self._stream = stream
        self._frames = frames
        self._left = limit
        self._finish = finish

    def write(self, text: str) -> int:
        """Write, and note it."""
        written = super().write(text)
        self._left -= len(text)
        if self._left < 0 and self._stream.ours:
            self._finish("output")
        self._stream.printed(self._frames.line(), self._frames.direct(1), text)
        return written

    def isatty(self) -> bool:
        """Say no: nobody is looking."""
        return False


def audit(stream: Stream, frames: Frames, private: str, guarded: str) -> None:
    """Note every change to a file and every process started, in order, with the line.

    Below `guarded`, the project's own folder, nothing may be changed: the run has a copy.
    """
    root = frames.root
    secrets = tuple(os.path.join(os.path.expanduser("~"), name) for name in SECRETS)

    def seen(event: str, args: Tuple[Any, ...]) -> None:
        if event == "open":
            mode, flags = args[1], args[2]
            writes = (isinstance(flags, int) and flags & WRITING) or (isinstance(mode, str) and set(mode) & set("wax+"))
            if writes:
                note("write", args[:1])
            elif isinstance(args[0], str) and args[0].startswith(secrets):
                note("read", args[:1])
        elif event in EFFECTS:
            note(event, args[: EFFECTS[event]])

    def note(effect: str, args: Tuple[Any, ...]) -> None:
        paths = [_path(arg) for arg in args]
        if any(_ignored(path, private) for path in paths):
            return
        for path in paths:
            real = os.path.realpath(path)
            if guarded and real.startswith(guarded + "/") and not real.startswith((root, private)):
                raise PermissionError(13, "the project itself is read-only for a run", path)
        line = frames.line()
        if line is not None:
            stream.emit("effect", effect=effect, line=line, paths=[_relative(path, root) for path in paths])

    sys.addaudithook(seen)


def _path(argument: Any) -> str:
    if isinstance(argument, bytes):
        return argument.decode("utf-8", "replace")
    if isinstance(argument, (str, os.PathLike)):
        return os.fspath(argument) if not isinstance(argument, str) else argument
    return type(argument).__name__


def _ignored(path: str, private: str) -> bool:
    return path.startswith((private, "/dev/", "/proc/", "/sys/")) or "__pycache__" in path or path == "int"


def _relative(path: str, root: str) -> str:
    whole = os.path.normpath(os.path.join(os.getcwd(), path)) if not path.startswith("/") else path
    return whole[len(root) :] if whole.startswith(root) else whole
