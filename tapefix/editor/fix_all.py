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
from tapefix.editor.programs import Part, Program
from tapefix.editor.server import Server
from tapefix.engine import BrokenRewriteError, applies, repair
from tapefix.finding import Finding
from tapefix.source.errors import ParseError
from tapefix.suppressions import Watched
from tapefix.tapes.execution.state import StoppedError
from tapefix.units import identity, units_of

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
    program = checked.program
    wanted = [finding for finding in checked.findings if applies(finding, checked.ruling.config.unsafe)]
    if part is None:
        return bool(wanted)
    touched = ([_touched(program, program.text, finding) for finding in unit.findings] for unit in units_of(wanted))
    return any(all(parts <= {part} for parts in each) for each in touched)


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
    """The text after every rewrite; with a part, after those that repair what is whole within it."""
    program, unsafe = checked.program, checked.ruling.config.unsafe
    if checked.kept:
        return program.text
    watched = Watched(program.fenced(checked.ruling.rules))
    try:
        accept: Callable[[Finding], bool] = checked.share.mine
        if part is not None and len(program.parts) > 1:
            accept = _within(checked, part, watched, changed)
        return repair(program.text, watched.rules, unsafe=unsafe, accept=accept, stop=changed).text
    except (BrokenRewriteError, ParseError, RecursionError) as error:
        logger.error("%s is left as it is: %s", program.uri, error)
        return program.text


def _within(checked: Checked, part: Part, watched: Watched, changed: Callable[[], bool]) -> Callable[[Finding], bool]:
    """What accepts the rewrites of a cell, but for those that serve a query for which another cell has to change too.

    Half of what a path needs would leave it as broken as it is. Which rewrites that takes shows when all are applied.
    """
    program = checked.program
    touched: dict[tuple[str, int], set[Part]] = {}

    def noted(finding: Finding) -> bool:
        touched.setdefault(identity(finding), set()).update(_touched(program, watched.text, finding))
        return checked.share.mine(finding)

    whole = repair(program.text, watched.rules, unsafe=checked.ruling.config.unsafe, accept=noted, stop=changed)
    inside: set[tuple[str, int]] = set()
    for unit in units_of(whole.applied):
        members = {identity(finding) for finding in unit.findings}
        if all(touched[member] <= {part} for member in members):
            inside |= members
    return lambda finding: identity(finding) in inside and _touched(program, watched.text, finding) <= {part}


def _touched(program: Program, text: str, finding: Finding) -> frozenset[Part]:
    """The parts that the rewrite of a finding in a later text of the program changes."""
    return program.touched(text, finding.rewrite.edits if finding.rewrite is not None else ())
