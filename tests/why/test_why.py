"""Programs that say themselves, in a comment, where the gradient is lost: `why` has to name that line and rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapefix.report.why_page import write_page
from tapefix.source.text import SourceText
from tapefix.verify import RunOptions, Verifier
from tapefix.why import Cause, explain
from tapefix.why.rules import rule_of

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
MARK = re.compile(r"# break: (\w+)")


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier(RunOptions(device="cpu"), project=PROGRAMS[0].parent) as started:
        yield started


@pytest.mark.tensorflow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_break_is_named(program: Path, verifier: Verifier) -> None:
    text = program.read_text("utf-8")
    marked = {
        (None if found.group(1) == "none" else found.group(1), number)
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := MARK.search(line))
    }
    explanation = explain(verifier, program, text)
    named = {
        (rule_of(broken), broken.place.line if broken.place is not None else None)
        for query in explanation.queries
        for account in query.missing
        for broken in account.breaks
    }
    assert named == marked


@pytest.mark.tensorflow
def test_a_traced_script_computes_what_it_computes_plainly(verifier: Verifier) -> None:
    script = Path(__file__).parent / "scripts" / "features.py"
    text = script.read_text("utf-8")
    plain, traced = verifier.evidence(script, text), verifier.traced(script, text)
    assert plain.end.reason == traced.end.reason == "finished", (plain.end, traced.end)
    assert [(printed.line, printed.text) for printed in traced.prints] == [
        (printed.line, printed.text) for printed in plain.prints
    ]


@pytest.mark.tensorflow
def test_the_page_takes_names_and_sources_as_text(verifier: Verifier, tmp_path: Path) -> None:
    text = (
        "import numpy as np\nimport tensorflow as tf\n\n"
        "w = tf.Variable([1.0])\nlabel = '</code><script>alert(1)</script>'\n"
        "with tf.GradientTape() as tape:\n    y = np.sum(w, axis=len('<script>alert(2)</script>') * 0)\n"
        "print(tape.gradient(y, w))\n"
    )
    explanation = explain(verifier, PROGRAMS[0].with_name("page.py"), text)
    page = tmp_path / "why.html"
    write_page(page, "<img src=x onerror=alert(3)>.py", SourceText.of(text), explanation)
    written = page.read_text("utf-8")
    assert written.count("<script>") == 1
    assert "<img" not in written
    assert "TPF102" in written
    assert "http" not in written.replace("http-equiv", "")


@pytest.mark.tensorflow
def test_an_independent_source_is_said_to_be_one(verifier: Verifier) -> None:
    script = PROGRAMS[0].with_name("unused_head.py")
    explanation = explain(verifier, script, script.read_text("utf-8"))
    (query,) = explanation.queries
    assert query.found == ("w",)
    assert [(account.label, [found.cause for found in account.breaks]) for account in query.missing] == [
        ("head", [Cause.INDEPENDENT])
    ]


@pytest.mark.tensorflow
def test_an_empty_list_of_weights_is_named(verifier: Verifier) -> None:
    text = (
        "import tensorflow as tf\n\nnet = tf.keras.Sequential([tf.keras.layers.Dense(1)])\n"
        "weights = net.trainable_variables\n"
        "with tf.GradientTape() as tape:\n    loss = tf.reduce_sum(net(tf.ones((2, 3))))\n"
        "grads = tape.gradient(loss, weights)\nprint(grads)\n"
    )
    explanation = explain(verifier, PROGRAMS[0], text)
    assert not explanation.answered
    assert explanation.broken
    assert explanation.stop is not None
    assert rule_of(explanation.stop) == "TPF605"
    assert explanation.stop.place is not None
    assert explanation.stop.place.line == 7
