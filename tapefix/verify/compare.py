"""Comparing the run before with the run after: which gradients are new, and whether everything else is as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tapefix.allowance import Allowance, Allowed
from tapefix.verify.allowing import Allowing, value_problem
from tapefix.verify.claims import Claims, names_none
from tapefix.verify.closeness import narrowed, same_value
from tapefix.verify.describe import describe, form_problem, in_single_precision, new_end, outcome, state
from tapefix.verify.differences import judge_gradient
from tapefix.verify.effects import new_line_effects, output_problems
from tapefix.verify.evidence import Evidence, Pair, Query
from tapefix.verify.lacking import Lacking, hint
from tapefix.verify.lines import LineMap, count_stops, new_prints
from tapefix.verify.match import Match, Matcher
from tapefix.verify.nothing import asked_for_nothing, changed_targets
from tapefix.verify.verdict import Change, Check, Findings, Outcome

Mask = dict[str, list[Any]]


@dataclass
class Comparison:
    """Two runs of two texts, and what was concluded from them."""

    before_text: str
    after_text: str
    before: Evidence
    after: Evidence
    claims: frozenset[int] | None
    keeps: frozenset[int] = frozenset()
    eager: bool = False
    """Whether graphs were run eagerly: then the runs give values, and the native ones have said what was missing."""
    findings: Findings = field(default_factory=Findings)
    allowed: Allowed = field(default_factory=Allowed)
    """What the rewrite changes by declaration."""
    rebinding: bool = False
    """Whether the run before took `v -= x` for `v = v - x`."""

    def __post_init__(self) -> None:
        self.lines = LineMap(self.before_text, self.after_text)
        self.stops = count_stops(self.after_text)
        self.stops_added = self.stops > count_stops(self.before_text)
        self.allowing = Allowing(self.allowed, self.before, self.lines)
        self.lacking = Lacking(self.allowing, self.before, self.after)
        self.handed_back = False
        """Whether the counter-run was given the answers of the run before for all that may have lacked a part."""
        self._straight: list[Pair] = []
        """What was checked with straight-through estimators held."""
        self.matches = self._matched(self.after)
        self.promise = Claims(self.claims, self.before.sites, self.lines)
        self.for_nothing = asked_for_nothing(self.before, self.after, self.lines)
        self.unreached = self._unreached()

    def _matched(self, after: Evidence, *, strict: bool = False) -> list[Match]:
        matcher = Matcher(self.before, after, self.lines, strict=strict, free=self.allowing.other_value)
        return [self.allowing.silent(match) for match in matcher.matches()]

    def claimed(self, query: Query) -> bool:
        """Whether the rewrite promises to repair this query of the run before; without claims, every one."""
        return self.promise.covers_before(query, self.before.sites)

    def not_reached(self) -> frozenset[int]:
        """Return the lines of the queries to repair or to keep that neither run came by."""
        kept = Claims(self.keeps, self.before.sites, self.lines)
        return self.promise.unreached(self.before, self.after) | kept.unreached(self.before, self.after)

    def _unreached(self) -> list[Pair]:
        """Return the pairs after that the run before did not come to.

        Because it raised on the way, or right there; or because it asked for the gradient of nothing, an empty list.
        """
        known = {id(match.after.query) for match in self.matches if match.after is not None}
        reached = {query.line for query in self.before.queries if query.sources}
        raised, hollow = self.before.end.reason == "raised", {id(query) for query in self.for_nothing}
        fresh: list[Pair] = []
        for pair in self.after.pairs() if raised or hollow else ():
            line = pair.query.line
            if not raised and id(pair.query) not in hollow:
                continue
            seen = any(self.lines.related(old, line) == 2 for old in reached)
            if id(pair.query) not in known and pair.query.occurrence == (self._stopped_at(line) if seen else 0):
                fresh.append(pair)
        return fresh

    def _stopped_at(self, line: int) -> int | None:
        """Return how often the run before had made a query of the run after when it raised on the way to it again."""
        end = self.before.end.line
        if end is None or self.lines.related(end, line) != 2 or self._ended_by_query():
            return None
        return sum(self.lines.related(query.line, line) == 2 for query in self.before.queries)

    def repaired(self) -> list[tuple[Pair | None, Pair]]:
        """Return the pairs that give a gradient now and did not before; without a pair before when it got nowhere."""
        found: list[tuple[Pair | None, Pair]] = [
            (match.before, match.after)
            for match in self.matches
            if match.before.broken and match.after is not None and not match.after.broken
        ]
        return found + [(None, pair) for pair in self.unreached if not pair.broken]

    def mask(self, filler: str = "none") -> Mask:
        """Return in place of which repaired gradients the counter-run hands back `None`, as before; or zeros.

        A negative number, from -1 on, stands for an answer of which the script gets `None` for every part.
        """
        hidden: dict[str, dict[int, set[int]]] = {}
        for match in self.matches:
            missing = match.before.state == "none" and match.before.filler == filler
            if missing and match.after is not None and not match.after.broken:
                query = match.after.query
                hidden.setdefault(query.key, {}).setdefault(query.occurrence, set()).add(
                    -1 - match.after.index if match.part else match.after.index
                )
        masks: Mask = {}
        for key, occurrences in hidden.items():
            last = max(occurrences)
            masks[key] = [sorted(occurrences.get(number, set())) for number in range(last + 1)]
        return masks

    def judge_new(self) -> None:
        """Judge every gradient that is new, and collect what is still missing."""
        findings = self.findings
        for match in self.matches:
            self._judge_match(match)
        for pair in self.unreached:
            if pair.broken and (self._answered(pair) or not self.promise.covers_after(pair.query)):
                findings.still_none.append(f"{pair.label} at line {pair.query.line} after")
                continue
            if pair.broken:
                findings.problems.append(f"the gradient of {pair.label} (line {pair.query.line} after) is still None")
                continue
            self._judge_gradient(None, pair)
        findings.problems += [
            f"the gradient of {pair.label} is still zero (line {pair.query.line})"
            for pair in self.allowing.still_zero(self.matches)
        ]
        findings.allowed += self.allowing.said(self.matches, self._straight)
        findings.problems += changed_targets(self.before, self.after, self.lines)
        matched = {id(match.after.query): True for match in self.matches if match.after is not None}
        covered = {(id(m.after.query), m.after.index) for m in self.matches if m.after is not None}
        for pair in self.after.pairs():
            asked = id(pair.query) in matched and (id(pair.query), pair.index) not in covered
            if asked and pair.broken and pair.query.occurrence == 0:
                findings.problems.append(
                    f"the gradient of {pair.label} is {state(pair)} after (line {pair.query.line})"
                )

    def _judge_match(self, match: Match) -> None:
        before, after = match.before, match.after
        if not before.broken:
            if after is not None and after.broken and self._first(after):
                name = f"the gradient of {before.label} (line {before.query.line})"
                self.findings.problems.append(f"{name} worked before and is {state(after)} after")
            return
        if after is None:
            if not self._beyond(before, self.after):
                self.findings.problems.append(self._lost(before, self.after))
            return
        if after.broken:
            if before.query.occurrence == 0 or after.query.occurrence == 0:
                name = f"{before.label} at line {before.query.line}"
                if name not in self.findings.still_none:
                    self.findings.still_none.append(name)
                if self.claimed(before.query) and not self.eager and not self._answered(after):
                    self.findings.problems.append(f"still {state(after)}: the gradient of {name}")
                self._note_change(before, after, None)
            return
        self._judge_gradient(before, after)

    def _answered(self, after: Pair) -> bool:
        """Whether `None` is the true answer to what was asked without a tape before: then, too, it said so.

        The tape has recorded all that was done with the source, and has an answer for another source of the query.
        """
        query = after.query
        if not self.promise.was_untaped(query) or after.state != "none" or after.answer.get("earlier") is not False:
            return False
        return any(not Pair(query, index).broken for index in range(len(query.sources)))

    def _first(self, after: Pair) -> bool:
        return after.query.occurrence == 0 or after.query.error is None

    def _judge_gradient(self, before: Pair | None, after: Pair) -> None:
        problems = self.findings.problems
        wrong = form_problem(after)
        if wrong:
            problems.append(wrong)
            return
        if before is not None:
            for old, new, what in [
                (before.source, after.source, before.label),
                *((o, n, "the target") for o, n in zip(before.query.targets, after.query.targets, strict=False)),
            ]:
                if narrowed(old, new):
                    if what == "the target" and in_single_precision(before):
                        self.findings.notes.append(
                            f"the target at line {after.query.line} is {new['dtype']} after: "
                            f"only NumPy had widened it to {old['dtype']}"
                        )
                        continue
                    problems.append(f"{what} was {old['dtype']} and is {new['dtype']} after: precision is lost")
                    return
        if before is not None and self.allowing.other_value(before.query):
            wrong = value_problem(before.query, after.query)
            if wrong:
                problems.append(wrong)
                return
        straight = self.allowing.after(Allowance.STRAIGHT_THROUGH, after.query)
        judgement = judge_gradient(
            before, after, stops=self.stops, stops_added=self.stops_added, straight_through=straight
        )
        if judgement.straight:
            self._straight.append(after)
        if judgement.problem:
            problems.append(judgement.problem)
        self._note_change(before, after, judgement.check)

    def _note_change(self, before: Pair | None, after: Pair, check: Check | None) -> None:
        known = [(change.after_line, change.source) for change in self.findings.changes]
        if (after.query.line, after.label) in known:
            return
        query = before.query if before is not None else None
        old_line = query.line if query is not None else self.lines.before(after.query.line) or after.query.line
        was = outcome(before) if before is not None else Outcome("raised", error=self._instead(after))
        target = after.query.target_text or (query.target_text if query is not None else "")
        self.findings.changes.append(
            Change(old_line, after.query.line, target, after.label, was, outcome(after), check)
        )

    def _instead(self, after: Pair) -> str:
        """Say why the run before has nothing to set against a pair of the run after."""
        if any(query is after.query for query in self.for_nothing):
            return "nothing: the list of sources was empty"
        return self.before.end.describe()

    def judge_rest(self, counter: Evidence, noisy: frozenset[int]) -> list[str]:
        """Return how the counter-run differs from the run before, as far as that one went."""
        problems: list[str] = []
        horizon = self._horizon()
        matches = self._matched(counter, strict=True)
        for match in matches:
            before, after = match.before, match.after
            if before.query.order >= horizon:
                # What follows an error that the script has dealt with is compared where it still can be.
                if before.state == "gradient" and after is None and not self._found(before):
                    problems.append(self._lost(before, counter))
                if before.state != "gradient" or after is None:
                    continue
            if after is None:
                if not self._beyond(before, counter):
                    problems.append(self._lost(before, counter))
                continue
            if before.state == "gradient" and after.state == "gradient":
                if before.answer.get("dtype") != after.answer.get("dtype") and narrowed(before.source, after.source):
                    problems.append(f"the gradient of {before.label} lost precision")
                elif same_value(before.answer, after.answer, slack=3.0) is False:
                    problems += self._differing(match, before, after)
            elif before.state == "gradient":
                problems.append(f"the gradient of {before.label} worked before and is {state(after)} after")
        problems += output_problems(self.before, counter, noisy, horizon, self.allowing.changed(matches))
        problems += self._end_problems(counter, masked=counter is not self.after)
        return problems

    def _differing(self, match: Match, before: Pair, after: Pair) -> list[str]:
        """Say what is wrong with a gradient that is another after; nothing where it lacked a part and may gain it."""
        if self.handed_back:
            problem = self.lacking.problem(match, stops=self.stops, stops_added=self.stops_added)
            if problem is not None:
                return [problem] if problem else []
        return [
            f"the gradient of {before.label} (line {before.query.line}) worked before and differs after: "
            f"{outcome(before)} before, {outcome(after)} after{hint(self.lacking, before)}"
        ]

    def _horizon(self) -> float:
        """Return the order of the first query that raised before: from there on, the run after does another thing."""
        return min((query.order for query in self.before.queries if query.error is not None), default=float("inf"))

    def _ended_by_query(self) -> bool:
        """Whether the run before ended with what its last query raised."""
        last = self.before.queries[-1] if self.before.queries else None
        return last is not None and last.error is not None and last.error["message"] == self.before.end.message

    def _found(self, before: Pair) -> bool:
        return any(match.before.query is before.query and match.after is not None for match in self.matches)

    def _beyond(self, before: Pair, counter: Evidence) -> bool:
        """Whether a query lies behind the point where the other run's sample ended."""
        sampled = counter.end.reason in ("sampled", "timeout")
        return sampled and before.query.occurrence >= 1

    def _lost(self, before: Pair, counter: Evidence) -> str:
        if counter.end.reason == "raised":
            return f"the run after {counter.end.describe()}"
        method = before.query.method
        candidates = [pair for pair in counter.pairs() if pair.label == before.label and pair.query.method == method]
        for pair in candidates:
            if same_value(before.source, pair.source) is not False:
                if len(before.query.weights) != len(pair.query.weights):
                    where = f"the query for {before.label} (line {before.query.line})"
                    return f"{where} has other output_gradients than before, so its gradient is another"
                return (
                    f"the target of the query for {before.label} (line {before.query.line}) has another value: "
                    f"{describe(before.query.targets)} before, {describe(pair.query.targets)} after"
                )
        if candidates:
            return f"{before.label} has another value or shape after (line {before.query.line})"
        return f"the gradient of {before.label} (line {before.query.line}) is no longer asked for"

    def _end_problems(self, counter: Evidence, *, masked: bool = False) -> list[str]:
        before, after = self.before.end, counter.end
        if after.regular or after == before:
            return []
        if self.promise.other_break(self.before, counter):
            note = f"the run then comes to another break, and {after.describe()}"
            if note not in self.findings.notes:
                self.findings.notes.append(note)
            return []
        words = f"given the same answers as before, {new_end(counter)}" if masked else new_end(counter)
        if after.reason != before.reason:
            return [words]
        if after.reason != "raised":
            return []
        related = self.lines.related(before.line, after.line)
        # An error that comes of a missing gradient may come of it in another way at a line that was rewritten.
        expected = (related == 2 and after.type == before.type) or (masked and related and "None" in after.message)
        # The counter-run passes the query at which the run before ended, and falls over the `None` it was handed later.
        expected = expected or (masked and self._ended_by_query() and names_none(after.message))
        return [] if expected else [words]

    def judge_after_end(self) -> None:
        """Reject an end of the run after that the run before did not have, and effects of new lines."""
        findings = self.findings
        if not self.after.end.regular and self._end_problems(self.after):
            findings.problems.append(new_end(self.after))
        extra = new_prints(self.before_text, self.after_text)
        findings.problems += new_line_effects(self.after, self.lines, extra)
