"""Numbers that leave TensorFlow on the way from a source to a target, and come back as constants."""

from __future__ import annotations

from collections.abc import Callable

from tapefix.verify.closeness import has_value
from tapefix.verify.differences import cut_before
from tapefix.verify.evidence import Evidence, Pair


def leaving(before: Pair | None, pair: Pair, known: Callable[[int | None, bool], bool]) -> dict[int, int | None]:
    """Return the conversions, number and line, of tensors that depend on the source of a repaired gradient.

    Those on lines that are `known`, which stood in the text before just so, are left out.
    """
    if pair.query.occurrence != 0:
        return {}
    if before is not None and not cut_before(before):
        return {}
    left = pair.answer.get("check", {}).get("left", ())
    return {int(number): line for number, line, earlier in left if not known(line, earlier)}


def leak_problem(pair: Pair, numbers: dict[int, int | None], disturbed: Evidence) -> str:
    """Say where the path still leaves TensorFlow, if the target moved when the numbers on the way were disturbed."""
    for query in disturbed.queries:
        if query.key != pair.query.key or query.occurrence != pair.query.occurrence:
            continue
        for old, new in zip(pair.query.targets, query.targets, strict=False):
            if has_value(old) and has_value(new) and _moved(old, new):
                where = ", ".join(f"line {line}" for line in sorted({line for line in numbers.values() if line}))
                name = pair.label
                return f"a part of the path from {name} still leaves TensorFlow ({where}), so its gradient lacks it"
    return ""


def _moved(old: dict[str, object], new: dict[str, object]) -> bool:
    """Whether two targets of equal programs differ at all: both runs are deterministic."""
    return any(old.get(name) != new.get(name) for name in ("values", "projections", "shape"))
