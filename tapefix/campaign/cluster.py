"""Jobs on a Dask cluster. Projects travel by content: a worker needs tapefix and TensorFlow, and none of the files."""

from __future__ import annotations

import atexit
import hashlib
import os
import pickle
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tapefix.campaign.cache import code_digest
from tapefix.campaign.executor import Executor, Started
from tapefix.campaign.jobs import Job, Mender, crashed
from tapefix.campaign.outcome import FileOutcome
from tapefix.campaign.surroundings import project_files
from tapefix.verify.options import RunOptions, VerifyError
from tapefix.verify.workspace import remove_tree

PATIENCE = 15


class ClusterError(VerifyError):
    """There is no such cluster, or it cannot do jobs."""


class Cluster(Executor):
    """The workers of a scheduler. Runs of a worker that is lost are done again by others."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError("`--scheduler` needs the extra: pip install 'tapefix[cluster]'") from None
        try:
            self._client: Any = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(f"there is no scheduler at {address} ({error})") from None
        try:
            self._check(address)
        except BaseException:
            self.close()
            raise

    def run(self, jobs: Sequence[Job], started: Started) -> Iterator[tuple[Job, FileOutcome]]:
        """Each job with its outcome, in the order in which they end."""
        from distributed import as_completed

        projects = {job.project: self._shipped(job.project) for job in jobs}
        futures: dict[Any, Job] = {}
        for job in jobs:
            gpu = job.options is not None and job.options.device.startswith("gpu")
            # The text of the file goes with the job, where it is on the worker is for the worker to say.
            project, digest = projects[job.project]
            future = self._client.submit(
                _do, job, project, digest, pure=False, retries=1, resources={"GPU": 1} if gpu else None
            )
            futures[future] = job
            started(job)
        for future in as_completed(list(futures), loop=self._client.loop):
            job = futures[future]
            if future.status == "error":
                answer: FileOutcome | VerifyError = crashed(job, f"its worker was lost: {future.exception()}"[:300])
            else:
                answer = future.result()
            future.release()
            if isinstance(answer, VerifyError):
                raise answer
            yield job, answer

    def close(self) -> None:
        """Leave the cluster; what is still to be done there is given up."""
        self._client.close()

    def _check(self, address: str) -> None:
        """See that there are workers, and that they are what we are."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except Exception as error:  # the class of a timeout differs from version to version
            raise ClusterError(f"the scheduler at {address} has no workers ({error})") from None
        try:
            found = self._client.run(code_digest)
        except Exception as error:  # whatever a worker raises comes out here
            raise ClusterError(f"the workers of {address} cannot load tapefix ({error})") from None
        others = sorted(worker for worker, digest in found.items() if digest != code_digest())
        if others:
            raise ClusterError(f"another version of tapefix, or other rules, on {', '.join(others)}")
        self.workers = len(found)

    def _shipped(self, project: Path) -> tuple[Any, str]:
        """A project on its way: as a task, so that it is sent again when the worker that has it is lost."""
        packed = pack(project)
        digest = hashlib.sha256(packed).hexdigest()
        return self._client.submit(bytes, packed, key=f"tapefix-project-{digest}"), digest


def pack(project: Path) -> bytes:
    """The files of a project as a run would find them, as far as a working copy holds them."""
    room, most = RunOptions.copy_bytes, RunOptions.copy_files
    files: list[tuple[str, int, bytes]] = []
    for relative, entry in project_files(str(project)):
        try:
            status = entry.stat()
            if status.st_size > min(room, RunOptions.copy_bytes // 4) or len(files) >= most:
                continue
            files.append((relative, status.st_mode & 0o777, Path(entry.path).read_bytes()))
        except OSError:
            continue
        room -= status.st_size
    return pickle.dumps(files)


@dataclass
class _Bench:
    """What a worker keeps from one job to the next."""

    mender: Mender = field(default_factory=Mender)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """One job at a time, however many threads there are: each worker has one warm server."""
    folders: dict[str, Path] = field(default_factory=dict)
    base: Path | None = None

    def folder(self, packed: bytes, digest: str) -> Path:
        """Where a project was unpacked."""
        if self.base is None:
            self.base = Path(tempfile.mkdtemp(prefix=f"tapefix-{os.getpid()}-"))
            atexit.register(self.close)
        if digest not in self.folders:
            root = self.base / digest[:16]
            for relative, mode, data in pickle.loads(packed):
                path = root / relative
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                path.chmod(mode | 0o600)
            root.mkdir(exist_ok=True)
            self.folders[digest] = root
        return self.folders[digest]

    def close(self) -> None:
        """End the server and remove what was unpacked."""
        self.mender.close()
        if self.base is not None:
            remove_tree(self.base)


_bench = _Bench()


def _do(job: Job, packed: bytes, digest: str) -> FileOutcome | VerifyError:
    """One job, on a worker."""
    with _bench.lock:
        project = _bench.folder(packed, digest)
        options = job.options
        if options is not None and options.python is not None and not options.python.exists():
            options = replace(options, python=None)
        path = project / os.path.relpath(job.path, job.project)
        return _bench.mender.answer(replace(job, path=path, project=project, options=options))
