"""The verifier: runs two texts of a script and says what that shows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from tapefix.allowance import Allowed
from tapefix.verify.closeness import tolerance
from tapefix.verify.evidence import Evidence
from tapefix.verify.judging import Judge
from tapefix.verify.naming import Naming
from tapefix.verify.options import DeviceError, RunOptions, SandboxError, VerifyError
from tapefix.verify.runs import Runner, RunRequest
from tapefix.verify.verdict import Findings, Verdict, VerdictStatus
from tapefix.verify.waiting import Waiting


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
            status, reason, findings, evidence = self._judge_of(path).judge(
                before, after, claims, keeps, allowed or Allowed()
            )
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

    def _judge_of(self, path: Path) -> Judge:
        def forget(request: RunRequest) -> None:
            self._runners[self._root(path)].discard(self._memory.pop((Path(path).resolve(), request)))

        return Judge(lambda request: self._run(path, request), forget, self.options)

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


def _device(evidence: Evidence | None) -> str:
    if evidence is None:
        return ""
    used = {
        value["device"] for query in evidence.queries for value in (*query.targets, *query.answers) if "device" in value
    }
    named = [device for device in evidence.devices if device.split(" ")[0] in used]
    return ", ".join(named or sorted(used) or evidence.devices[-1:])
