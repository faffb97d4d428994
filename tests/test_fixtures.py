"""Every golden case, by the static reading alone: what changes, and what must not."""

from __future__ import annotations

import ast

import pytest

from tapefix.engine import check, repair
from tapefix.registry import find_rule, load_rules
from tests.fixtures import Case, cases

CASES = cases()
CHANGING = [case for case in CASES if case.changes]
ADVISED = [case for case in CASES if case.advises]
UNCHANGED = [case for case in CASES if not case.changes and not case.advises]


def _id(case: Case) -> str:
    return case.id


@pytest.mark.parametrize("case", UNCHANGED, ids=_id)
def test_look_alike_is_left_alone(case: Case) -> None:
    assert case.settings.get("why"), "a look-alike says in case.toml why it must not change"
    text = case.text(case.before)
    rule = find_rule(load_rules(), case.rule)
    found = [f for f in check(text, load_rules()) if f.rewrite is not None or f.code == rule.code]
    allowed = set(case.settings.get("other_findings", []))
    assert [f for f in found if f.code not in allowed or f.code == rule.code] == []


@pytest.mark.parametrize("case", CHANGING, ids=_id)
def test_case_is_repaired_as_expected(case: Case) -> None:
    text = case.text(case.before)
    repaired = repair(text, load_rules(), unsafe=case.unsafe)
    assert repaired.text == case.text(case.after)
    rule = find_rule(load_rules(), case.rule)
    assert rule.code in {finding.code for finding in repaired.applied}


@pytest.mark.parametrize("case", CHANGING, ids=_id)
def test_fixing_the_fixed_text_changes_nothing(case: Case) -> None:
    after = case.text(case.after)
    ast.parse(after)
    again = repair(after, load_rules(), unsafe=case.unsafe)
    assert again.text == after


@pytest.mark.parametrize("case", ADVISED, ids=_id)
def test_case_is_named_and_left_as_it_is(case: Case) -> None:
    assert not case.changes, "a case with a rewrite is no advice"
    text = case.text(case.before)
    found = check(text, load_rules())
    own = [finding for finding in found if finding.name == case.rule]
    assert own and all(finding.rewrite is None and finding.reason for finding in own)
    assert repair(text, load_rules(), unsafe=True).text == text


def test_every_rule_has_both_kinds_of_cases() -> None:
    for rule in load_rules():
        changing = [case for case in (*CHANGING, *ADVISED) if case.rule == rule.name]
        unchanged = [case for case in UNCHANGED if case.rule == rule.name]
        assert len(changing) >= 5, f"{rule.code} {rule.name} has {len(changing)} changing cases"
        assert len(unchanged) >= 5, f"{rule.code} {rule.name} has {len(unchanged)} look-alikes"
        longest = max(case.text(case.before).count("\n") for case in changing)
        assert longest >= 60, f"{rule.code} {rule.name} has no long case: {longest} lines"
