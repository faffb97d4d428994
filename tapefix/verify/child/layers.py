"""`tf.layers` as TensorFlow 1 had it, for a TensorFlow whose Keras has it no more."""

from __future__ import annotations

import functools
import types
from typing import Any, Callable, Optional, Sequence, Union

Size = Union[int, Sequence[int]]


def stand_in(used: Callable[[str], None]) -> None:
    """Put functions in the place of `tf.layers` where Keras is one without it; `used` is told what is called."""
    import tensorflow as tf
    import tensorflow.compat.v1 as v1

    if int(tf.keras.__version__.partition(".")[0]) < 3:
        return
    layers: Any = types.ModuleType("layers")
    for function in (dense, conv1d, conv2d, max_pooling2d, average_pooling2d, flatten):
        setattr(layers, function.__name__, _noted(function, used))
    # The module that is imported by this name is another than `tf.compat.v1` before it is.
    for home in (v1, v1.compat.v1):
        home.layers = layers


def _noted(function: Callable[..., Any], used: Callable[[str], None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        used(f"layers.{function.__name__}")
        return function(*args, **kwargs)

    return called


def dense(
    inputs: Any,
    units: int,
    activation: Optional[Callable[[Any], Any]] = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = None,
    name: Optional[str] = None,
) -> Any:
    """Multiply by a kernel, and add a bias."""
    import tensorflow as tf

    inputs = tf.convert_to_tensor(inputs)
    with tf.compat.v1.variable_scope(name, default_name="dense"):
        kernel = _variable("kernel", [inputs.shape[-1], units], inputs, kernel_initializer)
        flat = len(inputs.shape) == 2
        outputs = tf.matmul(inputs, kernel) if flat else tf.tensordot(inputs, kernel, [[len(inputs.shape) - 1], [0]])
        return _finished(outputs, units, activation, use_bias, bias_initializer)


def conv1d(inputs: Any, filters: int, kernel_size: Size, *args: Any, **kwargs: Any) -> Any:
    """Convolve along one dimension."""
    return _convolution("conv1d", 1, inputs, filters, kernel_size, *args, **kwargs)


def conv2d(inputs: Any, filters: int, kernel_size: Size, *args: Any, **kwargs: Any) -> Any:
    """Convolve along two dimensions."""
    return _convolution("conv2d", 2, inputs, filters, kernel_size, *args, **kwargs)


def _convolution(
    kind: str,
    rank: int,
    inputs: Any,
    filters: int,
    kernel_size: Size,
    strides: Size = 1,
    padding: str = "valid",
    activation: Optional[Callable[[Any], Any]] = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = None,
    name: Optional[str] = None,
) -> Any:
    import tensorflow as tf

    inputs = tf.convert_to_tensor(inputs)
    with tf.compat.v1.variable_scope(name, default_name=kind):
        shape = [*_sizes(kernel_size, rank), inputs.shape[-1], filters]
        kernel = _variable("kernel", shape, inputs, kernel_initializer)
        outputs = tf.nn.convolution(inputs, kernel, strides=_sizes(strides, rank), padding=padding.upper())
        return _finished(outputs, filters, activation, use_bias, bias_initializer)


def max_pooling2d(
    inputs: Any, pool_size: Size, strides: Size, padding: str = "valid", name: Optional[str] = None
) -> Any:
    """Take the greatest of each patch."""
    import tensorflow as tf

    size, step = _sizes(pool_size, 2), _sizes(strides, 2)
    return tf.nn.max_pool2d(inputs, size, step, padding=padding.upper(), name=name)


def average_pooling2d(
    inputs: Any, pool_size: Size, strides: Size, padding: str = "valid", name: Optional[str] = None
) -> Any:
    """Take the mean of each patch."""
    import tensorflow as tf

    size, step = _sizes(pool_size, 2), _sizes(strides, 2)
    return tf.nn.avg_pool2d(inputs, size, step, padding=padding.upper(), name=name)


def flatten(inputs: Any, name: Optional[str] = None) -> Any:
    """Make one dimension of all but the first."""
    import tensorflow as tf

    inputs = tf.convert_to_tensor(inputs)
    size = inputs.shape[1:].num_elements()
    shape = [tf.shape(inputs)[0], -1] if size is None else [-1, size]
    return tf.reshape(inputs, shape, name=name)


def _variable(name: str, shape: Sequence[Any], inputs: Any, initializer: Any) -> Any:
    import tensorflow as tf

    return tf.compat.v1.get_variable(name, shape, dtype=inputs.dtype, initializer=initializer)


def _finished(
    outputs: Any, units: int, activation: Optional[Callable[[Any], Any]], use_bias: bool, initializer: Any
) -> Any:
    import tensorflow as tf

    if use_bias:
        zeros = tf.compat.v1.zeros_initializer()
        outputs = tf.nn.bias_add(outputs, _variable("bias", [units], outputs, initializer or zeros))
    return outputs if activation is None else activation(outputs)


def _sizes(size: Size, rank: int) -> Sequence[int]:
    return [size] * rank if isinstance(size, int) else [int(part) for part in size]
