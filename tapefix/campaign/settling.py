"""From what reading and running a file has shown to its end state: the one place where that is decided."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapefix.campaign.outcome import EndState
from tapefix.finding import Applicability, Finding
from tapefix.report.results import status_of

if TYPE_CHECKING:
    from tapefix.proof import Proof
    from tapefix.verify.evidence import End

_MODULE = re.compile(r"No module named '(?P<name>[^']+)'")
_FILE = re.compile(r"No such file or directory: (?P<quote>['\"])(?P<name>.+?)(?P=quote)")
_FILE_OF_TENSORFLOW = re.compile(r"(?:^|[\s;:])(?P<name>[^\s;:]+)\s*[;:] No such file or directory")
_ADDRESS = re.compile(r"\b(?:https?|ftp|gs|s3)://[^\s'\"<>]+")
_NO_NETWORK = re.compile(
    r"name resolution|Name or service not known|Network is unreachable|nodename nor servname|URL fetch failure"
)
_NETWORK_ERRORS = frozenset({"URLError", "gaierror", "ConnectionError", "ConnectionRefusedError", "NewConnectionError"})
_MISSING_FILES = frozenset({"FileNotFoundError", "NotADirectoryError", "NotFoundError"})
_WITHOUT_TENSORFLOW = "TensorFlow cannot be imported"
LIMITS = frozenset({"memory", "output", "processes", "killed"})
"""How a run ends that was ended by something else than itself or the clock."""


@dataclass(frozen=True)
class Settled:
    """An end state and why."""

    state: EndState
    reason: str = ""
    chance: bool = False
    """Whether it may come out otherwise another time."""


def settle(findings: Iterable[Finding], proof: Proof | None, ends: Iterable[End] = (), short: str = "") -> Settled:
    """The end state of a file that was read.

    `findings` is what is left of it for people, `proof` what became of its rewrites (none when nothing was found),
    `ends` how its runs ended, those before any rewrite first, `short` why the first of them came by no query although
    it was on its way there.
    """
    left = list(findings)
    if proof is not None and proof.judged:
        return _repaired(proof) if proof.kept else _not_repaired(proof, ends)
    stopped = next((found for end in ends if (found := stop(end)) is not None), None)
    if left:
        return Settled(EndState.ADVICE, _advice(left))
    if stopped is not None:
        return stopped
    if proof is not None and proof.dropped:
        return Settled(EndState.UNCHANGED, "every gradient was there in a run")
    return Settled(EndState.UNCHANGED, short)


def stop(end: End) -> Settled | None:
    """The end state for a run that did not come to its queries; None when its end is no reason for that."""
    if end.reason == "timeout":
        return Settled(EndState.TIMED_OUT, f"the run {end.describe()}")
    if end.reason in LIMITS:
        # Whoever runs out of memory may kill somebody else's process.
        chance = end.reason == "killed" and not (end.code.isdigit() and end.code != "9")
        return Settled(EndState.CRASHED, f"the run {end.describe()}", chance)
    if end.reason == "raised":
        needed = need(end.type, end.message)
        if needed:
            where = f" (line {end.line})" if end.line else ""
            return Settled(EndState.NEEDS, f"{needed}{where}")
    return None


def need(kind: str, message: str) -> str:
    """What an exception says is missing, in words: a module, a file, an address; empty when it says no such thing."""
    module = _MODULE.search(message)
    if kind in ("ModuleNotFoundError", "ImportError"):
        return f"the module {module['name']}" if module else f"what an import asks for: {_one_line(message)}"
    if kind in _NETWORK_ERRORS or _NO_NETWORK.search(message):
        address = _ADDRESS.search(message)
        return f"data from {address[0]}" if address else f"the network: {_one_line(message)}"
    file = _FILE.search(message) or _FILE_OF_TENSORFLOW.search(message)
    if file is not None:
        return f"the file {_one_line(file['name'])}"
    return f"a file: {_one_line(message)}" if kind in _MISSING_FILES else ""


def _repaired(proof: Proof) -> Settled:
    """Something of the repair is kept."""
    left_out = [each for each in proof.judged if not each.kept]
    if all(status_of(each) == "not verified" for each in proof.judged):
        return Settled(EndState.UNVERIFIED, "no run was wanted")
    if not left_out:
        return Settled(EndState.VERIFIED, proof.verdict.reason if proof.verdict is not None else "")
    each = left_out[0]
    why = each.verdict.reason if each.verdict is not None else ""
    counted = f"{len(left_out)} of {len(proof.judged)} rewrites left out"
    return Settled(EndState.VERIFIED, f"{counted}: {each.finding.code} in line {each.finding.range.line}: {why}")


def _not_repaired(proof: Proof, ends: Iterable[End]) -> Settled:
    """There are rewrites, and none is kept."""
    rejected = [each.verdict for each in proof.judged if status_of(each) == "rejected" and each.verdict is not None]
    if rejected:
        return Settled(EndState.REFUSED, rejected[0].reason)
    reasons = [each.verdict.reason for each in proof.judged if each.verdict is not None]
    for end in ends:
        stopped = stop(end)
        if stopped is not None:
            return stopped
    reason = reasons[0] if reasons else "nothing was run"
    if reason.startswith(_WITHOUT_TENSORFLOW):
        return Settled(EndState.NEEDS, f"the module tensorflow: {reason}")
    return Settled(EndState.UNVERIFIED, reason)


def _advice(findings: list[Finding]) -> str:
    waiting = sum(finding.applicability is Applicability.UNSAFE for finding in findings if finding.rewrite is not None)
    codes = ", ".join(dict.fromkeys(finding.code for finding in findings))
    counted = f"{len(findings)} finding{'s' * (len(findings) != 1)} without a rewrite that may be applied: {codes}"
    return f"{counted} ({waiting} with --unsafe)" if waiting else counted


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:159] + "…"
