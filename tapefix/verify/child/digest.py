"""Values as small JSON: enough to compare two runs, whatever the size of the tensor."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, Optional

import numpy as np

FULL = 256
PROJECTIONS = 6
BLOCK = 1 << 15
_directions: List[Any] = []


def digest(value: Any) -> Dict[str, Any]:
    """Describe a value: its class, dtype and shape, and its numbers or, for a large one, projections of them."""
    if value is None:
        return {"class": "none"}
    if isinstance(value, (bool, int, float, complex)):
        return dict(_numbers(np.asarray(value)), **{"class": "number", "dtype": type(value).__name__})
    if isinstance(value, (np.ndarray, np.generic)):
        kind = "ndarray" if isinstance(value, np.ndarray) else "number"
        return dict(_numbers(np.asarray(value)), **{"class": kind, "dtype": str(value.dtype)})
    if isinstance(value, (list, tuple)):
        return _sequence(value)
    return _tensor(value)


def _sequence(value: Any) -> Dict[str, Any]:
    try:
        array = np.asarray([element.numpy() if hasattr(element, "numpy") else element for element in value])
    # A ragged list, symbolic elements: a structure without a value of its own.
    except Exception:
        return {"class": "other", "type": type(value).__name__}
    if array.dtype == object:
        return {"class": "other", "type": type(value).__name__}
    return dict(_numbers(array), **{"class": "list", "dtype": "list"})


def _tensor(value: Any) -> Dict[str, Any]:
    name = type(value).__name__
    variable = hasattr(value, "assign")
    kind = "variable" if variable else "tensor"
    array = array_of(value)
    if array is not None:
        dtype = str(getattr(getattr(value, "dtype", None), "name", None) or getattr(value, "dtype", array.dtype))
        facts: Dict[str, Any] = dict(_numbers(array), **{"class": kind, "dtype": dtype, "type": name})
        device = getattr(value, "device", None)
        if isinstance(device, str) and device:
            facts["device"] = device.rpartition("/device:")[2]
        if variable:
            facts["name"] = str(getattr(value, "path", None) or getattr(value, "name", ""))
        return facts
    shape = getattr(value, "shape", None)
    if shape is not None and hasattr(value, "dtype"):
        try:
            dims: Optional[List[Optional[int]]] = [None if d is None else int(d) for d in shape]
        except (ValueError, TypeError):
            dims = None
        dtype = getattr(value.dtype, "name", None) or str(value.dtype)
        return {"class": "symbolic", "dtype": str(dtype), "shape": dims, "type": name, "variable": variable}
    return {"class": "other", "type": name}


def array_of(value: Any) -> Any:
    """Return the numbers of a tensor, variable or sparse gradient as an array, or None when it has none yet."""
    try:
        if hasattr(value, "indices") and hasattr(value, "values") and hasattr(value, "dense_shape"):
            import tensorflow as tf

            value = tf.convert_to_tensor(value)
        if hasattr(value, "numpy"):
            array = np.asarray(value.numpy())
            return None if array.dtype == object and array.shape else array
    # Symbolic tensors, tensors of a closed graph: they have no value, which is an answer.
    except Exception:
        return None
    return None


def _numbers(array: Any) -> Dict[str, Any]:
    shape = [int(d) for d in array.shape]
    if array.dtype.kind in "OSUMmV" and str(array.dtype) not in ("bfloat16",) and not _castable(array):
        content = hashlib.sha256(repr(array.tolist()).encode("utf-8", "replace")).hexdigest()
        return {"shape": shape, "hash": content, "finite": True}
    if array.dtype.kind == "c":
        flat = np.concatenate([array.real.ravel(), array.imag.ravel()]).astype(np.float64)
    else:
        flat = array.ravel().astype(np.float64)
    finite = np.isfinite(flat)
    facts: Dict[str, Any] = {"shape": shape, "finite": bool(finite.all())}
    with np.errstate(all="ignore"):
        facts["norm"] = float(np.sqrt(np.sum(np.where(finite, flat, 0.0) ** 2)))
        facts["max"] = float(np.max(np.abs(np.where(finite, flat, 0.0)))) if flat.size else 0.0
    if flat.size <= FULL:
        facts["values"] = [float(number) for number in flat]
    else:
        facts["projections"] = _project(np.where(finite, flat, 0.0))
        facts["sample"] = [float(n) for n in flat[:: max(1, flat.size // 32)][:32]]
    return facts


def _castable(array: Any) -> bool:
    # bfloat16 and the float8 types are of kind "V" to NumPy, yet numbers.
    try:
        array.ravel()[:1].astype(np.float64)
    except (TypeError, ValueError):
        return False
    return bool(array.dtype.kind == "V")


def _project(flat: Any) -> List[float]:
    """Return dot products with fixed directions: two tensors differ about as much as these do."""
    if not _directions:
        _directions.append(np.random.RandomState(7).standard_normal((PROJECTIONS, BLOCK)))
    total = np.zeros(PROJECTIONS)
    for number, start in enumerate(range(0, flat.size, BLOCK)):
        piece = flat[start : start + BLOCK]
        # One block of random numbers serves all; another factor for each block keeps swapped blocks apart.
        total += np.cos(1.0 + number * 0.7310585) * (_directions[0][:, : piece.size] @ piece)
    return [float(number) for number in total]
