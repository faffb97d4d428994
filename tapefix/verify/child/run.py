"""One run, in a child forked from the warm server."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import sys
import threading
from typing import Any, Callable, Dict, Optional

from .conversions import Conversions
from .entry import Compiler, execute, plainly
from .frames import Frames, refolded
from .oplog import OpLog
from .oracle import Oracle
from .output import Output, audit
from .recorder import Recorder
from .sessions import Sessions, as_before, lay_over
from .setup import NoDevice, describe_devices, environment, place, repeatable
from .stream import Stream
from .written import Written


def warm_up() -> None:
    """Import the parts of TensorFlow that every run needs."""
    from tensorflow.python.eager import backprop, context, execute
    from tensorflow.python.framework import op_callbacks, op_def_registry
    from tensorflow.python.ops import custom_gradient
    from tensorflow.python.util import tf_stack

    _fill_registries()
    _sort_types()
    del backprop, context, execute, op_callbacks, op_def_registry, custom_gradient, tf_stack


def _fill_registries() -> None:
    """Have TensorFlow sort out its operations now, once, and not in each process with its first one."""
    try:
        from tensorflow.python.client import pywrap_tf_session

        pywrap_tf_session.TF_GetAllOpList()
        pywrap_tf_session.TF_GetRegisteredKernelsForOp("MatMul")
    # Internal API; without it the first operation of each run does the same.
    except Exception:
        return


def _sort_types() -> None:
    """Have the common abstract classes look once at the common types, and not in each process at each anew."""
    from collections.abc import Mapping, MutableMapping, Sequence

    try:
        import numpy as np
        from tensorflow.python.framework import composite_tensor, ops, sparse_tensor, type_spec
        from tensorflow.python.ops import resource_variable_ops
        from tensorflow.python.types import core

        abstract = [Mapping, MutableMapping, Sequence, composite_tensor.CompositeTensor, type_spec.TypeSpec]
        abstract += [core.TensorProtocol, core.TensorLike, sparse_tensor.SparseTensor]
        kinds = [type(None), bool, int, float, complex, str, bytes, list, tuple, dict, np.ndarray, np.float32, np.int64]
        kinds += [ops.EagerTensor, core.Tensor, resource_variable_ops.ResourceVariable]
        for base in abstract:
            for kind in kinds:
                issubclass(kind, base)
    # Internal API; without it each run does the same.
    except Exception:
        return


def run_request(request: Dict[str, Any], leave: Callable[[], None]) -> None:
    """Carry out one request, then `leave`, which does not return."""
    private = request["dir"]
    os.setsid()
    _redirect(private)
    _limit(request["limits"])
    environment(request, private)
    stream = Stream(os.path.join(private, "record"))
    try:
        finish = _finisher(stream, leave)
        frames = Frames(request["path"], request["root"], request["text"])
        watched = _watch(request, stream, frames, finish)
        _run(request, stream, frames, watched, finish)
    # A failure of the recorder itself: said in the record, where the verdict finds it.
    except BaseException as error:
        stream.end("recorder", type=type(error).__name__, message=_where(error))
    if stream.ours:
        leave()
    os._exit(0)


def _where(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(type(error), error, error.__traceback__))[-2000:]


def _redirect(private: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for name, number in (("stdout", 1), ("stderr", 2)):
        file = os.open(os.path.join(private, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)


def _limit(limits: Dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file"], limits["file"]))
    if limits["address"]:
        # Far above what is resident: it stops one absurd allocation at once; the rest is for the watching server.
        with open("/proc/self/statm", "rb") as file:
            mapped = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        most = mapped + 2 * limits["memory"] + (16 << 30)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _finisher(stream: Stream, leave: Callable[[], None]) -> Callable[[str], None]:
    def finish(reason: str) -> None:
        if not stream.ours:
            return
        stream.end(reason)
        # No unwinding: a `finally` or a bare `except` of the script could go on for ever.
        leave()

    return finish


class Watched:
    """What observes a run."""

    def __init__(self, recorder: Recorder, output: Output, under: str, compiled: Optional[Compiler]) -> None:
        self.recorder = recorder
        self.output = output
        self.under = under
        self.compiled = compiled


def _watch(request: Dict[str, Any], stream: Stream, frames: Frames, finish: Callable[[str], None]) -> Optional[Watched]:
    try:
        under = place(request["device"])
    except NoDevice as error:
        stream.end("device", found=str(error))
        return None
    repeatable(request)
    import tensorflow as tf

    stream.emit("start", devices=describe_devices(), tensorflow=tf.__version__)
    log = OpLog(frames.line, int(request["limits"]["memory"] * 0.25))
    log.noticed = lambda what: stream.emit("notice", what=what)
    log.keep_functions = request["oracle"]
    conversions = None
    if request["oracle"]:
        conversions = Conversions(lambda: log.next, frames.line, frozenset(request["disturb"]))
        conversions.install()
    oracle = Oracle(log, conversions, request["limits"]["oracle"])
    recorder = Recorder(stream, frames, log, oracle, request["text"], request, finish)
    compiled: Optional[Compiler] = None
    if request.get("trace"):
        from .tracing.tracing import Tracing

        tracing = Tracing(log, request["path"], request["root"])
        tracing.install()
        recorder.explainer = tracing.explainer
        explainer = tracing.explainer
        stream.closing = lambda: stream.emit(
            "observed",
            rows=tracing.observed(),
            deleted=explainer.deletions(),
            watched=explainer.watched_afterwards(),
        )
        compiled = tracing.compiled
    sessions = Sessions(stream, frames, recorder.stepped)
    if request["graph"]:
        compiled = as_before(request["path"], compiled or plainly, stream)
    else:
        log.install()
    recorder.install()
    sessions.install()
    written = Written(stream, frames)
    if request["graph"]:
        written.install_for_graphs(sessions.aside)
    if request["initial"] is not None:
        written.install()
        recorder.patient = True
        if conversions is not None:
            conversions.noticed = sessions.left
    sites = [vars(site) for site in recorder.sites]
    stream.emit("sites", sites=sites)
    output = Output(stream, frames, request["limits"]["output"], finish)
    sys.stdout = output
    vars(sys)["__stdout__"] = output
    return Watched(recorder, output, under, compiled)


def _run(
    request: Dict[str, Any], stream: Stream, frames: Frames, watched: Optional[Watched], finish: Callable[[str], None]
) -> None:
    if watched is None:
        return
    import tensorflow as tf

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    audit(stream, frames, request["dir"], request["guarded"])
    # The script's process has one name for its main module, and nothing of ours on its path.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
    try:
        with contextlib.ExitStack() as around:
            if watched.under:
                around.enter_context(tf.device(watched.under))
            if request["initial"]:
                around.enter_context(lay_over(request["initial"], stream, frames))
            execute(request, watched.compiled)
        _join_threads()
    except SystemExit as error:
        code = error.code
        ok = code in (None, 0)
        stream.end(
            "exit", code=0 if ok else code if isinstance(code, int) else str(code)[:200], line=_line(error, frames)
        )
    except BaseException as error:
        stream.end("raised", type=type(error).__name__, message=str(error)[:2000], line=_line(error, frames))
    else:
        stream.end("finished")


def _join_threads() -> None:
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _line(error: BaseException, frames: Frames) -> Optional[int]:
    line = frames.of_traceback(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename == frames.path:
        return error.lineno
    # AutoGraph raises at the call, and tells the line inside the function in its message only.
    inside = re.findall(r'File "%s", line (\d+)' % re.escape(frames.path), str(error))
    return refolded(frames.text, int(inside[-1])) if inside else line
