"""Gradients that were there and lacked a part: what came to their source by the path that was broken."""

from __future__ import annotations

from collections.abc import Sequence

from tapefix.allowance import Allowance
from tapefix.verify.allowing import Allowing
from tapefix.verify.child.answers import kept_name
from tapefix.verify.describe import outcome
from tapefix.verify.differences import judge_gradient
from tapefix.verify.evidence import Evidence, Pair, Query
from tapefix.verify.match import Match
from tapefix.verify.runs import Handed

HINT = "; it may have lacked a part, which a repair may add with `--unsafe` (`tapefix verify`: `--allow whole`)"


class Lacking:
    """Of two runs, the tapes of which one gradient was missing, and another may have lacked a part."""

    def __init__(self, allowing: Allowing, before: Evidence, after: Evidence) -> None:
        self._allowing = allowing
        self._broken = [pair.query for pair in before.pairs() if pair.broken and pair.query.error is None]
        self._checked = {(pair.channel, pair.query.occurrence): pair for pair in after.pairs()}
        self._said: dict[tuple[int, str], str] = {}

    @property
    def said(self) -> list[str]:
        """What has gained its part, in words."""
        return list(self._said.values())

    def possible(self, query: Query) -> bool:
        """Whether a gradient by the same tape is missing."""
        return any(other.tape == query.tape for other in self._broken if other.tape)

    def handed(self, matches: Sequence[Match]) -> Handed:
        """In place of which answers of the run after those of the run before are handed back."""
        rows: dict[str, dict[int, list[tuple[int, str]]]] = {}
        for match in matches:
            before, after = match.before, match.after
            if after is not None and not before.broken and not after.broken and self._allowed(before.query):
                name = kept_name(before.query.key, before.query.occurrence, before.index)
                rows.setdefault(after.query.key, {}).setdefault(after.query.occurrence, []).append((after.index, name))
        return tuple(
            (key, tuple(tuple(times.get(number, ())) for number in range(max(times) + 1)))
            for key, times in sorted(rows.items())
        )

    def problem(self, match: Match, *, stops: int, stops_added: bool) -> str | None:
        """Say why a gradient may not differ as it does; `None` where nothing says that it lacked a part."""
        before, after = match.before, match.after
        if after is None or not self._allowed(before.query):
            return None
        pair = self._checked.get((after.channel, after.query.occurrence))
        if pair is None or pair.broken:
            return None
        judgement = judge_gradient(before, pair, stops=stops, stops_added=stops_added)
        if judgement.problem:
            return judgement.problem
        where = (before.query.line, before.label)
        if judgement.check.unchecked is None:
            self._said.setdefault(
                where,
                f"the gradient of {before.label} (line {before.query.line}) lacked a part: {outcome(before)} before, "
                f"{outcome(after)} after ({judgement.check}), as the rewrite declares",
            )
        elif where not in self._said:
            return f"the gradient of {before.label} (line {before.query.line}) differs after, and was {judgement.check}"
        return ""

    def _allowed(self, query: Query) -> bool:
        """Whether it may gain a part: one by the same tape is missing, and its repair declares as much."""
        return any(
            other.tape == query.tape and self._allowing.before(Allowance.WHOLE, other)
            for other in self._broken
            if other.tape
        )


def hint(lacking: Lacking, pair: Pair) -> str:
    """What to say of a gradient that may have lacked a part, where a rewrite may not add it."""
    return HINT if lacking.possible(pair.query) else ""
