"""One warm server for the tests of a session: importing TensorFlow is what takes the time."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tapefix.allowance import Allowed
from tapefix.verify import RunOptions, Verdict, Verifier

Judge = Callable[..., Verdict]


@pytest.fixture(scope="session")
def verify_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="session")
def warm(verify_project: Path) -> Iterator[Verifier]:
    """The verifier as users have it: sandboxed where that works."""
    with Verifier(RunOptions(timeout=30), verify_project) as verifier:
        yield verifier


@pytest.fixture(scope="session")
def strict(verify_project: Path) -> Iterator[Verifier]:
    """A verifier with narrow limits and without a sandbox."""
    options = RunOptions(timeout=4, memory_mb=900, processes=12, output_bytes=200_000, sandbox="off", device="cpu")
    with Verifier(options, verify_project) as verifier:
        yield verifier


def dedent(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


@pytest.fixture
def judge(warm: Verifier, verify_project: Path) -> Judge:
    """Judge two texts of a script that does not have to exist."""

    def run(
        before: str,
        after: str,
        *,
        claims: frozenset[int] | None = None,
        keeps: frozenset[int] = frozenset(),
        allowed: Allowed | None = None,
        name: str = "script.py",
    ) -> Verdict:
        texts = (dedent(before), dedent(after))
        return warm.judge(verify_project / name, *texts, claims=claims, keeps=keeps, allowed=allowed)

    return run
