"""The verdict on a script that trained a graph in a session, and trains without one after."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from os.path import normpath

from tapefix.verify.closeness import same_value
from tapefix.verify.describe import describe, form_problem, outcome
from tapefix.verify.differences import judge_gradient
from tapefix.verify.effects import noisy_lines, output_problems
from tapefix.verify.evidence import Evidence, Pair, Query, Value
from tapefix.verify.lines import LineMap, count_stops, new_prints
from tapefix.verify.runs import RunRequest
from tapefix.verify.session_evidence import TrainingStep
from tapefix.verify.verdict import Change, Findings, VerdictStatus

Run = Callable[[RunRequest], Evidence]
Judged = tuple[VerdictStatus, str, Findings, Evidence | None]

SLACK, LATE = 3.0, 30.0
"""How many times the tolerance of their dtype values may differ at first, and at last: each step adds some rounding."""
CLOSE = 20
"""The gradients of so many steps are compared; later ones have become small against the rounding of the variables."""


def judge_session(run: Run, before: str, after: str, lines: frozenset[int]) -> Judged:
    """Compare the steps of training in a session with those of a tape that begins with the same variables.

    The run before has the meaning that TensorFlow 1 gave the script. `lines` are where it asks for the training.
    """
    findings = Findings()
    old = run(RunRequest(before, graph=True))
    if not old.session.steps:
        return VerdictStatus.NOT_RUN, _no_step(old), findings, old
    if not old.end.regular and old.end.reason != "timeout":
        return VerdictStatus.NOT_RUN, f"the run before {old.end.describe()}", findings, old
    if old.session.initial is None:
        reason = "what the variables of the run before began with is not known, or too large to be handed on"
        return VerdictStatus.NOT_RUN, reason, findings, old
    new = run(RunRequest(after, oracle=True, initial=json.dumps(old.session.initial)))
    if new.end.type == "TBNotInstalledError":
        return VerdictStatus.NOT_RUN, "TensorBoard is not installed, which `tf.summary` needs", findings, new
    comparison = _Comparison(before, after, old, new, min(lines, default=0), findings)
    problems = list(comparison.problems())
    if problems:
        return VerdictStatus.REJECTED, problems[0], findings, new
    problems = comparison.output(frozenset())
    if problems:
        noisy = noisy_lines(old, run(RunRequest(before, graph=True, again=True)))
        problems = comparison.output(noisy) if noisy else problems
    if problems:
        return VerdictStatus.REJECTED, problems[0], findings, new
    return VerdictStatus.VERIFIED, comparison.said(), findings, new


def _no_step(old: Evidence) -> str:
    if old.end.whole:
        return "no step of training was taken by a session: nothing calls what trains"
    return f"no step of training was taken by a session: the run before {old.end.describe()}"


class _Comparison:
    def __init__(self, before: str, after: str, old: Evidence, new: Evidence, line: int, findings: Findings) -> None:
        self.before_text, self.after_text = before, after
        self.old, self.new = old, new
        self.line = line
        self.findings = findings
        self.queries = [query for query in new.queries if query.method == "gradient"]
        self.steps = min(len(old.session.steps), len(self.queries))
        self.fetched = min(len(old.session.fetched), len(new.session.fetched))
        self.saved = min(len(old.session.saved), len(new.session.saved))
        self.whole = old.end.whole and new.end.whole
        findings.notes += [
            f"the run {name} {evidence.end.describe()}; what it reached until then counts"
            for evidence, name in ((old, "before"), (new, "after"))
            if evidence.end.reason == "timeout"
        ]
        if old.session.stood_in:
            names = ", ".join(f"`tf.{name}`" for name in dict.fromkeys(old.session.stood_in))
            findings.notes.append(
                f"{names}: this TensorFlow has no such function; the run before was given one that makes the variables "
                "and computes what TensorFlow 1 documents"
            )
        if new.session.laid:
            findings.notes.append(
                f"{', '.join(dict.fromkeys(new.session.laid))}: the random initial values of the run before were "
                "given to the run after, since a graph draws others"
            )

    def problems(self) -> Iterator[str]:
        """Everything that differs but the output, the first thing first."""
        new, old = self.new, self.old
        if not new.end.regular and new.end.reason != "timeout":
            yield f"the run after {new.end.describe()}"
        if not self.queries:
            yield "the run after asks no tape for a gradient"
            return
        for number, (step, query) in enumerate(zip(old.session.steps, self.queries, strict=False), start=1):
            yield from self._step(number, step, query)
        if self.whole and len(old.session.steps) != len(self.queries):
            yield f"{len(old.session.steps)} steps of training were taken before, and {len(self.queries)} are after"
        for (line, one), (other_line, other) in zip(old.session.fetched, new.session.fetched, strict=False):
            if same_value(one, other, slack=LATE) is False:
                where = f"line {line}" if other_line == line else f"line {line}, now {other_line}"
                yield f"what is fetched in {where} differs: {describe((one,))} before, {describe((other,))} after"
        if self.whole and len(old.session.fetched) != len(new.session.fetched):
            counts = f"{len(old.session.fetched)} values were fetched before, and {len(new.session.fetched)} are after"
            yield counts

        yield from self._saved()
        yield from self._summarized()

    def _saved(self) -> Iterator[str]:
        """What is kept in files must be kept there after; what an optimizer keeps besides is its own affair."""
        old, new = self.old.session.saved, self.new.session.saved
        for (line, path, values), (_, other, others) in zip(old, new, strict=False):
            left = list(others)
            for value in values:
                same = next((one for one in left if same_value(value, one, slack=LATE) is not False), None)
                if same is None or normpath(path) != normpath(other):
                    yield f"what line {line} saves to {path} differs: {describe((value,))} is not saved there after"
                    return
                left.remove(same)
        if self.whole and len(old) != len(new):
            yield f"{len(old)} files of variables were saved before, and {len(new)} are after"

    def _summarized(self) -> Iterator[str]:
        """Summaries have the values and steps that they had, and their tags but for numbers that a graph adds."""
        old, new = self.old.session.summaries, self.new.session.summaries
        for one, other in zip(old, new, strict=False):
            alike = _unnumbered(one.tag) == _unnumbered(other.tag) and one.kind == other.kind
            if not alike or one.step != other.step or same_value(one.value, other.value, slack=LATE) is False:
                was, now = (f"`{s.tag}` of step {s.step} ({describe((s.value,))})" for s in (one, other))
                yield f"the summary that line {one.line} writes differs: {was} before, {now} after"
                return
        if self.whole and len(old) != len(new):
            yield f"{len(old)} summaries were written before, and {len(new)} are after"
        tags = dict.fromkeys((one.tag, other.tag) for one, other in zip(old, new, strict=False) if one.tag != other.tag)
        self.findings.notes += [
            f"the summary `{tag}` is called `{now}` after: a graph numbers names" for tag, now in tags
        ]

    def _step(self, number: int, step: TrainingStep, query: Query) -> Iterator[str]:
        """What differs in one step of training, and whether its gradient is right."""
        if query.error is not None:
            yield f"step {number} of the training raises {query.error['type']} after"
            return
        slack = min(SLACK * (1 + number // 5), LATE)
        if len(query.targets) != 1 or same_value(step.loss, query.targets[0], slack=slack) is not True:
            yield (
                f"the loss of step {number} differs: {describe((step.loss,))} before, {describe(query.targets)} after"
            )
        pairs = [Pair(query, index) for index in range(len(query.sources))]
        for name, variable, gradient in zip(step.names, step.variables, step.gradients, strict=True):
            pair = _counterpart(variable, gradient if number <= CLOSE else None, pairs, slack)
            if pair is None:
                yield f"`{name}` has another value, or another gradient, in step {number} after"
                continue
            pairs.remove(pair)
            wrong = form_problem(pair)
            if wrong:
                yield wrong
            stops = count_stops(self.after_text)
            judgement = judge_gradient(None, pair, stops=stops, stops_added=stops > count_stops(self.before_text))
            if judgement.problem:
                yield judgement.problem
            if number == 1:
                was = replace(outcome(pair), state="graph", norm=gradient.get("norm"))
                change = Change(
                    self.line or step.line, query.line, query.target_text, name, was, outcome(pair), judgement.check
                )
                self.findings.changes.append(change)
        if any(not pair.broken for pair in pairs):
            yield f"a variable is trained after, in step {number}, that the session did not train"

    def output(self, noisy: frozenset[int]) -> list[str]:
        """How what is printed, and what happens to files, differs."""
        problems = output_problems(self.old, self.new, noisy)
        lines = LineMap(self.before_text, self.after_text)
        extra = new_prints(self.before_text, self.after_text)
        added = [effect for effect in self.new.effects if lines.new(effect.line)]
        if extra or added:
            problems.append("the text after prints, or touches files, where the one before did not")
        return problems

    def said(self) -> str:
        """What was compared, and found to be the same."""
        steps = "1 step" if self.steps == 1 else f"{self.steps} steps"
        first = "" if self.whole and self.steps == len(self.queries) else "the first "
        kept = f"{first}{steps} of training"
        if self.steps > CLOSE:
            kept = f"the first {CLOSE} steps of training (losses and variables of {self.steps - CLOSE} more)"
        summaries = min(len(self.old.session.summaries), len(self.new.session.summaries))
        also = [
            *([f"{self.fetched} fetched value{'' if self.fetched == 1 else 's'}"] if self.fetched else []),
            *([f"{summaries} summar{'y' if summaries == 1 else 'ies'}"] if summaries else []),
            *([f"the variables in {self.saved} saved file{'' if self.saved == 1 else 's'}"] if self.saved else []),
        ]
        rest_is = f"so are {', '.join(also)} and" if also else "so is"
        unchecked = sorted({str(c.check.unchecked) for c in self.findings.changes if c.check and c.check.unchecked})
        rest = f"; not checked against differences: {', '.join(unchecked)}" if unchecked else ""
        return (
            f"losses, gradients and variables of {kept} are those of the session under TensorFlow 1, "
            f"and {rest_is} the output{rest}"
        )


def _unnumbered(tag: str) -> list[str]:
    """The parts of a tag without the numbers that tell them from other names of a graph."""
    return [re.sub(r"_\d+$", "", part) for part in tag.split("/")]


def _counterpart(variable: Value, gradient: Value | None, pairs: list[Pair], slack: float) -> Pair | None:
    """The source of a query that has the value of a variable, and its gradient where that is to be compared."""
    for pair in pairs:
        same = same_value(variable, pair.source, slack=slack) and not pair.broken
        if same and (gradient is None or same_value(gradient, pair.answer, slack=slack)):
            return pair
    return None
