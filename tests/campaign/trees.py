"""Trees to migrate, and what to compare of them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tests.cli.running import BROKEN, tapefix

SECOND = BROKEN.removeprefix("import tensorflow as tf\n").replace("x", "z").replace("y = ", "w = ").replace("y.", "w.")
REUSED = """\
import tensorflow as tf

v = tf.Variable(2.0)
with tf.GradientTape() as tape:
    loss = v * v
print(tape.gradient(loss, v))
print(tape.gradient(loss, v))
"""


def broken(first: str = "") -> str:
    """A script with a break, that does something else first."""
    return BROKEN.replace("import tensorflow as tf\n", f"import tensorflow as tf\n\n{first}\n", 1)


def plant(root: Path, count: int = 12) -> None:
    """Scripts in several folders, in several encodings and with several line ends, most of them broken."""
    for number in range(count):
        folder = root / f"part{number % 3}" / ("deep" if number % 2 else "")
        folder.mkdir(parents=True, exist_ok=True)
        text = f"# script {number}\n{BROKEN}{SECOND if number % 4 == 1 else ''}"
        data = text.replace("\n", "\r\n").encode() if number % 5 == 2 else text.encode()
        (folder / f"script{number}.py").write_bytes(b"\xef\xbb\xbf" + data if number % 7 == 3 else data)
    (root / "sound.py").write_text(BROKEN.replace("y.numpy()", "y"), encoding="utf-8")
    (root / "other.py").write_text("print('no gradient here')\n", encoding="utf-8")
    (root / "two.py").write_text(
        "import tensorflow as tf\nwith tf.GradientTape() as t:\n    print 1\n", encoding="utf-8"
    )


def content(root: Path) -> dict[str, str]:
    """Every file of a tree but tapefix's own, by its digest."""
    return {
        os.path.relpath(path, root): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".tapefix", ".git"} & set(path.relative_to(root).parts)
    }


def migrate(*arguments: str | Path, cwd: Path, code: int | None = None, **more: Any) -> dict[str, Any]:
    """Run a campaign and return its document."""
    done = tapefix("migrate", *arguments, "--output-format", "json", cwd=cwd, **more)
    assert code is None or done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def states(document: dict[str, Any]) -> dict[str, str]:
    """The end state of each file."""
    return {file["path"]: file["end"]["state"] for file in document["files"]}


def reasons(document: dict[str, Any]) -> dict[str, str]:
    """The reason for each."""
    return {file["path"]: file["end"]["reason"] for file in document["files"]}
