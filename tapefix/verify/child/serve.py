"""The warm server: imports TensorFlow once, then forks a child for every run it is asked for."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, BinaryIO, Callable, Dict, Optional, Tuple

from .landlock import restrict
from .spare import Spares
from .watch import Gone, adopt_orphans, bury, end_all, watch

OLDEST = (2, 10)


def main() -> None:
    """Speak JSON lines: a hello with the versions, then one answer for each run asked for on stdin."""
    wire_in = os.fdopen(os.dup(0), "rb", 0)
    wire_out = os.fdopen(os.dup(1), "wb", 0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    adopt_orphans()
    # Folders that runs may write in; none are named where bubblewrap draws the line.
    if len(sys.argv) > 2:
        restrict([*sys.argv[2:], "/dev"])
    _send(wire_out, _hello())

    def close() -> None:
        wire_in.close()
        wire_out.close()

    spares = Spares(close, _run)
    leaving = 0
    try:
        while True:
            request = _receive(wire_in)
            if request is None:
                return
            if leaving and not bury(leaving, spares.pids):
                spares.drop()
            answer, leaving = _serve(request, wire_in, spares)
            _send(wire_out, answer)
    except Gone:
        return
    finally:
        end_all()


def _send(wire: BinaryIO, message: Dict[str, Any]) -> None:
    wire.write(json.dumps(message).encode("utf-8") + b"\n")


def _receive(wire: BinaryIO) -> Optional[Dict[str, Any]]:
    line = b""
    # The wire is unbuffered so that nothing read ahead is duplicated into the forked runs.
    while not line.endswith(b"\n"):
        piece = wire.readline()
        if not piece:
            return None
        # An empty line is for a run that was given up, and had ended by itself before that was known.
        line = (line + piece).lstrip()
    message: Dict[str, Any] = json.loads(line)
    return message


def _hello() -> Dict[str, Any]:
    python = ".".join(str(part) for part in sys.version_info[:3])
    started = time.monotonic()
    try:
        import tensorflow as tf
    # Whatever a broken installation raises at import is news for the user, not a crash of the server.
    except BaseException as error:
        return {"python": python, "error": "import", "message": "%s: %s" % (type(error).__name__, error)}
    version = str(getattr(tf, "__version__", "0"))
    if _version(version) < OLDEST:
        return {"python": python, "tensorflow": version, "error": "old"}
    _warm_up()
    return {"python": python, "tensorflow": version, "seconds": time.monotonic() - started}


def _version(text: str) -> Tuple[int, ...]:
    parts = text.split(".")[:2]
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in parts)


def _warm_up() -> None:
    """Import what the runs need, without an op, a device or a variable: those would start threads."""
    import gc
    import importlib

    # The lazily loaded parts are loaded here, once, and not in every run.
    for name in ("numpy", "keras", "scipy.special", "matplotlib.pyplot"):
        try:
            importlib.import_module(name)
        # A library that is missing or broken is the script's business if it uses it.
        except BaseException:
            continue
    from . import run

    run.warm_up()
    # What is here now stays. A collector that goes over it in every child would copy every page that it touches.
    gc.collect()
    gc.freeze()


def _serve(request: Dict[str, Any], wire_in: BinaryIO, spares: Spares) -> Tuple[Dict[str, Any], int]:
    sys.stdout.flush()
    sys.stderr.flush()
    pid, done = spares.start(request)
    started = time.monotonic()
    answer, kept, leaving = watch(pid, done, request, wire_in.fileno(), spares.pids)
    spares.finished()
    if not kept:
        spares.drop()
    answer["seconds"] = time.monotonic() - started
    return answer, leaving


def _run(request: Dict[str, Any], leave: Callable[[], None]) -> None:
    from .run import run_request

    run_request(request, leave)
