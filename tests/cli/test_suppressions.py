"""Comments that hide findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tapefix.finding import Applicability, Finding, Range
from tapefix.registry import load_rules
from tapefix.suppressions import Suppressions, visible
from tests.cli.running import BROKEN, tapefix


def finding(
    line: int, end_line: int | None = None, code: str = "TPF101", name: str = "numpy-method-on-path"
) -> Finding:
    return Finding(code, name, "message", Range(line, 0, end_line or line, 5), Applicability.SAFE)


HIDING = [
    ("a.numpy()  # tapefix: ignore[TPF101]\n", 1),
    ("a.numpy()  # tapefix:ignore[ TPF201 , numpy-method-on-path ]\n", 1),
    ("a.numpy()  # tapefix: ignore\n", 1),
    ("a.numpy()  # tapefix: ignore[tpf1]\n", 1),
    ("a.numpy()  # noqa  # tapefix: ignore[TPF101] because\n", 1),
    ("f(\n    a.numpy(),\n)  # tapefix: ignore[TPF101]\n", 2),
    ("f(  # tapefix: ignore[TPF101]\n    a.numpy(),\n)\n", 2),
    ("x = 1\n# tapefix: ignore-file[TPF101]\n", 1),
    ("# tapefix: ignore-file\nx = 1\n", 2),
    ("x = 1 + \\\n  a.numpy()  # tapefix: ignore\n", 1),
]
SHOWING = [
    ("a.numpy()  # tapefix: ignore[TPF201]\n", 1),
    ("x = 1  # tapefix: ignore[TPF101]\na.numpy()\n", 2),
    ("# tapefix: ignore[TPF101]\na.numpy()\n", 2),
    ("a.numpy(), '# tapefix: ignore[TPF101]'\n", 1),
    ("a.numpy()  # tapefix: ignore[TPF101\n", 1),
    ("a.numpy()  # tapefix: ignore[]\n", 1),
    ("a.numpy()  # tapefix: ignored\n", 1),
    ("a.numpy(); '''\n# tapefix: ignore-file\n'''\n", 1),
]


@pytest.mark.parametrize(("text", "line"), HIDING)
def test_hidden(text: str, line: int) -> None:
    assert Suppressions(text).hides(finding(line))


@pytest.mark.parametrize(("text", "line"), SHOWING)
def test_shown(text: str, line: int) -> None:
    assert not Suppressions(text).hides(finding(line))


def test_any_line_of_a_longer_finding_counts() -> None:
    text = "with a:\n    b()\n    c()  # tapefix: ignore[TPF101]\n"
    assert Suppressions(text).hides(finding(2, 3))


def messages(text: str, *findings: Finding, active: int | None = None) -> list[str]:
    rules = load_rules()
    return [notice.message for notice in visible(findings, text, rules[:active], rules)[1]]


def test_what_hides_something_is_not_mentioned() -> None:
    assert messages("a()  # tapefix: ignore[TPF101]\n", finding(1)) == []
    assert messages("a()  # tapefix: ignore\n", finding(1)) == []


def test_what_hides_nothing_is_reported() -> None:
    assert messages("a()  # tapefix: ignore\n") == ["this comment hides nothing; remove it"]
    assert messages("# tapefix: ignore-file[TPF101]\n") == ["`TPF101` hides nothing here; remove it"]
    assert messages("a()  # tapefix: ignore[TPF101, TPF201]\n", finding(1)) == [
        "`TPF201` hides nothing here; remove it"
    ]


def test_what_may_serve_a_rule_that_did_not_run_is_not_reported() -> None:
    assert messages("a()  # tapefix: ignore\n", active=1) == []
    assert messages("a()  # tapefix: ignore[TPF201]\n", active=1) == []


def test_what_is_wrong_is_reported() -> None:
    assert "did you mean `numpy-method-on-path`" in messages("a()  # tapefix: ignore[numpy-methd-on-path]\n")[0]
    assert "lacks its closing bracket" in messages("a()  # tapefix: ignore[TPF101\n")[0]
    assert "names no rule" in messages("a()  # tapefix: ignore[]\n")[0]
    assert "means nothing" in messages("a()  # tapefix: ingore\n")[0]


def test_a_notice_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BROKEN + "x = 1  # tapefix: ignore[TPF101]\n", encoding="utf-8")
    done = tapefix("check", "a.py", cwd=tmp_path)
    assert "a.py:8:10: warning: `TPF101` hides nothing here; remove it" in done.stdout
    (tmp_path / "b.py").write_text("x = 1  # tapefix: ignore\n", encoding="utf-8")
    # A warning alone does not fail a build.
    assert tapefix("check", "b.py", cwd=tmp_path).returncode == 0
