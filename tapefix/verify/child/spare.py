"""A child that is forked ahead of its request, and has done by then what every run has to do first.

The first operation of a process sets up TensorFlow's registries, builds matrix kernels and touches thousands of pages.
The spare does that on another processor while the run before it goes on. Its context is then put aside: the run begins
with one that is not initialized, as any process does, and may configure devices, seeds and modes as it likes.
"""

from __future__ import annotations

import gc
import json
import os
import re
import select
import signal
import socket
from typing import Any, Callable, Dict, List, Optional

READY = b"r"
PATIENCE = 30.0
FAILURES = 3
# What TensorFlow takes from the environment, and the size of its thread pool, are settled with the first operation.
SETTLED = re.compile(r"environ|putenv|parallelism_threads|ConfigProto")
_aside: List[Any] = []


class Spares:
    """Starts runs, in a spare where that is the same for the script, and keeps one spare ready."""

    def __init__(self, close: Callable[[], None], run: Callable[[Dict[str, Any]], None]) -> None:
        self._close = close
        self._run = run
        self._socket: Optional[socket.socket] = None
        self._left = FAILURES if len(_processors()) > 1 else 0
        self.pid = 0
        """The process that waits; 0 when there is none."""

    def start(self, request: Dict[str, Any]) -> int:
        """Begin a run and return its process."""
        if self._left and request["spare"] and not request["run"] and not SETTLED.search(request["text"]):
            if not self.pid:
                self._prepare()
            pid = self._hand_over(request)
            if pid:
                self._prepare()
                return pid
            # It did not get ready, or did not survive the run before.
            self._left -= 1
        pid = os.fork()
        if pid == 0:
            self._begin(lambda: self._run(request))
        return pid

    def drop(self) -> None:
        """Forget the spare, which ends by itself when nobody can ask it any more."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self.pid = None, 0

    def _prepare(self) -> None:
        ours, its = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            self._begin(lambda: self._wait(its))
        its.close()
        self._socket = ours

    def _begin(self, work: Callable[[], None]) -> None:
        try:
            self._close()
            self.drop()
            work()
        finally:
            os._exit(70)

    def _wait(self, wire: socket.socket) -> None:
        get_ready()
        wire.sendall(READY)
        data = b""
        while not data.endswith(b"\n"):
            piece = wire.recv(1 << 16)
            if not piece:
                os._exit(0)
            data += piece
        wire.close()
        self._run(json.loads(data))

    def _hand_over(self, request: Dict[str, Any]) -> int:
        """Give the request to the spare and return its process; 0 when it is not there any more."""
        pid, wire = self.pid, self._socket
        assert wire is not None
        try:
            # A run may have stopped it.
            os.kill(pid, signal.SIGCONT)
            ready = select.select([wire], [], [], PATIENCE)[0]
            if ready and wire.recv(1) == READY:
                wire.sendall(json.dumps(request).encode("utf-8") + b"\n")
                return pid
        except OSError:
            pass
        finally:
            self.drop()
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except OSError:
            pass
        return 0


def get_ready() -> None:
    """Execute a few operations, then put their context aside."""
    from tensorflow.python.eager import context

    _execute()
    gc.collect()
    # Kept alive, so that no address in it is taken for one of the next context's.
    _aside.append(context.context())
    context._reset_context()


def _execute() -> None:
    import tensorflow as tf

    matrix = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    variable = tf.Variable(matrix)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.matmul(matrix, variable) * 2.0 + 1.0))
    tape.gradient(loss, variable).numpy()


def _processors() -> Any:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
