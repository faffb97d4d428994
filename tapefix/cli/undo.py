"""`tapefix undo`: take back the last `fix --write`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tapefix.cli.guard import guarded
from tapefix.cli.options import Format, OutputFormat


@guarded
def undo(
    path: Annotated[Path, typer.Argument(help="A file or folder of the project.")] = Path(),
    output_format: Format = OutputFormat.TEXT,
) -> int:
    """Take back the last `fix --write` of this project."""
    from tapefix.report import data
    from tapefix.report.findings import error_lines
    from tapefix.report.lines import show
    from tapefix.source.undoing import NothingToUndoError
    from tapefix.source.undoing import undo as take_back

    try:
        done = take_back(path if path.is_dir() else path.parent)
    except NothingToUndoError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if output_format is OutputFormat.JSON:
        refused = [{"path": str(each.path), "message": each.message} for each in done.refused]
        sys.stdout.write(data.document("undo", restored=[str(file) for file in done.restored], refused=refused))
    else:
        show([((f"{file}: ", "place"), ("restored", "good")) for file in done.restored], sys.stdout)
        for refusal in done.refused:
            show(error_lines(refusal), sys.stderr)
    return 1 if done.refused else 0
