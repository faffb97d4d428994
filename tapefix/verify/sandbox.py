"""The walls around the warm server: bubblewrap where it works, else plain limits."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tapefix.verify.child import landlock
from tapefix.verify.options import SandboxError

# Folders that the sandbox replaces with empty ones.
REPLACED = ("/tmp", "/var/tmp", "/dev", "/proc", "/run")


@dataclass(frozen=True)
class Walls:
    """How the server is walled in."""

    level: str
    """`bubblewrap`, `landlock` or `limits`."""
    line: str
    """What stands in the verdict."""


def choose(wanted: str) -> Walls:
    """Return the walls for `--sandbox`.

    Raises:
        SandboxError: a sandbox is required and bubblewrap does not work here.
    """
    if wanted == "off":
        return _plain("switched off")
    problem = bubblewrap_problem()
    if not problem:
        return Walls("bubblewrap", "bubblewrap: read-only root, private /tmp, working copy of the project, no network")
    if wanted == "require":
        way_out = "install bubblewrap, or do not require one (`--sandbox`, or the setting `sandbox`)"
        raise SandboxError(f"a sandbox is required, but {problem}; {way_out}")
    return _plain(problem)


def _plain(why: str) -> Walls:
    limits = "limits on time, memory, processes and output"
    if landlock.version():
        return Walls("landlock", f"no sandbox ({why}): {limits}; Landlock keeps writes to the working copy")
    return Walls("limits", f"no sandbox ({why}): {limits} only; runs work on a copy, but could write elsewhere")


@functools.lru_cache(maxsize=1)
def bubblewrap_problem() -> str:
    """Say why bubblewrap cannot be used here; nothing when it can."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap (bwrap) is not installed"
    command = [program, "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "--dev", "/dev", "--proc", "/proc"]
    try:
        done = subprocess.run([*command, "true"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start ({error})"
    if done.returncode:
        return f"bubblewrap does not work here ({done.stderr.strip().splitlines()[-1:] or ['no message']})"
    return ""


def bubblewrap(project: Path, copy: Path, scratch: Path, needed: list[Path]) -> list[str]:
    """Return the command line that puts what follows it into the sandbox.

    The working copy takes the place of the project, so that paths in scripts and tracebacks are the real ones;
    `scratch` is the runs' own folder; `needed` must stay visible even below a replaced folder.
    """
    command = [shutil.which("bwrap") or "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in ("/tmp", "/var/tmp", "/run"):
        if Path(folder).is_dir() and not Path(folder).is_symlink():
            command += ["--tmpfs", folder]
    for device in sorted(Path("/dev").glob("nvidia*")):
        command += ["--dev-bind", str(device), str(device)]
    for path in needed:
        if path.exists() and any(path.is_relative_to(folder) for folder in REPLACED):
            command += ["--ro-bind", str(path), str(path)]
    command += ["--bind", str(copy), str(project), "--bind", str(scratch), str(scratch)]
    command += ["--ro-bind", str(project), str(originals(scratch))]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--new-session", "--chdir", "/"]
    # The signal comes when the thread that started the server ends, so only the main thread may ask for it; the
    # server also ends when its input is closed.
    if threading.current_thread() is threading.main_thread():
        command.append("--die-with-parent")
    return [*command, "--"]


def originals(scratch: Path) -> Path:
    """Return where the project's own files are seen in the sandbox, read-only."""
    return scratch / "project"


def share_fonts(scratch: Path) -> None:
    """Copy the list of fonts that matplotlib has made for the user: in a new folder it would look at every font."""
    own, caches = os.environ.get("MPLCONFIGDIR"), os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(own or Path(caches or Path("~/.cache").expanduser(), "matplotlib"))
        for fonts in folder.glob("fontlist-*.json"):
            shutil.copy(fonts, scratch)
    except (OSError, RuntimeError):
        # It is only a matter of time.
        return


def environment(device: str, scratch: Path, *, onednn: bool) -> dict[str, str]:
    """Return the environment of the warm server.

    Without oneDNN, the same script gives the same numbers on every processor, and a run of a few operations takes half
    as long: the pass that looks for its kernels goes over every kernel there is, again for each operation. Its matrix
    product, which TensorFlow has in any case, is written anew in each process: for AVX2 that takes half as long as for
    AVX-512, and the product itself about as long; and processors that differ in this give the same numbers.
    """
    env = dict(os.environ)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONHOME"):
        env.pop(name, None)
    # A virtual environment's variables belong to the interpreter that runs tapefix, not to the one that is started.
    if sys.prefix != sys.base_prefix:
        env.pop("VIRTUAL_ENV", None)
    env.update(
        PYTHONHASHSEED="0",
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONUNBUFFERED="1",
        PYTHONWARNINGS=env.get("PYTHONWARNINGS", "ignore"),
        MPLBACKEND="Agg",
        MPLCONFIGDIR=str(scratch),
        TF_CPP_MIN_LOG_LEVEL="3",
        TF_FORCE_GPU_ALLOW_GROWTH="true",
        NVIDIA_TF32_OVERRIDE="0",
        TMPDIR=str(scratch),
    )
    env.setdefault("TF_ENABLE_ONEDNN_OPTS", "1" if onednn else "0")
    if not onednn:
        env.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    # In large pages, what a fork has to duplicate and an exit to take apart is described by far fewer entries.
    env.setdefault("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
    if device.startswith("cpu"):
        env["CUDA_VISIBLE_DEVICES"] = "-1"
    return env
