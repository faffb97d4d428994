"""Watching a run from the warm server: limits, and the end of every process that it started."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from typing import Any, Dict, List, Tuple

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


def watch(pid: int, request: Dict[str, Any], wire: int, spare: int) -> Tuple[Dict[str, Any], bool]:
    """Wait for the run `pid`, end it when it breaks a limit, and leave no process of it behind.

    Return what is to be answered, and whether `spare`, the process that waits for the next run, is still there.
    """
    limits = request["limits"]
    outputs = [os.path.join(request["dir"], name) for name in ("stdout", "stderr")]
    deadline = time.monotonic() + limits["timeout"]
    base = _memory(os.getpid())
    reason = ""
    peak = 0
    done = status = 0
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
            processes = [process for process in descendants(os.getpid()) if process != spare]
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
            if _pause(pidfd, wire, interval):
                raise Gone
            interval = min(interval * 1.2, 0.1)
    finally:
        if pidfd >= 0:
            os.close(pidfd)
        kept = done == pid and spare > 0 and _alone(spare)
        if not kept:
            end_all()
    answer: Dict[str, Any] = {"limit": reason, "peak": peak}
    if not reason:
        if os.WIFSIGNALED(status):
            answer["signal"] = os.WTERMSIG(status)
        else:
            answer["exit"] = os.WEXITSTATUS(status)
    return answer, kept


def _alone(spare: int) -> bool:
    """Whether the spare is the only child, so that the run has certainly left no other behind."""
    if descendants(os.getpid()) != [spare]:
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
        if fields and fields[0] != b"Z":
            parents.append((int(name), int(fields[1])))
    found = {root}
    grown = True
    while grown:
        grown = False
        for process, parent in parents:
            if parent in found and process not in found:
                found.add(process)
                grown = True
    found.discard(root)
    return sorted(found)


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


def _pause(pidfd: int, wire: int, seconds: float) -> bool:
    """Wait a moment, less when the run ends; say whether the asking process has gone."""
    watched = [wire] if pidfd < 0 else [wire, pidfd]
    ready = select.select(watched, [], [], seconds)[0]
    # Nothing is sent during a run, so that a readable wire is a closed one.
    return wire in ready
