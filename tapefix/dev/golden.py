"""The golden `after.py` files, as the engine writes them now."""

from __future__ import annotations

from collections.abc import Sequence

from tapefix.dev.cases import Case, cases
from tapefix.dev.checkout import Checkout
from tapefix.engine import repair
from tapefix.registry import load_rules


class UnknownCaseError(ValueError):
    """A rule or case was named that has no fixtures."""


def regenerate(checkout: Checkout, names: Sequence[str] = ()) -> list[tuple[str, str, str | None]]:
    """What has changed: the path in the checkout, the text as it is, and as the engine writes it.

    Raises:
        UnknownCaseError: no fixture is called that.
    """
    changes: list[tuple[str, str, str | None]] = []
    for case in _named(cases(checkout.fixtures), names):
        if not case.changes:
            continue
        old = case.text(case.after)
        new = repair(case.text(case.before), load_rules(), unsafe=case.unsafe).text
        if old != new:
            changes.append((case.after.relative_to(checkout.root).as_posix(), old, new))
    return changes


def _named(found: list[Case], names: Sequence[str]) -> list[Case]:
    if not names:
        return found
    wanted = [name.removeprefix("fixtures/").strip("/") for name in names]
    for name in wanted:
        if not any(name in (case.rule, case.id) for case in found):
            raise UnknownCaseError(f"there is no fixture {name!r}; name a rule, or a rule and a case: RULE/CASE")
    return [case for case in found if case.rule in wanted or case.id in wanted]
