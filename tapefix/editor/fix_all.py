"""`source.fixAll.tapefix`: every rewrite that may be applied unasked, to the end."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from lsprotocol import types

from tapefix.editor.actions import FIX_ALL, FIX_ALL_CELLS, Asked, workspace_edit
from tapefix.editor.checking import Checked
from tapefix.editor.programs import Part
from tapefix.editor.server import Server
from tapefix.engine import BrokenRewriteError, repair
from tapefix.finding import Applicability, Finding
from tapefix.source.errors import ParseError
from tapefix.suppressions import Watched
from tapefix.tapes.execution.state import StoppedError

logger = logging.getLogger(__name__)


def register(server: Server) -> None:
    """Add the actions that fix all."""
    server.action_providers.append(fix_all)
    server.action_resolvers["fixAll"] = _resolve


def fix_all(asked: Asked) -> Iterator[types.CodeAction]:
    """The action that fixes a document (of a notebook: a cell), and the one that fixes a notebook.

    The one for a notebook is offered only to those who name its kind. The edits are made when an action is chosen.
    """
    program = asked.checked.program
    if asked.wants(FIX_ALL) and _fixable(asked.checked, asked.part):
        what = "Fix all findings that tapefix can" + ("" if len(program.parts) == 1 else " in this cell")
        yield _action(FIX_ALL, what, program.uri, asked.part.uri)
    if program.uri != asked.part.uri and asked.names(FIX_ALL_CELLS) and _fixable(asked.checked, None):
        yield _action(FIX_ALL_CELLS, "Fix all findings that tapefix can in this notebook", program.uri, None)


def _action(kind: str, title: str, uri: str, part: str | None) -> types.CodeAction:
    return types.CodeAction(title, kind=kind, data={"do": "fixAll", "uri": uri, "part": part})


def _fixable(checked: Checked, part: Part | None) -> bool:
    """Whether there is anything to fix, in a part or in all of them."""
    for finding in checked.findings:
        if _applies(finding, checked.ruling.config.unsafe):
            assert finding.rewrite is not None
            edits = checked.program.edits(finding.rewrite.edits)
            if edits is not None and (part is None or set(edits) <= {part}):
                return True
    return False


def _applies(finding: Finding, unsafe: bool) -> bool:
    if finding.rewrite is None:
        return False
    return finding.applicability is Applicability.SAFE or (unsafe and finding.applicability is Applicability.UNSAFE)


async def _resolve(server: Server, data: dict[str, Any]) -> types.WorkspaceEdit | None:
    """The edit of an action that was chosen, for the text as it is now."""
    uri = str(data.get("uri"))
    while (checked := await server.checker.checked(uri)) is not None:
        found = checked
        part = found.program.part(str(data["part"])) if data.get("part") else None
        if data.get("part") and part is None:
            return None

        given_up = threading.Event()

        def changed(found: Checked = found, given_up: threading.Event = given_up) -> bool:
            return given_up.is_set() or server.checker.latest(uri) is not found

        try:
            text = await server.checker.in_thread(lambda: _repaired(found, part, changed))  # noqa: B023 - awaited here
        except StoppedError:
            continue
        except asyncio.CancelledError:
            given_up.set()
            raise
        return workspace_edit(server, found.program.changes(text))
    return None


def _repaired(checked: Checked, part: Part | None, changed: Callable[[], bool]) -> str:
    """The text after every rewrite; with a part, after those that stay within it."""
    text = checked.program.text
    if checked.kept:
        return text
    watched = Watched(checked.program.fenced(checked.ruling.rules))
    accept = None
    if part is not None and len(checked.program.parts) > 1:
        start, end = checked.program.bounds(part)

        def accept(finding: Finding) -> bool:
            # What was rewritten up to now is within the part: what is behind it keeps its distance from the end.
            last = len(watched.text) - (len(text) - end)
            edits = finding.rewrite.edits if finding.rewrite is not None else ()
            return all(start <= edit.start and edit.end <= last for edit in edits)

    try:
        repaired = repair(text, watched.rules, unsafe=checked.ruling.config.unsafe, accept=accept, stop=changed)
    except (BrokenRewriteError, ParseError, RecursionError) as error:
        logger.error("%s is left as it is: %s", checked.program.uri, error)
        return text
    return repaired.text
