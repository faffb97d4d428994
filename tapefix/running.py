"""How the files of a project are run: where the project is, and what its settings say of runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.source.opening import NOTEBOOK

if TYPE_CHECKING:
    from tapefix.config import Config
    from tapefix.verify import RunOptions

QUERY = re.compile(r"\.(?:gradient|jacobian|batch_jacobian)\s*\(")
"""How a query looks in a text."""


def project_of(path: Path) -> Path:
    """The folder of a file's project: the nearest above with a mark of one, else the file's own.

    A file that `--stdin-filename` names may lie in a folder that is still to be made: the nearest that is there serves.
    """
    folder = path.resolve().parent
    there = next((parent for parent in (folder, *folder.parents) if parent.is_dir()), folder)
    folder = there if there != there.parent else folder
    for parent in (folder, *folder.parents):
        if any((parent / mark).exists() for mark in ("pyproject.toml", ".git", "setup.py")):
            return parent
    return folder


def run_options(path: Path, config: Config, **given: Path | float | str | None) -> RunOptions:
    """How a file is run: by what is `given` for the fields of `RunOptions`, and for what is None by its settings.

    Raises:
        ValueError: one of them has a value that it cannot have.
    """
    from tapefix.verify import RunOptions

    python = None
    if config.python is not None:
        python = (config.root or project_of(path)) / Path(config.python).expanduser()
    wanted: dict[str, Path | float | str | None] = {
        "python": python,
        "samples": config.samples,
        "timeout": config.timeout,
        "memory_mb": config.memory,
        "device": config.device,
        "sandbox": config.sandbox,
        "run": config.run,
    }
    wanted.update({name: value for name, value in given.items() if value is not None})
    if path.suffix == NOTEBOOK:
        # Nothing imports a notebook: it is run by itself.
        del wanted["run"]
    return RunOptions(**{name: value for name, value in wanted.items() if value is not None})  # type: ignore[arg-type]  # checked one by one above
