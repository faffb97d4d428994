"""`tapefix check` from the outside: output, exit codes, and input of every kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tapefix.report.data import SCHEMA_FILE
from tests.cli.running import BROKEN, SOUND, tapefix


def validated(text: str) -> dict:  # type: ignore[type-arg]  # any JSON object
    document = json.loads(text)
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    assert isinstance(document, dict)
    return document


def test_a_sound_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SOUND, encoding="utf-8")
    done = tapefix("check", "a.py", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 findings.\n", "")


def test_a_finding_with_its_excerpt(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    done = tapefix("check", cwd=tmp_path)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("a.py:6:26: TPF101 ")
    at = lines.index("6 |     loss = tf.reduce_sum(y.numpy())")
    assert lines[at + 1] == "  |                          ^^^^^^^^^"
    assert "\x1b" not in done.stdout


def test_json_follows_its_schema(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "b.py").write_text("GradientTape = (\n# tapefix: ignore", encoding="utf-8")
    (tmp_path / "c.py").write_text(SOUND + "# tapefix: ignore[TPF999]\n", encoding="utf-8")
    done = tapefix("check", ".", "--output-format", "json", cwd=tmp_path)
    assert done.returncode == 2
    document = validated(done.stdout)
    first, second, third = document["files"]
    assert first["findings"][0]["location"] == {"line": 6, "column": 26, "end_line": 6, "end_column": 35}
    assert first["findings"][0]["rewrite"]["edits"]
    assert (second["error"]["line"], second["error"]["column"]) == (1, 16)
    assert "TPF999" in third["notices"][0]["message"]
    assert document["summary"] == {"files": 3, "findings": 1, "fixable": 1, "notices": 1, "errors": 1}


def test_github_annotations(tmp_path: Path) -> None:
    (tmp_path / "a,b:c.py").write_text(BROKEN, encoding="utf-8")
    done = tapefix("check", ".", "--output-format", "github", cwd=tmp_path)
    assert done.stdout.startswith("::warning file=a%2Cb%3Ac.py,line=6,col=26,endLine=6,endColumn=34,title=TPF101 ")
    assert done.stdout.count("\n") == 1
    assert done.returncode == 1


def test_selection_by_code_prefix_and_name(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    codes = [
        tapefix("check", "a.py", *options, cwd=tmp_path).returncode
        for options in (
            ["--select", "TPF2,tpf1"],
            ["--select", "numpy-method-on-path"],
            ["--select", "TPF2"],
            ["--ignore", "TPF101", "--ignore", "TPF2"],
        )
    ]
    assert codes == [1, 1, 0, 0]


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_an_unknown_rule_is_refused_with_a_suggestion(tmp_path: Path, option: str) -> None:
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    done = tapefix("check", "a.py", option, "numpy-metod-on-path", cwd=tmp_path)
    assert done.returncode == 2
    assert "numpy-method-on-path" in done.stderr


def test_stdin_has_the_name_that_it_is_given(tmp_path: Path) -> None:
    done = tapefix("check", "-", "--stdin-filename", "sub/x.py", cwd=tmp_path, stdin=BROKEN)
    assert done.returncode == 1
    assert done.stdout.startswith("sub/x.py:6:26: TPF101")
    assert tapefix("check", "-", cwd=tmp_path, stdin=BROKEN).stdout.startswith("<stdin>:6:26: TPF101")


BAD = {
    "syntax error": (b"import tensorflow\nx = (\n", ":2:5: error: syntax error: '(' was never closed"),
    "python 2": (b"import os\nprint 'a'\n", ":2:1: error: this is Python 2 (the print statement)"),
    "binary": (b"\x7fELF\x02\x01\x00\x00", ": error: this is not a text file"),
    "undecodable": (b"x = '\xff'\n", ":1:6: error: byte 0xff is not utf-8"),
    "bad cookie": (b"# coding: nonsense\n", ":1: error: unknown encoding: nonsense"),
    "brackets": (b"x = " + b"(" * 4000 + b")" * 4000, ":1:1: error: 4000 brackets"),
    "blocks": (
        b"".join(b" " * i + b"if 1:\n" for i in range(300)) + b" " * 300 + b"x\n",
        "too many levels of indentation",
    ),
    "operators": (b"x = " + b"1 + " * 9000 + b"1\n", "nested parts"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_named_and_the_others_go_on(tmp_path: Path, kind: str) -> None:
    data, message = BAD[kind]
    (tmp_path / "bad.py").write_bytes(data)
    (tmp_path / "good.py").write_text(BROKEN, encoding="utf-8")
    done = tapefix("check", "bad.py", "good.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("bad.py") and message in done.stderr
    assert "good.py:6:26: TPF101" in done.stdout
    assert (tmp_path / "bad.py").read_bytes() == data


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"# only a comment"])
def test_empty_files_are_fine(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.py").write_bytes(data)
    assert tapefix("check", "a.py", cwd=tmp_path).returncode == 0


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop.py").symlink_to("loop.py")
    done = tapefix("check", "nothing.py", "pipe", "loop.py", "no/such/folder", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("error: ") == 4
    assert "nothing.py: error: there is no such file" in done.stderr


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff.py")).write_text(BROKEN, encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes no such name")
    for output in ("text", "json", "github"):
        assert tapefix("check", ".", "--output-format", output, cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["chek"],
        ["check", "--colour"],
        ["fix"],
        ["check", "--output-format", "xml", "."],
        ["verify", "a.py"],
        ["explain"],
    ],
)
def test_usage_errors(tmp_path: Path, arguments: list[str]) -> None:
    assert tapefix(*arguments, cwd=tmp_path).returncode == 2


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BROKEN * 300, encoding="utf-8")
    command = f"'{sys.executable}' -m tapefix.cli.main check --output-format json a.py | head -c 10"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_bug_is_a_message_and_the_traceback_is_for_those_who_ask(tmp_path: Path) -> None:
    code = "import tapefix.cli.inputs as i\nfrom tapefix.cli.main import main\n"
    code += "def broken(self): raise KeyError('oops')\ni.Inputs.pending = broken\nmain()"
    outputs = []
    for debug in ("", "1"):
        environment = {**os.environ, "TAPEFIX_DEBUG": debug}
        command = [sys.executable, "-c", code, "check", "."]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 2 and "TAPEFIX_DEBUG=1" in done.stderr
        outputs.append(done.stderr)
    assert "Traceback" not in outputs[0] and "Traceback" in outputs[1]


def test_the_other_commands(tmp_path: Path) -> None:
    version = tapefix("--version", cwd=tmp_path)
    assert version.returncode == 0 and version.stdout.startswith("tapefix ")
    rules = tapefix("rules", cwd=tmp_path).stdout
    assert "TPF101  numpy-method-on-path" in rules
    assert validated(tapefix("rules", "--output-format", "json", cwd=tmp_path).stdout)["rules"]
    by_code = tapefix("explain", "tpf101", cwd=tmp_path)
    assert by_code.stdout == tapefix("explain", "numpy-method-on-path", cwd=tmp_path).stdout
    assert by_code.stdout.startswith("# TPF101 numpy-method-on-path\n")
    assert validated(tapefix("explain", "TPF101", "--output-format", "json", cwd=tmp_path).stdout)["rule"]["page"]
    unknown = tapefix("explain", "TPF110", cwd=tmp_path)
    assert unknown.returncode == 2 and "did you mean" in unknown.stderr
    nothing = tapefix("undo", cwd=tmp_path)
    assert nothing.returncode == 1 and nothing.stderr.startswith("nothing to undo")
