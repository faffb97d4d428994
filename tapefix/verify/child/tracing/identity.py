"""What a value is to the trace: its variable's handle, its parts, the name of what was called."""

from __future__ import annotations

import sys
from typing import Any, Iterator, List, Set

import numpy as np

WIDE = 256
"""How many elements of a container are looked at."""


def qualified_name(function: Any) -> str:
    """Return the full name of what was called, as far as it has one: `numpy.mean`, `numpy.ndarray.sum`."""
    receiver = getattr(function, "__self__", None)
    name = str(getattr(function, "__name__", type(function).__name__))
    if receiver is not None and not isinstance(receiver, type(np)):
        owner = receiver if isinstance(receiver, type) else type(receiver)
        return "%s.%s.%s" % (owner.__module__, owner.__qualname__, name)
    if isinstance(function, np.ufunc):
        # SciPy's have no module of their own.
        return "%s.%s" % ("numpy" if getattr(np, name, None) is function else "scipy.special", name)
    module = getattr(function, "__module__", None) or type(function).__module__
    return "%s.%s" % (module, getattr(function, "__qualname__", name))


def variable_handle(value: Any) -> Any:
    """Return the handle by which TensorFlow's operations know a variable, Keras' own included; None for others."""
    inner = getattr(value, "_value", value)
    handle = getattr(inner, "_handle", None)
    return handle if handle is not None and hasattr(handle, "_id") else None


def is_numbers(value: Any) -> bool:
    """Whether a list is what an array is written as: a source of a query may be one."""
    return 0 < len(value) <= WIDE and all(type(element) in (int, float) for element in value)


def leaves(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield a value, and what is in it where it is a container."""
    yield value
    if depth < 2:
        if type(value) in (list, tuple):
            for element in value[:WIDE]:
                yield from leaves(element, depth + 1)
        elif type(value) is dict:
            for element in list(value.values())[:WIDE]:
                yield from leaves(element, depth + 1)


def variables_behind(operands: List[Any], result: Any, tensor: Any) -> List[Any]:
    """Return the variables of a model whose method gives arrays back: they were made with them."""
    if isinstance(result, tensor) or not operands:
        return []
    receiver = operands[-1]
    variables = getattr(receiver, "variables", None) if hasattr(receiver, "trainable_variables") else None
    return list(variables)[:WIDE] if isinstance(variables, (list, tuple)) else []


def has_parts(value: Any) -> bool:
    """Whether a value is an object with parts of its own, which are followed one by one."""
    return hasattr(value, "trainable_variables") or hasattr(value, "_flatten_layers") or callable(value)


def module_is_among(name: str, files: Set[str]) -> bool:
    """Whether a module was read from one of these files."""
    return getattr(sys.modules.get(name), "__file__", None) in files
