"""Looking at one file with the rules, whatever it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tapefix.report.results import FileResult
from tapefix.source.errors import SourceError

if TYPE_CHECKING:
    from tapefix.cli.inputs import Inputs, Pending


def check_file(pending: Pending, inputs: Inputs) -> FileResult:
    """The findings of one file."""
    from tapefix.engine import check
    from tapefix.fencing import fenced
    from tapefix.mending import contained
    from tapefix.registry import load_rules
    from tapefix.suppressions import visible

    source = None
    try:
        source = pending.source()
        if source.foreign is not None:
            return passed_over(pending.name, source.foreign)
        text = source.text
        rules = fenced(inputs.rules(pending), source)
        findings = contained(source, lambda: check(text, rules))
    except SourceError as error:
        inputs.shares.saw(pending.path, pending.config, source, None)
        return FileResult(pending.name, source, error)
    shown, notices = visible(findings, source.text, rules, load_rules())
    inputs.shares.saw(pending.path, pending.config, source, shown, rules)
    share = inputs.shares.share(pending.path, pending.config, source, shown)
    mine = [finding for finding in shown if share.mine(finding)]
    return FileResult(pending.name, source, findings=mine, notices=share.notices(notices)).named()


def passed_over(name: str, why: SourceError) -> FileResult:
    """The result for a file in another language."""
    from tapefix.suppressions import Notice

    line, column = why.line or 1, why.column or 0
    return FileResult(name, notices=[Notice(line, column, column + 1, f"{why.message}: it is passed over")])


def failed(errors: Sequence[SourceError]) -> list[FileResult]:
    """Results for what could not even be read."""
    return [FileResult(str(error.path), error=error) for error in errors]
