"""What runs in the user's interpreter: old syntax, no import of tapefix, and no cost where nothing is run."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tapefix.verify

CHILD = Path(tapefix.verify.__file__).parent / "child"
STANDARD = sys.stdlib_module_names | {"tensorflow", "numpy", "__future__"}


@pytest.mark.parametrize("path", sorted(CHILD.glob("*.py")), ids=lambda path: path.name)
def test_child_is_python_39_and_needs_only_tensorflow(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        assert all(name.split(".")[0] in STANDARD for name in names), names
        # Evaluated when the module is loaded, and new in 3.10.
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
            assert not any(keyword.arg == "strict" for keyword in node.keywords)


def test_tapefix_never_imports_tensorflow() -> None:
    code = (
        "import sys, tapefix.verify as v\n"
        "assert 'tapefix.verify.verifier' not in sys.modules\n"
        "v.Verifier, v.RunOptions, v.Verdict\n"
        "assert not {'tensorflow', 'numpy', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
