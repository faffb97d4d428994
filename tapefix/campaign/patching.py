"""The repairs of a campaign as one patch, instead of writes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tapefix.campaign.campaign import repaired_bytes
from tapefix.campaign.outcome import FileOutcome
from tapefix.source.diffs import file_diff, patch_bytes
from tapefix.source.errors import SourceError
from tapefix.source.writing import WriteError, reason_of, write_new


def write_patch(outcomes: Iterable[FileOutcome], target: Path) -> tuple[int, list[SourceError]]:
    """Write every repair into one patch that `git apply` takes in the current directory.

    Returns how many files are in it, and why others are not.

    Raises:
        WriteError: the patch cannot be written.
    """
    pieces: list[bytes] = []
    left_out: list[SourceError] = []
    for outcome in outcomes:
        source = outcome.result.source
        if not outcome.repaired or outcome.proof is None or source is None:
            continue
        try:
            # What does not parse, or has no bytes in the file's encoding, is not proposed either.
            repaired_bytes(outcome)
            inside(outcome.path)
        except SourceError as error:
            left_out.append(error)
            continue
        pieces.append(patch_bytes(file_diff(source, outcome.proof.after), source.encoding))
    try:
        write_new(target, b"".join(pieces))
    except OSError as error:
        raise WriteError(str(target), f"the patch was not written: {reason_of(error)}") from None
    return len(pieces), left_out


def inside(name: str) -> None:
    """See that a patch can name a file from here.

    Raises:
        SourceError: it is not below the current directory.
    """
    path = Path(name)
    here = Path.cwd()
    if not (here / path).resolve().is_relative_to(here.resolve()) or ".." in path.parts:
        raise SourceError(name, "left out of the patch: it is not below the current directory")
