"""What comes into the region of a tape, and what had better stay outside."""

from __future__ import annotations

import textwrap

import pytest

from tapefix import engine, registry


def repaired(text: str) -> tuple[str, list[str]]:
    """The text after all repairs, and the reasons of the findings that are left."""
    result = engine.repair(textwrap.dedent(text).lstrip("\n"), registry.load_rules())
    return result.text, [finding.reason for finding in result.remaining]


HEAD = "import tensorflow as tf\nw = tf.Variable([1.0, 2.0])\n"

NEEDED = {
    "behind the branch": (
        """\
def step(training):
    out = w * 3.0
    if training:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(out)
        return tape.gradient(loss, w)
    return out


step(True)
step(False)
""",
        "line 9 needs `out` as well",
    ),
    "in the test": (
        """\
out = w * 3.0
if tf.reduce_all(tf.math.is_finite(out)):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(out)
    print(tape.gradient(loss, w))
""",
        "line 4 needs `out` as well",
    ),
    "in the other branch": (
        """\
out = w * 3.0
if len(out) > 1:
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(out)
    print(tape.gradient(loss, w))
else:
    print(out)
""",
        "needs `out` as well",
    ),
}


@pytest.mark.parametrize("case", NEEDED)
def test_what_is_needed_outside_a_branch_does_not_move_into_it(case: str) -> None:
    body, reason = NEEDED[case]
    text, reasons = repaired(HEAD + body)
    assert text == HEAD + body
    assert len(reasons) == 1
    assert reason in reasons[0]


def test_what_is_needed_behind_a_loop_may_move_into_it() -> None:
    body = """\
base = tf.sin(w)
for i in range(3):
    with tf.GradientTape() as tape:
        loss = base * float(i + 1)
    print(tape.gradient(loss, w))
print(base)
"""
    text, reasons = repaired(HEAD + body)
    assert not reasons
    assert "    with tf.GradientTape() as tape:\n        base = tf.sin(w)\n        loss" in text
