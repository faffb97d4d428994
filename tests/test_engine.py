"""The engine: composition, bounds, LibCST's own runner, and rule packs of other people."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import libcst as cst
import pytest

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.engine import BrokenRewriteError, check, repair
from tapefix.registry import UnknownRuleError, find_rule, load_rules, select_rules
from tapefix.source.edits import Edit
from tapefix.tapes.reading import Reading
from tapefix.tapes.writing.draft import Draft

BROKEN = textwrap.dedent(
    """\
    import numpy as np
    import tensorflow as tf

    x = tf.constant([1.0, 2.0, 3.0])
    w = tf.Variable([0.5, 0.5, 0.5])
    with tf.GradientTape() as tape:
        y = np.mean(np.exp(np.square((w * x).numpy())))
    print(tape.gradient(tf.convert_to_tensor(y), [w, x]))
    """
)


class Renamer(Codemod):
    """Wraps every call of `old` into `new`, nested ones too."""

    code: ClassVar[str] = "TST001"
    name: ClassVar[str] = "renamer"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        class Calls(cst.CSTVisitor):
            def __init__(self) -> None:
                self.found: list[cst.Call] = []

            def visit_Call(self, node: cst.Call) -> None:
                if isinstance(node.func, cst.Name) and node.func.value == "old":
                    self.found.append(node)

        calls = Calls()
        reading.module.visit(calls)
        for call in calls.found:
            draft = Draft(reading)
            draft.replace(call, "new(", call.args[0].value, ", 1)")
            yield self.finding(reading, call, "old", rewrite=draft.rewrite("Use new"))


class Endless(Renamer):
    """Adds a line each time."""

    code: ClassVar[str] = "TST002"
    name: ClassVar[str] = "endless"

    def find(self, reading: Reading) -> Iterator[Finding]:
        draft = Draft(reading)
        draft.insert(0, "#\n")
        yield self.finding(reading, reading.module.body[0], "more", rewrite=draft.rewrite("More"))


class Breaker(Renamer):
    """Writes what is not Python."""

    code: ClassVar[str] = "TST003"
    name: ClassVar[str] = "breaker"

    def find(self, reading: Reading) -> Iterator[Finding]:
        draft = Draft(reading)
        draft.insert(0, "def (\n")
        yield self.finding(reading, reading.module.body[0], "broken", rewrite=draft.rewrite("Break"))


def test_nested_findings_are_all_applied_and_counted() -> None:
    text = "a = old(old( old(x) ))  # kept\nb = [old(1), old(2)]\n"
    repaired = repair(text, [Renamer])
    assert repaired.text == "a = new(new( new(x, 1), 1 ), 1)  # kept\nb = [new(1, 1), new(2, 1)]\n"
    assert len(repaired.applied) == 5
    assert repair(repaired.text, [Renamer]).applied == ()


def test_rewrites_without_end_are_stopped_and_named() -> None:
    with pytest.raises(BrokenRewriteError, match="TST002"):
        repair("x = 1\n", [Endless])


def test_a_rewrite_that_does_not_parse_is_named() -> None:
    with pytest.raises(BrokenRewriteError, match="TST003"):
        repair("x = 1\n", [Renamer, Breaker])


def test_accept_leaves_a_finding_out() -> None:
    repaired = repair("a = old(1)\nb = old(2)\n", [Renamer], accept=lambda finding: finding.range.line == 2)
    assert repaired.text == "a = old(1)\nb = new(2, 1)\n"
    assert [finding.range.line for finding in repaired.remaining] == [1]


def test_several_breaks_of_one_path_are_repaired_in_one_call() -> None:
    repaired = repair(BROKEN, load_rules())
    assert {finding.code for finding in repaired.applied} >= {"TPF101", "TPF102", "TPF201"}
    assert ".numpy()" not in repaired.text
    assert "np." not in repaired.text
    assert "tape.watch(x)" in repaired.text


def test_check_orders_findings_by_position() -> None:
    found = check(BROKEN, load_rules())
    assert [finding.key for finding in found] == sorted(finding.key for finding in found)


def test_edits_of_a_finding_are_its_own() -> None:
    for finding in check(BROKEN, load_rules()):
        if finding.rewrite is not None:
            assert all(isinstance(edit, Edit) for edit in finding.rewrite.edits)
            assert finding.queries == {8}


def test_rules_are_selected_by_code_prefix_and_name() -> None:
    rules = load_rules()
    assert [rule.code for rule in select_rules(rules, ["TPF101"])] == ["TPF101"]
    assert {rule.code[:4] for rule in select_rules(rules, ["tpf1"])} == {"TPF1"}
    assert [rule.code for rule in select_rules(rules, ["unwatched-tensor"])] == ["TPF201"]
    assert "TPF101" not in {rule.code for rule in select_rules(rules, (), ["TPF101"])}
    with pytest.raises(UnknownRuleError, match="did you mean TPF10"):
        select_rules(rules, ["TPF10l"])
    assert find_rule(rules, "numpy-method-on-path").code == "TPF101"


def test_codemods_run_under_the_runner_of_libcst(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(BROKEN)
    (tmp_path / ".libcst.codemod.yaml").write_text("formatter: ['cat']\nrepo_root: '.'\n")
    command = [sys.executable, "-m", "libcst.tool", "codemod", "-x"]
    done = subprocess.run(
        [*command, "codemods.unwatched_tensor.UnwatchedTensor", str(script), "-j", "1", "--no-format"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "tape.watch(x)" in script.read_text()


def test_a_rule_pack_of_someone_else_is_found(tmp_path: Path) -> None:
    """A pack that is installed the ordinary way shows up in a fresh interpreter, and its rule runs."""
    pack = tmp_path / "pack"
    (pack / "house_rules").mkdir(parents=True)
    (pack / "pyproject.toml").write_text(
        textwrap.dedent(
            """\
            [build-system]
            requires = ["hatchling"]
            build-backend = "hatchling.build"
            [project]
            name = "house-rules"
            version = "1.0"
            [project.entry-points."tapefix.codemods"]
            house = "house_rules"
            """
        )
    )
    (pack / "house_rules" / "__init__.py").write_text("")
    (pack / "house_rules" / "no_persistence.py").write_text(
        textwrap.dedent(
            '''\
            from tapefix.codemod import Applicability, Codemod


            class NoPersistence(Codemod):
                """Tapes are not persistent in this house."""

                code = "HSE001"
                name = "no-persistence"
                applicability = Applicability.ADVICE
                reason = "house rule"

                def find(self, reading):
                    for tape in reading.tapes:
                        if tape.persistent:
                            yield self.finding(reading, tape.node, "not in this house")
            '''
        )
    )
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(pack)]
    done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    script = tmp_path / "script.py"
    script.write_text("import tensorflow as tf\nwith tf.GradientTape(persistent=True) as tape:\n    pass\n")
    program = (
        "import sys\nfrom pathlib import Path\nfrom tapefix.engine import check\n"
        "from tapefix.registry import load_rules\n"
        "print([(f.code, f.range.line) for f in check(Path(sys.argv[1]).read_text(), load_rules())])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program, str(script)],
        env={"PYTHONPATH": str(site), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert shown.stdout.strip() == "[('HSE001', 2)]", shown.stderr
