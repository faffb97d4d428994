"""Trees and scripts that mean no good, and systems that refuse."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tapefix.campaign.journal import campaigns
from tests.campaign.trees import broken, content, migrate, plant, reasons, states
from tests.cli.running import BROKEN, REPAIRED, tapefix

ODD = [
    "new\nline.py",
    "quo\"te's.py",
    "<script>alert(1)</script>.py".replace("/", "_"),
    "-rf.py",
    "tab\t.py",
    "é 🦊.py",
]


def test_a_hostile_tree(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ODD:
        (tree / name).write_text(BROKEN, encoding="utf-8")
    Path(os.fsdecode(os.fsencode(tree) + b"/not\xff\xfeutf8.py")).write_text(BROKEN, encoding="utf-8")
    (tree / "loop").symlink_to(tree)
    (tree / "around.py").symlink_to("around.py")
    (tree / "gone.py").symlink_to("nowhere.py")
    (tree / "twice.py").symlink_to(ODD[3])
    os.mkfifo(tree / "pipe.py")
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tree)
    listener.bind("socket.py")
    os.chdir(here)
    bad = tree / "bad"
    bad.mkdir()
    (bad / "pyproject.toml").write_text("[tool.tapefix\nthis is not TOML", encoding="utf-8")
    (bad / "a.py").write_text(BROKEN, encoding="utf-8")
    deep = tree
    for _ in range(300):
        deep = deep / "d"
    # One path may be longer than the system takes at once.
    subprocess.run(["mkdir", "-p", str(deep.relative_to(tree))], cwd=tree, check=True)
    (deep / "deep.py").write_text(BROKEN, encoding="utf-8")
    try:
        document = migrate(".", "--no-verify", "--write", cwd=tree)
    finally:
        listener.close()
    found = states(document)
    written = {name for name, state in found.items() if state == "fixed, not verified"}
    # A file and a link to it are one file.
    assert written >= {*ODD, "not\udcff\udcfeutf8.py", str(deep.relative_to(tree) / "deep.py")}
    assert found[str(Path("bad", "a.py"))] == "skipped by configuration"
    assert "this is not TOML" in reasons(document)["bad/a.py"]
    assert len(found) == len(ODD) + 3
    for name in ODD:
        assert (tree / name).read_text(encoding="utf-8") == REPAIRED
    assert (deep / "deep.py").read_text(encoding="utf-8") == REPAIRED
    assert tapefix("undo", document["campaign"]["id"], cwd=tree).returncode == 0
    assert (tree / ODD[0]).read_text(encoding="utf-8") == (deep / "deep.py").read_text(encoding="utf-8") == BROKEN


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")
def test_scripts_that_mean_no_good(tmp_path: Path) -> None:
    tree, home = tmp_path / "tree", tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_rsa").write_text("secret-key-material", encoding="utf-8")
    outside = tmp_path / "outside.txt"
    outside.write_text("as it was", encoding="utf-8")
    tree.mkdir()
    attempt = "try:\n    {}\nexcept OSError:\n    pass"
    scripts = {
        "fork.py": "import os\nwhile True:\n    os.fork()",
        "network.py": "import socket\n" + attempt.format("socket.create_connection(('example.org', 80), 2)"),
        "ssh.py": "import os\nkey = open(os.path.expanduser('~/.ssh/id_rsa')).read()",
        "write.py": attempt.format(f"open({str(outside)!r}, 'w').write('mine')"),
        "tree.py": attempt.format("open('plain.py', 'w').write('mine')"),
        "remove.py": "import shutil\nshutil.rmtree('..', ignore_errors=True)",
    }
    for name, text in scripts.items():
        (tree / name).write_text(broken(text), encoding="utf-8")
    (tree / "plain.py").write_text(BROKEN, encoding="utf-8")
    before = content(tmp_path)
    document = migrate(".", "--device", "cpu", "--sandbox", "require", cwd=tree, env={"HOME": str(home)})
    assert content(tmp_path) == before
    found = states(document)
    assert found["plain.py"] == "fixed and verified"
    assert found["fork.py"] == "crashed" and "too many processes" in reasons(document)["fork.py"]
    tried = {file["path"]: " | ".join(file["end"]["attempts"]) for file in document["files"]}
    assert "asks for the address of" in tried["network.py"] and "example.org" in tried["network.py"]
    assert f"reads {home}/.ssh/id_rsa" in tried["ssh.py"]
    assert f"writes {outside}" in tried["write.py"]
    assert tried["plain.py"] == tried["tree.py"] == ""
    assert "secret-key-material" not in str(document)


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    if os.getuid() or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.strip()}")
    try:
        plant(disk, 9)
        before = content(disk)
        full = 0
        # So that it gets full at one moment of the campaign or another.
        for left in (8, 24, 48, 64):
            filler = disk / "filler"
            filler.write_bytes(b"")
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            filler.write_bytes(b"0" * max(free - left * 1024, 0))
            done = tapefix("migrate", ".", "--no-verify", "--write", "--no-cache", cwd=disk)
            filler.unlink()
            now = content(disk)
            assert done.returncode == 2, done.stdout
            assert now.keys() == before.keys()
            found = campaigns(disk)
            full += "the disk is full" in done.stderr + done.stdout
            if found:
                tapefix("migrate", "--resume", cwd=disk)
                undone = tapefix("undo", found[-1].name, cwd=disk)
                assert undone.returncode == 0, undone.stderr
            assert content(disk) == before
            shutil.rmtree(disk / ".tapefix")
        assert full >= 2
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_files_may_not_grow(tmp_path: Path) -> None:
    plant(tmp_path, 6)
    before = content(tmp_path)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    command = [sys.executable, "-m", "tapefix.cli.main", "migrate", ".", "--no-verify", "--write", "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, preexec_fn=limit, check=False)
    assert done.returncode == 2 and "the journal cannot be kept" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "--resume" in done.stderr
    assert content(tmp_path) == before
    assert "fixed, not verified" in tapefix("migrate", "--resume", cwd=tmp_path).stdout
    (folder,) = campaigns(tmp_path)
    assert tapefix("undo", folder.name, cwd=tmp_path).returncode == 0
    assert content(tmp_path) == before


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """As root nothing is read-only but what is mounted so; else the mode of a folder says it."""
    plant(tmp_path, 6)
    locked = tmp_path / "part0"
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    bound = False
    if os.getuid() == 0:
        bound = not subprocess.run(["mount", "--bind", "-o", "ro", str(locked), str(locked)], check=False).returncode
        if not bound:
            pytest.skip("nothing can be made read-only here")
    else:
        locked.chmod(0o555)
    before = content(locked)
    try:
        done = tapefix("migrate", ".", "--no-verify", "--write", cwd=tmp_path)
        assert content(locked) == before
    finally:
        if bound:
            subprocess.run(["umount", str(locked)], check=True)
        else:
            locked.chmod(0o755)
    assert done.returncode == 2
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("part0/script0.py: ")]
    assert "nothing was written: " in line
    assert "written" in done.stdout and "part1/deep/script1.py: fixed, not verified" in done.stdout


def test_a_project_that_cannot_hold_a_journal(tmp_path: Path) -> None:
    plant(tmp_path, 1)
    (tmp_path / ".tapefix").write_text("a file is in the way", encoding="utf-8")
    before = content(tmp_path)
    done = tapefix("migrate", ".", "--no-verify", "--write", cwd=tmp_path)
    assert done.returncode == 2 and "the journal cannot be kept" in done.stderr
    assert content(tmp_path) == before
