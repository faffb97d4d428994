"""The verifiers of a command: one warm server for each project and interpreter, started when first needed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tapefix.cli.guard import fail
from tapefix.config import Config
from tapefix.source.opening import NOTEBOOK

if TYPE_CHECKING:
    from tapefix.verify import RunOptions, Verifier


@dataclass(frozen=True)
class RunSettings:
    """What the command line says about runs; None leaves it to the configuration."""

    python: Path | None = None
    samples: int | None = None
    timeout: float | None = None
    memory: int | None = None
    device: str | None = None
    sandbox: str | None = None
    run: str | None = None

    def options(self, config: Config) -> RunOptions:
        """The settings together with those of a project."""
        from tapefix.verify import RunOptions

        python = self.python
        if python is None and config.python is not None and config.root is not None:
            python = config.root / Path(config.python).expanduser()
        wanted = {
            "python": python,
            "samples": self.samples or config.samples,
            "timeout": self.timeout or config.timeout,
            "memory_mb": self.memory or config.memory,
            "device": self.device or config.device,
            "sandbox": self.sandbox or config.sandbox,
            "run": self.run or config.run,
        }
        try:
            return RunOptions(**{name: value for name, value in wanted.items() if value is not None})  # type: ignore[arg-type]  # checked one by one above
        except ValueError as error:
            fail(str(error))


class Verifiers:
    """Hands out a verifier for each file, and ends them all."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._made: dict[tuple[Path, RunOptions], Verifier] = {}

    def __enter__(self) -> Verifiers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def get(self, path: Path, config: Config) -> Verifier:
        """The verifier for a file."""
        from tapefix.verify import Verifier

        options = self._settings.options(config)
        if path.suffix == NOTEBOOK:
            # Nothing imports a notebook: it is run by itself.
            options = replace(options, run=None)
        key = (project_of(path), options)
        if key not in self._made:
            self._made[key] = self._stack.enter_context(Verifier(key[1], key[0]))
        return self._made[key]


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
