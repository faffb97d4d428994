"""`tapefix rules` and `tapefix explain`: what the rules are and mean."""

from __future__ import annotations

import sys

from tapefix.cli.guard import guarded
from tapefix.cli.options import Format, OutputFormat


@guarded
def rules(output_format: Format = OutputFormat.TEXT) -> int:
    """List the rules."""
    from tapefix.registry import load_rules
    from tapefix.report import data
    from tapefix.report.lines import Line, show

    found = load_rules()
    if output_format is OutputFormat.JSON:
        sys.stdout.write(data.document("rules", rules=data.rules_data(found)))
        return 0
    width = max((len(rule.name) for rule in found), default=0)
    lines: list[Line] = []
    for rule in found:
        summary = rule.page().partition("\n")[0]
        kind = rule.applicability.value
        lines.append(((rule.code, "code"), (f"  {rule.name:<{width}}  ", ""), (f"{kind:<7}", "note"), (summary, "")))
    show(lines, sys.stdout)
    return 0
