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
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Tuple

READY, TAKEN, DONE = b"r", b"t", b"d"
MOST = 2
"""How many wait at the most: while one run follows the other, each has been made ready in the time of two."""
PATIENCE = 30.0
FAILURES = 3
# What TensorFlow takes from the environment, and the size of its thread pool, are settled with the first operation.
SETTLED = re.compile(r"environ|putenv|parallelism_threads|ConfigProto")
# What Keras does before a script's first gradient takes longer than getting ready for it, on another processor.
MUCH = "keras"
_aside: List[Any] = []


class Spare:
    """A child that waits for its request, or carries it out."""

    def __init__(self, pid: int, wire: socket.socket) -> None:
        self.pid = pid
        self.wire = wire
        """Our end of what is said between us; the child says when it is ready, and when it has nothing more to do."""


class Spares:
    """Starts runs, in a spare where that is the same for the script, and keeps a few ready."""

    def __init__(self, close: Callable[[], None], run: Callable[[Dict[str, Any], Callable[[], None]], None]) -> None:
        self._close = close
        self._run = run
        processors = len(_processors())
        self._most = min(processors, MOST) if processors > 1 else 0
        self._wanted = self._most
        self._left = FAILURES
        self._much = False
        """Whether to get ready for a script that does much."""
        self._waiting: List[Spare] = []
        self._at_work: Optional[Spare] = None

    @property
    def pids(self) -> FrozenSet[int]:
        """The processes that wait."""
        return frozenset(spare.pid for spare in self._waiting)

    def start(self, request: Dict[str, Any]) -> Tuple[int, int]:
        """Begin a run; return its process, and what becomes readable once it has nothing more to do (-1 for never)."""
        self._wanted = min(self._most, request["spares"])
        able = self._wanted and self._left and not request["run"]
        # One script is run several times, and those of one project are much alike.
        self._much = MUCH in request["text"]
        if able and not SETTLED.search(request["text"]):
            self._prepare()
            while self._waiting:
                spare = self._waiting.pop(0)
                if self._hand_over(spare, request):
                    self._at_work = spare
                    self._prepare()
                    return spare.pid, spare.wire.fileno()
                # It did not get ready, or did not survive the run before.
                self._left -= 1
        pid = os.fork()
        if pid == 0:
            self._begin(lambda: self._run(request, leave))
        return pid, -1

    def finished(self) -> None:
        """Let go of the run that was begun last."""
        if self._at_work is not None:
            self._at_work.wire.close()
            self._at_work = None

    def drop(self) -> None:
        """Forget the spares, which end by themselves when nobody can ask them any more."""
        for spare in self._waiting:
            spare.wire.close()
        self._waiting.clear()

    def _prepare(self) -> None:
        while len(self._waiting) < self._wanted:
            ours, its = socket.socketpair()
            pid = os.fork()
            if pid == 0:
                ours.close()
                self._begin(lambda wire=its: self._wait(wire))  # type: ignore[misc]
            its.close()
            self._waiting.append(Spare(pid, ours))

    def _begin(self, work: Callable[[], None]) -> None:
        try:
            self._close()
            self.finished()
            self.drop()
            work()
        finally:
            os._exit(70)

    def _wait(self, wire: socket.socket) -> None:
        get_ready(much=self._much)
        wire.sendall(READY)
        data = b""
        while not data.endswith(b"\n"):
            piece = wire.recv(1 << 16)
            if not piece:
                os._exit(0)
            data += piece
        wire.sendall(TAKEN)

        def say_and_leave() -> None:
            # To take apart what a process has mapped takes longer than many a run.
            wire.send(DONE)
            leave()

        self._run(json.loads(data), say_and_leave)

    def _hand_over(self, spare: Spare, request: Dict[str, Any]) -> bool:
        """Give the request to a spare; say whether it is still there to take it."""
        pid, wire = spare.pid, spare.wire
        try:
            # A run may have stopped it.
            os.kill(pid, signal.SIGCONT)
            if _hears(wire, READY):
                wire.sendall(json.dumps(request).encode("utf-8") + b"\n")
                # One that the run before has killed looks alive until its memory is taken apart.
                if _hears(wire, TAKEN):
                    return True
        except OSError:
            pass
        wire.close()
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except OSError:
            pass
        return False


def _hears(wire: socket.socket, word: bytes) -> bool:
    return bool(select.select([wire], [], [], PATIENCE)[0]) and wire.recv(1) == word


def leave() -> None:
    """End this process at once."""
    os._exit(0)


def get_ready(*, much: bool = False) -> None:
    """Execute a few operations, or some more, then put their context aside."""
    from tensorflow.python.eager import context

    _execute()
    if much:
        _execute_more()
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


def _execute_more() -> None:
    """What the layers, losses and optimizers of Keras are made of; Keras itself would remember the names it gave."""
    import tensorflow as tf

    drawn = tf.random.normal([4, 3])
    kernel, bias = tf.Variable(tf.ones([3, 2])), tf.Variable(tf.zeros([2]))
    with tf.GradientTape() as tape:
        likely = tf.nn.softmax(tf.nn.bias_add(tf.matmul(drawn, kernel), bias))
        other = tf.concat([tf.nn.relu(drawn), tf.tanh(drawn) - tf.exp(-drawn) / 2.0], 1)
        loss = tf.reduce_mean(tf.reduce_sum(tf.math.log(likely + 1.0), axis=1))
        loss += tf.reduce_sum(tf.reshape(tf.maximum(other, 0.1), [-1])[:2] ** 2)
        loss += tf.cast(tf.reduce_sum(tf.stack([tf.argmax(likely, 1)])), tf.float32)
    for gradient, variable in zip(tape.gradient(loss, [kernel, bias]), [kernel, bias]):
        variable.assign_sub(0.1 * gradient / (tf.sqrt(tf.square(gradient)) + 1e-7))
    str(loss)


def _processors() -> Any:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
