"""Every changing golden case, run before and after: each ends in the verdict that it declares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tapefix.proof import prove
from tapefix.registry import load_rules
from tapefix.verify import RunOptions, Verifier
from tests.fixtures import ROOT, Case, cases

CHANGING = [case for case in cases() if case.changes]


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier(RunOptions(device="cpu"), project=ROOT) as started:
        yield started


@pytest.mark.tensorflow
@pytest.mark.parametrize("case", CHANGING, ids=lambda case: case.id)
def test_repair_is_verified(case: Case, verifier: Verifier) -> None:
    proof = prove(
        case.before,
        case.text(case.before),
        load_rules(),
        verifier=verifier,
        unsafe=case.unsafe,
    )
    assert proof.verdict is not None
    expected = case.settings.get("verdict", "verified")
    assert proof.verdict.status.value == expected, proof.verdict.reason
    if expected == "verified":
        assert proof.after == case.text(case.after)
