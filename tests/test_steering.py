"""What a run says to the repair: scripts whose text alone does not tell enough, and one that it accuses wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tapefix.proof import Proof, prove
from tapefix.registry import load_rules
from tapefix.verify import RunOptions, VerdictStatus, Verifier

CASES = Path(__file__).parent / "steering"


def proof_of(case: str, *, unsafe: bool = False) -> Proof:
    script = CASES / case / "script.py"
    with Verifier(RunOptions(device="cpu"), project=script.parent) as verifier:
        return prove(script, script.read_text("utf-8"), load_rules(), verifier=verifier, unsafe=unsafe)


@pytest.mark.tensorflow
@pytest.mark.parametrize("case", ["inherited", "dict_and_factory", "some_of_the_variables", "encoder_outside"])
def test_what_the_run_saw_makes_the_repair_possible(case: str) -> None:
    script = CASES / case / "script.py"
    text = script.read_text("utf-8")
    alone = prove(script, text, load_rules(), verifier=None)
    proof = proof_of(case)
    assert alone.after == text, "the text alone already says enough"
    assert proof.verdict is not None
    assert proof.verdict.status is VerdictStatus.VERIFIED, proof.verdict.reason
    assert proof.after == script.with_name("expected.py").read_text("utf-8")


@pytest.mark.tensorflow
def test_a_break_behind_the_first_one_is_repaired_as_well() -> None:
    proof = proof_of("behind_the_first")
    assert proof.after == (CASES / "behind_the_first" / "expected.py").read_text("utf-8")
    assert all(each.kept for each in proof.judged)
    assert not proof.remaining


@pytest.mark.tensorflow
def test_a_finding_whose_gradient_is_there_is_dropped() -> None:
    script = CASES / "patched_numpy" / "script.py"
    alone = prove(script, script.read_text("utf-8"), load_rules(), verifier=None)
    proof = proof_of("patched_numpy")
    assert [each.finding.code for each in alone.judged] == ["TPF102"]
    assert [finding.code for finding in proof.dropped] == ["TPF102"]
    assert proof.after == proof.before
    assert not proof.judged


@pytest.mark.tensorflow
def test_a_break_in_another_module_is_named() -> None:
    proof = proof_of("broken_elsewhere")
    assert [(finding.code, finding.rewrite) for finding in proof.remaining] == [("TPF102", None)]
    assert "helpers.py:5" in proof.remaining[0].message


@pytest.mark.tensorflow
def test_a_part_of_a_path_is_not_brought_back_where_a_gradient_that_worked_would_change() -> None:
    proof = proof_of("shared_trunk")
    assert proof.after == proof.before
    assert proof.judged and not any(each.kept for each in proof.judged)
    assert proof.verdict is not None and proof.verdict.status is VerdictStatus.REJECTED
    assert "worked before and differs after" in proof.verdict.reason


@pytest.mark.tensorflow
def test_it_is_brought_back_on_request_where_the_gradient_that_worked_lacked_that_part() -> None:
    proof = proof_of("shared_trunk", unsafe=True)
    assert proof.verdict is not None
    assert proof.verdict.status is VerdictStatus.VERIFIED, proof.verdict.reason
    assert proof.after == (CASES / "shared_trunk" / "expected.py").read_text("utf-8")
    assert any("lacked a part" in text for text in proof.verdict.allowed)


@pytest.mark.tensorflow
@pytest.mark.parametrize("case", ["target_outside", "target_detached"])
@pytest.mark.parametrize("unsafe", [False, True])
def test_what_is_meant_as_a_constant_stays_one_where_another_gradient_is_missing(case: str, unsafe: bool) -> None:
    proof = proof_of(case, unsafe=unsafe)
    assert proof.after == proof.before
    assert not any(each.kept for each in proof.judged)
