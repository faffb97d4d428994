"""`tapefix why`: run a script, and say for each missing gradient where it went."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tapefix.cli.guard import fail, guarded
from tapefix.cli.options import (
    Device,
    Format,
    Memory,
    OutputFormat,
    Python,
    Run,
    Samples,
    SandboxLevel,
    StdinFilename,
    Timeout,
)


@guarded
def why(
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="The file to run, or - for stdin.")],
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with the paths.")] = None,
    output_format: Format = OutputFormat.TEXT,
    stdin_filename: StdinFilename = None,
    run: Run = None,
    python: Python = None,
    samples: Samples = None,
    timeout: Timeout = None,
    memory: Memory = None,
    device: Device = None,
    sandbox: SandboxLevel = None,
) -> int:
    """Run a script and say for each missing gradient where it went."""
    from tapefix.cli.inputs import Inputs
    from tapefix.cli.progress import Progress
    from tapefix.cli.verifying import RunSettings, Verifiers
    from tapefix.mending import contained
    from tapefix.report import data, github
    from tapefix.report.lines import show
    from tapefix.report.why import why_lines
    from tapefix.report.why_data import why_data
    from tapefix.source.parsing import parse
    from tapefix.verify import VerifyError
    from tapefix.why import explain

    if Path(script).is_dir():
        fail(f"{script} is a directory: `why` runs one script")
    inputs = Inputs([script], stdin_filename=stdin_filename)
    pending = inputs.pending()
    if inputs.errors:
        raise inputs.errors[0]
    if not pending:
        fail(f"{script} is no Python file and no notebook")
    source = pending[0].source()
    if source.foreign is not None:
        raise source.foreign
    contained(source, lambda: parse(source))
    settings = RunSettings(python, samples, timeout, memory, device, sandbox.value if sandbox else None, run)
    name = pending[0].name
    with Verifiers(settings) as verifiers, Progress(1) as progress:
        progress.say("running")
        try:
            verifier = verifiers.get(pending[0].path, pending[0].config)
            verifier.call_lines(pending[0].path, source.naming)
            explanation = explain(verifier, pending[0].path, source.text)
        except VerifyError as error:
            fail(str(error))
    if html is not None:
        from tapefix.report.why_page import write_page

        write_page(html, name, source, explanation)
    if output_format is OutputFormat.JSON:
        sys.stdout.write(data.document("why", file=name, why=why_data(explanation)))
    elif output_format is OutputFormat.GITHUB:
        sys.stdout.write(github.why_annotations(explanation, name))
    else:
        show(why_lines(explanation, name), sys.stdout)
    if not explanation.queries and not explanation.answered:
        return 2 if not explanation.end.regular and explanation.stop is None else 1
    return 1 if explanation.broken else 0
