"""Which Python runs the scripts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tapefix.verify.options import InterpreterError


def find_interpreter(project: Path, wanted: Path | None) -> Path:
    """Return the interpreter for a project's scripts.

    Raises:
        InterpreterError: the one that was named does not exist or cannot be executed.
    """
    if wanted is not None:
        named = wanted.absolute()
        # A folder may stand for the environment in it.
        if named.is_dir():
            named = _inside(named)
        if not named.is_file():
            raise InterpreterError(f"there is no Python interpreter at {wanted}")
        if not os.access(named, os.X_OK):
            raise InterpreterError(f"{wanted} cannot be executed")
        return named
    for folder in (project, *project.parents):
        for name in (".venv", "venv"):
            python = _inside(folder / name)
            if python.is_file() and _has_tensorflow(folder / name):
                return python
        if (folder / "pyproject.toml").is_file() or (folder / ".git").exists():
            break
    return Path(sys.executable)


def _inside(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _has_tensorflow(environment: Path) -> bool:
    return any(environment.glob("lib*/python3*/site-packages/tensorflow/__init__.py"))
