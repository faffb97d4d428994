"""Watching a run from the warm server: limits, and the end of every process that it started."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from typing import Any, Dict, FrozenSet, List, Tuple

PR_SET_CHILD_SUBREAPER = 36
PAGE = os.sysconf("SC_PAGE_SIZE")
INTERVAL = 0.02


class Gone(Exception):
    """The process that asked for runs has gone away."""


def adopt_orphans() -> None:
    """Become the parent of every orphan of a run, so that it can be found and killed."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (OSError, AttributeError):
        # Without it (not Linux), orphans that left their process group outlive the run; the sandbox ends them.
        return


def watch(
    pid: int, told: int, request: Dict[str, Any], wire: int, spares: FrozenSet[int]
) -> Tuple[Dict[str, Any], bool, int]:
    """Wait for the run `pid`, end it when it breaks a limit, and leave no process of it behind.

    Return what is to be answered, and whether `spares`, the processes that wait for the next runs, are still there.
    Once there is something to read from `told`, the run has nothing more to do: where it is alone, it is killed and
    returned as well, to be waited for before the next one begins (`bury`).
    """
    limits = request["limits"]
    outputs = [os.path.join(request["dir"], name) for name in ("stdout", "stderr")]
    deadline = time.monotonic() + limits["timeout"]
    base = _memory(os.getpid())
    reason = ""
    peak = 0
    done = status = 0
    leaving = 0
    pidfd = _pidfd(pid)
    interval = INTERVAL
    kept = False
    try:
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() > deadline:
                reason = "timeout"
            processes = [process for process in descendants(os.getpid()) if process not in spares]
            if len(processes) > limits["processes"]:
                reason = "processes"
            used = sum(max(0, _memory(process) - base) for process in processes)
            peak = max(peak, used)
            if used > limits["memory"]:
                reason = "memory"
            if any(_size(path) > limits["output"] * 1.1 + 65536 for path in outputs):
                reason = "output"
            if reason:
                break
            if told >= 0 and _has(told):
                # A process that dies closes its end as well, and has said nothing.
                finished = _said(told)
                told = -1
                if finished and set(descendants(os.getpid())) - spares <= {pid}:
                    os.kill(pid, signal.SIGKILL)
                    done, leaving = pid, pid
                    break
            if _pause(wire, [fd for fd in (pidfd, told) if fd >= 0], interval):
                # During a run one sign may come, that nobody waits for it any more; else it is the end.
                if not os.read(wire, 1):
                    raise Gone
                reason = "stopped"
            interval = min(interval * 1.2, 0.1)
    finally:
        if pidfd >= 0:
            os.close(pidfd)
        kept = leaving > 0 or (done == pid and bool(spares) and _alone(spares))
        if not kept:
            end_all()
    answer: Dict[str, Any] = {"limit": reason, "peak": peak}
    if not reason:
        if os.WIFSIGNALED(status):
            answer["signal"] = os.WTERMSIG(status)
        else:
            answer["exit"] = os.WEXITSTATUS(status)
    return answer, kept, leaving


def bury(pid: int, spares: FrozenSet[int]) -> bool:
    """Wait for the end of a run that was killed as it left; whether nothing but the `spares` is there now.

    What else there is, it has started with its last breath: then everything is ended.
    """
    os.waitpid(pid, 0)
    if _alone(spares):
        return True
    end_all()
    return False


def _alone(spares: FrozenSet[int]) -> bool:
    """Whether the spares are the only children, so that the run has certainly left no other behind."""
    if set(descendants(os.getpid())) != spares:
        return False
    try:
        # A process that hides from that look by forking and ending leaves something to reap.
        return os.waitpid(-1, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def end_all(patience: float = 10.0) -> None:
    """Kill and reap every descendant, again and again until none is left."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        for process in descendants(os.getpid()):
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def descendants(root: int) -> List[int]:
    """Return the processes below `root`, by one look at /proc."""
    parents: List[Tuple[int, int]] = []
    ended: List[int] = []
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open("/proc/" + name + "/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields:
            parents.append((int(name), int(fields[1])))
            if fields[0] == b"Z":
                ended.append(int(name))
    found = {root}
    grown = True
    while grown:
        grown = False
        for process, parent in parents:
            if parent in found and process not in found:
                found.add(process)
                grown = True
    found.discard(root)
    # A process whose first thread has ended looks like one that is no more, and keeps its children until its last has.
    return sorted(found.difference(ended))


def _memory(pid: int) -> int:
    """Return the private resident memory of a process, in bytes."""
    try:
        with open("/proc/%d/statm" % pid, "rb") as file:
            fields = file.read().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * PAGE if len(fields) > 2 else 0


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _pidfd(pid: int) -> int:
    opener = getattr(os, "pidfd_open", None)
    if opener is None:
        return -1
    try:
        return int(opener(pid))
    except OSError:
        return -1


def _has(told: int) -> bool:
    return bool(select.select([told], [], [], 0)[0])


def _said(told: int) -> bool:
    """Whether there is something to read, and not only the end of it."""
    try:
        return bool(os.read(told, 1))
    except OSError:
        return False


def _pause(wire: int, ends: List[int], seconds: float) -> bool:
    """Wait a moment, less when one of `ends` says that the run does; say whether there is something on the wire."""
    return wire in select.select([wire, *ends], [], [], seconds)[0]
