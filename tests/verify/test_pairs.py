"""The verifier can fail: every wrong rewrite of `pairs/` is rejected, every right one is verified."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tapefix.verify import RunOptions, VerdictStatus, Verifier

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIRS = Path(__file__).parent / "pairs"

pytestmark = pytest.mark.tensorflow


@dataclass(frozen=True)
class Pair:
    """One script before and after a rewrite, and what is known of that rewrite."""

    folder: Path
    why: str
    expect: tuple[str, ...]

    @property
    def script(self) -> Path:
        return self.folder / "before.py"

    def texts(self) -> tuple[str, str]:
        return self.script.read_text("utf-8"), (self.folder / "after.py").read_text("utf-8")


def read_pairs(kind: str) -> list[Pair]:
    pairs = []
    for description in sorted((PAIRS / kind).glob("*/case.toml")):
        data = tomllib.loads(description.read_text("utf-8"))
        pairs.append(Pair(description.parent, data["why"], tuple(data.get("expect", ()))))
    return pairs


WRONG = read_pairs("wrong")
RIGHT = read_pairs("right")


def name(pair: Pair) -> str:
    return pair.folder.name


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier(RunOptions(), project=PAIRS) as warm:
        yield warm


@pytest.mark.parametrize("pair", WRONG, ids=name)
def test_wrong_rewrite_is_rejected(verifier: Verifier, pair: Pair) -> None:
    verdict = verifier.judge(pair.script, *pair.texts())
    assert verdict.status is VerdictStatus.REJECTED, f"{pair.why} Yet: {verdict.status.value}: {verdict.reason}"
    reason = verdict.reason.lower()
    assert any(word.lower() in reason for word in pair.expect), f"{pair.why} The reason given: {verdict.reason}"


@pytest.mark.parametrize("pair", RIGHT, ids=name)
def test_right_rewrite_is_verified(verifier: Verifier, pair: Pair) -> None:
    verdict = verifier.judge(pair.script, *pair.texts())
    assert verdict.status is VerdictStatus.VERIFIED, f"{pair.why} Yet: {verdict.status.value}: {verdict.reason}"


def test_the_set_is_large_enough() -> None:
    assert len(WRONG) >= 30
    assert len(RIGHT) >= 30


@pytest.mark.parametrize("pair", WRONG + RIGHT, ids=name)
def test_pair_is_well_formed(pair: Pair) -> None:
    before, after = pair.texts()
    assert before != after
    compile(before, str(pair.script), "exec")
    compile(after, str(pair.folder / "after.py"), "exec")
    assert pair.why.endswith(".")
    assert bool(pair.expect) == (pair.folder.parent.name == "wrong")
