"""Making a run repeatable: seeds, determinism, precision, and the device that it may use."""

from __future__ import annotations

import itertools
import os
import random
from typing import Any, Dict, List

SEED = 20


class NoDevice(Exception):
    """The device that was asked for is not there; the argument says what is."""


def place(wanted: str) -> str:
    """Restrict TensorFlow to the wanted device, and return the device to run under (or nothing)."""
    import tensorflow as tf

    kind, _, number = wanted.partition(":")
    gpus = [] if kind == "cpu" else tf.config.list_physical_devices("GPU")
    if kind == "cpu":
        tf.config.set_visible_devices([], "GPU")
        if number:
            # Logical devices of one processor: how placement is exercised where there is no second device.
            cpu = tf.config.list_physical_devices("CPU")[0]
            logical = [tf.config.LogicalDeviceConfiguration() for _ in range(int(number) + 1)]
            tf.config.set_logical_device_configuration(cpu, logical)
            return "/CPU:%d" % int(number)
        return ""
    if kind == "gpu":
        index = int(number or 0)
        if index >= len(gpus):
            found = ", ".join(
                device.name.replace("/physical_device:", "") for device in tf.config.list_physical_devices()
            )
            raise NoDevice(found)
        tf.config.set_visible_devices(gpus[index], "GPU")
        gpus = [gpus[index]]
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    return ""


def describe_devices() -> List[str]:
    """Name the devices that TensorFlow may use, GPUs with their model."""
    import tensorflow as tf

    names = []
    for device in tf.config.get_visible_devices():
        name = device.name.replace("/physical_device:", "")
        if device.device_type == "GPU":
            model = tf.config.experimental.get_device_details(device).get("device_name", "")
            name += " (%s)" % model if model else ""
        names.append(name)
    return names


def repeatable(request: Dict[str, Any]) -> None:
    """Set every seed, ask for deterministic kernels and full precision."""
    import numpy as np
    import tensorflow as tf

    random.seed(SEED)
    np.random.seed(SEED)
    tf.random.set_seed(SEED)
    _seed_unseeded_generators(np)
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if request["deterministic"]:
        tf.config.experimental.enable_op_determinism()
    if request["eager"]:
        tf.config.run_functions_eagerly(True)
        tf.data.experimental.enable_debug_mode()
    if request["rebinding"]:
        _let_operators_rebind()


def _let_operators_rebind() -> None:
    """Take away the methods that raise for `v -= x`: Python then makes `v = v - x` of it."""
    from tensorflow.python.ops import resource_variable_ops

    for owner in resource_variable_ops.BaseResourceVariable.__mro__:
        for name in ("__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__", "__irealdiv__"):
            if name in vars(owner):
                delattr(owner, name)


def _seed_unseeded_generators(np: Any) -> None:
    """Give `np.random.default_rng()` and `RandomState()` without a seed the same entropy in every run."""
    source: Any = getattr(np.random, "bit_generator", None)
    if hasattr(source, "randbits"):
        counter = itertools.count(SEED)
        source.randbits = lambda bits: random.Random(next(counter)).getrandbits(bits)


def environment(request: Dict[str, Any], private: str) -> None:
    """Give the run its own temporary folder and no window."""
    import tempfile

    temporary = os.path.join(private, "tmp")
    os.makedirs(temporary, exist_ok=True)
    for name in ("TMPDIR", "TEMP", "TMP"):
        os.environ[name] = temporary
    tempfile.tempdir = temporary
    os.environ["MPLBACKEND"] = "Agg"
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        os.environ.pop(name, None)
