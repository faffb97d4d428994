"""`tapefix check`: the findings of files, without running anything."""

from __future__ import annotations

from typing import Annotated

import typer

from tapefix.cli.guard import guarded
from tapefix.cli.options import Ignore, ResultFormat, Results, Select, StdinFilename, names

LARGE = 500_000
"""Bytes of a file that takes so long that somebody may want to know what is going on."""


@guarded
def check(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Files, directories, or - for stdin.")
    ] = None,
    select: Select = None,
    ignore: Ignore = None,
    output_format: Results = ResultFormat.TEXT,
    stdin_filename: StdinFilename = None,
) -> int:
    """Report what breaks gradients, without running anything."""
    from tapefix.cli.inputs import Inputs
    from tapefix.cli.progress import Progress
    from tapefix.cli.reading import check_file, failed
    from tapefix.report.reporters import make_reporter

    inputs = Inputs(paths or ["."], stdin_filename=stdin_filename, select=names(select), ignore=names(ignore))
    reporter = make_reporter(output_format.value, "check")
    pending = inputs.pending()
    with Progress(len(pending)) as progress:
        for file in pending:
            progress.step(file.name)
            if file.data is not None and len(file.data) > LARGE:
                progress.say(file.name)
            result = check_file(file, inputs)
            if result.error or result.findings or result.notices:
                progress.pause()
            reporter.add(result)
    for result in failed(inputs.errors):
        reporter.add(result)
    reporter.finish("`tapefix fix` shows the rewrites." if reporter.totals.fixable else "")
    return reporter.totals.exit_code()
