"""One campaign over a tree in which every file comes to another end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tapefix.campaign.outcome import EndState
from tapefix.report.data import SCHEMA_FILE
from tests.campaign.trees import REUSED, broken, content, migrate, reasons, states
from tests.cli.running import BROKEN, REPAIRED, SOUND, tapefix

EXPECTED = {
    "advice.py": ("advice only", "1 finding without a rewrite that may be applied: TPF503"),
    "argmax.py": ("advice only", "(1 with --unsafe)"),
    "broken.py": ("cannot parse", "syntax error"),
    "bytes.py": ("cannot parse", "byte 0xff is not utf-8"),
    "crashes.py": ("crashed", "the run was ended by signal 11"),
    "data.py": ("needs data or a module", "the file weights.bin (line 3)"),
    "endless.py": ("timed out", "the run reached the time limit"),
    "function.py": ("fixed, not verified", "nothing calls them"),
    "ignored.py": ("skipped by configuration", "a comment in line 3 leaves it out"),
    "legacy/excluded.py": ("skipped by configuration", "`exclude` in "),
    "module.py": ("needs data or a module", "the module nowhere (line 3)"),
    "network.py": ("needs data or a module", "data from http://example.org/x"),
    "plain.py": ("fixed and verified", "1 gradient is there that was not"),
    "print.py": ("cannot parse", "this is Python 2 (the print statement)"),
    "sound.py": ("unchanged", ""),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("states")
    (root / "pyproject.toml").write_text('[tool.tapefix]\nexclude = ["legacy"]\n', encoding="utf-8")
    texts = {
        "advice.py": BROKEN.replace("y.numpy()", "tf.cast(y > 2.0, tf.float32)"),
        "argmax.py": BROKEN.replace("tf.reduce_sum(y.numpy())", "tf.cast(tf.argmax(y), tf.float32)"),
        "broken.py": BROKEN.replace("GradientTape()", "GradientTape("),
        "crashes.py": broken("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"),
        "data.py": broken("open('weights.bin', 'rb')"),
        "endless.py": broken("while True: pass"),
        "function.py": "import tensorflow as tf\n\n\ndef f(x):\n    v = tf.Variable(x)\n"
        "    with tf.GradientTape() as tape:\n        loss = tf.square(v.numpy())\n    return tape.gradient(loss, v)\n",
        "ignored.py": broken("# tapefix: ignore-file"),
        "legacy/excluded.py": BROKEN,
        "module.py": broken("import nowhere"),
        "network.py": broken("import urllib.request; urllib.request.urlopen('http://example.org/x')").replace(
            "urllib.request.urlopen('http://example.org/x')",
            "tf.keras.utils.get_file('x', 'http://example.org/x')",
        ),
        "plain.py": BROKEN,
        "print.py": BROKEN.replace("print(", "print tape, ("),
        "sound.py": SOUND,
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "bytes.py").write_bytes(b"# caf\xff\n" + BROKEN.encode())
    (root / "other.py").write_text("print('nothing')\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def first(tree: Path) -> dict[str, Any]:
    before = content(tree)
    document = migrate(".", "--timeout", "12", "--device", "cpu", cwd=tree, code=2)
    assert content(tree) == before, "nothing is written unasked"
    return document


def test_every_file_has_its_end_state(first: dict[str, Any]) -> None:
    found, why = states(first), reasons(first)
    assert found == {name: state for name, (state, _) in EXPECTED.items()}
    for name, (_, reason) in EXPECTED.items():
        assert reason in why[name], (name, why[name])
    assert first["campaign"]["passed_over"] == 1
    assert set(first["campaign"]["states"]) == {state.value for state in EndState}


def test_the_document_is_as_the_schema_says(first: dict[str, Any]) -> None:
    jsonschema.validate(first, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_a_second_campaign_knows_everything_and_writes(tree: Path, first: dict[str, Any]) -> None:
    second = migrate(".", "--timeout", "12", "--device", "cpu", "--write", cwd=tree, code=2)
    assert states(second) == states(first) and reasons(second) == reasons(first)
    known = {file["path"]: file["end"]["cached"] for file in second["files"]}
    # What the walk settles need not be kept.
    assert {name for name, cached in known.items() if not cached} == {"legacy/excluded.py"}
    assert (tree / "plain.py").read_text(encoding="utf-8") == REPAIRED
    assert [file["path"] for file in second["files"] if file["repair"] and file["repair"]["written"]] == ["plain.py"]
    done = tapefix("undo", second["campaign"]["id"], cwd=tree)
    assert done.returncode == 0 and (tree / "plain.py").read_text(encoding="utf-8") == BROKEN


def test_a_new_module_beside_a_script_makes_it_run_again(tree: Path, first: dict[str, Any]) -> None:
    (tree / "nowhere.py").write_text("", encoding="utf-8")
    try:
        found = migrate("module.py", "plain.py", "--timeout", "12", "--device", "cpu", cwd=tree)
        again = migrate(".", "--timeout", "12", "--device", "cpu", cwd=tree)
    finally:
        (tree / "nowhere.py").unlink()
    assert states(found)["module.py"] == states(again)["module.py"] == "fixed and verified"
    known = {file["path"]: file["end"]["cached"] for file in again["files"]}
    assert known["plain.py"] and not known["module.py"]


def test_a_named_file_that_raises_before_its_first_query(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SOUND.replace("\n\n", "\nn = int('x')\n", 1), encoding="utf-8")
    found = migrate("a.py", "--device", "cpu", cwd=tmp_path, code=0)
    assert states(found) == {"a.py": "unchanged"}
    assert reasons(found)["a.py"].startswith("no query was reached: the run raised ValueError at line 2")


def test_part_of_a_repair(tmp_path: Path) -> None:
    # The second query prints another number with a tape that is persistent, were it not for the first.
    (tmp_path / "a.py").write_text(REUSED, encoding="utf-8")
    found = migrate("a.py", "--device", "cpu", "--write", cwd=tmp_path)
    assert states(found) == {"a.py": "fixed and verified"}
    assert "persistent=True" in (tmp_path / "a.py").read_text(encoding="utf-8")
