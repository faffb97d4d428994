"""Whether two values of two runs are the same, within what the device and the dtype allow."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from tapefix.verify.evidence import Value

LOW = ("float16", "bfloat16", "half")
DOUBLE = ("float64", "complex128", "float", "complex", "list")
RANK = {"bfloat16": 0, "float16": 0, "half": 0, "float32": 1, "complex64": 1, "float64": 2, "complex128": 2}


def tolerance(*dtypes: str | None) -> float:
    """Return the relative tolerance for values of these dtypes: that of the coarsest."""
    if any(dtype in LOW for dtype in dtypes):
        return 2e-2
    if all(dtype in DOUBLE for dtype in dtypes):
        return 1e-8
    return 1e-4


def has_value(value: Value) -> bool:
    """Whether the numbers of a value are known."""
    return "values" in value or "projections" in value or "hash" in value


def same_value(one: Value, other: Value, *, slack: float = 1.0) -> bool | None:
    """Whether two values are equal in shape and, within tolerance, in numbers; None when that cannot be known."""
    if not has_value(one) or not has_value(other):
        shape, other_shape = one.get("shape"), other.get("shape")
        if shape is not None and other_shape is not None and not _shapes_agree(shape, other_shape):
            return False
        return None
    if list(one["shape"]) != list(other["shape"]):
        return False
    if "hash" in one or "hash" in other:
        return one.get("hash") == other.get("hash")
    relative = slack * tolerance(one.get("dtype"), other.get("dtype"))
    if "values" in one and "values" in other:
        return _close(one["values"], other["values"], relative)
    if "projections" in one and "projections" in other:
        if one["finite"] != other["finite"]:
            return False
        norm = max(one["norm"], other["norm"])
        apart = [abs(a - b) for a, b in zip(one["projections"], other["projections"], strict=True)]
        mean = math.sqrt(sum(gap * gap for gap in apart) / len(apart))
        return mean <= relative * norm + 1e-9 and _close(one["sample"], other["sample"], relative * 10)
    return False


def _shapes_agree(one: list[int | None], other: list[int | None]) -> bool:
    return len(one) == len(other) and all(a is None or b is None or a == b for a, b in zip(one, other, strict=True))


def _close(one: list[float], other: list[float], relative: float) -> bool:
    finite = [abs(number) for number in (*one, *other) if math.isfinite(number)]
    # A sum's rounding is relative to what was summed, which the largest entry stands for.
    size = max(finite, default=0.0)
    least = relative * 0.01
    for a, b in zip(one, other, strict=True):
        if math.isnan(a) or math.isnan(b):
            if math.isnan(a) != math.isnan(b):
                return False
        elif math.isinf(a) or math.isinf(b):
            if a != b:
                return False
        elif abs(a - b) > relative * max(abs(a), abs(b), 0.05 * size) + least * min(1.0, size + 1e-2):
            return False
    return True


def narrowed(before: Value, after: Value) -> bool:
    """Whether a tensor lost precision on the way: double before, single after."""
    if before.get("class") not in ("tensor", "variable", "symbolic"):
        return False
    one, other = RANK.get(before.get("dtype", "")), RANK.get(after.get("dtype", ""))
    return one is not None and other is not None and other < one


TENSOR = re.compile(
    r"<tf\.(?:Tensor|Variable)[^<>]*?numpy=(.*?)>|tf\.Tensor\((.*?), shape=\([^)]*\), dtype=\w+\)", re.S
)
WRAPPER = re.compile(
    r"\b(?:np|numpy)\.(?:float|int|bool|str|uint)\w*\(([^()]*)\)|\barray\((.*?)(?:, dtype=\w+)?\)", re.S
)
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\b(?:nan|inf)\b")


Moved = Sequence[tuple[Value, Value]]


def same_text(one: str, other: str, moved: Moved = ()) -> bool:
    """Whether two printed texts say the same: equal words, and numbers equal within tolerance.

    `moved` are values, before and after, that may stand for each other.
    """
    if one == other:
        return True
    if moved and _same_but(one, other, moved):
        return True
    words, groups = _parts(one)
    other_words, other_groups = _parts(other)
    others = [number for group in other_groups for number in group]
    if words != other_words or sum(map(len, groups)) != len(others):
        return False
    for group in groups:
        if not _close(group, others[: len(group)], 2e-3):
            return False
        del others[: len(group)]
    return True


def _same_but(one: str, other: str, moved: Moved) -> bool:
    """Whether two texts differ in nothing but printed values that have moved."""
    if _parts(one)[0] != _parts(other)[0]:
        return False
    now, then = _numbers(other), _numbers(one)
    pairs = [each for old, new in moved for each in zip(old.get("values", ()), new.get("values", ()), strict=False)]
    return len(then) == len(now) and all(
        _close([float(a)], [float(b)], 2e-3) or any(_prints(a, x) and _prints(b, y) for x, y in pairs)
        for a, b in zip(then, now, strict=True)
    )


def _numbers(text: str) -> list[str]:
    return NUMBER.findall(_unwrapped(text))


def _prints(shown: str, value: float) -> bool:
    """Whether a number, as far as it is written out, is a value."""
    digits = re.search(r"\.(\d*)", shown)
    unit = 10.0 ** -(len(digits.group(1)) if digits else 0)
    power = re.search(r"[eE]([-+]?\d+)", shown)
    unit *= 10.0 ** int(power.group(1)) if power else 1.0
    return abs(float(shown) - value) <= 0.51 * unit + 1e-5 * abs(value)


def _unwrapped(text: str) -> str:
    """The text without what says of a number that it is a tensor's, or NumPy's."""
    text = TENSOR.sub(lambda found: found.group(1) or found.group(2) or "", text)
    return WRAPPER.sub(lambda found: found.group(1) or found.group(2) or "", text)


def _parts(text: str) -> tuple[str, list[list[float]]]:
    """The words of a text, and its numbers: those of one array together, any other by itself."""
    text = _unwrapped(text)
    groups: list[list[float]] = []
    depth, position, open_group = 0, 0, False
    for found in NUMBER.finditer(text):
        for bracket in re.findall(r"[\[\]]", text[position : found.start()]):
            depth += 1 if bracket == "[" else -1
            # What stands behind an array's last bracket does not share its scale.
            open_group = open_group and depth > 0
        position = found.end()
        if open_group:
            groups[-1].append(float(found[0]))
        else:
            groups.append([float(found[0])])
            open_group = depth > 0
    # Brackets, commas and blanks differ between a list, an array and a tensor of the same numbers.
    words = re.sub(r"[\s,\[\]()]+", " ", NUMBER.sub("#", text)).strip()
    return words, groups
