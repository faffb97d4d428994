"""Scripts that misbehave: each ends with a verdict and a reason, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tapefix.verify import InterpreterError, RunOptions, Verdict, VerdictStatus, Verifier

pytestmark = pytest.mark.tensorflow

GOOD = """
import tensorflow as tf
x = tf.Variable(3.0)
with tf.GradientTape() as tape:
    y = x * x
g = tape.gradient(y, x)
"""
BROKEN = """
import tensorflow as tf
x = tf.constant(3.0)
with tf.GradientTape() as tape:
    y = x * x
g = tape.gradient(y, x)
"""
MENDED = BROKEN.replace("    y =", "    tape.watch(x)\n    y =")


def judge(verifier: Verifier, before: str, after: str) -> Verdict:
    return verifier.judge(verifier.project / "bad.py", before, after)


DEAF = """
try:
    while True:
        try:
            while True:
                pass
        except:
            pass
finally:
    while True:
        pass
"""
FORKS = """
import os, time
for _ in range(200):
    if os.fork() == 0:
        time.sleep(100)
time.sleep(100)
"""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (DEAF, "time limit"),
        (FORKS, "processes"),
        ("import os\nwhile True:\n    os.fork()\n", "processes"),
        ("hoard = []\nwhile True:\n    hoard.append(bytearray(50_000_000))\n", "memory"),
        ("while True:\n    print('x' * 10_000)\n", "output"),
        ("import os\nwhile True:\n    os.write(1, b'x' * 100_000)\n", "output"),
        ("import ctypes\nctypes.string_at(0)\n", "signal 11"),
        ("import os\nos._exit(3)\n", "code 3"),
        ("import sys\nsys.exit('no data')\n", "code no data"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "signal 9"),
        ("input('name? ')\n", "EOF"),
        ("", "asks no tape"),
        ("def f(:\n", "SyntaxError"),
        ("print 'hello'\n", "SyntaxError"),
        ("import nowhere_to_be_found\n", "ModuleNotFoundError"),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("x = " + "(" * 5000 + ")" * 5000 + "\n", "too many nested parentheses"),
    ],
)
def test_script_that_reaches_no_query_is_not_run(strict: Verifier, text: str, word: str) -> None:
    verdict = judge(strict, text, text + "\n")
    assert verdict.status is VerdictStatus.NOT_RUN
    assert "no query was reached" in verdict.reason
    assert word in verdict.reason
    assert "Traceback" not in verdict.reason


def settled(server: psutil.Process) -> list[psutil.Process]:
    """What lives on below a server once the run that was answered last has come apart."""
    until = time.monotonic() + 10
    while True:
        alive = [child for child in server.children(recursive=True) if _lives(child)]
        if not alive or time.monotonic() > until:
            return alive
        time.sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_runs_leave_no_process_and_no_file(strict: Verifier) -> None:
    text = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
        time.sleep(300)
import tempfile
open(tempfile.mkstemp()[1], "w").write("left behind")
os.setsid() if os.getpgrp() != os.getpid() else None
"""
    judge(strict, GOOD, GOOD)
    (runner,) = strict._runners.values()
    server = psutil.Process(runner._server._process.pid) if runner._server is not None else None
    assert server is not None
    judge(strict, text + GOOD, text + MENDED)
    assert settled(server) == []
    # What a run leaves behind is removed in the background, one after the other.
    runner._aside.submit(bool).result(10)
    # Matplotlib, where it is installed, keeps its list of fonts here.
    left = [path.name for path in runner._scratch.iterdir() if not path.name.startswith("fontlist-")]
    assert left == ["server.log"]


def test_script_may_replace_stdout_and_tape(strict: Verifier) -> None:
    replaced = "import sys, io\nsys.stdout = io.StringIO()\nprint('unseen')\n"
    verdict = judge(strict, replaced + BROKEN, replaced + MENDED)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    patched = "import tensorflow as tf\ntf.GradientTape = None\n"
    verdict = judge(strict, patched + BROKEN, patched + MENDED)
    assert verdict.status is VerdictStatus.NOT_RUN


