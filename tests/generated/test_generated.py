"""A sample of the generated suite; `python -m tests.generated` judges all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapefix.verify import RunOptions, Verifier
from tests.generated.observing import Observer
from tests.generated.program import Program
from tests.generated.suite import End, broken_programs, judge, programs
from tests.generated.ways import WAYS

SAMPLE = ("linear_regression", "second_derivative", "polynomial_roots", "attention_input")
"""Programs that run fast and can be broken in many ways."""


@pytest.fixture(scope="module")
def observer() -> Iterator[Observer]:
    with Observer() as started:
        yield started


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verifier]:
    folder: Path = tmp_path_factory.mktemp("broken")
    with Verifier(RunOptions(device="cpu"), project=folder) as started:
        yield started


def test_there_is_enough_to_break() -> None:
    found = programs()
    assert len(found) >= 30
    assert len({program.name for program in found}) == len(found)
    broken = [(program, way) for program in found for way in WAYS if next(way.find(program), None)]
    assert len(broken) >= 200
    assert {way.name for _, way in broken} == {way.name for way in WAYS}


def test_a_way_breaks_a_program_the_same_each_time() -> None:
    for program in programs()[::8]:
        again = Program(program.name, program.text)
        for way in WAYS:
            texts = [[one.changed(edits) for edits in way.find(one)] for one in (program, again)]
            assert texts[0] == texts[1]


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", SAMPLE)
def test_nothing_wrong_is_offered(name: str, observer: Observer, verifier: Verifier) -> None:
    judged = [judge(case, verifier, observer) for case in broken_programs(observer, [name])]
    assert len(judged) >= 5
    assert [f"{j.case.id}: {j.detail}" for j in judged if j.end is End.WRONG] == []
    repaired = sum(j.end is End.REPAIRED for j in judged)
    assert repaired >= len(judged) * 0.5, [f"{j.case.id}: {j.end.value}: {j.detail}" for j in judged]
