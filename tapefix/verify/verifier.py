"""The verifier: runs two texts of a script and says what that shows."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from tapefix.allowance import Allowance, Allowed
from tapefix.verify.closeness import tolerance
from tapefix.verify.compare import Comparison
from tapefix.verify.concluding import conclude, nothing_reached
from tapefix.verify.effects import noisy_lines, output_problems
from tapefix.verify.evidence import End, Evidence
from tapefix.verify.naming import Naming
from tapefix.verify.options import DeviceError, RunOptions, SandboxError, VerifyError
from tapefix.verify.runs import Handed, Runner, RunRequest, frozen
from tapefix.verify.sessions import judge_session
from tapefix.verify.verdict import Findings, Verdict, VerdictStatus
from tapefix.verify.waiting import Waiting

_IN_PLACE = re.compile(r"`var(iable)? (\+|-|\*|/|\*\*)= value` with `tf\.Variable`s is not supported")


class Verifier:
    """Judges rewrites of a project's scripts; one warm server serves all of them."""

    def __init__(self, options: RunOptions, project: Path, waiting: Waiting | None = None) -> None:
        self.options = options
        self._waiting = waiting
        self.project = Path(project).resolve()
        self._runners: dict[Path, Runner] = {}
        self._memory: dict[tuple[Path, RunRequest], Evidence] = {}
        self._namings: dict[Path, Naming] = {}
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the warm server and remove everything temporary."""
        for runner in self._runners.values():
            runner.close()
        self._runners.clear()

    def call_lines(self, path: Path, naming: Naming) -> None:
        """Say what the lines of a text of the script at `path` are called, where that is not by their number."""
        self._namings[Path(path).resolve()] = naming

    def _called(self, path: Path, text: str) -> Callable[[int], int]:
        naming = self._namings.get(Path(path).resolve())
        return int if naming is None else naming(text)

    def forget(self) -> None:
        """Forget what runs have shown: the files of the project may have changed since."""
        self._memory.clear()

    def wires(self) -> dict[int, Runner]:
        """What can be read from, between runs, as soon as the warm server of a runner has ended by itself."""
        return {runner.wire: runner for runner in self._runners.values() if runner.wire is not None}

    def evidence(self, path: Path, text: str) -> Evidence:
        """Run a text once and return what was recorded.

        Raises:
            VerifyError: nothing can be run: no usable interpreter, device or sandbox.
        """
        return self._run(path, RunRequest(text))

    def recorded(self, path: Path, text: str) -> list[Evidence]:
        """The evidence of every run of a text that was made so far, in their order."""
        path = Path(path).resolve()
        return [
            evidence for (where, request), evidence in self._memory.items() if (where, request.text) == (path, text)
        ]

    def traced(self, path: Path, text: str) -> Evidence:
        """Run a text with every value followed; its queries say why they have no answer.

        Graphs are executed eagerly: a value inside one has no numbers that could be followed.

        Raises:
            VerifyError: nothing can be run: no usable interpreter, device or sandbox.
        """
        return self._run(path, RunRequest(text, eager=True, trace=True))

    def judge(
        self,
        path: Path,
        before: str,
        after: str,
        *,
        claims: frozenset[int] | None = None,
        keeps: frozenset[int] = frozenset(),
        allowed: Allowed | None = None,
    ) -> Verdict:
        """Run both texts of the script at `path` and return the verdict.

        `claims` are the lines, in `before`, of the queries that the rewrite promises to repair; without it, every
        query that gave nothing must be repaired. `keeps` are those of queries that it promises to leave as they are,
        which the runs have to come by as well. `allowed` is what the rewrite changes by declaration; without it,
        nothing but the answers of the claimed queries may change.

        Raises:
            DeviceError, SandboxError: the device or the sandbox that the options ask for is not there.
        """
        started = time.monotonic()
        called, later = self._called(path, before), self._called(path, after)
        claims = None if claims is None else frozenset(map(called, claims))
        keeps = frozenset(map(called, keeps))
        try:
            status, reason, findings, evidence = self._judge(path, before, after, claims, keeps, allowed or Allowed())
        except (DeviceError, SandboxError):
            # Asked for, and not there: no verdict on the rewrite, but an error of the call.
            raise
        except VerifyError as error:
            status, reason, findings, evidence = VerdictStatus.NOT_RUN, str(error), Findings(), None
        runner = self._runners.get(self._root(path))
        hello = runner.hello if runner is not None else {}
        dtypes = [change.after.dtype for change in findings.changes if change.after.dtype]
        return Verdict(
            status=status,
            reason=reason,
            changes=tuple(
                replace(change, line=called(change.line), after_line=later(change.after_line))
                for change in findings.changes
            ),
            still_none=tuple(findings.still_none),
            notes=tuple(dict.fromkeys(findings.notes)),
            device=_device(evidence),
            tensorflow_version=str(hello.get("tensorflow", "")),
            python_version=str(hello.get("python", "")),
            tolerance=tolerance(*dtypes) if dtypes else 0.0,
            sandbox=runner.walls_line if runner is not None else "",
            seconds=time.monotonic() - started,
            unreached=findings.unreached,
            allowed=tuple(dict.fromkeys(findings.allowed)),
        )

    def _judge(
        self,
        path: Path,
        before: str,
        after: str,
        claims: frozenset[int] | None,
        keeps: frozenset[int],
        allowed: Allowed,
    ) -> tuple[VerdictStatus, str, Findings, Evidence | None]:
        graphs_at = allowed.lines(Allowance.GRAPH)
        if graphs_at is None or graphs_at:
            return judge_session(lambda request: self._run(path, request), before, after, graphs_at or frozenset())
        old = self._run(path, RunRequest(before))
        rebinding = raised_in_place(old.end)
        if rebinding:
            # What it would have gone on with says which values have to come of the repair.
            old = self._run(path, RunRequest(before, rebinding=True))
        if not old.queries and old.end.reason != "raised":
            return VerdictStatus.NOT_RUN, nothing_reached(old, self.options), Findings(), old
        new = self._run(path, RunRequest(after, oracle=True))
        native = Comparison(before, after, old, new, claims, keeps, allowed=allowed, rebinding=rebinding)
        findings = native.findings
        if rebinding:
            findings.notes.append(
                "an operator such as `-=` raises on a variable; the run before took it for `v = v - x`"
            )
        self._compare(path, native)
        graphs = any(query.symbolic for query in (*old.queries, *new.queries)) or _needs_eager(native)
        if graphs and not findings.problems:
            self._compare_eagerly(path, native)
        for evidence, name in ((old, "before"), (new, "after")):
            if evidence.end.reason == "timeout" and evidence.queries:
                findings.notes.append(f"the run {name} {evidence.end.describe()}; what it reached until then counts")
            findings.notes.extend(evidence.notes)
        status, reason = conclude(native, claims)
        return status, reason, findings, new

    def _compare(self, path: Path, comparison: Comparison) -> None:
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
            counter = self._run(path, request)
        problems = comparison.judge_rest(counter, frozenset())
        handed = comparison.lacking.handed(comparison.matches) if problems and not findings.problems else ()
        if handed:
            counter = self._handing_back(path, comparison, request, handed)
            problems = comparison.judge_rest(counter, frozenset())
        if problems:
            # Before a script is blamed for a difference: does it say the same twice?
            request = RunRequest(
                comparison.before_text, eager=comparison.eager, again=True, rebinding=comparison.rebinding
            )
            again = self._run(path, request)
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
            self._look_for_leaks(path, comparison)

    def _handing_back(self, path: Path, comparison: Comparison, request: RunRequest, handed: Handed) -> Evidence:
        """The counter-run once more, given what the run before was also where it now would be told more."""
        keeping = RunRequest(comparison.before_text, eager=comparison.eager, keep=True, rebinding=comparison.rebinding)
        kept = self._run(path, keeping)
        try:
            counter = self._run(path, replace(request, handed=handed, answers=kept.kept))
        finally:
            # They take room, and are of no use to anybody else.
            del self._memory[Path(path).resolve(), keeping]
            self._runners[self._root(path)].discard(kept)
        comparison.handed_back = True
        return counter

    def _look_for_leaks(self, path: Path, comparison: Comparison) -> None:
        """Disturb the numbers that leave TensorFlow on the way from a repaired source, and see if the target moves."""
        from tapefix.verify.leaks import leak_problem, leaving

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
            problem = leak_problem(pair, numbers, self._run(path, request))
            if problem and before is None and not comparison.promise.covers_after(pair.query):
                # The run comes to this query only now, and the rewrite has promised nothing of it.
                comparison.findings.notes.append(problem)
                noted.add(pair.query.key)
            elif problem:
                comparison.findings.problems.append(problem)
                return

    def _compare_eagerly(self, path: Path, native: Comparison) -> None:
        """Compare once more with every graph run eagerly: for the values, which a graph does not show."""
        old = self._run(path, RunRequest(native.before_text, eager=True, rebinding=native.rebinding))
        new = self._run(path, RunRequest(native.after_text, oracle=True, eager=True))
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
        self._compare(path, eager)
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

    def _root(self, path: Path) -> Path:
        path = Path(path).resolve()
        return self.project if path.is_relative_to(self.project) else path.parent

    def _run(self, path: Path, request: RunRequest) -> Evidence:
        path = Path(path).resolve()
        key = (path, request)
        if key not in self._memory:
            root = self._root(path)
            if root not in self._runners:
                self._runners[root] = Runner(self.options, root, self._waiting)
            evidence = self._runners[root].run(path, request, self._called(path, request.text))
            if evidence.end.reason == "device":
                raise DeviceError(
                    f"device {self.options.device} was asked for, but TensorFlow found only {evidence.end.message}"
                )
            if evidence.end.reason == "recorder":
                raise VerifyError(f"the run could not be recorded: {evidence.end.message.strip().splitlines()[-1]}")
            self._memory[key] = evidence
        return self._memory[key]


def raised_in_place(end: End) -> bool:
    """Whether a run ended at `v -= x` or the like, which no variable of TensorFlow allows."""
    return end.reason == "raised" and end.type == "RuntimeError" and bool(_IN_PLACE.search(end.message))


def _device(evidence: Evidence | None) -> str:
    if evidence is None:
        return ""
    used = {
        value["device"] for query in evidence.queries for value in (*query.targets, *query.answers) if "device" in value
    }
    named = [device for device in evidence.devices if device.split(" ")[0] in used]
    return ", ".join(named or sorted(used) or evidence.devices[-1:])


def _needs_eager(comparison: Comparison) -> bool:
    """Whether a path leads through a compiled function, which only an eager run shows from the inside."""
    return any(
        "Call" in str(pair.answer.get("check", {}).get("unchecked", ""))
        or "tf.function" in str(pair.answer.get("check", {}).get("unchecked", ""))
        or str(pair.answer.get("check", {}).get("unchecked", ""))
        in ("While", "StatelessWhile", "If", "StatelessIf", "Case")
        for _, pair in comparison.repaired()
    )
