"""What every rule of the pack has to keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tapefix.codemod import Applicability, Codemod
from tapefix.registry import load_rules

CODEMODS = Path(__file__).resolve().parent.parent / "codemods"
SECTIONS = (
    "## What it finds",
    "## Why the gradient",
    "## What the rewrite does",
    "## When to ignore it",
    "Source: http",
)
RULES = load_rules()


def _id(rule: type[Codemod]) -> str:
    return rule.code


def test_there_is_one_file_for_each_rule() -> None:
    files = {path.stem for path in CODEMODS.glob("*.py")} - {"__init__"}
    assert files == {rule.__module__.rpartition(".")[2] for rule in RULES if rule.__module__.startswith("codemods.")}


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_a_rule_is_named_like_its_file(rule: type[Codemod]) -> None:
    stem = rule.__module__.rpartition(".")[2]
    assert rule.name == stem.replace("_", "-")
    assert rule.__name__ == "".join(part.capitalize() for part in stem.split("_"))


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_the_page_is_complete(rule: type[Codemod]) -> None:
    page = rule.page()
    for section in SECTIONS:
        assert section in page, f"{rule.code} lacks {section!r}"
    title = page.partition("\n")[0]
    assert title.endswith(".")
    assert len(title) <= 100
    assert title == rule.DESCRIPTION


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_what_is_not_safe_says_why(rule: type[Codemod]) -> None:
    assert rule.applicability is Applicability.SAFE or rule.reason


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_a_rule_knows_the_codemod_base_and_the_reading_and_nothing_else(rule: type[Codemod]) -> None:
    source = (CODEMODS / f"{rule.__module__.rpartition('.')[2]}.py").read_text("utf-8")
    imported = set(re.findall(r"^from (tapefix[\w.]*) import", source, re.MULTILINE))
    assert all(name == "tapefix.codemod" or name.startswith("tapefix.tapes") for name in imported), imported
    assert "import tapefix" not in source
