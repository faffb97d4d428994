"""Saying what a query asked and answered, and what is wrong with the form of an answer."""

from __future__ import annotations

from tapefix.verify.evidence import Evidence, Pair, Value
from tapefix.verify.verdict import Outcome


def new_end(evidence: Evidence) -> str:
    """Say how the run after ended."""
    return f"the run after {evidence.end.describe()}"


def in_single_precision(pair: Pair) -> bool:
    """Whether all that a query asks for is computed in single precision, whatever NumPy made of the target."""
    return bool(pair.query.sources) and all(
        source.get("class") in ("tensor", "variable") and source.get("dtype") in ("float32", "float16", "bfloat16")
        for source in pair.query.sources
    )


def form_problem(pair: Pair) -> str:
    """Say what is wrong with the form of a gradient: finite, and of its source's shape and dtype."""
    answer, source, query = pair.answer, pair.source, pair.query
    if answer.get("finite") is False:
        return f"the gradient of {pair.label} is not finite (line {query.line})"
    shape, wanted = answer.get("shape"), source.get("shape")
    if query.method != "gradient" and wanted is not None and len(query.targets) == 1:
        target = query.targets[0].get("shape")
        wanted = None if target is None else target + (wanted[1:] if query.method == "batch_jacobian" else wanted)
    if shape is not None and wanted is not None and not _fits(shape, wanted):
        return f"the gradient of {pair.label} has shape {tuple(shape)} and not {tuple(wanted)} (line {query.line})"
    if source.get("class") in ("tensor", "variable", "symbolic") and answer.get("dtype") != source.get("dtype"):
        return (
            f"the gradient of {pair.label} is {answer.get('dtype')} and not {source.get('dtype')} (line {query.line})"
        )
    return ""


def _fits(shape: list[int | None], wanted: list[int | None]) -> bool:
    return len(shape) == len(wanted) and all(
        a is None or b is None or a == b for a, b in zip(shape, wanted, strict=True)
    )


def state(pair: Pair) -> str:
    """What a query answered where it gave no gradient, in a word or two."""
    if pair.state == "raised" and pair.query.error is not None:
        return f"raising {pair.query.error['type']}"
    return "None"


def outcome(pair: Pair) -> Outcome:
    """What a query answered for one source."""
    if pair.state == "raised" and pair.query.error is not None:
        message = " ".join(str(pair.query.error["message"]).split())
        return Outcome("raised", error=f"{pair.query.error['type']}: {message[:200]}")
    answer = pair.answer
    if pair.state == "none" and pair.filler == "none":
        return Outcome("none")
    shape = answer.get("shape")
    norm = answer.get("norm")
    return Outcome(
        "gradient" if pair.filler == "none" else "zero",
        None if shape is None else tuple(shape),
        answer.get("dtype"),
        norm,
    )


def describe(values: tuple[Value, ...]) -> str:
    """A value in a few words."""
    value = values[0] if values else {}
    numbers = value.get("values")
    if numbers is not None and len(numbers) == 1:
        return f"{numbers[0]:.6g}"
    shape = value.get("shape")
    norm = value.get("norm")
    size = f" with norm {norm:.6g}" if norm is not None else ""
    return f"{value.get('dtype', value.get('class', 'a value'))} of shape {tuple(shape or ())}{size}"
