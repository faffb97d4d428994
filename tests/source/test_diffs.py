"""Diffs that the real `patch` and `git apply` take."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapefix.source.diffs import file_diff, patch_bytes, unified_diff
from tapefix.source.text import SourceText

LINES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b = 1", "", "  c", "-x", "+y", "é", "\f", "\\ z"]), st.sampled_from(["\n", "\r\n", "\r"])
    ),
    max_size=12,
)

CASES = {
    "plain": (b"a = 1\nb = 2\n", b"a = 1\nb = 3\n"),
    "no newline before": (b"a = 1\nb = 2", b"a = 1\nb = 3\n"),
    "no newline after": (b"a = 1\nb = 2\n", b"a = 1\nb = 3"),
    "no newline at all": (b"a = 1\nb = 2", b"a = 1\nb = 3"),
    "crlf": (b"a = 1\r\nb = 2\r\nc = 3\r\n", b"a = 1\r\nb = 3\r\nc = 3\r\n"),
    "cr": (b"a = 1\rb = 2\r", b"a = 1\rb = 3\r"),
    "mixed": (b"a = 1\r\nb = 2\nc = 3\rd = 4", b"a = 1\r\nb = 2\nc = 5\rd = 4"),
    "bom in the context": (b"\xef\xbb\xbfa = 1\nb = 2\n", b"\xef\xbb\xbfa = 1\nb = 3\n"),
    "bom in the change": (b"\xef\xbb\xbfa = 1\r\n", b"\xef\xbb\xbfa = 2\r\n"),
    "latin-1": (b"# coding: latin-1\nx = '\xe9'\n", b"# coding: latin-1\nx = '\xe9\xe9'\n"),
    "form feed": (b"a = 1\n\x0c\nb = 2\n", b"a = 1\n\x0c\nb = 3\n"),
}
NAMES = ["a.py", "with space.py", "deep/er/a.py", 'quo"te.py', "ünï.py", "tab\there.py"]


def apply(tool: str, folder: Path, patch: bytes) -> None:
    command = ["patch", "-p1", "--binary", "--no-backup-if-mismatch"] if tool == "patch" else ["git", "apply", "-p1"]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=folder, input=patch, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode() + patch.decode("utf-8", "replace")


def patch_for(before: bytes, after: bytes, name: str) -> bytes:
    source = SourceText.from_bytes(before, name)
    diff = file_diff(source, SourceText.from_bytes(after, name).text, name)
    return patch_bytes(diff, source.encoding)


@pytest.mark.parametrize("tool", ["patch", "git"])
@pytest.mark.parametrize("case", CASES)
def test_patches_apply(tmp_path: Path, tool: str, case: str) -> None:
    before, after = CASES[case]
    (tmp_path / "a.py").write_bytes(before)
    apply(tool, tmp_path, patch_for(before, after, "a.py"))
    assert (tmp_path / "a.py").read_bytes() == after


@pytest.mark.parametrize("tool", ["patch", "git"])
@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_kind(tmp_path: Path, tool: str, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a = 1\n")
    apply(tool, tmp_path, patch_for(b"a = 1\n", b"a = 2\n", name))
    assert path.read_bytes() == b"a = 2\n"


@settings(max_examples=25, deadline=None)
@given(LINES, LINES, st.booleans(), st.booleans())
def test_any_two_texts(
    tmp_path_factory: pytest.TempPathFactory,
    old: list[tuple[str, str]],
    new: list[tuple[str, str]],
    cut_old: bool,
    cut_new: bool,
) -> None:
    before, after = ("".join(a + b for a, b in lines) for lines in (old, new))
    before = before.rstrip("\r\n") if cut_old else before
    after = after.rstrip("\r\n") if cut_new else after
    diff = unified_diff(before, after, "a.py")
    assert bool(diff) == (before != after)
    if diff and before and after:
        folder = tmp_path_factory.mktemp("any")
        (folder / "a.py").write_bytes(before.encode())
        apply("patch", folder, patch_bytes(diff, "utf-8"))
        assert (folder / "a.py").read_bytes() == after.encode()


def test_a_file_elsewhere_has_a_name_that_patch_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    source = SourceText.from_bytes(b"a = 1\n", "../b.py")
    assert ".." not in file_diff(source, "a = 2\n")
    inside = SourceText.from_bytes(b"a = 1\n", str(tmp_path / "here" / "c.py"))
    assert file_diff(inside, "a = 2\n").startswith("--- a/c.py\n+++ b/c.py\n")
