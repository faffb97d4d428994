"""Placement: named devices, those that are missing, and the ones that a run used."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import pytest

from tapefix.verify import DeviceError, RunOptions, VerdictStatus, Verifier

pytestmark = pytest.mark.tensorflow

BEFORE = """
import tensorflow as tf
x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
with tf.GradientTape() as tape:
    y = tf.reduce_sum(tf.matmul(x, x))
g = tape.gradient(y, x)
"""
AFTER = BEFORE.replace("    y =", "    tape.watch(x)\n    y =")


def test_run_is_placed_on_a_logical_device(tmp_path: Path) -> None:
    with Verifier(RunOptions(device="cpu:1", sandbox="off"), tmp_path) as verifier:
        verdict = verifier.judge(tmp_path / "s.py", BEFORE, AFTER)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.device == "CPU:1"


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a GPU here")
def test_missing_gpu_is_an_error_that_says_what_there_is(tmp_path: Path) -> None:
    with Verifier(RunOptions(device="gpu:1", sandbox="off"), tmp_path) as verifier:
        with pytest.raises(DeviceError, match="device gpu:1 was asked for, but TensorFlow found only CPU:0"):
            verifier.judge(tmp_path / "s.py", BEFORE, AFTER)
        with pytest.raises(DeviceError):
            verifier.evidence(tmp_path / "s.py", BEFORE)


@pytest.mark.gpu
@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="needs a GPU")
def test_sample_runs_on_the_gpu(tmp_path: Path) -> None:
    for sandbox in ("auto", "off"):
        with Verifier(RunOptions(device="gpu", sandbox=sandbox), tmp_path) as verifier:
            verdict = verifier.judge(tmp_path / "s.py", BEFORE, AFTER)
        assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
        assert verdict.device.startswith("GPU:0")


@pytest.mark.parametrize("device", ["tpu", "gpu:x", "cuda:0", ""])
def test_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(ValueError, match="device must be"):
        RunOptions(device=device)


def test_channels_first_run_on_a_processor(tmp_path: Path) -> None:
    before = textwrap.dedent(
        """\
        import tensorflow as tf

        images = tf.random.normal([2, 3, 8, 8])
        kernel = tf.Variable(tf.random.normal([3, 3, 3, 4]))
        with tf.GradientTape() as tape:
            maps = tf.nn.conv2d(images, kernel, 1, "SAME", data_format="NCHW")
            loss = tf.reduce_mean(maps.numpy() ** 2)
        print(tape.gradient(loss, kernel))
        """
    )
    with Verifier(RunOptions(device="cpu"), tmp_path) as verifier:
        verdict = verifier.judge(tmp_path / "maps.py", before, before.replace(".numpy()", ""))
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
