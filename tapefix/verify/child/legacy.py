"""What asked for gradients before there were tapes: noted where it raises because nothing was recorded."""

from __future__ import annotations

import functools
import importlib
from typing import Any, Callable, Optional, Tuple

Refused = Callable[[Any, Any, Any, BaseException], None]
Asked = Optional[Tuple[Any, Any, Any]]
"""Target, sources and weights."""


def install_legacy(refused: Refused) -> None:
    """Report each `tf.gradients` and `compute_gradients` that eager execution refuses."""
    _watch("tensorflow.python.ops.gradients_util", "", "_GradientsHelper", _of_gradients, refused)
    _watch("tensorflow.python.training.optimizer", "Optimizer", "compute_gradients", _of_optimizer, refused)


def _watch(module: str, owner: str, name: str, asked: Callable[..., Asked], refused: Refused) -> None:
    try:
        holder: Any = importlib.import_module(module)
        holder = getattr(holder, owner) if owner else holder
        plain = getattr(holder, name)
    except (ImportError, AttributeError):
        # A TensorFlow without it has nothing to refuse there.
        return
    import tensorflow as tf

    @functools.wraps(plain)
    def watched(*args: Any, **kwargs: Any) -> Any:
        try:
            return plain(*args, **kwargs)
        except RuntimeError as error:
            found = asked(*args, **kwargs)
            if found is not None and tf.executing_eagerly() and _have_values(tf.nest.flatten(found[:2])):
                refused(found[0], found[1], found[2], error)
            raise

    setattr(holder, name, tf.autograph.experimental.do_not_convert(watched))


def _have_values(parts: Any) -> bool:
    """Whether all that was asked about has a value, as the tensors of a model that is still to be called do not."""
    return all(hasattr(part, "numpy") or not hasattr(part, "dtype") for part in parts)


def _of_gradients(ys: Any, xs: Any, grad_ys: Any = None, *_: Any, **__: Any) -> Asked:
    return ys, xs, grad_ys


def _of_optimizer(_: Any, loss: Any, var_list: Any = None, *__: Any, grad_loss: Any = None, **___: Any) -> Asked:
    return None if callable(loss) or var_list is None else (loss, var_list, grad_loss)
