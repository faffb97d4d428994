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


@pytest.mark.parametrize("where", ["MPLCONFIGDIR", "XDG_CACHE_HOME", "HOME"])
def test_the_users_list_of_fonts_is_there_for_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    for name in ("MPLCONFIGDIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(where, str(tmp_path / "own"))
    below = {"MPLCONFIGDIR": "", "XDG_CACHE_HOME": "matplotlib", "HOME": ".cache/matplotlib"}
    folder = tmp_path / "own" / below[where]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    sandbox.share_fonts(scratch)
    assert list(scratch.iterdir()) == []
    folder.mkdir(parents=True)
    (folder / "fontlist-v390.json").write_text("{}")
    (folder / "matplotlibrc").write_text("backend: agg")
    sandbox.share_fonts(scratch)
    assert [path.name for path in scratch.iterdir()] == ["fontlist-v390.json"]
    assert sandbox.environment("cpu", scratch, onednn=False)["MPLCONFIGDIR"] == str(scratch)


def test_a_list_of_fonts_that_cannot_be_read_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "fontlist-v1.json").mkdir()
    (tmp_path / "fontlist-v2.json").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    sandbox.share_fonts(tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_run_sees_the_list_of_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "fontlist-v1.json").write_text("known")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "fonts"))
    seen = "import os, pathlib\nprint(pathlib.Path(os.environ['MPLCONFIGDIR'], 'fontlist-v1.json').read_text())\n"
    (tmp_path / "project").mkdir()
    with Verifier(RunOptions(device="cpu"), tmp_path / "project") as verifier:
        evidence = verifier.evidence(tmp_path / "project" / "s.py", seen + BEFORE)
    assert "known" in "".join(printed.text for printed in evidence.prints)
