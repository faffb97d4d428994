"""`tapefix verify`: run any two texts, and say whether the second one repairs the first."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tapefix.allowance import Allowance, Allowed
from tapefix.cli.guard import fail, guarded
from tapefix.cli.options import Device, Format, Memory, OutputFormat, Python, Run, Samples, SandboxLevel, Timeout

if TYPE_CHECKING:
    from tapefix.source.text import SourceText


@guarded
def verify(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The file as it was, or - for stdin.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The file as it is to be, or - for stdin.")],
    allow: Annotated[
        list[Allowance] | None,
        typer.Option(
            "--allow",
            help="What the change may do besides, for every query: give its target another value, hold what a "
            "straight-through estimator stops, count a gradient of zeros as missing, give a gradient the part that it "
            "lacked where another by the same tape was missing, do without the graph and session "
            "of TensorFlow 1 that BEFORE trains by; repeat for several.",
        ),
    ] = None,
    output_format: Format = OutputFormat.TEXT,
    run: Run = None,
    python: Python = None,
    samples: Samples = None,
    timeout: Timeout = None,
    memory: Memory = None,
    device: Device = None,
    sandbox: SandboxLevel = None,
) -> int:
    """Run a file before and after a change, and judge the change."""
    from tapefix.cli.progress import Progress
    from tapefix.cli.verifying import RunSettings, Verifiers
    from tapefix.config import find_config
    from tapefix.mending import contained
    from tapefix.report import data, github
    from tapefix.report.lines import show
    from tapefix.report.verdicts import verdict_lines
    from tapefix.source.opening import NOTEBOOK
    from tapefix.source.parsing import parse

    if before == after == "-":
        fail("only one of BEFORE and AFTER can come from stdin")
    texts = [_read(before, after), _read(after, before)]
    for text in texts:
        if text.foreign is not None:
            raise text.foreign
        contained(text, partial(parse, text))
    # A script that became a notebook is run as one.
    named = [Path(name) for name in (before, after) if name != "-"]
    path = next((name for name in named if name.suffix == NOTEBOOK), named[0]).absolute()
    settings = RunSettings(python, samples, timeout, memory, device, sandbox.value if sandbox else None, run)
    with Verifiers(settings) as verifiers, Progress(1) as progress:
        progress.say("running before and after")
        verifier = verifiers.get(path, find_config(path.parent))
        verifier.call_lines(path, lambda text: texts[text != texts[0].text].naming(text))
        verdict = verifier.judge(path, texts[0].text, texts[1].text, allowed=Allowed.everywhere(allow or ()))
    if output_format is OutputFormat.JSON:
        sys.stdout.write(data.document("verify", before=before, after=after, verdict=verdict.to_json()))
    elif output_format is OutputFormat.GITHUB:
        sys.stdout.write(github.verdict_annotation(verdict, after))
    else:
        show(verdict_lines(verdict), sys.stdout)
    return 0 if verdict.status.value == "verified" else 1


def _read(name: str, other: str) -> SourceText:
    """The text of a file; that of stdin is of the kind of the other one."""
    from tapefix.source.opening import read_source

    if name == "-":
        return read_source(Path(other), "<stdin>", sys.stdin.buffer.read())
    return read_source(Path(name))
