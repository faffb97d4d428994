"""Running a script before and after a rewrite, and the verdict on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tapefix.verify.evidence import Evidence
    from tapefix.verify.options import DeviceError, InterpreterError, RunOptions, SandboxError, VerifyError
    from tapefix.verify.verdict import Change, Check, Outcome, Verdict, VerdictStatus
    from tapefix.verify.verifier import Verifier

__all__ = [
    "Change",
    "Check",
    "DeviceError",
    "Evidence",
    "InterpreterError",
    "Outcome",
    "RunOptions",
    "SandboxError",
    "Verdict",
    "VerdictStatus",
    "Verifier",
    "VerifyError",
]

_HOMES = {
    "Evidence": "evidence",
    **dict.fromkeys(("DeviceError", "InterpreterError", "RunOptions", "SandboxError", "VerifyError"), "options"),
    **dict.fromkeys(("Change", "Check", "Outcome", "Verdict", "VerdictStatus"), "verdict"),
    "Verifier": "verifier",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
