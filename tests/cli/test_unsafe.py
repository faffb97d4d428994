"""Unsafe rewrites from the outside: shown with their reason, counted, and granted by hand to `tapefix verify`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tapefix.report.data import SCHEMA_FILE
from tests.cli.running import tapefix

ROUNDED = """import tensorflow as tf
x = tf.Variable([0.3, 1.6])
with tf.GradientTape() as tape:
    y = tf.reduce_sum(tf.round(x))
g = tape.gradient(y, x)
"""
ESTIMATED = ROUNDED.replace("tf.round(x)", "x + tf.stop_gradient(tf.round(x) - x)")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(ROUNDED, encoding="utf-8")
    (tmp_path / "b.py").write_text(ESTIMATED, encoding="utf-8")
    return path


def test_an_unsafe_rewrite_waits_and_says_why(file: Path) -> None:
    done = tapefix("fix", "a.py", "--no-verify", cwd=file.parent)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "only with --unsafe: the gradient of a straight-through estimator is not the derivative" in done.stderr
    assert "1 finding left, 1 waits for --unsafe." in done.stderr


def test_it_is_applied_when_asked_for(file: Path) -> None:
    done = tapefix("fix", "a.py", "--no-verify", "--unsafe", "--write", cwd=file.parent)
    assert done.returncode == 0, done.stderr
    assert file.read_text(encoding="utf-8") == ESTIMATED


def test_what_it_declares_is_in_the_report(file: Path) -> None:
    done = tapefix("check", "a.py", "--output-format", "json", cwd=file.parent)
    report = json.loads(done.stdout)
    jsonschema.validate(report, json.loads(SCHEMA_FILE.read_text("utf-8")))
    (finding,) = report["files"][0]["findings"]
    assert (finding["code"], finding["applicability"]) == ("TPF502", "unsafe")
    assert finding["rewrite"]["allows"] == ["straight-through"]


@pytest.mark.tensorflow
def test_verify_allows_what_is_granted(file: Path) -> None:
    command = ("verify", "a.py", "b.py", "--device", "cpu")
    strict = tapefix(*command, cwd=file.parent)
    assert strict.returncode == 1
    assert "rejected" in strict.stdout
    granted = tapefix(*command, "--allow", "straight-through", "--output-format", "json", cwd=file.parent)
    assert granted.returncode == 0, granted.stdout
    report = json.loads(granted.stdout)
    jsonschema.validate(report, json.loads(SCHEMA_FILE.read_text("utf-8")))
    assert report["verdict"]["status"] == "verified"
    (allowed,) = report["verdict"]["allowed"]
    assert "straight-through" in allowed
