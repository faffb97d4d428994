"""What the replay oracle's figures say of one new gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tapefix.verify.evidence import Pair
from tapefix.verify.verdict import Check

RELATIVE = {"float64": 1e-5, "float16": 5e-2, "bfloat16": 1e-1, "half": 5e-2}
REUSED = "non-persistent GradientTape"


@dataclass(frozen=True)
class Judgement:
    """The check for the verdict, and the problem when the gradient is wrong."""

    check: Check
    problem: str = ""
    straight: bool = False
    """Whether a straight-through estimator was held."""


def judge_gradient(
    before: Pair | None, after: Pair, *, stops: int, stops_added: bool, straight_through: bool = False
) -> Judgement:
    """Judge a new gradient by the differences that were measured for it.

    With `straight_through`, the target need not follow the source where a straight-through estimator stops it.
    """
    facts: dict[str, Any] | None = after.answer.get("check")
    if facts is None:
        return Judgement(Check(unchecked="a later occurrence of a query" if not after.query.symbolic else "a graph"))
    if "unchecked" in facts:
        return Judgement(Check(unchecked=str(facts["unchecked"])))
    dtype = str(after.source.get("dtype", ""))
    check, agrees = _compare(facts["held"], dtype)
    if facts.get("together"):
        check = replace(check, together=int(facts["together"]))
    if not agrees:
        if facts.get("custom") and not stops_added:
            names = ", ".join(facts["custom"])
            return Judgement(Check(unchecked=f"custom gradient of {names}"))
        functions = facts["held"].get("functions")
        if functions and stops and not stops_added:
            return Judgement(Check(unchecked=f"{functions[0]}, in which a gradient may be stopped on purpose"))
        return Judgement(check, f"the gradient of {after.label} is wrong: {check}")
    if facts.get("twice"):
        # What its function was called with is a constant for the derivative, and for its differences just so.
        return Judgement(check, f"the path from {after.label} goes through a second derivative of `tf.py_function`")
    held = facts.get("straight") if straight_through else None
    if held:
        facts = {**facts, **held}
    problem = _hidden(facts, dtype, before, after, stops_added)
    return Judgement(check, problem, straight=held is not None)


def _hidden(facts: dict[str, Any], dtype: str, before: Pair | None, after: Pair, stops_added: bool) -> str:
    """Say whether the target depends on the source in ways that the tape was kept from seeing."""
    through = facts.get("through")
    if through and facts["stops"] and stops_added:
        check, agrees = _compare(through, dtype)
        if not agrees:
            where = ", ".join(f"line {line}" for line in sorted({line for line in facts["stops"] if line}))
            return (
                f"a stopped gradient hides a part of the path from {after.label} ({where or 'in a library'}): {check}"
            )
    earlier = facts.get("earlier")
    if earlier and before is not None and (before.trace.get("earlier") is False or before.trace.get("touched") == 0):
        check, agrees = _compare(earlier, dtype)
        if not agrees:
            return (
                f"a part of the target is computed from {after.label} before the tape begins: wrong gradient, {check}"
            )
    if not cut_before(before):
        return ""
    if through and facts["writes"] and not facts["stops"]:
        check, agrees = _compare(through, dtype)
        if not agrees:
            return f"a part of the path from {after.label} goes through a variable that is written in the tape: {check}"
    return ""


def cut_before(pair: Pair | None) -> bool:
    """Whether the path was cut in the run before, and not merely asked for once too often.

    A tape that was used up says nothing against the values that its script detaches on purpose; an answer of `None`
    says that every part of the path was cut, so that each part that still is counts as not repaired.
    """
    if pair is None or pair.state == "gradient":
        return False
    error = pair.query.error
    return error is None or REUSED not in str(error.get("message", ""))


def _compare(measured: dict[str, Any], dtype: str) -> tuple[Check, bool]:
    relative = RELATIVE.get(dtype, 1e-3)
    if measured["mixed"]:
        relative = max(relative, 3e-2)
    worst: Check | None = None
    most = -1.0
    agrees = True
    rows = measured["rows"]
    for tape, central, ahead, behind, spread in rows:
        size = max(measured["scale"], abs(central))
        # Rounding may decide about some of it, never about most.
        allowed = relative * size + 10 * measured["noise"] + min(4 * spread, 0.1 * size) + 1e-12
        gap = abs(tape - central)
        # At a kink both sides have their own slope, and any slope in between is a fair answer.
        kink = abs(ahead - behind) > allowed and min(ahead, behind) - allowed <= tape <= max(ahead, behind) + allowed
        # A comparison with NaN is never true, so that an undefined difference disagrees.
        fine = gap <= allowed or kink
        agrees = agrees and fine
        if kink:
            central = min(max(tape, min(ahead, behind)), max(ahead, behind))
            gap = abs(tape - central)
        if not gap / allowed <= most:
            most = gap / allowed
            worst = Check(tape, central, allowed, len(rows))
    return worst or Check(0.0, 0.0, 0.0, 0), agrees
