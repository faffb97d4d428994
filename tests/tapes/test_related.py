"""The tape, the source and the query of a finding; a check that is given up."""

from __future__ import annotations

import pytest

from tapefix.engine import check, repair
from tapefix.registry import load_rules
from tapefix.tapes.execution.state import StoppedError
from tests.cli.running import BROKEN

TWO_PASSES = BROKEN.replace("print(", "\n\nprint(") + "print(tape.gradient(loss, x))\n"


def lines_of(text: str, wanted: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), start=1) if wanted in line]


def test_each_finding_names_them() -> None:
    (finding,) = check(BROKEN, load_rules())
    assert [(place.message, place.range.line) for place in finding.related] == [
        ("the tape: `tf.GradientTape()`", 4),
        ("the source `x` comes from here", 3),
        ("the query: d loss / d x", 7),
    ]


def test_their_lines_are_those_before_all_rewrites() -> None:
    for finding in repair(TWO_PASSES, load_rules()).applied:
        tapes = [place.range.line for place in finding.related if place.message.startswith("the tape")]
        assert tapes in ([], lines_of(TWO_PASSES, "GradientTape"))


def test_a_check_is_given_up_as_soon_as_nobody_waits() -> None:
    rules = load_rules()
    with pytest.raises(StoppedError):
        check(BROKEN, rules, stop=lambda: True)
    with pytest.raises(StoppedError):
        repair(BROKEN, rules, stop=lambda: True)
    asked = []
    long = BROKEN + "".join(f"\n\ndef step_{n}(a, b):\n    return a * b + {n}\n" for n in range(400))
    assert [each.code for each in check(long, rules, stop=lambda: asked.append(1) is not None)] == ["TPF101"]
    # In the execution as well as between the rules.
    assert len(asked) > len(rules)
