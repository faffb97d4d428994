"""What every command has around it, so that nobody ever sees a traceback."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import NoReturn, ParamSpec

import typer

P = ParamSpec("P")

BUG = """\
error: tapefix has a bug: {kind}: {message}
Nothing was written by this step. Please report it with the traceback that TAPEFIX_DEBUG=1 shows.
"""


class Failure(Exception):
    """Something that ends the command: a message, and exit code 2."""


def guarded(command: Callable[P, int]) -> Callable[P, None]:
    """Make a command out of a function that returns its exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        from tapefix.report.lines import prepare_streams

        prepare_streams()
        try:
            code = command(*args, **kwargs)
            sys.stdout.flush()
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            sys.stderr.write("\ninterrupted\n")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # Whoever read our output has seen enough. What is still buffered must not raise at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except Exception as error:  # the one place where a bug becomes a message
            code = _failed(error)
        raise typer.Exit(code)

    # What typer reads is the signature of the command itself.
    return run


def fail(message: str) -> NoReturn:
    """End the command with a message."""
    raise Failure(message)


def _failed(error: Exception) -> int:
    if os.environ.get("TAPEFIX_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if _expected(error):
        sys.stderr.write(f"error: {error}\n")
    else:
        sys.stderr.write(BUG.format(kind=type(error).__name__, message=" ".join(str(error).split())[:300]))
    return 2


def _expected(error: Exception) -> bool:
    """Whether an error is about what the user asked for, and says so itself."""
    from tapefix.config import ConfigError
    from tapefix.registry import RulePackError, UnknownRuleError
    from tapefix.source.errors import SourceError
    from tapefix.source.since import HistoryError
    from tapefix.verify.options import VerifyError

    expected = (Failure, ConfigError, HistoryError, RulePackError, UnknownRuleError, SourceError, VerifyError)
    return isinstance(error, expected)
