"""`tapefix migrate`: a whole tree of scripts and notebooks, safely, with one end state for each file."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from tapefix.cli.guard import fail, guarded
from tapefix.cli.options import (
    BaselineFile,
    Device,
    Ignore,
    Memory,
    Python,
    ReportFolder,
    ResultFormat,
    Run,
    Samples,
    SandboxLevel,
    Select,
    Since,
    Timeout,
    names,
)


class GitCommits(str, Enum):
    """What each commit is about."""

    RULE = "rule"
    FILE = "file"


@guarded
def migrate(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH...|ID]", help="Files and folders; with --resume, the campaign (the last one)."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", "-w", help="Write what was verified.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a campaign where it was stopped.")] = False,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Ask about each rewrite; implies --write.")
    ] = False,
    patch: Annotated[
        Path | None, typer.Option("--patch", metavar="FILE", help="Write one patch instead of touching files.")
    ] = None,
    git: Annotated[
        GitCommits | None,
        typer.Option("--git", help="Make one commit per rule or file on a new branch, instead of touching files."),
    ] = None,
    unsafe: Annotated[
        bool | None, typer.Option("--unsafe/--no-unsafe", help="Also rewrites that change what is computed.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Run the code before and after.")] = True,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="N", help="Runs at once [default: by processors and memory]."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Send the runs to a Dask cluster (tapefix[cluster])."),
    ] = None,
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Use what earlier campaigns found out.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    select: Select = None,
    ignore: Ignore = None,
    output_format: Annotated[ResultFormat, typer.Option("--output-format", help="How to show the results.")] = (
        ResultFormat.TEXT
    ),
    run: Run = None,
    python: Python = None,
    samples: Samples = None,
    timeout: Timeout = None,
    memory: Memory = None,
    device: Device = None,
    sandbox: SandboxLevel = None,
    since: Since = None,
    baseline: BaselineFile = None,
    report: ReportFolder = None,
) -> int:
    """Bring a whole tree over: each file gets one end state, with its reason; --write writes what was verified."""
    from tapefix.campaign.outcome import Settings
    from tapefix.cli.migrating import Migration

    if sum((write, patch is not None, git is not None)) > 1:
        fail("--write, --patch and --git exclude each other: the repairs go to one place")
    if resume and paths and len(paths) > 1:
        fail("--resume goes on with one campaign: name its ID, or none for the last one")
    if resume:
        migration = Migration.taken_up(paths[0] if paths else "", jobs)
    else:
        settings = Settings(
            paths=tuple(paths or ["."]),
            write=write or (interactive and patch is None and git is None),
            interactive=interactive,
            patch=str(patch) if patch is not None else None,
            git=git.value if git is not None else None,
            verify=verify,
            unsafe=unsafe,
            select=names(select),
            ignore=names(ignore),
            run=run,
            samples=samples,
            timeout=timeout,
            memory=memory,
            device=device,
            sandbox=sandbox.value if sandbox else None,
            python=str(Path(python).absolute()) if python else None,
            jobs=jobs or 0,
            cache=cache,
            since=since,
            baseline=str(baseline.absolute()) if baseline is not None else None,
            pictures=report is not None,
            scheduler=scheduler,
        )
        migration = Migration.begun(settings)
    return migration.run(output_format.value, quiet=quiet, report=report)