def test_project_is_never_written(warm: Verifier, strict: Verifier, verify_project: Path) -> None:
    kept = verify_project / "kept.txt"
    kept.write_text("as it was")
    stamp = kept.stat().st_mtime_ns
    script = f"""
import os
here = os.path.dirname(os.path.abspath(__file__))
for folder in (here, {str(verify_project)!r}):
    for action in (lambda: open(os.path.join(folder, "kept.txt"), "w").write("changed"),
                   lambda: open(os.path.join(folder, "new.txt"), "w").write("new"),
                   lambda: os.mkdir(os.path.join(folder, "sub"))):
        try:
            action()
        except OSError:
            pass
"""
    for verifier in (warm, strict):
        for _ in range(2):
            judge(verifier, script + BROKEN, script + MENDED)
            assert kept.read_text() == "as it was"
            assert kept.stat().st_mtime_ns == stamp
            assert not (verify_project / "new.txt").exists()
            assert not (verify_project / "sub").exists()


def test_each_run_starts_from_the_same_files(warm: Verifier, verify_project: Path) -> None:
    counter = """
import os
print("exists", os.path.exists("counter.txt"), os.path.exists("/tmp/counter.txt"))
open("counter.txt", "w").write("1")
"""
    verdict = warm.judge(verify_project / "counted.py", counter + BROKEN, counter + MENDED)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason


def test_temporary_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Verifier(RunOptions(python=tmp_path / "nowhere"), tmp_path) as verifier:
        verdict = judge(verifier, BROKEN, MENDED)
    assert verdict.status is VerdictStatus.NOT_RUN
    assert "no Python interpreter" in verdict.reason
    assert list(tmp_path.iterdir()) == []


def test_interpreter_without_tensorflow_is_named(tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    python = tmp_path / "bare" / "bin" / "python"
    with Verifier(RunOptions(python=python, sandbox="off"), tmp_path) as verifier:
        verdict = judge(verifier, BROKEN, MENDED)
        assert verdict.status is VerdictStatus.NOT_RUN
        assert "TensorFlow cannot be imported" in verdict.reason
        assert "--python" in verdict.reason
        with pytest.raises(InterpreterError):
            verifier.evidence(tmp_path / "bad.py", BROKEN)


def test_server_that_dies_is_started_again(strict: Verifier) -> None:
    assert judge(strict, BROKEN, MENDED).status is VerdictStatus.VERIFIED
    (runner,) = strict._runners.values()
    assert runner._server is not None
    psutil.Process(runner._server._process.pid).kill()
    time.sleep(0.2)
    assert judge(strict, "# again\n" + BROKEN, "# again\n" + MENDED).status is VerdictStatus.VERIFIED


ORPHANED = """
import sys
from pathlib import Path
from tapefix.verify import RunOptions, Verifier
verifier = Verifier(RunOptions(sandbox="off"), Path(sys.argv[1]))
script = Path(sys.argv[1]) / "s.py"
verifier.evidence(script, "import tensorflow as tf")
print("ready", flush=True)
verifier.evidence(script, "import os, time\\nos.fork()\\nwhile True: time.sleep(1)")
"""


def test_killed_tapefix_leaves_no_process(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ORPHANED, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.5)
    below = psutil.Process(process.pid).children(recursive=True)
    assert below
    process.kill()
    process.wait()
    process.stdout.close()
    until = time.monotonic() + 20
    alive = below
    while alive and time.monotonic() < until:
        time.sleep(0.2)
        alive = [child for child in alive if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert alive == []


def test_sandbox_shuts_out_network_and_home(warm: Verifier, verify_project: Path) -> None:
    if not warm.judge(verify_project / "s.py", BROKEN, MENDED).sandbox.startswith("bubblewrap"):
        pytest.skip("bubblewrap does not work on this machine")
    text = f"""
import os, socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=2)
    print("network")
except OSError as error:
    print("no network", error.errno)
try:
    open("/written-by-a-run", "w")
    print("root writable")
except OSError:
    print("root read-only")
print(os.path.abspath(__file__) == {str(verify_project / "walls.py")!r}, os.getcwd() == {str(verify_project)!r})
"""
    evidence = warm.evidence(verify_project / "walls.py", text + GOOD)
    printed = "".join(piece.text for piece in evidence.prints)
    assert printed.splitlines()[0].startswith("no network")
    assert printed.splitlines()[1:] == ["root read-only", "True True"]
    assert not Path("/written-by-a-run").exists()
