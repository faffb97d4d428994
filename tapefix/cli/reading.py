"""Looking at one file with the rules, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from tapefix.report.results import FileResult
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText

if TYPE_CHECKING:
    from tapefix.cli.inputs import Inputs, Pending

T = TypeVar("T")


def contained(source: SourceText, work: Callable[[], T]) -> T:
    """Do something with a text, and say of which file it was when that fails.

    Raises:
        SourceError: the text does not parse, nests too deep, or a rule failed on it.
    """
    from tapefix.engine import BrokenRewriteError

    try:
        return work()
    except SourceError as error:
        line = None if error.line is None else source.named(error.line)
        raise SourceError(source.name, error.message, line, error.column) from None
    except BrokenRewriteError as error:
        raise SourceError(source.name, f"left as it is, by a defect of a rule: {error}; please report it") from None
    except RecursionError:
        raise SourceError(source.name, "the code nests too deep to be read") from None


def check_file(pending: Pending, inputs: Inputs) -> FileResult:
    """The findings of one file."""
    from tapefix.engine import check
    from tapefix.fencing import fenced
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
    return FileResult(name, notices=[Notice(line, column, column + 1, why.message)])


def failed(errors: Sequence[SourceError]) -> list[FileResult]:
    """Results for what could not even be read."""
    return [FileResult(str(error.path), error=error) for error in errors]
