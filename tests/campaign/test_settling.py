"""The mapping from what was seen of a file to its end state."""

from __future__ import annotations

import pytest

from tapefix.campaign.outcome import EndState
from tapefix.campaign.settling import Settled, need, settle
from tapefix.finding import Applicability, Finding, Range, Rewrite
from tapefix.proof import Judged, Proof
from tapefix.source.edits import Edit
from tapefix.verify import Verdict, VerdictStatus
from tapefix.verify.evidence import End

FINDING = Finding(
    "TPF101", "numpy-method-on-path", "m", Range(1, 0, 1, 1), Applicability.SAFE, Rewrite("Do", (Edit(0, 0, "x"),))
)
ADVICE = Finding("TPF503", "comparison-on-path", "m", Range(2, 0, 2, 1), Applicability.ADVICE)
WAITING = Finding(
    "TPF501", "argmax-on-path", "m", Range(3, 0, 3, 1), Applicability.UNSAFE, Rewrite("Do", (Edit(0, 0, "x"),))
)
FINISHED = End("finished")


def verdict(status: VerdictStatus, reason: str = "because") -> Verdict:
    return Verdict(status, reason)


def proof(*judged: Judged, whole: Verdict | None = None, dropped: tuple[Finding, ...] = ()) -> Proof:
    return Proof("a", "b", "b", judged, (), whole, dropped)


VERIFIED = Judged(FINDING, verdict(VerdictStatus.VERIFIED, "1 gradient"), True)
REJECTED = Judged(FINDING, verdict(VerdictStatus.REJECTED, "the value differs"), False)
NOT_RUN = Judged(FINDING, verdict(VerdictStatus.NOT_RUN, "no query was reached"), False)


@pytest.mark.parametrize(
    ("findings", "proved", "ends", "state", "reason"),
    [
        ([], None, [], EndState.UNCHANGED, ""),
        ([], proof(dropped=(FINDING,)), [FINISHED], EndState.UNCHANGED, "every gradient was there in a run"),
        ([], proof(VERIFIED, whole=VERIFIED.verdict), [FINISHED], EndState.VERIFIED, "1 gradient"),
        (
            [],
            proof(VERIFIED, REJECTED, whole=VERIFIED.verdict),
            [FINISHED],
            EndState.VERIFIED,
            "1 of 2 rewrites left out: TPF101 in line 1: the value differs",
        ),
        ([], proof(Judged(FINDING, None, True)), [], EndState.UNVERIFIED, "no run was wanted"),
        ([], proof(NOT_RUN), [FINISHED], EndState.UNVERIFIED, "no query was reached"),
        ([], proof(NOT_RUN), [End("raised", "ValueError", "3", 7)], EndState.UNVERIFIED, "no query was reached"),
        ([ADVICE], None, [], EndState.ADVICE, "1 finding without a rewrite that may be applied: TPF503"),
        (
            [ADVICE, WAITING],
            proof(),
            [FINISHED],
            EndState.ADVICE,
            "2 findings without a rewrite that may be applied: TPF503, TPF501 (1 with --unsafe)",
        ),
        ([], proof(REJECTED), [FINISHED], EndState.REFUSED, "the value differs"),
        ([], proof(REJECTED, NOT_RUN), [End("timeout")], EndState.REFUSED, "the value differs"),
        (
            [],
            proof(NOT_RUN),
            [End("raised", "ModuleNotFoundError", "No module named 'cv2'", 3)],
            EndState.NEEDS,
            "the module cv2 (line 3)",
        ),
        (
            [],
            proof(NOT_RUN),
            [End("raised", "RuntimeError", "used twice", 9), End("raised", "FileNotFoundError", "x", 12)],
            EndState.NEEDS,
            "a file: x (line 12)",
        ),
        ([], proof(NOT_RUN), [End("timeout")], EndState.TIMED_OUT, "the run reached the time limit"),
        ([], proof(NOT_RUN), [End("killed", code="11")], EndState.CRASHED, "the run was ended by signal 11"),
        ([], proof(NOT_RUN), [End("memory")], EndState.CRASHED, "the run reached the memory limit"),
        ([], proof(NOT_RUN), [End("processes")], EndState.CRASHED, "the run started too many processes"),
        ([], None, [End("timeout")], EndState.TIMED_OUT, "the run reached the time limit"),
    ],
)
def test_every_end_state(
    findings: list[Finding], proved: Proof | None, ends: list[End], state: EndState, reason: str
) -> None:
    settled = settle(findings, proved, ends)
    assert (settled.state, settled.reason) == (state, reason)


def test_a_run_that_came_by_no_query_is_the_reason_where_there_is_no_better_one() -> None:
    raised = End("raised", "ValueError", "3", 7)
    assert settle([], None, [raised], "it raised") == Settled(EndState.UNCHANGED, "it raised")
    assert settle([], None, [End("timeout")], "it took long").state is EndState.TIMED_OUT
    assert settle([ADVICE], None, [raised], "it raised").state is EndState.ADVICE


@pytest.mark.parametrize(
    ("kind", "message", "words"),
    [
        ("ModuleNotFoundError", "No module named 'keras.layers.merge'", "the module keras.layers.merge"),
        ("ImportError", "cannot import name 'a' from 'b'", "what an import asks for: cannot import name 'a' from 'b'"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'a b.csv'", "the file a b.csv"),
        ("OSError", '[Errno 2] No such file or directory: "it\'s.h5"', "the file it's.h5"),
        (
            "NotFoundError",
            "{{function_node x}} NewRandomAccessFile failed to Create/Open: d/t.rec : No such file or directory",
            "the file d/t.rec",
        ),
        ("URLError", "<urlopen error [Errno -3] Temporary failure in name resolution>", "the network: "),
        (
            "Exception",
            "URL fetch failure on https://example.org/mnist.npz: None -- [Errno -3] Temporary failure",
            "data from https://example.org/mnist.npz:",
        ),
        ("ValueError", "No module in sight", ""),
        ("AttributeError", "module 'tensorflow' has no attribute 'placeholder'", ""),
    ],
)
def test_what_an_exception_asks_for(kind: str, message: str, words: str) -> None:
    said = need(kind, message)
    assert said.startswith(words.rstrip(":")) and bool(said) == bool(words)
