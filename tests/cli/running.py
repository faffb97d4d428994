"""Starting the program as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BROKEN = """\
import tensorflow as tf

x = tf.Variable([1.0, 2.0, 3.0])
with tf.GradientTape() as tape:
    y = x * x
    loss = tf.reduce_sum(y.numpy())
print(tape.gradient(loss, x))
"""
REPAIRED = BROKEN.replace("y.numpy()", "y")
SOUND = REPAIRED


def tapefix(
    *arguments: str | Path, cwd: Path, stdin: bytes | str = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `tapefix` and return what it printed."""
    command = [sys.executable, "-m", "tapefix.cli.main", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "200", **(env or {})}
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(command, cwd=cwd, input=data, capture_output=True, env=environment, timeout=300, check=False)
    output, errors = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
    assert "Traceback" not in errors, errors
    return subprocess.CompletedProcess(command, done.returncode, output, errors)
