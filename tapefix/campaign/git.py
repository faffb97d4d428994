"""Commits on a new branch of the user's repository. Neither the working tree nor the index is touched."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tapefix.campaign.campaign import repaired_bytes
from tapefix.campaign.outcome import CampaignResult, FileOutcome
from tapefix.campaign.stages import Stage, stages
from tapefix.report.lines import plain
from tapefix.report.verdicts import verdict_lines
from tapefix.source.errors import SourceError

RULE, FILE = "rule", "file"
# What a repository's own settings may start, when all that is wanted is an answer.
_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "gc.auto=0")


class GitError(SourceError):
    """Git refused; nothing in the repository has changed."""


@dataclass
class Committed:
    """What came of it."""

    branches: dict[Path, str] = field(default_factory=dict)
    """The new branch of each repository."""
    commits: int = 0
    files: int = 0
    refused: list[SourceError] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """A file of a commit: what it holds then, and why."""

    path: str
    """Relative to the repository."""
    data: bytes
    stage: Stage


class Repository:
    """A repository of the user's, as a place for objects and branches."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def of(cls, path: Path) -> Repository:
        """The repository that a file is in.

        Raises:
            GitError: it is in none, or git is not there.
        """
        found = _git(path.parent, "rev-parse", "--show-toplevel")
        return cls(Path(os.fsdecode(found.rstrip(b"\n"))))

    def git(self, *arguments: str | bytes, data: bytes = b"", index: Path | None = None) -> bytes:
        """What a command of git answers."""
        return _git(self.root, *arguments, data=data, index=index)

    def dirty(self, paths: Iterable[str]) -> set[str]:
        """Those of some files that hold, or have staged, what is not committed."""
        wanted = [os.fsencode(f":(literal){path}") for path in paths]
        # One by one would be slow, all at once too long for a command line.
        found: set[str] = set()
        for start in range(0, len(wanted), 500):
            answer = self.git(
                "status", "--porcelain", "-z", "--no-renames", "--ignored", "--", *wanted[start : start + 500]
            )
            found |= {os.fsdecode(entry[3:]) for entry in answer.split(b"\0") if entry}
        return found

    def mode(self, path: str) -> str:
        """The mode of a file of the last commit."""
        answer = self.git("ls-tree", "-z", "HEAD", "--", os.fsencode(f":(literal){path}"))
        if not answer:
            raise GitError(path, "left out: it is not part of the last commit")
        return answer.split(b" ", 1)[0].decode("ascii")


def commit(result: CampaignResult, by: str) -> Committed:
    """Commit every repair on the branch `tapefix/ID`, one commit for each rule or file.

    Raises:
        GitError: git is not there, or refused.
    """
    done = Committed()
    groups: dict[Path, list[FileOutcome]] = {}
    for outcome in result.files:
        if not outcome.repaired:
            continue
        try:
            repository = Repository.of(Path(outcome.path).resolve())
        except GitError as error:
            done.refused.append(SourceError(outcome.path, error.message))
            continue
        groups.setdefault(repository.root, []).append(outcome)
    for root, outcomes in groups.items():
        _commit_in(Repository(root), outcomes, result, by, done)
    return done


def _commit_in(
    repository: Repository, outcomes: Sequence[FileOutcome], result: CampaignResult, by: str, done: Committed
) -> None:
    clean = list(_clean(repository, outcomes, done))
    if not clean:
        return
    changes = [Change(path, data, stage) for path, outcome in clean for data, stage in _texts(outcome)]
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.stage.code if by == RULE else change.path, []).append(change)
    branch = f"tapefix/{result.id}"
    head = repository.git("rev-parse", "--verify", "HEAD^{commit}").strip().decode("ascii")
    parent = head
    with tempfile.TemporaryDirectory(prefix="tapefix-git-") as folder:
        index = Path(folder) / "index"
        repository.git("read-tree", head, index=index)
        for key in sorted(groups):
            parent = _commit(repository, groups[key], _message(key, groups[key], result, by), parent, index)
            done.commits += 1
    # Only now is anything of it to be seen.
    try:
        repository.git("update-ref", f"refs/heads/{branch}", parent, "0" * len(parent))
    except GitError:
        raise GitError(repository.root, f"the branch {branch} is there already; remove it, or begin anew") from None
    done.branches[repository.root] = branch
    done.files += len(clean)


