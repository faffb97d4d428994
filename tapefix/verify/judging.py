"""Judging one rewrite: the runs that it takes, and what is compared of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tapefix.allowance import Allowance, Allowed
from tapefix.verify.compare import Comparison
from tapefix.verify.concluding import conclude, nothing_reached
from tapefix.verify.effects import noisy_lines, output_problems
from tapefix.verify.evidence import End, Evidence
from tapefix.verify.leaks import leak_problem, leaving
from tapefix.verify.options import RunOptions
from tapefix.verify.runs import Handed, RunRequest, frozen
from tapefix.verify.sessions import judge_session
from tapefix.verify.verdict import Findings, VerdictStatus

_IN_PLACE = re.compile(r"`var(iable)? (\+|-|\*|/|\*\*)= value` with `tf\.Variable`s is not supported")


class Judge:
    """Judges rewrites of one script, by runs of its texts."""

    def __init__(
        self, run: Callable[[RunRequest], Evidence], forget: Callable[[RunRequest], None], options: RunOptions
    ) -> None:
        self._run = run
        self._forget = forget
        """Lets go of a run, and of what it has kept."""
        self._options = options

    def judge(
        self,
        before: str,
        after: str,
        claims: frozenset[int] | None,
        keeps: frozenset[int],
        allowed: Allowed,
    ) -> tuple[VerdictStatus, str, Findings, Evidence | None]:
        """The verdict on two texts, its reason, what was found, and the run that tells the device."""
        graphs_at = allowed.lines(Allowance.GRAPH)
        if graphs_at is None or graphs_at:
            return judge_session(self._run, before, after, graphs_at or frozenset())
        old = self._run(RunRequest(before))
        rebinding = raised_in_place(old.end)
        if rebinding:
            # What it would have gone on with says which values have to come of the repair.
            old = self._run(RunRequest(before, rebinding=True))
        if not old.queries and old.end.reason != "raised":
            return VerdictStatus.NOT_RUN, nothing_reached(old, self._options), Findings(), old
        new = self._run(RunRequest(after, oracle=True))
        native = Comparison(before, after, old, new, claims, keeps, allowed=allowed, rebinding=rebinding)
        findings = native.findings
        if rebinding:
            findings.notes.append(
                "an operator such as `-=` raises on a variable; the run before took it for `v = v - x`"
            )
        self._compare(native)
        graphs = any(query.symbolic for query in (*old.queries, *new.queries)) or _needs_eager(native)
        if graphs and not findings.problems:
            self._compare_eagerly(native)
        for evidence, name in ((old, "before"), (new, "after")):
            if evidence.end.reason == "timeout" and evidence.queries:
                findings.notes.append(f"the run {name} {evidence.end.describe()}; what it reached until then counts")
            findings.notes.extend(evidence.notes)
        status, reason = conclude(native, claims)
        return status, reason, findings, new

    def _compare(self, comparison: Comparison) -> None:
        """Judge the new gradients, then compare everything else with the help of a counter-run."""
        findings = comparison.findings
        comparison.judge_after_end()
        comparison.judge_new()
        mask, zeros, single = (comparison.mask(filler) for filler in ("none", "zeros", "zero"))
        empty = tuple(sorted({query.key for query in comparison.for_nothing}))
        counter = comparison.after
        request = RunRequest(
            comparison.after_text,
            eager=comparison.eager,
            mask=frozen(mask),
            zeros=frozen(zeros),
            single=frozen(single),
            empty=empty,
        )
        if (mask or zeros or single or empty) and not findings.problems:
            counter = self._run(request)
        problems = comparison.judge_rest(counter, frozenset())
        handed = comparison.lacking.handed(comparison.matches) if problems and not findings.problems else ()
        if handed:
            counter = self._handing_back(comparison, request, handed)
            problems = comparison.judge_rest(counter, frozenset())
        if problems:
            # Before a script is blamed for a difference: does it say the same twice?
            request = RunRequest(
                comparison.before_text, eager=comparison.eager, again=True, rebinding=comparison.rebinding
            )
            again = self._run(request)
            noisy = noisy_lines(comparison.before, again)
            unsteady = Comparison(
                comparison.before_text, comparison.before_text, comparison.before, again, None
            ).judge_rest(again, noisy)
            if noisy or unsteady:
                problems = comparison.judge_rest(counter, noisy)
            if problems and unsteady:
                problems = [f"two runs of the script before differ already ({unsteady[0]}), so nothing can be compared"]
        findings.problems += problems
        if not findings.problems:
            findings.allowed += comparison.lacking.said
            self._look_for_leaks(comparison)

    def _handing_back(self, comparison: Comparison, request: RunRequest, handed: Handed) -> Evidence:
        """The counter-run once more, given what the run before was also where it now would be told more."""
        keeping = RunRequest(comparison.before_text, eager=comparison.eager, keep=True, rebinding=comparison.rebinding)
        kept = self._run(keeping)
        try:
            counter = self._run(replace(request, handed=handed, answers=kept.kept))
        finally:
            # They take room, and are of no use to anybody else.
            self._forget(keeping)
        comparison.handed_back = True
        return counter

    def _look_for_leaks(self, comparison: Comparison) -> None:
        """Disturb the numbers that leave TensorFlow on the way from a repaired source, and see if the target moves."""
        lines = comparison.lines

        def known(line: int | None, earlier: bool) -> bool:
            # Whoever asks for a verdict on a rewrite of his own may detach what he detached before; a rule that
            # promises a repair has to repair every part of the path. What is taken before the tape begins (a
            # starting point, a baseline) counts as meant when it stood there before.
            lenient = earlier or comparison.claims is None
            return lenient and line is not None and lines.before(line) is not None

        noted: set[str] = set()
        for before, pair in comparison.repaired():
            numbers = leaving(before, pair, known)
            if not numbers or pair.query.key in noted:
                continue
            request = RunRequest(
                comparison.after_text, oracle=True, eager=comparison.eager, disturb=tuple(sorted(numbers))
            )
            problem = leak_problem(pair, numbers, self._run(request))
            if problem and before is None and not comparison.promise.covers_after(pair.query):
                # The run comes to this query only now, and the rewrite has promised nothing of it.
                comparison.findings.notes.append(problem)
                noted.add(pair.query.key)
            elif problem:
                comparison.findings.problems.append(problem)
                return

    def _compare_eagerly(self, native: Comparison) -> None:
        """Compare once more with every graph run eagerly: for the values, which a graph does not show."""
        old = self._run(RunRequest(native.before_text, eager=True, rebinding=native.rebinding))
        new = self._run(RunRequest(native.after_text, oracle=True, eager=True))
        eager = Comparison(
            native.before_text,
            native.after_text,
            old,
            new,
            native.claims,
            native.keeps,
            eager=True,
            allowed=native.allowed,
            rebinding=native.rebinding,
        )
        self._compare(eager)
        native.findings.problems += eager.findings.problems
        native.findings.allowed += eager.findings.allowed
        if not (native.before.random_graph or native.after.random_graph) and new.end.reason == native.after.end.reason:
            # What the graph computes is seen only in what the script makes of it.
            differences = output_problems(new, native.after)
            if differences and not output_problems(old, native.before):
                native.findings.problems.append(f"as a graph it computes something else than eagerly: {differences[0]}")
        native.findings.notes.append("a query inside a graph: its values come from a run with graphs executed eagerly")
        by_place = {(change.after_line, change.source): change for change in eager.findings.changes}
        for number, change in enumerate(native.findings.changes):
            other = by_place.get((change.after_line, change.source))
            if other is not None and other.after.state == "gradient":
                native.findings.changes[number] = replace(change, after=other.after, check=other.check)


def raised_in_place(end: End) -> bool:
    """Whether a run ended at `v -= x` or the like, which no variable of TensorFlow allows."""
    return end.reason == "raised" and end.type == "RuntimeError" and bool(_IN_PLACE.search(end.message))


def _needs_eager(comparison: Comparison) -> bool:
    """Whether a path leads through a compiled function, which only an eager run shows from the inside."""
    return any(
        "Call" in str(pair.answer.get("check", {}).get("unchecked", ""))
        or "tf.function" in str(pair.answer.get("check", {}).get("unchecked", ""))
        or str(pair.answer.get("check", {}).get("unchecked", ""))
        in ("While", "StatelessWhile", "If", "StatelessIf", "Case")
        for _, pair in comparison.repaired()
    )
