"""`tapefix fix`: the repair of files as a diff, with its verdict, and written on request."""

from __future__ import annotations

from typing import Annotated

import typer

from tapefix.cli.guard import fail, guarded
from tapefix.cli.options import (
    BaselineFile,
    Device,
    Filter,
    Ignore,
    Memory,
    Python,
    ReportFolder,
    ResultFormat,
    Results,
    Run,
    Samples,
    SandboxLevel,
    Select,
    Since,
    StdinFilename,
    Timeout,
    names,
)


@guarded
def fix(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, directories, or - for stdin.")],
    write: Annotated[bool, typer.Option("--write", "-w", help="Write what was verified.")] = False,
    interactive: Annotated[bool, typer.Option("--interactive", "-i", help="Ask about each rewrite.")] = False,
    unsafe: Annotated[
        bool | None, typer.Option("--unsafe/--no-unsafe", help="Also rewrites that change what is computed.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Run the code before and after.")] = True,
    select: Select = None,
    ignore: Ignore = None,
    output_format: Results = ResultFormat.TEXT,
    stdin_filename: StdinFilename = None,
    filter: Filter = False,  # noqa: A002 - the option's name
    since: Since = None,
    baseline: BaselineFile = None,
    report: ReportFolder = None,
    run: Run = None,
    python: Python = None,
    samples: Samples = None,
    timeout: Timeout = None,
    memory: Memory = None,
    device: Device = None,
    sandbox: SandboxLevel = None,
) -> int:
    """Show the repair of files as a diff, proved by running the code; --write writes it."""
    from tapefix.cli.inputs import STDIN, Inputs
    from tapefix.cli.repairing import Repairing
    from tapefix.cli.verifying import RunSettings
    from tapefix.share import Shares

    if interactive and STDIN in paths:
        fail("--interactive reads the answers from stdin, so `-` cannot be the text")
    if STDIN in paths and write and len(paths) > 1:
        fail("with --write, `-` prints the repaired text, so it must be the only PATH")
    inputs = Inputs(
        paths,
        stdin_filename=stdin_filename,
        select=names(select),
        ignore=names(ignore),
        shares=Shares(since, baseline),
        filtered=filter,
    )
    settings = RunSettings(python, samples, timeout, memory, device, sandbox.value if sandbox else None, run)
    repairing = Repairing(
        inputs,
        settings if verify else None,
        output_format=output_format.value,
        write=write,
        interactive=interactive,
        unsafe=unsafe,
        report=report,
    )
    return repairing.run()
