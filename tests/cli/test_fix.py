"""`tapefix fix` from the outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tapefix.report.data import SCHEMA_FILE
from tests.cli.running import BROKEN, REPAIRED, SOUND, tapefix
from tests.cli.test_notebooks import notebook_of

SECOND = BROKEN.removeprefix("import tensorflow as tf\n").replace("x", "z").replace("y = ", "w = ").replace("y.", "w.")
TWO = BROKEN + SECOND


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(BROKEN, encoding="utf-8")
    return path


def test_a_preview_writes_nothing(file: Path) -> None:
    done = tapefix("fix", "a.py", "--no-verify", cwd=file.parent)
    assert done.returncode == 1
    assert done.stdout.startswith("--- a/a.py\n+++ b/a.py\n@@ ")
    assert "Nothing was written" in done.stderr and "not verified" in done.stderr
    assert file.read_text(encoding="utf-8") == BROKEN
    assert sorted(path.name for path in file.parent.iterdir()) == ["a.py"]


@pytest.mark.parametrize(
    "data",
    [
        BROKEN.encode(),
        BROKEN.encode().replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + BROKEN.encode().rstrip(),
        b"# coding: latin-1\n# \xe9\n" + BROKEN.encode().replace(b"loss)", b"loss) # \xff"),
        BROKEN.encode().replace(b"    loss", b"    # \x0c\r\n    loss").replace(b"with", b"\x0cwith"),
    ],
    ids=["plain", "crlf", "bom, no newline", "latin-1", "form feeds, mixed ends"],
)
def test_what_is_printed_is_a_patch(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    command = f"'{sys.executable}' -m tapefix.cli.main fix a.py --no-verify 2>/dev/null | patch -p1 --binary"
    subprocess.run(["bash", "-c", command], cwd=file.parent, capture_output=True, check=True)
    assert file.read_bytes() == data.replace(b"y.numpy()", b"y")
    assert tapefix("check", "a.py", cwd=file.parent).returncode == 0


def test_writing_and_taking_back(file: Path) -> None:
    file.chmod(0o755)
    done = tapefix("fix", "a.py", "--no-verify", "--write", cwd=file.parent)
    assert done.returncode == 0, done.stderr
    assert "not verified" in done.stderr and "written" in done.stderr
    assert file.read_text(encoding="utf-8") == REPAIRED
    assert file.stat().st_mode & 0o777 == 0o755
    again = tapefix("fix", "a.py", "--no-verify", "--write", cwd=file.parent)
    assert (again.returncode, again.stdout) == (0, "")
    undone = tapefix("undo", cwd=file.parent)
    assert undone.returncode == 0 and "restored" in undone.stdout
    assert file.read_text(encoding="utf-8") == BROKEN


def test_undo_refuses_what_was_changed_since(file: Path) -> None:
    tapefix("fix", "a.py", "--no-verify", "--write", cwd=file.parent)
    file.write_text("x = 1\n", encoding="utf-8")
    done = tapefix("undo", cwd=file.parent)
    assert done.returncode == 1 and "has changed since tapefix wrote it" in done.stderr
    assert file.read_text(encoding="utf-8") == "x = 1\n"


def test_stdin_gives_a_diff_or_the_text(tmp_path: Path) -> None:
    arguments = ["fix", "-", "--stdin-filename", "a.py", "--no-verify"]
    preview = tapefix(*arguments, cwd=tmp_path, stdin=BROKEN)
    assert preview.stdout.startswith("--- a/a.py\n") and preview.returncode == 1
    written = tapefix(*arguments, "--write", cwd=tmp_path, stdin=BROKEN.replace("\n", "\r\n"))
    assert written.stdout == REPAIRED.replace("\n", "\r\n") and written.returncode == 0
    unchanged = tapefix(*arguments, "--write", cwd=tmp_path, stdin=SOUND)
    assert unchanged.stdout == SOUND and unchanged.returncode == 0
    assert not list(tmp_path.iterdir())


def test_without_tensorflow_nothing_is_run_and_the_preview_works(file: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    done = tapefix("fix", "a.py", "--write", "--python", bare / "bin" / "python", cwd=file.parent)
    assert done.returncode == 1, done.stderr
    assert "not run" in done.stderr and "TensorFlow" in done.stderr
    assert done.stdout.startswith("--- a/a.py\n")
    assert file.read_text(encoding="utf-8") == BROKEN


def test_nothing_found_and_nothing_run_is_said(file: Path, tmp_path: Path) -> None:
    file.write_text(SOUND, encoding="utf-8")
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    done = tapefix("fix", "a.py", "--python", bare / "bin" / "python", cwd=file.parent)
    assert done.returncode == 0 and done.stdout == ""
    assert "a.py:1:1: warning: nothing was run: TensorFlow cannot be imported by" in done.stderr


def begun_with(first: str, text: str = SOUND) -> str:
    return text.replace("\n\n", f"\n{first}\n", 1)


def test_a_run_that_ends_before_its_first_query_is_no_proof(tmp_path: Path) -> None:
    advice = BROKEN.replace("y.numpy()", "tf.cast(y > 2.0, tf.float32)")
    texts = {
        "data.py": begun_with("open('weights.bin', 'rb')"),
        "module.py": begun_with("import nowhere"),
        "value.py": begun_with("n = int('x')"),
        "advice.py": begun_with("n = int('x')", advice),
        "usage.py": begun_with("raise SystemExit('which file?')"),
        "judged.py": begun_with("n = int('x')", BROKEN),
        "later.py": SOUND + "n = int('x')\n",
        "cells.ipynb": notebook_of("import tensorflow as tf", "y = 1\nn = int('x')\n", SOUND),
        "library.py": "import tensorflow as tf\n\n\ndef f(x):\n    v = tf.Variable(x)\n"
        "    with tf.GradientTape() as tape:\n        loss = v * v\n    return tape.gradient(loss, v)\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = tapefix("fix", *texts, "--output-format", "json", "--device", "cpu", cwd=tmp_path)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    said = {
        file["path"]: [(notice["location"]["line"], notice["message"]) for notice in file["notices"]]
        for file in document["files"]
    }
    raised = (
        2,
        "no query was reached: the run raised ValueError at line 2: invalid literal for int() with base 10: 'x'",
    )
    assert said.pop("data.py") == [
        (
            2,
            "no query was reached: the run raised FileNotFoundError at line 2: "
            "[Errno 2] No such file or directory: 'weights.bin'",
        ),
    ]
    assert said.pop("module.py") == [
        (2, "no query was reached: the run raised ModuleNotFoundError at line 2: No module named 'nowhere'")
    ]
    assert said.pop("usage.py") == [(2, "no query was reached: the run exited with code which file? at line 2")]
    assert said.pop("value.py") == said.pop("advice.py") == [raised]
    assert said.pop("cells.ipynb") == [(2, raised[1].replace("line 2", "line 2 of cell 2"))]
    # Judged, it has a verdict that says it; come to its query, or with none on its way, there is nothing to say.
    assert said == {"judged.py": [], "later.py": [], "library.py": []}
    judged = next(file for file in document["files"] if file["path"] == "judged.py")
    assert "raised ValueError at line 2" in judged["repair"]["verdict"]["reason"]
    shown = tapefix("fix", "value.py", "--device", "cpu", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (0, "")
    assert shown.stderr == f"value.py:2:1: warning: {raised[1]}\nnothing to repair was found.\n"


def test_an_interpreter_that_is_not_there(file: Path) -> None:
    done = tapefix("fix", "a.py", "--write", "--python", "nowhere/python", cwd=file.parent)
    assert done.returncode in (1, 2) and "nowhere/python" in done.stderr
    assert file.read_text(encoding="utf-8") == BROKEN


@pytest.mark.parametrize(
    "options", [["--device", "tpu"], ["--samples", "0"], ["--sandbox", "maybe"], ["--timeout", "-1"]], ids=" ".join
)
def test_settings_that_make_no_sense(file: Path, options: list[str]) -> None:
    done = tapefix("fix", "a.py", *options, cwd=file.parent)
    assert done.returncode == 2
    assert done.stdout == ""


def test_json(file: Path) -> None:
    done = tapefix("fix", "a.py", "--no-verify", "--output-format", "json", cwd=file.parent)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    repair = document["files"][0]["repair"]
    assert repair["diff"].startswith("--- a/a.py") and not repair["written"]
    assert repair["rewrites"][0]["status"] == "not verified"
    assert document["summary"]["rewrites"] == 1


@pytest.mark.parametrize(
    ("answers", "kept"),
    [("y\nn\n", (0,)), ("n\ny\n", (1,)), ("a\n", (0, 1)), ("y\nq\n", (0,)), ("q\n", ()), ("?\nx\ny\n", (0,)), ("", ())],
)
def test_what_is_accepted_is_kept(tmp_path: Path, answers: str, kept: tuple[int, ...]) -> None:
    path = tmp_path / "a.py"
    path.write_text(TWO, encoding="utf-8")
    done = tapefix("fix", "a.py", "--no-verify", "--write", "--interactive", cwd=tmp_path, stdin=answers)
    wanted = TWO
    for index, call in enumerate(("y.numpy()", "w.numpy()")):
        wanted = wanted.replace(call, call[0]) if index in kept else wanted
    assert path.read_text(encoding="utf-8") == wanted
    assert done.returncode == (0 if kept == (0, 1) else 1)


def test_asking_previews_until_writing_is_asked_for(file: Path) -> None:
    done = tapefix("fix", "a.py", "--no-verify", "--interactive", cwd=file.parent, stdin="y\n")
    assert done.stdout.startswith("--- a/a.py\n")
    assert file.read_text(encoding="utf-8") == BROKEN


def test_a_read_only_file_is_not_written(file: Path) -> None:
    file.chmod(0o444)
    other = file.parent / "b.py"
    other.write_text(BROKEN, encoding="utf-8")
    done = tapefix("fix", ".", "--no-verify", "--write", cwd=file.parent)
    assert done.returncode == 2
    assert "a.py: error: nothing was written: the file is read-only" in done.stderr
    assert file.read_text(encoding="utf-8") == BROKEN
    assert other.read_text(encoding="utf-8") == REPAIRED


def test_a_file_that_does_not_parse_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("print 'GradientTape'\n", encoding="utf-8")
    done = tapefix("fix", "a.py", "--no-verify", "--write", cwd=tmp_path)
    assert done.returncode == 2 and "a.py:1:1: error: this is Python 2" in done.stderr
    assert path.read_text(encoding="utf-8") == "print 'GradientTape'\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_comment_keeps_a_line_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    text = TWO.replace("y.numpy())", "y.numpy())  # tapefix: ignore[TPF101]")
    path.write_text(text, encoding="utf-8")
    done = tapefix("fix", "a.py", "--no-verify", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert path.read_text(encoding="utf-8") == text.replace("w.numpy()", "w")


@pytest.mark.tensorflow
def test_the_main_job(file: Path) -> None:
    """Repair, prove, write, undo, and a second verdict on the two texts by themselves."""
    done = tapefix("fix", "a.py", "--write", "--device", "cpu", cwd=file.parent)
    assert done.returncode == 0, done.stderr
    assert "verified" in done.stderr and "None → gradient float32" in done.stderr and "TensorFlow 2" in done.stderr
    assert file.read_text(encoding="utf-8") == REPAIRED
    before = file.parent / "before.py"
    before.write_text(BROKEN, encoding="utf-8")
    forward = tapefix("verify", "before.py", "a.py", "--output-format", "json", cwd=file.parent)
    assert forward.returncode == 0
    document = json.loads(forward.stdout)
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    assert document["verdict"]["status"] == "verified"
    assert tapefix("undo", cwd=file.parent).returncode == 0
    assert file.read_text(encoding="utf-8") == BROKEN


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_ends_quietly(tmp_path: Path) -> None:
    for index in range(30):
        (tmp_path / f"f{index}.py").write_text(BROKEN * 40, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "tapefix.cli.main", "check", "."],
        cwd=tmp_path,
        stdout=-1,
        stderr=-1,
        text=True,
        # A shell's background job has the interrupt ignored, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(2)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors and "interrupted" in errors
