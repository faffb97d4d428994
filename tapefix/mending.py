"""One text through the rules and, where something is found, through its proof: for every door that repairs files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tapefix.finding import Finding
from tapefix.report.results import FileResult
from tapefix.share import ALL, Share
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tapefix.suppressions import Notice

if TYPE_CHECKING:
    from tapefix.codemod import Codemod
    from tapefix.proof import Accept
    from tapefix.suppressions import Watched
    from tapefix.verify import Verifier

T = TypeVar("T")
Choosing = Callable[[SourceText, "Watched"], "Accept"]
"""Makes for a text what decides which of its rewrites are wanted."""


def _all(_: Sequence[Finding]) -> Share:
    return ALL


class DefectError(SourceError):
    """A file is left as it is, because a rule failed on it."""


def contained(source: SourceText, work: Callable[[], T]) -> T:
    """Do something with a text, and say of which file it was when that fails.

    Raises:
        SourceError: the text does not parse, nests too deep, or a rule failed on it.
    """
    from tapefix.engine import BrokenRewriteError

    try:
        return work()
    except SourceError as error:
        line = None if error.line is None else source.named(error.line)
        raise SourceError(source.name, error.message, line, error.column) from None
    except BrokenRewriteError as error:
        raise DefectError(source.name, f"left as it is, by a defect of a rule: {error}; please report it") from None
    except RecursionError:
        raise SourceError(source.name, "the code nests too deep to be read") from None


def mend(
    source: SourceText,
    path: Path,
    rules: Sequence[type[Codemod]],
    verifier: Callable[[], Verifier | None],
    *,
    unsafe: bool,
    anyway: bool,
    choosing: Choosing | None = None,
    sharing: Callable[[Sequence[Finding]], Share] = _all,
) -> FileResult:
    """What the rules find in a text, and its repair with the proof of it; lines are as the source calls them.

    `verifier` is asked for when there is something to prove, or to look for in a run: `anyway` says that it is run
    even if the reading finds nothing. Without a verifier, nothing is run. `choosing` says which rewrites are wanted,
    `sharing` which of the findings matter.

    Raises:
        SourceError: the text does not parse, nests too deep, or a rule failed on it.
        DeviceError, SandboxError: what was asked for is not there.
    """
    from tapefix.engine import check
    from tapefix.fencing import fenced
    from tapefix.proof import prove
    from tapefix.registry import load_rules
    from tapefix.suppressions import Suppressions, Watched, visible

    text = source.text
    active = fenced(rules, source)
    found = contained(source, lambda: check(text, active))
    shown, notices = visible(found, text, active, load_rules())
    share = sharing(shown)
    shown, notices = [finding for finding in shown if share.mine(finding)], share.notices(notices)
    if not shown and not anyway:
        return FileResult(source.name, source, notices=notices).named()
    runner = verifier()
    if runner is not None:
        runner.call_lines(path, source.naming)
    watched = Watched(active)
    chosen = choosing(source, watched) if choosing is not None else None

    def wanted(finding: Finding) -> bool:
        return share.mine(finding) and (chosen is None or chosen(finding))

    accept = None if share == ALL and chosen is None else wanted
    proof = contained(source, lambda: prove(path, text, watched.rules, verifier=runner, unsafe=unsafe, accept=accept))
    comments = Suppressions(proof.after)
    mine = share.mine_after(text, proof.after)
    remaining = [finding for finding in proof.remaining if not comments.hides(finding) and mine(finding)]
    nothing = not shown and not remaining and not proof.judged
    shown_proof = None if nothing else proof
    result = FileResult(source.name, source, findings=remaining, notices=notices, proof=shown_proof).named()
    if runner is None or proof.judged:
        return result
    unproved = _unproved(path, text, runner, nothing)
    return result if unproved is None else replace(result, notices=[*result.notices, unproved])


def _unproved(path: Path, text: str, runner: Verifier, nothing: bool) -> Notice | None:
    """Say that a run came by no query, where no verdict does: the reading alone has then found what there is.

    `nothing` says that it found nothing at all.
    """
    from tapefix.verify import DeviceError, SandboxError, VerifyError
    from tapefix.verify.concluding import stopped_short

    try:
        evidence = runner.evidence(path, text)
    except (DeviceError, SandboxError):
        raise
    except VerifyError as error:
        return Notice(1, 0, 1, f"nothing was run: {error}") if nothing else None
    why = stopped_short(evidence, runner.options)
    return Notice(evidence.end.line or 1, 0, 1, why) if why else None
