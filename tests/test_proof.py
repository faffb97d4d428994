"""Rewrites judged together and in parts, by real runs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import libcst as cst
import pytest

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.proof import prove
from tapefix.registry import load_rules
from tapefix.tapes.reading import Reading
from tapefix.tapes.writing.draft import Draft
from tapefix.verify import RunOptions, VerdictStatus, Verifier

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def verifier(project: Path) -> Iterator[Verifier]:
    with Verifier(RunOptions(device="cpu", timeout=30), project) as started:
        yield started


class SumForMean(Codemod):
    """Puts a sum where a mean was: never right."""

    code: ClassVar[str] = "TST101"
    name: ClassVar[str] = "sum-for-mean"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        for query in reading.queries:
            for value in query.targets:
                node = value.node
                if value.name == "tensorflow.reduce_mean" and isinstance(node, cst.Call):
                    draft = Draft(reading)
                    draft.replace(node.func, "tf.reduce_sum")
                    line = reading.line(query.node)
                    rewrite = draft.rewrite("Sum up")
                    yield self.finding(reading, node, "a mean", rewrite=rewrite, queries=frozenset({line}))


def _text(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


HIDDEN = _text(
    """
    import numpy as np
    import tensorflow as tf

    x = tf.constant([1.0, 2.0])
    w = tf.Variable([3.0, 4.0])


    def never_called():
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(np.square(w.numpy()))
        return tape.gradient(y, w)


    with tf.GradientTape() as tape:
        y = tf.reduce_sum(x * x)
    print(tape.gradient(y, x).numpy())

    with tf.GradientTape() as tape:
        a = tf.reduce_sum(w * w)
        b = tf.reduce_sum(w)
    print(tape.gradient(a, w).numpy())
    print(tape.gradient(b, w).numpy())

    with tf.GradientTape() as tape:
        z = w * 3.0
    loss = tf.reduce_mean(z)
    print(tape.gradient(loss, w).numpy())
    """
)


def test_breaks_that_hide_each_other_are_all_verified(verifier: Verifier, project: Path) -> None:
    proof = prove(project / "hidden.py", HIDDEN, load_rules(), verifier=verifier)
    assert proof.verdict is not None
    assert proof.verdict.status is VerdictStatus.VERIFIED, proof.verdict.reason
    said = {judged.finding.code: judged for judged in proof.judged}
    assert {code for code, judged in said.items() if judged.kept} == {"TPF201", "TPF401", "TPF302"}
    unreached = said["TPF101"].verdict
    assert unreached is not None
    assert unreached.status is VerdictStatus.NOT_RUN
    assert "line 11 was not reached" in unreached.reason
    assert "np.square(w.numpy())" in proof.after
    assert "tf.square(w)" in proof.proposed


def test_one_rewrite_among_breaks_that_hide_each_other_is_verified_alone(verifier: Verifier, project: Path) -> None:
    rules = [rule for rule in load_rules() if rule.code == "TPF201"]
    proof = prove(project / "hidden.py", HIDDEN, rules, verifier=verifier)
    assert proof.verdict is not None
    assert proof.verdict.status is VerdictStatus.VERIFIED, proof.verdict.reason
    assert any("another break" in note for note in proof.verdict.notes)


def test_the_culprit_is_found_and_left_out(verifier: Verifier, project: Path) -> None:
    text = _text(
        """
        import tensorflow as tf

        x = tf.constant([1.0, 2.0])
        v = tf.constant([5.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(x * x)
        print(tape.gradient(y, x))
        with tf.GradientTape() as tape:
            z = tf.reduce_sum(v * v)
        print(tape.gradient(z, v))
        """
    )
    rules = [*(rule for rule in load_rules() if rule.code == "TPF201"), SumForMean]
    proof = prove(project / "culprit.py", text, rules, verifier=verifier)
    kept = {(judged.finding.code, judged.finding.range.line): judged.kept for judged in proof.judged}
    assert kept == {("TST101", 6): False, ("TPF201", 7): True, ("TPF201", 10): True}
    assert "tf.reduce_mean" in proof.after
    assert proof.after.count("tape.watch") == 2
    assert proof.verdict is not None
    assert proof.verdict.status is VerdictStatus.VERIFIED
    culprit = next(judged.verdict for judged in proof.judged if judged.finding.code == "TST101")
    assert culprit is not None
    assert culprit.status is VerdictStatus.REJECTED


def test_labels_that_numpy_widened_do_not_stand_in_the_way(verifier: Verifier, project: Path) -> None:
    text = _text(
        """
        import numpy as np
        import tensorflow as tf

        labels = np.random.default_rng(0).normal(size=4)
        w = tf.Variable(tf.ones([4]))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.exp(w).numpy() - labels) ** 2)
        print(tape.gradient(loss, w))
        """
    )
    proof = prove(project / "labels.py", text, load_rules(), verifier=verifier)
    assert proof.verdict is not None
    assert proof.verdict.status is VerdictStatus.VERIFIED, proof.verdict.reason
    assert any("NumPy had widened" in note for note in proof.verdict.notes)


def test_a_text_without_breaks_is_not_run(verifier: Verifier, project: Path) -> None:
    proof = prove(project / "fine.py", "import tensorflow as tf\n", load_rules(), verifier=verifier)
    assert proof.verdict is None
    assert proof.judged == ()


def test_without_a_verifier_every_rewrite_is_proposed(project: Path) -> None:
    proof = prove(project / "hidden.py", HIDDEN, load_rules(), verifier=None)
    assert proof.after == proof.proposed
    assert all(judged.verdict is None for judged in proof.judged)


class MeanInOneOfTwoWays(Codemod):
    """Offers a sum in place of a NumPy mean, and a mean as the alternative."""

    code: ClassVar[str] = "TST102"
    name: ClassVar[str] = "mean-in-one-of-two-ways"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        for query in reading.queries:
            for value in query.targets:
                node = value.node
                if value.name == "numpy.mean" and isinstance(node, cst.Call):
                    ways = []
                    for name in ("tf.reduce_sum", "tf.reduce_max", "tf.reduce_mean"):
                        draft = Draft(reading)
                        draft.replace(node.func, name)
                        ways.append(draft.rewrite(f"Use {name}"))
                    line = reading.line(query.node)
                    first, *others = (way for way in ways if way is not None)
                    yield self.finding(
                        reading,
                        node,
                        "a mean",
                        rewrite=first,
                        alternatives=tuple(others),
                        queries=frozenset({line}),
                    )


def test_the_first_alternative_that_is_verified_is_kept(project: Path, verifier: Verifier) -> None:
    text = _text(
        """
        import numpy as np
        import tensorflow as tf

        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            loss = tf.cast(np.mean(w * w), tf.float32)
            value = np.mean(w * w)
        print(tape.gradient(value, w))
        """
    )
    script = project / "two_ways.py"
    proof = prove(script, text, [MeanInOneOfTwoWays], verifier=verifier)
    assert proof.verdict is not None
    assert proof.verdict.status is VerdictStatus.VERIFIED, proof.verdict.reason
    assert "value = tf.reduce_mean(w * w)" in proof.after
    (judged,) = proof.judged
    assert judged.finding.rewrite is not None
    assert judged.finding.rewrite.title == "Use tf.reduce_mean"
    preview = prove(script, text, [MeanInOneOfTwoWays], verifier=None)
    assert "value = tf.reduce_sum(w * w)" in preview.after


def test_numbers_that_leave_on_the_way_of_a_query_that_nobody_promised_are_noted(
    project: Path, verifier: Verifier
) -> None:
    text = textwrap.dedent(
        """\
        import numpy as np
        import tensorflow as tf

        w = tf.Variable([1.0, 2.0])


        def penalty(point):
            with tf.GradientTape() as tape:
                value = tf.reduce_sum(w * point**2)
            slope = tape.gradient(value, point)
            return np.mean((np.sqrt(np.sum(np.square(slope))) - 1.0) ** 2)


        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(w**2) + 10.0 * penalty(tf.constant([0.5, 0.5]))
        print(tape.gradient(loss, w))
        """
    )
    script = project / "penalty.py"
    script.write_text(text, "utf-8")
    proof = prove(script, text, load_rules(), verifier=verifier)
    assert [(each.finding.code, each.kept) for each in proof.judged] == [("TPF201", True)]
    assert proof.verdict is not None
    assert proof.verdict.status is VerdictStatus.VERIFIED
    assert any("still leaves TensorFlow (line 12)" in note for note in proof.verdict.notes)
