"""Options that several commands share."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class OutputFormat(str, Enum):
    """How results are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


class ResultFormat(str, Enum):
    """How findings are shown: also as what CI services read."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class Sandbox(str, Enum):
    """What must be around the runs."""

    AUTO = "auto"
    REQUIRE = "require"
    OFF = "off"


Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select", metavar="RULE", help="Only these rules: code, beginning of codes, or name; repeat or use commas."
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore", metavar="RULE", help="Not these rules: code, beginning of codes, or name; repeat or use commas."
    ),
]
Format = Annotated[OutputFormat, typer.Option("--output-format", help="How to show the results.")]
Results = Annotated[ResultFormat, typer.Option("--output-format", help="How to show the results.")]
StdinFilename = Annotated[
    Path | None,
    typer.Option("--stdin-filename", metavar="PATH", help="What to call the text that `-` reads from stdin."),
]
Python = Annotated[
    Path | None,
    typer.Option(
        "--python", metavar="PATH", help="The interpreter (or environment) with TensorFlow that runs the code."
    ),
]
Samples = Annotated[
    int | None,
    typer.Option("--samples", min=1, metavar="N", help="Stop a run once every query was reached N times [default: 2]."),
]
Timeout = Annotated[
    float | None, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Time limit of a run [default: 60].")
]
Memory = Annotated[
    int | None, typer.Option("--memory", min=1, metavar="MB", help="Memory limit of a run [default: 8192].")
]
Device = Annotated[
    str | None, typer.Option("--device", metavar="DEVICE", help="auto, cpu, gpu or gpu:N [default: auto].")
]
SandboxLevel = Annotated[
    Sandbox | None,
    typer.Option("--sandbox", help="Walls around the runs: the best there are, or none without bubblewrap, or none."),
]
Run = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="COMMAND",
        help="Module or script with arguments through which to run the file: 'train.py --epochs 1'.",
    ),
]


Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="REV",
        help="Only findings about what has changed since a git revision, uncommitted and untracked files included: "
        "their place, query, tape or source is on a changed line, or next to one that was removed, "
        "or a line was removed between the tape and its query.",
    ),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FILE", help="Pass over the findings that are recorded in this file."),
]

ReportFolder = Annotated[
    Path | None,
    typer.Option("--report", metavar="DIR", help="Write a page with every file's diff, verdict and paths into DIR."),
]

Filter = Annotated[
    bool,
    typer.Option("--filter", help="Pass over named files that are excluded, or have no tape in them, as in a folder."),
]


def names(values: list[str] | None) -> tuple[str, ...]:
    """The rule names of an option that is repeated or holds commas."""
    return tuple(name.strip() for value in values or () for name in value.split(",") if name.strip())
