"""`tapefix explain`: the page of one rule."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tapefix.cli.guard import guarded
from tapefix.cli.options import Format, OutputFormat


@guarded
def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Code or name, such as TPF101 or numpy-method-on-path.")],
    output_format: Format = OutputFormat.TEXT,
) -> int:
    """Explain a rule."""
    from tapefix.pages import page
    from tapefix.registry import find_rule, load_rules
    from tapefix.report import data
    from tapefix.report.lines import in_colour, make_console

    found = find_rule(load_rules(), rule)
    text = page(found)
    if output_format is OutputFormat.JSON:
        sys.stdout.write(data.document("explain", rule={**data.rule_data(found), "page": text}))
    elif in_colour(sys.stdout):
        from rich.markdown import Markdown

        make_console(sys.stdout).print(Markdown(text))
    else:
        sys.stdout.write(text)
    return 0
