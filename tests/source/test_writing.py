"""Replacing files: all of it or nothing."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tapefix.source.writing import WriteError, replace_bytes, write

AFTER = "x = 2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(b"x = 1\n")
    return path


def rewritten(path: Path, text: str = AFTER) -> SourceText:
    return SourceText.read(path).with_text(text)


def alone(folder: Path) -> bool:
    return not any("tapefix" in path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_nothing_is_left_behind(file: Path) -> None:
    write(rewritten(file))
    assert file.read_bytes() == AFTER.encode()
    assert [path.name for path in file.parent.iterdir()] == ["a.py"]


@pytest.mark.parametrize("mode", [0o755, 0o640, 0o600])
def test_the_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    write(rewritten(file))
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(file: Path) -> None:
    os.chown(file, 12345, 23456)
    write(rewritten(file))
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


def test_extended_attributes_are_kept(file: Path) -> None:
    try:
        os.setxattr(file, "user.tapefix", b"kept")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    write(rewritten(file))
    assert os.getxattr(file, "user.tapefix") == b"kept"


def test_a_link_is_followed_and_stays_a_link(file: Path) -> None:
    folder = file.parent / "links"
    folder.mkdir()
    link = folder / "b.py"
    link.symlink_to(Path("..") / "a.py")
    write(rewritten(link))
    assert link.is_symlink() and file.read_bytes() == AFTER.encode()
    assert [path.name for path in folder.iterdir()] == ["b.py"]


def test_bytes_outside_the_change_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    data = b"\xef\xbb\xbf# \xc3\xa9\r\nx = 1\r\n\x0c\ry\t=\t'''\n\r'''"
    path.write_bytes(data)
    source = SourceText.read(path)
    write(source.with_text(source.text.replace("x = 1", "x = 2")))
    assert path.read_bytes() == data.replace(b"x = 1", b"x = 2")


def test_output_that_does_not_parse_is_not_written(file: Path) -> None:
    with pytest.raises(WriteError, match=r"TPF101, TPF102 does not parse") as caught:
        write(rewritten(file, "x = (\n"), ["TPF101", "TPF102", "TPF101"])
    assert "nothing was written" in caught.value.message
    assert file.read_bytes() == b"x = 1\n" and alone(file.parent)


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    source = rewritten(file)
    file.write_bytes(b"y = 3\n")
    with pytest.raises(WriteError, match="has changed since"):
        write(source)
    assert file.read_bytes() == b"y = 3\n" and alone(file.parent)


def test_a_file_that_vanished_meanwhile_is_not_made_anew(file: Path) -> None:
    source = rewritten(file)
    file.unlink()
    with pytest.raises(WriteError, match="vanished"):
        write(source)
    assert not list(file.parent.iterdir())


def test_a_directory_that_vanished(file: Path) -> None:
    source = rewritten(file)
    shutil.rmtree(file.parent)
    with pytest.raises(WriteError, match="vanished"):
        write(source)


def test_a_read_only_file_is_left_alone(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(WriteError, match="read-only"):
        write(rewritten(file))
    assert file.read_bytes() == b"x = 1\n" and alone(file.parent)


def test_an_unencodable_text_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"# coding: latin-1\nx = 1\n")
    source = SourceText.read(path)
    with pytest.raises(SourceError, match="cannot be written"):
        write(source.with_text(source.text + "y = '\N{EURO SIGN}'\n"))
    assert path.read_bytes() == b"# coding: latin-1\nx = 1\n"


def test_a_full_disk_leaves_the_file_and_no_temporary(file: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from tapefix.source.writing import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.RLIM_INFINITY}))
try:
    replace_bytes(Path({str(file)!r}), b"x = 1\\n", b"x = 2\\n" * 1000)
except WriteError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "nothing was written" in done.stdout and os.strerror(errno.EFBIG) in done.stdout
    assert file.read_bytes() == b"x = 1\n" and alone(file.parent)


def test_a_directory_that_takes_no_new_file() -> None:
    # `/proc` refuses new files even from root.
    path = Path("/proc/self/comm")
    if not path.exists():
        pytest.skip("there is no /proc")
    with pytest.raises(WriteError, match="nothing was written"):
        replace_bytes(path, path.read_bytes(), b"other\n")
