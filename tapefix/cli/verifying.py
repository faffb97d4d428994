"""The verifiers of a command: one warm server for each project and interpreter, started when first needed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tapefix.cli.guard import fail
from tapefix.config import Config
from tapefix.running import project_of, run_options

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

    def options(self, path: Path, config: Config) -> RunOptions:
        """The settings together with those of a file's project."""
        try:
            return run_options(
                path,
                config,
                python=self.python,
                samples=self.samples,
                timeout=self.timeout,
                memory_mb=self.memory,
                device=self.device,
                sandbox=self.sandbox,
                run=self.run,
            )
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

        key = (project_of(path), self._settings.options(path, config))
        if key not in self._made:
            self._made[key] = self._stack.enter_context(Verifier(key[1], key[0]))
        return self._made[key]
