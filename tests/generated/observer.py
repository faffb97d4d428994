"""Runs scripts and notes what their tapes answer; started by `observing.py`, and apart from all of tapefix.

One JSON request a line, `{"text": ..., "out": folder, "graphs": false}`; each is run in a fork of this process, which
has imported TensorFlow once. What was seen is pickled to `seen` in that folder. Without `graphs`, every `tf.function`
is run eagerly.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf

METHODS = ("gradient", "jacobian", "batch_jacobian")
LIMIT = 60


def plain(value: Any) -> Any:
    """An answer as an array; in a graph, that there is one."""
    if value is None:
        return None
    return np.asarray(tf.convert_to_tensor(value)) if tf.executing_eagerly() else np.zeros(0)


def watched(method: str, queries: list[dict[str, Any]], depth: list[int]) -> Any:
    """A query method that notes what it is asked and what it answers."""
    original = getattr(tf.GradientTape, method)

    def ask(self: Any, target: Any, sources: Any, *rest: Any, **named: Any) -> Any:
        if depth[0]:
            return original(self, target, sources, *rest, **named)
        frame = sys._getframe(1)
        entry: dict[str, Any] = {"line": frame.f_lineno, "method": method, "targets": [], "answers": []}
        queries.append(entry)
        with contextlib.suppress(Exception):
            entry["targets"] = [plain(t) for t in tf.nest.flatten(target)]
        depth[0] += 1
        try:
            answer = original(self, target, sources, *rest, **named)
            entry["answers"] = [plain(a) for a in tf.nest.flatten(answer)]
        except Exception as error:
            entry["error"] = f"{type(error).__name__}: {error}"
            raise
        finally:
            depth[0] -= 1
        return answer

    return ask


def run(text: str, out: Path, graphs: bool) -> None:
    """Run a script in this process."""
    script = out / "script.py"
    script.write_text(text, encoding="utf-8")
    os.chdir(out)
    sys.argv = [str(script)]
    tf.config.run_functions_eagerly(not graphs)
    # What a script leaves to chance is the same each time.
    tf.keras.utils.set_random_seed(1)
    queries: list[dict[str, Any]] = []
    depth = [0]
    for method in METHODS:
        setattr(tf.GradientTape, method, watched(method, queries, depth))
    seen: dict[str, Any] = {"queries": queries, "error": "", "line": 0}
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(text, str(script), "exec"), {"__name__": "__main__", "__file__": str(script)})
    except BaseException as error:
        seen["error"] = f"{type(error).__name__}: {error}"
        places = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(script)]
        seen["line"] = places[-1] if places else 0
    seen["printed"] = printed.getvalue()
    (out / "seen").write_bytes(pickle.dumps(seen))


def main() -> None:
    """Serve until standard input ends."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.alarm(LIMIT)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            run(request["text"], Path(request["out"]), request["graphs"])
            os._exit(0)
        os.waitpid(child, 0)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
