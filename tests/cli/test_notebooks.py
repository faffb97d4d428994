"""Notebooks on the command line, as a user has them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest

from tapefix.report.data import SCHEMA_FILE
from tests.cli.running import BROKEN, REPAIRED, tapefix

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
ALL = sorted(folder.name for folder in NOTEBOOKS.iterdir())
CHANGING = [name for name in ALL if (NOTEBOOKS / name / "after.ipynb").exists()]
WITHHELD = {
    "magic_between": "the rewrite is withheld: cell 3 would not be Python by itself",
    "timed_forward": "the rewrite is withheld: it would change `%time`, which is no Python",
}
LOOK_ALIKES = [name for name in ALL if name not in CHANGING and name not in WITHHELD]


def before(name: str) -> bytes:
    return (NOTEBOOKS / name / "before.ipynb").read_bytes()


def after(name: str) -> bytes:
    return (NOTEBOOKS / name / "after.ipynb").read_bytes()


def put(folder: Path, name: str) -> Path:
    path = folder / f"{name}.ipynb"
    path.write_bytes(before(name))
    return path


def notebook_of(*cells: str) -> str:
    listed = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
        for cell in cells
    ]
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, indent=1) + "\n"


def without_sources(data: bytes) -> Any:
    whole = json.loads(data.decode("utf-8-sig"))
    for cell in whole["cells"]:
        del cell["source"]
    return whole


@pytest.mark.parametrize("name", CHANGING)
def test_fix_writes_the_changed_lines_and_nothing_else(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name)
    done = tapefix("fix", "--no-verify", "--write", path.name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == after(name)
    assert without_sources(path.read_bytes()) == without_sources(before(name))
    nbformat.validate(nbformat.reads(path.read_text("utf-8-sig"), as_version=4))
    again = tapefix("fix", "--no-verify", "--write", path.name, cwd=tmp_path)
    assert (again.returncode, path.read_bytes()) == (0, after(name))
    assert tapefix("undo", cwd=tmp_path).returncode == 0
    assert path.read_bytes() == before(name)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", CHANGING)
def test_the_repair_is_verified_by_running_the_cells(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name)
    done = tapefix("fix", "--write", "--output-format", "json", path.name, cwd=tmp_path)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    repair = document["files"][0]["repair"]
    assert repair["verdict"]["status"] == "verified", repair["verdict"]
    assert {each["status"] for each in repair["rewrites"]} == {"verified"}
    assert all(change["cell"] for change in repair["verdict"]["changes"])
    assert path.read_bytes() == after(name)


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_look_alike_is_left_alone(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name)
    done = tapefix("check", "--output-format", "json", path.name, cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["summary"]["findings"]) == (0, 0)
    assert tapefix("fix", "--no-verify", "--write", path.name, cwd=tmp_path).returncode == 0
    assert path.read_bytes() == before(name)


@pytest.mark.parametrize("name", WITHHELD)
def test_a_rewrite_that_cells_cannot_take_is_withheld(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name)
    done = tapefix("fix", "--no-verify", "--write", path.name, cwd=tmp_path)
    assert done.returncode == 1
    assert WITHHELD[name] in done.stderr
    assert path.read_bytes() == before(name)


@pytest.mark.parametrize("name", CHANGING)
def test_what_is_piped_is_a_patch_of_the_file(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name)
    diff = tapefix("fix", "--no-verify", path.name, cwd=tmp_path).stdout.encode("utf-8", "surrogateescape")
    subprocess.run(["patch", "--binary", "-p1"], cwd=tmp_path, input=diff, check=True, capture_output=True)
    assert path.read_bytes() == after(name)
    path.write_bytes(before(name))
    subprocess.run(["git", "apply", "-p1", "-"], cwd=tmp_path, input=diff, check=True, capture_output=True)
    assert path.read_bytes() == after(name)


def test_positions_name_the_cell_and_its_line(tmp_path: Path) -> None:
    path = put(tmp_path, "colab_training")
    done = tapefix("check", path.name, cwd=tmp_path)
    assert done.stdout.startswith(
        "colab_training.ipynb:cell 5:8:19: TPF401 the tape is used up: line 7 of cell 5 has asked it already"
    )
    assert "\n8 |     sensitivity = tape.gradient(loss, error)\n  |                   ^^^^" in done.stdout
    assert " = note: line 4 of cell 5: the tape: `tf.GradientTape()`" in done.stdout


def test_an_excerpt_shows_the_cell_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(notebook_of("import tensorflow as tf", f"%ls\n{BROKEN}!ls"), encoding="utf-8")
    done = tapefix("check", "a.ipynb", cwd=tmp_path)
    assert done.stdout.startswith("a.ipynb:cell 2:7:26: TPF101 ")
    edge = tapefix(
        "check", "b.ipynb", cwd=_folder(tmp_path, "b.ipynb", "%ls\nimport tensorflow as tf\nx = 1 # tapefix: no")
    )
    assert edge.stdout.startswith("b.ipynb:cell 1:3:9: warning: `tapefix: no` means nothing")


def _folder(tmp_path: Path, name: str, *cells: str) -> Path:
    (tmp_path / name).write_text(notebook_of(*cells), encoding="utf-8")
    return tmp_path


def test_json_has_a_field_for_the_cell(tmp_path: Path) -> None:
    path = put(tmp_path, "saliency_map")
    done = tapefix("check", "--output-format", "json", path.name, cwd=tmp_path)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    watch = next(finding for finding in document["files"][0]["findings"] if finding["code"] == "TPF201")
    assert watch["location"] == {"cell": 9, "line": 1, "column": 32, "end_line": 1, "end_column": 38}
    assert (watch["queries"], watch["queries_cells"]) == ([1], [9])
    edit = watch["rewrite"]["edits"][0]
    assert (edit["location"]["cell"], edit["location"]["line"]) == (8, 2)


def test_an_annotation_points_to_the_line_of_the_file(tmp_path: Path) -> None:
    path = put(tmp_path, "saliency_map")
    done = tapefix("check", "--output-format", "github", path.name, cwd=tmp_path)
    found = re.search(
        r"::warning file=saliency_map.ipynb,line=(\d+),title=TPF201 [\w-]+::cell 9, line 1: ", done.stdout
    )
    assert found is not None
    assert "saliency = tape.gradient(loss, images)" in path.read_text("utf-8").splitlines()[int(found[1]) - 1]


def test_notebooks_are_found_in_folders(tmp_path: Path) -> None:
    for folder in ("a", "a/.ipynb_checkpoints"):
        (tmp_path / folder).mkdir()
        put(tmp_path / folder, "import_added")
    put(tmp_path / "a", "written_module")
    (tmp_path / "a" / "plain.ipynb").write_text('{"no": "notebook"}', encoding="utf-8")
    (tmp_path / "a" / "broken.py").write_text(BROKEN, encoding="utf-8")
    done = tapefix("check", "--output-format", "json", ".", cwd=tmp_path)
    files = json.loads(done.stdout)["files"]
    assert [(file["path"], len(file["findings"])) for file in files] == [
        ("a/broken.py", 1),
        ("a/import_added.ipynb", 1),
        ("a/written_module.ipynb", 0),
    ]


def test_standard_input(tmp_path: Path) -> None:
    data = before("tab_indented")
    name = ("-", "--stdin-filename", "x.ipynb")
    assert tapefix("check", *name, cwd=tmp_path, stdin=data).stdout.startswith("x.ipynb:cell 6:1:42: TPF201")
    done = tapefix("fix", *name, "--no-verify", "--write", cwd=tmp_path, stdin=data)
    assert done.stdout.encode() == after("tab_indented")
    sound = before("r_kernel")
    assert tapefix("fix", *name, "--no-verify", "--write", cwd=tmp_path, stdin=sound).stdout.encode() == sound


def test_a_terminal_shows_the_diff_by_cell(tmp_path: Path) -> None:
    path = put(tmp_path, "import_added")
    ours, its = os.openpty()
    command = [sys.executable, "-m", "tapefix.cli.main", "fix", "--no-verify", path.name]
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm"}
    with subprocess.Popen(command, cwd=tmp_path, stdout=its, stderr=subprocess.STDOUT, env=environment) as process:
        os.close(its)
        shown = b""
        while piece := _read(ours):
            shown += piece
    os.close(ours)
    assert process.returncode == 1
    assert shown.decode().startswith(
        "--- a/import_added.ipynb:cell 3\t\r\n"
        "+++ b/import_added.ipynb:cell 3\t\r\n"
        "@@ -2,3 +2,4 @@\r\n"
        " %autoreload 2\r\n"
        " from numpy import sum as total\r\n"
        " from tensorflow import GradientTape, Variable\r\n"
        "+import tensorflow as tf\r\n"
        "--- a/import_added.ipynb:cell 5\t\r\n"
    )


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        # The other end is closed.
        return b""


def test_questions_show_the_cell(tmp_path: Path) -> None:
    path = put(tmp_path, "colab_training")
    done = tapefix("fix", "--interactive", "--no-verify", "--write", path.name, cwd=tmp_path, stdin="y\n")
    assert "+++ b/colab_training.ipynb:cell 5" in done.stderr
    assert path.read_bytes() == after("colab_training")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("{", "a.ipynb:1:2: error: this is no notebook: expecting property name enclosed in double quotes"),
        (notebook_of("x = 1", "def f(:"), "a.ipynb:cell 2:1:7: error: syntax error: invalid syntax"),
        (notebook_of("print 'a'\n"), "a.ipynb:cell 1:1:1: error: this is Python 2 (the print statement)"),
        ('{"nbformat": 3, "worksheets": []}', "a.ipynb:1:1: error: this notebook has format 3; tapefix reads format 4"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(content: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(content, encoding="utf-8")
    done = tapefix("check", "a.ipynb", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(place)


def test_another_language_is_passed_over_with_a_notice(tmp_path: Path) -> None:
    path = put(tmp_path, "r_kernel")
    done = tapefix("check", path.name, cwd=tmp_path)
    assert "r_kernel.ipynb:23:12: warning: this notebook is in R and not in Python: it is passed over" in done.stdout
    why = tapefix("why", path.name, cwd=tmp_path)
    assert (why.returncode, why.stderr) == (2, "error: r_kernel.ipynb:23:12: this notebook is in R and not in Python\n")


@pytest.mark.tensorflow
def test_why_speaks_of_cells(tmp_path: Path) -> None:
    path = put(tmp_path, "saliency_map")
    done = tapefix("why", path.name, "--html", "why.html", cwd=tmp_path)
    assert done.stdout.startswith("saliency_map.ipynb:cell 9:1: d loss / d images raises\n")
    assert "  line 3 of cell 6: `logits.numpy()` takes the path out of TensorFlow" in done.stdout
    assert "the query at line 1 of cell 10 was not reached" in done.stdout
    page = (tmp_path / "why.html").read_text("utf-8")
    line = re.search(r'<a href="#(L\d+)">line 3 of cell 6</a>', page)
    assert line is not None
    assert f'<div id="{line[1]}" class="break"><i>3</i><code>    shifted = logits.numpy()' in page
    assert "<code>%matplotlib inline</code>" in page and "# %%" not in page


@pytest.mark.tensorflow
def test_verify_takes_notebooks_and_scripts(tmp_path: Path) -> None:
    (tmp_path / "before.py").write_text(BROKEN, encoding="utf-8")
    first, _, rest = REPAIRED.partition("\n\n")
    (tmp_path / "after.ipynb").write_text(notebook_of(first, f"%ls\n{rest}display(x)"), encoding="utf-8")
    done = tapefix("verify", "before.py", "after.ipynb", "--output-format", "json", cwd=tmp_path)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    assert document["verdict"]["status"] == "verified"
    change = document["verdict"]["changes"][0]
    assert (change["line"], change["after_line"], change["after_cell"]) == (7, 6, 2)
    shutil.copy(tmp_path / "after.ipynb", tmp_path / "same.ipynb")
    same = tapefix("verify", "after.ipynb", "same.ipynb", cwd=tmp_path)
    assert same.returncode == 1 and "nothing to repair" in same.stdout
