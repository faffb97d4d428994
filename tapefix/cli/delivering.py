"""Where the repairs of a campaign go: into the tree, a patch, a branch, or nowhere yet; and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tapefix.campaign.outcome import CampaignResult, FileOutcome
from tapefix.source.errors import SourceError


@dataclass(frozen=True)
class Delivery:
    """The result of a campaign, once its repairs are where they were wanted."""

    result: CampaignResult
    where: tuple[str, ...] = ()
    """Said to people: the patch, or the branches."""

    def has(self, outcome: FileOutcome) -> bool:
        """Whether a file's repair is in a patch or on a branch."""
        return bool(self.where) and outcome.repaired and not outcome.problem

    def lines(self) -> Iterator[str]:
        """What was done, and what to do next."""
        written = self.result.totals.written
        yield from self.where
        if written:
            them = "it" if written == 1 else "them"
            yield f"{written} file{'s' * (written != 1)} written; `tapefix undo {self.result.id}` takes {them} back."
        elif not self.where and any(outcome.repaired for outcome in self.result.files):
            yield "Nothing was written: --write does, and repeats no run."
        if self.result.open:
            yield f"{self.result.open} still open: `tapefix migrate --resume` goes on."


def delivered(result: CampaignResult) -> Delivery:
    """Put the repairs where the settings say.

    Raises:
        SourceError: the patch cannot be written, or git refused.
    """
    settings = result.settings
    if settings.patch is not None:
        from tapefix.campaign.patching import write_patch

        count, refused = write_patch(result.files, Path(settings.patch))
        said = f"{settings.patch}: {_files(count)}; `git apply` takes it."
        return Delivery(_with_problems(result, refused), (said,))
    if settings.git is not None:
        from tapefix.campaign.git import commit

        done = commit(result, settings.git)
        branches = [f"{root}: branch {branch}" for root, branch in done.branches.items()]
        commits = f"{done.commits} commit{'s' * (done.commits != 1)}"
        said = f"{'; '.join(branches)}: {commits}, {_files(done.files)}." if branches else "No branch was made."
        return Delivery(_with_problems(result, done.refused), (said,))
    return Delivery(result)


def _files(count: int) -> str:
    return f"{count} file{'s' * (count != 1)}"


def _with_problems(result: CampaignResult, refused: list[SourceError]) -> CampaignResult:
    problems = {str(error.path): error.message for error in refused}
    files = (
        replace(outcome, problem=problems[outcome.path]) if outcome.path in problems else outcome
        for outcome in result.files
    )
    return replace(result, files=tuple(files))