def _commit(repository: Repository, changes: Sequence[Change], message: str, parent: str, index: Path) -> str:
    entries = []
    last = {change.path: change for change in changes}
    for path, change in last.items():
        # With the path, so that what git does to line ends on the way in is done here as well.
        blob = repository.git("hash-object", "-w", "--stdin", "--path", os.fsencode(path), data=change.data).strip()
        entries.append(repository.mode(path).encode("ascii") + b" " + blob + b"\t" + os.fsencode(path) + b"\0")
    repository.git("update-index", "-z", "--index-info", data=b"".join(entries), index=index)
    tree = repository.git("write-tree", index=index).strip()
    made = repository.git("commit-tree", tree, "-p", parent, "-F", "-", data=message.encode("utf-8", "replace"))
    return made.strip().decode("ascii")


def _clean(
    repository: Repository, outcomes: Sequence[FileOutcome], done: Committed
) -> Iterator[tuple[str, FileOutcome]]:
    """The files that hold what the last commit does."""
    named = {os.path.relpath(Path(outcome.path).resolve(), repository.root): outcome for outcome in outcomes}
    dirty = repository.dirty(named)
    for path, outcome in named.items():
        try:
            if path in dirty:
                raise GitError(outcome.path, "left out: it has changes of yours that are not committed")
            if Path(outcome.path).read_bytes() != outcome.data:
                raise GitError(outcome.path, "left out: it has changed since it was read")
            repository.mode(path)
        except OSError as error:
            done.refused.append(SourceError(outcome.path, f"left out: {error.strerror}"))
        except GitError as error:
            done.refused.append(SourceError(outcome.path, error.message))
        else:
            yield path, outcome


def _texts(outcome: FileOutcome) -> Iterator[tuple[bytes, Stage]]:
    """What a file holds after each rule, in the order of their codes; at last, what was proved."""
    assert outcome.proof is not None
    for stage in stages(outcome):
        if stage.last:
            yield repaired_bytes(outcome), stage
        else:
            source = outcome.result.source
            assert source is not None
            yield source.with_text(stage.text).to_bytes(), stage


def _message(key: str, changes: Sequence[Change], result: CampaignResult, by: str) -> str:
    files = list(dict.fromkeys(change.path for change in changes))
    findings = [finding for change in changes for finding in change.stage.findings]
    if by == RULE:
        plural = "s" * (len(files) != 1)
        title = f"{key} {findings[0].name}: repair {len(findings)} in {len(files)} file{plural}"
    else:
        codes = ", ".join(dict.fromkeys(finding.code for finding in findings))
        title = f"{_shown(Path(key).name)}: repair {codes}"
    lines = [title, ""]
    for path in files:
        lines.append(_shown(path))
        for change in changes:
            if change.path == path:
                lines += [
                    f"  {finding.code} line {finding.range.line}: {finding.rewrite.title if finding.rewrite else ''}"
                    for finding in change.stage.findings
                ]
        verdict = next(change.stage.verdict for change in changes if change.path == path)
        if verdict is not None:
            lines += [f"  {line}" for line in plain(verdict_lines(verdict)).splitlines()]
        lines.append("")
    lines.append(f"tapefix {result.versions.tapefix}, campaign {result.id}")
    return "\n".join(lines) + "\n"


def _shown(path: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in path)


def _git(folder: Path, *arguments: str | bytes, data: bytes = b"", index: Path | None = None) -> bytes:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(
            ["git", *_QUIET, *arguments], cwd=folder, input=data, capture_output=True, env=environment, check=False
        )
    except OSError as error:
        raise GitError(folder, f"git cannot be started: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(folder, f"git {arguments[0]!s}: {said[-1] if said else 'it failed'}")
    return done.stdout
