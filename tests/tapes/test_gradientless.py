"""The table of operations without a gradient, asked of the TensorFlow that is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tapefix.tapes.execution.stopping import GRADIENTLESS, RESIZE, RESIZE_AREA, stop_reason

pytestmark = pytest.mark.tensorflow

SCRIPT = Path(__file__).with_name("gradientless_samples.py")
TABLE = {**GRADIENTLESS, RESIZE: RESIZE_AREA}
OTHERWISE = {"tensorflow.math.angle", "tensorflow.math.betainc"}
"""The angle of the samples is a constant; what `betainc` integrates to, which is its third argument, has a gradient."""


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_function_executes_an_operation_without_a_gradient(name: str, measured: dict[str, Any]) -> None:
    facts = measured["functions"][name]
    assert TABLE[name] in facts["gradientless"], facts["executed"]
    assert "gradient" not in facts["answers"]


def test_functions_that_never_give_a_gradient_are_known(measured: dict[str, Any]) -> None:
    assert {name for name in measured["never"] if not stop_reason(name)} <= OTHERWISE
