"""What earlier campaigns know: outcomes by all that they depend on, in `.tapefix/cache` of the project."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tapefix import __version__
from tapefix.campaign.codec import CodecError, from_data, line, to_data
from tapefix.campaign.jobs import Job
from tapefix.campaign.outcome import FileOutcome
from tapefix.campaign.surroundings import Surroundings
from tapefix.source.undoing import FOLDER
from tapefix.verify.interpreter import find_interpreter
from tapefix.verify.options import InterpreterError

FORMAT = 1
KEPT_DAYS = 60


class Cache:
    """Outcomes on disk. What cannot be read is not there; what cannot be written is not kept."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER / "cache"
        self._projects: dict[tuple[Path, str | None], Surroundings] = {}

    def get(self, job: Job) -> FileOutcome | None:
        """The outcome of a job, when it is known and everything that it depends on is as it was."""
        try:
            file = self._file(job)
            entry = json.loads(file.read_bytes())
            if entry["surroundings"] is not None and entry["surroundings"] != self._surroundings(job):
                return None
            outcome = from_data(FileOutcome, entry["outcome"])
        except (OSError, ValueError, KeyError, TypeError, CodecError):
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        # The bytes are those that the key was made of; what they are called may be another name now.
        data = job.data if outcome.proof is not None or outcome.findings or outcome.notices else b""
        return replace(outcome, path=job.name, data=data, cached=True, written=False, problem="")

    def put(self, job: Job, outcome: FileOutcome) -> None:
        """Keep an outcome, unless chance had a part in it."""
        if outcome.chance:
            return
        surroundings = self._surroundings(job) if outcome.ran else None
        content = line({"surroundings": surroundings, "outcome": to_data(outcome)})
        path = self._file(job)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                Path(temporary).replace(path)
            except OSError:
                Path(temporary).unlink(missing_ok=True)

    def forget_old(self) -> None:
        """Remove what nobody has asked for in a long time."""
        oldest = time.time() - KEPT_DAYS * 86_400
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*/*"):
                if path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)

    def _surroundings(self, job: Job) -> str:
        entry = None if job.options is None else job.options.run
        key = (job.project, entry)
        if key not in self._projects:
            self._projects[key] = Surroundings(job.project, entry)
        return self._projects[key].digest(job.path, job.data)

    def _file(self, job: Job) -> Path:
        name = key_of(job)
        return self._folder / name[:2] / name


def key_of(job: Job) -> str:
    """A digest of what an outcome depends on, but for the files around."""
    place = os.path.relpath(job.path, job.project)
    changed = job.own.changed
    about: dict[str, Any] = {
        "format": FORMAT,
        "tapefix": code_digest(),
        "digest": job.digest,
        "place": place,
        "rules": job.rules,
        "unsafe": job.unsafe,
        "named": job.named,
        "options": None,
        "own": [
            None if changed is None else [sorted(changed.lines), sorted(changed.removals)],
            [asdict(entry) for entry in job.own.known],
        ],
        "pictured": job.pictured,
    }
    if job.options is not None:
        about["options"] = {**asdict(job.options), "python": str(job.options.python or "")}
        about["machine"] = machine(job.project, job.options.python)
    return hashlib.sha256(line(about)).hexdigest()


@lru_cache(maxsize=64)
def machine(project: Path, python: Path | None) -> tuple[str, ...]:
    """What runs would find here: the interpreter with what is installed for it, GPUs, and a sandbox or none."""
    try:
        found = find_interpreter(project, python)
    except InterpreterError as error:
        return (str(error),)
    environment = found.parent.parent
    installed = sorted(environment.glob("lib*/python3*/site-packages")) if found != Path(sys.executable) else []
    places = installed or [Path(entry) for entry in sys.path if entry.endswith("-packages")]
    # A folder's time changes with everything that is installed into it or removed.
    stamps = [f"{place}:{place.stat().st_mtime_ns}" for place in places if place.is_dir()]
    versions = [info.name for place in places for info in sorted(place.glob("tensorflow*.dist-info"))]
    gpus = sorted(path.name for path in Path("/dev").glob("nvidia[0-9]*"))
    return (str(found), *stamps, *versions, *gpus, shutil.which("bwrap") or "")


@lru_cache(maxsize=1)
def code_digest() -> str:
    """A digest of tapefix itself and of every rule pack: whoever changes a rule asks anew."""
    import tapefix
    from tapefix.registry import load_rules

    modules = [sys.modules.get(rule.__module__.partition(".")[0]) for rule in load_rules()]
    homes = {Path(home) for module in (tapefix, *modules) for home in _homes(module)}
    whole = hashlib.sha256(__version__.encode("ascii"))
    for home in sorted(homes):
        for path in sorted(home.rglob("*.py")) if home.is_dir() else [home]:
            whole.update(os.fsencode(path.name) + b"\0" + path.read_bytes())
    return whole.hexdigest()


def _homes(module: ModuleType | None) -> list[str]:
    """Where the code of a top-level module is: its folders, or its file."""
    folders = list(getattr(module, "__path__", ()))
    file = getattr(module, "__file__", None)
    return folders or ([file] if file else [])
