"""What a verification may use, and the errors that name what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


class VerifyError(Exception):
    """The verifier cannot work as asked; the message says what is wrong and what to do."""


class InterpreterError(VerifyError):
    """No interpreter with a usable TensorFlow."""


class DeviceError(VerifyError):
    """The device that was asked for is not there."""


class SandboxError(VerifyError):
    """A sandbox was required and cannot be had."""


@dataclass(frozen=True)
class RunOptions:
    """How scripts are run."""

    python: Path | None = None
    """The interpreter; by default the project's `.venv`, when it has TensorFlow, else the one that runs tapefix."""
    samples: int = 2
    """A run stops once every query site has been reached this often."""
    timeout: float = 60.0
    """Seconds for each run."""
    memory_mb: int = 8192
    processes: int = 64
    output_bytes: int = 4_000_000
    file_bytes: int = 1_000_000_000
    """The most that a run may write into one file."""
    device: str = "auto"
    """`auto`, `cpu`, `gpu` or `gpu:N`; `cpu:N` runs on a logical processor, to exercise placement."""
    sandbox: str = "auto"
    """`auto`, `require` or `off`."""
    run: str | None = None
    """A module or script with arguments that leads to the file, instead of the file itself."""
    copy_bytes: int = 256_000_000
    """The most that the working copy of a project may hold; what is beyond is read-only for a run."""
    copy_files: int = 20_000
    spares: int = 2
    """How many processes get ready for the next runs while one goes on, on processors that would be idle."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"auto|(cpu|gpu)(:\d+)?", self.device):
            raise ValueError(f"device must be auto, cpu, gpu or gpu:N, not {self.device!r}")
        if self.sandbox not in ("auto", "require", "off"):
            raise ValueError(f"sandbox must be auto, require or off, not {self.sandbox!r}")
        for name in ("samples", "timeout", "memory_mb", "processes", "output_bytes", "file_bytes"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0, not {getattr(self, name)!r}")
