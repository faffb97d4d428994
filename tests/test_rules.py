"""What every rule of the pack has to keep."""

from __future__ import annotations

import re

import pytest

from tapefix.codemod import Applicability, Codemod
from tapefix.dev.checkout import Checkout
from tapefix.dev.docs import FAMILIES
from tapefix.dev.pages import example_of
from tapefix.dev.scaffold import PLACEHOLDER
from tapefix.engine import repair
from tapefix.registry import load_rules
from tests.fixtures import LEGACY, ROOT, cases

CHECKOUT = Checkout.here()
CODEMODS = CHECKOUT.codemods
SECTIONS = ("What it finds", "Why the gradient ", "What the rewrite does", "When to ignore it")
RULES = load_rules()
CASES = cases()


def _id(rule: type[Codemod]) -> str:
    return rule.code


def test_there_is_one_file_for_each_rule() -> None:
    files = {path.stem for path in CODEMODS.glob("*.py")} - {"__init__"}
    assert files == {rule.__module__.rpartition(".")[2] for rule in RULES if rule.__module__.startswith("codemods.")}


def test_there_is_one_folder_of_fixtures_for_each_rule() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - {LEGACY.name}
    assert folders == {rule.name for rule in RULES}


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


def test_no_stub_is_left() -> None:
    for path in (*CODEMODS.rglob("*.py"), *(path for case in CASES for path in case.folder.glob("*.*"))):
        if "__pycache__" not in path.parts:
            assert PLACEHOLDER not in path.read_text("utf-8"), path


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_a_code_belongs_to_a_family(rule: type[Codemod]) -> None:
    assert re.fullmatch(r"TPF\d{3}", rule.code)
    assert rule.code[3] in FAMILIES


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_a_rule_is_named_like_its_file(rule: type[Codemod]) -> None:
    stem = rule.__module__.rpartition(".")[2]
    assert rule.name == stem.replace("_", "-")
    assert rule.__name__ == "".join(part.capitalize() for part in stem.split("_"))


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_the_docstring_is_complete(rule: type[Codemod]) -> None:
    title, *sections = re.split(r"^## ", rule.page(), flags=re.MULTILINE)
    title = title.strip()
    assert title.endswith(".") and len(title) <= 100 and "\n" not in title
    assert title == rule.DESCRIPTION
    assert len(sections) == len(SECTIONS)
    for wanted, section in zip(SECTIONS, sections, strict=True):
        heading, _, body = section.partition("\n")
        assert heading.startswith(wanted)
        assert body.split("Source:")[0].strip(), f"{rule.code}: {heading!r} says nothing"
    assert re.search(r"^Source: https://www\.tensorflow\.org/\S+$", sections[-1], re.MULTILINE)


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_the_page_shows_a_fixture_that_passes(rule: type[Codemod]) -> None:
    own = [case for case in CASES if case.rule == rule.name]
    assert sum(bool(case.settings.get("page")) for case in own) <= 1
    example = example_of(rule, own)
    assert example is not None, f"{rule.code} has no fixture for its page"
    assert example.case.settings.get("verdict", "verified") == "verified"
    again = repair(example.before, RULES, unsafe=example.case.unsafe)
    assert again.text == example.after
    assert repair(again.text, RULES, unsafe=example.case.unsafe).text == again.text


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_what_is_not_safe_says_why(rule: type[Codemod]) -> None:
    assert rule.applicability is Applicability.SAFE or rule.reason


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_a_rule_knows_the_codemod_base_and_the_reading_and_nothing_else(rule: type[Codemod]) -> None:
    source = (CODEMODS / f"{rule.__module__.rpartition('.')[2]}.py").read_text("utf-8")
    imported = set(re.findall(r"^from (tapefix[\w.]*) import", source, re.MULTILINE))
    assert all(name == "tapefix.codemod" or name.startswith("tapefix.tapes") for name in imported), imported
    assert "import tapefix" not in source
