"""The tool that keeps the rule pack: stubs, golden files, pages."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from libcst.codemod import CodemodContext

from tapefix.codemod import Codemod
from tapefix.dev.checkout import Checkout
from tapefix.dev.docs import BEGIN, END, generate, with_table
from tapefix.dev.golden import UnknownCaseError, regenerate
from tapefix.dev.scaffold import NameTakenError, scaffold
from tapefix.pages import page
from tapefix.registry import load_rules
from tapefix.tapes.reading import Reading
from tests.cli.running import tapefix

CHECKOUT = Checkout.here()


@pytest.fixture
def copy(tmp_path: Path) -> Checkout:
    """A checkout to write in, with one rule's fixtures."""
    for part in ("pyproject.toml", "README.md"):
        shutil.copy(CHECKOUT.root / part, tmp_path / part)
    shutil.copytree(CHECKOUT.codemods, tmp_path / "codemods")
    shutil.copytree(CHECKOUT.fixtures / "late-watch", tmp_path / "fixtures" / "late-watch")
    shutil.copytree(CHECKOUT.root / "tapefix", tmp_path / "tapefix", ignore=shutil.ignore_patterns("__pycache__"))
    return Checkout(tmp_path)


def _dev(*arguments: str, root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tapefix.dev", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_pages_and_the_table_of_rules_are_up_to_date() -> None:
    assert [name for name, _, _ in generate(CHECKOUT)] == [], "run `python -m tapefix.dev docs`"


def test_a_new_rule_gets_the_next_code_and_can_be_loaded(copy: Checkout) -> None:
    codes = [rule.code for rule in load_rules() if rule.code.startswith("TPF2")]
    written = scaffold(copy, "some-new-break", family=2)
    assert all(path.exists() for path in written)
    spec = importlib.util.spec_from_file_location("some_new_break", copy.codemods / "some_new_break.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rule: type[Codemod] = module.SomeNewBreak
    assert rule.name == "some-new-break"
    assert int(rule.code[3:]) == int(codes[-1][3:]) + 1
    before = (copy.fixtures / "some-new-break" / "first_case" / "before.py").read_text("utf-8")
    assert list(rule(CodemodContext()).find(Reading(before))) == []
    lint = [sys.executable, "-m", "ruff", "check", "--config", str(CHECKOUT.root / "pyproject.toml")]
    done = subprocess.run(
        [*lint, str(copy.codemods / "some_new_break.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "family", "code", "message"),
    [
        ("late-watch", 2, "", "late-watch is taken: there is codemods/late_watch.py already"),
        ("Late_Watch", 2, "", "no name for a rule"),
        ("word", 2, "", "no name for a rule"),
        ("some-new-break", 0, "", "--family"),
        ("some-new-break", 1, "TPF108", "--family"),
        ("some-new-break", 8, "", "there is no family 8"),
        ("some-new-break", 0, "TPF101", "TPF101 is numpy-method-on-path already"),
        ("some-new-break", 0, "TPF9", "is no code"),
        ("some-new-break", 0, "TPF901", "is no code"),
    ],
)
def test_a_name_or_code_that_cannot_be_used(copy: Checkout, name: str, family: int, code: str, message: str) -> None:
    with pytest.raises(NameTakenError, match=message):
        scaffold(copy, name, family=family, code=code)
    assert sorted(path.name for path in copy.fixtures.iterdir()) == ["late-watch"]


def test_golden_files_are_made_by_the_engine(copy: Checkout) -> None:
    case = copy.fixtures / "late-watch" / "after_the_use"
    golden = (case / "after.py").read_text("utf-8")
    assert regenerate(copy) == []
    (case / "after.py").write_text("")
    assert regenerate(copy, ["late-watch/after_the_use"]) == [
        ("fixtures/late-watch/after_the_use/after.py", "", golden)
    ]
    with pytest.raises(UnknownCaseError, match="late-watch/nothing"):
        regenerate(copy, ["late-watch/nothing"])


def test_changes_are_shown_and_written_or_only_shown(copy: Checkout) -> None:
    after = copy.fixtures / "late-watch" / "after_the_use" / "after.py"
    golden = after.read_text("utf-8")
    after.write_text("")
    shown = _dev("fixtures", "--check", root=copy.root)
    assert shown.returncode == 1 and "+++ b/fixtures/late-watch/after_the_use/after.py" in shown.stdout
    assert after.read_text("utf-8") == "" and "run `python -m tapefix.dev fixtures`" in shown.stderr
    written = _dev("fixtures", root=copy.root)
    assert written.returncode == 0 and written.stdout == shown.stdout
    assert after.read_text("utf-8") == golden
    assert _dev("fixtures", "--check", root=copy.root).returncode == 0
    assert _dev("fixtures", "late-wash", root=copy.root).returncode == 2


def test_a_page_of_a_rule_that_is_gone_goes(copy: Checkout) -> None:
    (copy.codemods / "pages" / "TPF999.md").write_text("# TPF999\n")
    assert _dev("docs", root=copy.root).returncode == 0
    assert not (copy.codemods / "pages" / "TPF999.md").exists()
    assert _dev("docs", "--check", root=copy.root).returncode == 0


def test_a_readme_without_markers() -> None:
    with pytest.raises(ValueError, match="lacks the line"):
        with_table("# tapefix\n", [])
    assert with_table(f"a\n{BEGIN}\nold\n{END}\nb\n", []).endswith(f"{END}\nb\n")


def test_an_installation_is_no_checkout_but_has_its_pages(copy: Checkout) -> None:
    shutil.rmtree(copy.fixtures)
    done = _dev("docs", root=copy.root)
    assert done.returncode == 2 and "it has no fixtures" in done.stderr
    explained = tapefix("explain", "TPF202", cwd=copy.root, env={"PYTHONPATH": str(copy.root)})
    rule = next(rule for rule in load_rules() if rule.code == "TPF202")
    assert explained.stdout == page(rule)
    assert "```diff" in explained.stdout


def test_a_pack_without_pages_has_its_docstrings() -> None:
    class Guest(Codemod):
        """A rule from elsewhere."""

        code = "GST101"
        name = "guest-rule"

    assert page(Guest) == "# GST101 guest-rule\n\nA rule from elsewhere.\n"
