"""Which walls stand around a run, and what is said when there are none."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapefix.verify import RunOptions, SandboxError, VerdictStatus, Verifier, sandbox
from tests.verify.test_devices import AFTER, BEFORE


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing on the PATH, and nothing remembered of what was there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox.bubblewrap_problem.cache_clear()
    yield
    sandbox.bubblewrap_problem.cache_clear()


@pytest.mark.usefixtures("bare_path")
def test_a_required_sandbox_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with (
        Verifier(RunOptions(sandbox="require"), tmp_path) as verifier,
        pytest.raises(SandboxError, match="bubblewrap"),
    ):
        verifier.judge(tmp_path / "s.py", BEFORE, AFTER)


@pytest.mark.usefixtures("bare_path")
def test_a_run_without_a_sandbox_says_so(tmp_path: Path) -> None:
    with Verifier(RunOptions(device="cpu"), tmp_path) as verifier:
        verdict = verifier.judge(tmp_path / "s.py", BEFORE, AFTER)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.sandbox.startswith("no sandbox")


def test_a_library_module_is_proved_through_the_script_that_uses_it(tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").touch()
    module = package / "losses.py"
    before = textwrap.dedent(
        """\
        import tensorflow as tf


        def gradient(w):
            with tf.GradientTape() as tape:
                loss = tf.square(w.numpy())
            return tape.gradient(loss, w)
        """
    )
    module.write_text("raise SystemExit('the text on disk is not what is run')\n")
    (package / "train.py").write_text(
        "import sys\nimport tensorflow as tf\nfrom .losses import gradient\n"
        "print(gradient(tf.Variable(float(sys.argv[1]))))\n"
    )
    after = before.replace(".numpy()", "")
    with Verifier(RunOptions(run="pkg.train 3.0", device="cpu"), tmp_path) as verifier:
        verdict = verifier.judge(module, before, after)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.changes[0].after.norm == pytest.approx(6.0)
    with Verifier(RunOptions(device="cpu"), tmp_path) as verifier:
        verdict = verifier.judge(module, before, after)
    assert verdict.status is VerdictStatus.NOT_RUN
    assert "--run" in verdict.reason
