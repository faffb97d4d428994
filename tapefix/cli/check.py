"""`tapefix check`: the findings of files, without running anything."""

from __future__ import annotations

from typing import Annotated

import typer

from tapefix.cli.guard import fail, guarded
from tapefix.cli.options import (
    BaselineFile,
    Filter,
    Ignore,
    ResultFormat,
    Results,
    Select,
    Since,
    StdinFilename,
    names,
)

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
    filter: Filter = False,  # noqa: A002 - the option's name
    since: Since = None,
    baseline: BaselineFile = None,
    write_baseline: Annotated[
        bool,
        typer.Option("--write-baseline", help="Record what is found in the baseline, so that it is known from now on."),
    ] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Show how often each rule finds something, instead of where.")
    ] = False,
) -> int:
    """Report what breaks gradients, without running anything."""
    from tapefix.cli.inputs import Inputs
    from tapefix.cli.known import Known
    from tapefix.cli.progress import Progress
    from tapefix.cli.reading import check_file, failed
    from tapefix.report.reporters import make_reporter
    from tapefix.share import Shares

    if (statistics or write_baseline) and output_format is not ResultFormat.TEXT:
        fail("--statistics and --write-baseline go with --output-format text")
    if write_baseline and since is not None:
        fail("a baseline records all that is found, so --write-baseline and --since exclude each other")
    shares = Shares(since, baseline, writes=write_baseline)
    inputs = Inputs(
        paths or ["."],
        stdin_filename=stdin_filename,
        select=names(select),
        ignore=names(ignore),
        shares=shares,
        filtered=filter,
    )
    reporter = make_reporter(output_format.value, "check", brief=statistics or write_baseline)
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
    known = Known(inputs)
    if write_baseline:
        known.write()
        return 2 if reporter.totals.errors else 0
    if since is None:
        known.report_stale()
    reporter.finish("`tapefix fix` shows the rewrites." if reporter.totals.fixable else "")
    return reporter.totals.exit_code()
