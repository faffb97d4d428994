"""`tapefix undo`: take back the last `fix --write`, or a campaign."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tapefix.cli.guard import fail, guarded
from tapefix.cli.options import Format, OutputFormat


@guarded
def undo(
    target: Annotated[
        str, typer.Argument(metavar="[PATH|CAMPAIGN]", help="A file or folder of the project, or a campaign's ID.")
    ] = ".",
    output_format: Format = OutputFormat.TEXT,
) -> int:
    """Take back the last `fix --write` of this project, or all that a campaign has written."""
    from tapefix.report import data
    from tapefix.report.findings import error_lines
    from tapefix.report.lines import show
    from tapefix.source.undoing import NothingToUndoError
    from tapefix.source.undoing import undo as take_back

    path, campaign = Path(target), _campaign(target)
    try:
        if campaign is not None:
            from tapefix.campaign.undoing import undo_campaign

            done = undo_campaign(campaign)
        else:
            done = take_back(path if path.is_dir() else path.parent)
    except NothingToUndoError as error:
        sys.stderr.write(f"{error}{_hint(path)}\n")
        return 1
    if output_format is OutputFormat.JSON:
        refused = [{"path": str(each.path), "message": each.message} for each in done.refused]
        sys.stdout.write(data.document("undo", restored=[str(file) for file in done.restored], refused=refused))
    else:
        show([((f"{file}: ", "place"), ("restored", "good")) for file in done.restored], sys.stdout)
        for refusal in done.refused:
            show(error_lines(refusal), sys.stderr)
    return 1 if done.refused else 0


def _campaign(target: str) -> Path | None:
    """The folder of the campaign that is named, if one is."""
    from tapefix.campaign.journal import ID_LIKE, JOURNAL, find_campaign

    path = Path(target)
    if path.is_dir() and (path / JOURNAL).is_file():
        return path.resolve()
    if path.exists() or not ID_LIKE.fullmatch(target):
        return None
    found = find_campaign(Path(), target)
    if found is None:
        fail(f"there is no campaign {target} in this folder or above it")
    return found


def _hint(path: Path) -> str:
    from tapefix.campaign.journal import find_campaign

    last = find_campaign(path if path.is_dir() else path.parent)
    return "" if last is None else f"; `tapefix undo {last.name}` takes back the last campaign"
