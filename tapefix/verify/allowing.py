"""What a rewrite declares that it changes: which queries that holds for, and what of it the runs have shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tapefix.allowance import Allowance, Allowed
from tapefix.verify.claims import Claims
from tapefix.verify.closeness import same_value
from tapefix.verify.describe import describe
from tapefix.verify.evidence import Evidence, Pair, Query, Value
from tapefix.verify.lines import LineMap
from tapefix.verify.match import Match, same_targets


class Allowing:
    """The allowances of one comparison."""

    def __init__(self, allowed: Allowed, before: Evidence, lines: LineMap) -> None:
        self._sites = before.sites
        self._claims = {each: Claims(allowed.lines(each), before.sites, lines) for each in Allowance}

    def before(self, allowance: Allowance, query: Query) -> bool:
        """Whether it holds for a query of the run before."""
        return self._claims[allowance].covers_before(query, self._sites)

    def after(self, allowance: Allowance, query: Query) -> bool:
        """Whether it holds for a query of the run after."""
        return self._claims[allowance].covers_after(query)

    def other_value(self, query: Query) -> bool:
        """Whether the targets of a query of the run before may have other values after."""
        return self.before(Allowance.VALUE, query)

    def silent(self, match: Match) -> Match:
        """A gradient that was zero, and is another now, counts as one that was missing, where that is declared."""
        before, after = match.before, match.after
        if after is None or not _zero(before) or _zero(after) or not self.before(Allowance.ZERO, before.query):
            return match
        return replace(match, before=replace(before, silent=True))

    def still_zero(self, matches: Sequence[Match]) -> list[Pair]:
        """The gradients before of queries that were to be repaired, and are zero for every source as they were."""
        rows: dict[int, list[Match]] = {}
        for match in matches:
            if self.before(Allowance.ZERO, match.before.query):
                rows.setdefault(id(match.before.query), []).append(match)
        return [
            row[0].before
            for row in rows.values()
            if all(_zero(match.before) and match.after is not None and _zero(match.after) for match in row)
        ]

    def changed(self, matches: Sequence[Match]) -> list[tuple[Value, Value]]:
        """The targets that have other values, by declaration: before and after."""
        found: list[tuple[Value, Value]] = []
        for match in matches:
            if match.after is not None and self.other_value(match.before.query):
                targets = zip(match.before.query.targets, match.after.query.targets, strict=False)
                found += [pair for pair in targets if pair not in found and same_value(*pair) is not True]
        return found

    def said(self, matches: Sequence[Match], straight: Sequence[Pair]) -> list[str]:
        """What was allowed, in words."""
        words: list[str] = []
        for match in matches:
            before, after = match.before.query, match.after.query if match.after is not None else None
            if after is None or before.occurrence or not self.other_value(before):
                continue
            if same_targets(before.targets, after.targets) is False:
                words.append(
                    f"the value of the target of line {before.line} changed from {describe(before.targets)} "
                    f"to {describe(after.targets)}"
                )
        silent = {m.before.query.line for m in matches if _declared_zero(m.before)}
        words += [f"the gradient of line {line} was zero, which counts as missing" for line in sorted(silent)]
        held = {pair.query.line for pair in straight}
        words += [
            f"what a straight-through estimator stops on the path to line {line} was held for the differences"
            for line in sorted(held)
        ]
        return list(dict.fromkeys(f"{word}, as the rewrite declares" for word in words))


def value_problem(before: Query, after: Query) -> str:
    """Say what is wrong with the new value of a target: it is finite, floating, and of the same shape as before."""
    for old, new in zip(before.targets, after.targets, strict=False):
        where = f"the target of line {after.line} after"
        if old.get("shape") is not None and new.get("shape") is not None and old["shape"] != new["shape"]:
            return f"{where} has shape {tuple(new['shape'])} and not {tuple(old['shape'])}"
        if new.get("finite") is False:
            return f"{where} is not finite"
    return ""


def _declared_zero(pair: Pair) -> bool:
    """Whether zeros count as missing by declaration, and not because TensorFlow made them up."""
    return pair.silent and not pair.answer.get("made_up") and pair.query.occurrence == 0


def _zero(pair: Pair) -> bool:
    return pair.query.error is None and pair.answer.get("norm") == 0.0
