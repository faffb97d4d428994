"""What the expressions of the script evaluated to: for a reader of the text who cannot know it."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set

import numpy as np

from .provenance import FORM_CALLS
from .trace import Trace
from .walk import BLIND, floating

MOST = 20_000
LONGEST = 300
"""Characters of an expression whose value is told."""
MOST_VISITED = 5000


def observations(trace: Trace, path: str, text_of: Any) -> List[Dict[str, Any]]:
    """Return what the places of the file at `path` evaluated to; `text_of` gives the text of a place."""
    rows: List[Dict[str, Any]] = []
    for number, value in list(trace.seen.items()):
        place = trace.places[number]
        if place.path != path or number in trace.mixed or len(rows) >= MOST:
            continue
        facts = _facts(trace, value)
        text = text_of(place)
        if facts is None or not text or len(text) > LONGEST:
            continue
        start = trace.started.get(number)
        if start is not None and facts["what"] == "tensor":
            facts["passes"] = _passes(trace, number, value, start)
        rows.append(dict(facts, line=place.line, text=text))
    return rows


def _facts(trace: Trace, value: Any) -> Optional[Dict[str, Any]]:
    what = _what(trace, value)
    if what is None:
        return None
    facts: Dict[str, Any] = {"what": what}
    sample = value[0] if what == "variables" else value
    dtype = getattr(sample, "dtype", None)
    if what in ("tensor", "variable", "variables", "array", "number"):
        name = str(getattr(dtype, "name", dtype)) if dtype is not None else type(sample).__name__
        facts["dtype"] = name if dtype is not None else ""
        facts["family"] = _family(name)
    if what in ("tensor", "array", "variable"):
        shape = getattr(value, "shape", None)
        facts["rank"] = len(shape) if shape is not None else None
    if what == "variable":
        facts["trainable"] = bool(getattr(value, "trainable", True))
    if what == "variables":
        facts["trainable"] = all(bool(getattr(variable, "trainable", True)) for variable in value)
    return facts


def _what(trace: Trace, value: Any) -> Optional[str]:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (np.ndarray, np.generic)):
        return "array"
    if isinstance(value, (int, float, complex)):
        return "number"
    if isinstance(value, str):
        return "string"
    if trace.is_tensor(value):
        return "variable" if hasattr(value, "assign") else "tensor"
    if isinstance(value, (list, tuple)):
        every = bool(value) and all(trace.is_tensor(part) and hasattr(part, "assign") for part in value)
        return "variables" if every else None
    return _role(value)


def _role(value: Any) -> Optional[str]:
    import sys

    keras: Any = sys.modules.get("keras")
    tf: Any = sys.modules.get("tensorflow")
    roles = [
        ("model", getattr(keras, "Model", None)),
        ("layer", getattr(getattr(keras, "layers", None), "Layer", None)),
        ("loss", getattr(getattr(keras, "losses", None), "Loss", None)),
        ("metric", getattr(getattr(keras, "metrics", None), "Metric", None)),
        ("optimizer", getattr(getattr(keras, "optimizers", None), "Optimizer", None)),
        ("symbolic", getattr(keras, "KerasTensor", None)),
        ("dataset", getattr(getattr(tf, "data", None), "Dataset", None)),
    ]
    for role, kind in roles:
        if isinstance(kind, type) and isinstance(value, kind):
            return role
    return None


def _family(name: str) -> str:
    if name.startswith(("float", "bfloat", "half", "double")):
        return "f"
    if name.startswith(("int", "uint")):
        return "i"
    if name.startswith("complex"):
        return "c"
    return "b" if name.startswith("bool") else ""


def _passes(trace: Trace, place: int, result: Any, start: int) -> bool:
    """Whether every floating tensor that a call was given, and that its result depends on, can be followed to it."""
    given = {key for key in trace.given.get(place, ()) if _is_floating(trace, key)}
    key = trace.key(result)
    if key is None:
        return False
    clean, dirty = _origins(trace, key, start, given, clean_only=True), _origins(trace, key, start, given, False)
    return clean == dirty


def _origins(trace: Trace, target: int, start: int, given: Set[int], clean_only: bool) -> Set[int]:
    """Return which of `given` lead to the target; only by ways that a tape can follow, if so wished."""
    found: Set[int] = set()
    seen: Set[int] = set()
    queue = [target]
    while queue and len(seen) < MOST_VISITED:
        key = queue.pop()
        if key in seen:
            continue
        seen.add(key)
        if key in given:
            found.add(key)
            continue
        number = trace.made_at.get(key)
        if number is not None and number >= start:
            ops = trace.log.span(number, number + 1)
            op = ops[0] if ops else None
            if op is None or op.kind in FORM_CALLS or (clean_only and op.kind in BLIND):
                continue
            if clean_only and not any(floating(output) for output in op.outputs):
                continue
            queue.extend(int(tensor._id) * 2 + 1 for tensor in op.inputs)
            continue
        node = trace.nodes.get(key)
        for edge in node.edges if node is not None else ():
            if not clean_only and edge.at >= start:
                queue.extend(edge.inputs)
    return found


def _is_floating(trace: Trace, key: int) -> bool:
    value = trace.value_of(key)
    return value is not None and trace.is_tensor(value) and floating(value)
