"""`tapefix.fixAndVerify`: a repair that is run before and after, and applied only when it is verified."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from tapefix.editor.actions import FIX_AND_VERIFY, FIX_AND_VERIFY_CELLS, Asked, workspace_edit
from tapefix.editor.checking import Checked
from tapefix.editor.commands import Progress, argument, cancellable
from tapefix.editor.programs import Part, Program
from tapefix.editor.run_results import RunResult
from tapefix.editor.running import Running, log, readable, tell, unchanged
from tapefix.editor.runs.messages import Chosen, Failed, Prove, Proved
from tapefix.editor.server import Server
from tapefix.engine import applies
from tapefix.finding import Applicability, Finding
from tapefix.running import QUERY
from tapefix.units import Unit, units_of

COMMAND = "tapefix.fixAndVerify"
AGAIN = "Fix and verify again"


def register(server: Server, running: Running) -> None:
    """Add the command and its actions."""
    server.action_providers.append(offered)
    verifying = Verifying(server, running)

    @server.command(COMMAND)
    async def fix_and_verify(params: types.ExecuteCommandParams) -> Any:
        uri, chosen = argument(params, 0, str), argument(params, 1, dict)
        return await verifying.command(str(uri), _chosen(chosen), params.work_done_token)


def offered(asked: Asked) -> Iterator[types.CodeAction]:
    """The action for each finding that has a rewrite, and the one for all: of a notebook, for all in the cell.

    The one for a notebook is offered only to those who name its kind.
    """
    checked, uri = asked.checked, asked.part.uri
    if checked.kept:
        return
    units = units_of([finding for finding in checked.findings if finding.rewrite is not None])
    if asked.wants(types.CodeActionKind.QuickFix):
        for finding, diagnostic in asked.findings:
            if finding.rewrite is None:
                continue
            unsafe = "" if finding.applicability is Applicability.SAFE else f" (unsafe: {finding.reason})"
            title = f"Fix and verify: {finding.rewrite.title}{unsafe}{_beyond(asked, units, [finding], chosen=True)}"
            yield types.CodeAction(
                title=title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                is_preferred=False,
                command=types.Command(title, COMMAND, arguments=[uri, _key(Chosen.of(finding)), asked.part.version]),
            )
    program = checked.program
    if program.uri != uri and asked.names(FIX_AND_VERIFY_CELLS) and (checked.findings or QUERY.search(program.text)):
        yield _for_all(FIX_AND_VERIFY_CELLS, "Fix and verify all findings in this notebook", [program.uri, None])
    if not asked.wants(FIX_AND_VERIFY):
        return
    here = [finding for finding in checked.findings if _stands(finding, asked.part, program)]
    if here or QUERY.search(asked.part.lines.text):
        where = "" if len(program.parts) == 1 else " in this cell"
        title = f"Fix and verify all findings{where}{_beyond(asked, units, here)}"
        yield _for_all(FIX_AND_VERIFY, title, [uri, None, asked.part.version])


def _for_all(kind: str, title: str, arguments: list[Any]) -> types.CodeAction:
    return types.CodeAction(title, kind=kind, command=types.Command(title, COMMAND, arguments=arguments))


def _stands(finding: Finding, part: Part, program: Program) -> bool:
    """Whether a finding stands in a part."""
    place = program.place(finding.range)
    return place is not None and place[0] is part


def _beyond(asked: Asked, units: Sequence[Unit], findings: Sequence[Finding], *, chosen: bool = False) -> str:
    """Which other cells the repair of findings changes: those of all that serves the same queries."""
    program, unsafe = asked.checked.program, asked.checked.ruling.config.unsafe
    touched = {
        part
        for unit in units
        if any(finding in unit.findings for finding in findings)
        for each in unit.findings
        if each.rewrite is not None and applies(each, unsafe or (chosen and each in findings))
        for part in program.touched(program.text, each.rewrite.edits)
    }
    numbers = sorted(program.number(part) for part in touched - {asked.part})
    if not numbers:
        return ""
    *first, last = map(str, numbers)
    return f" (also changes cells {', '.join(first)} and {last})" if first else f" (also changes cell {last})"


def _key(chosen: Chosen) -> dict[str, Any]:
    return {"code": chosen.code, "line": chosen.line, "column": chosen.column}


def _chosen(given: dict[str, Any] | None) -> Chosen | None:
    return None if given is None else Chosen(given.get("code", ""), given.get("line", 0), given.get("column", 0))


@dataclass(frozen=True)
class Verifying:
    """Carries out the command."""

    server: Server
    running: Running

    async def command(self, uri: str, chosen: Chosen | None, token: types.ProgressToken | None) -> dict[str, Any]:
        """Repair a document, or one finding of it; return what came of it."""

        async def work(progress: Progress) -> tuple[str, dict[str, Any]]:
            return await self._work(uri, chosen, progress)

        name = uri.rpartition("/")[2]
        result = await cancellable(self.server, token, f"Fix and verify {name}", work)
        return result if result is not None else _result("cancelled", applied=False)

    async def _work(self, uri: str, chosen: Chosen | None, progress: Progress) -> tuple[str, dict[str, Any]]:
        checked = await readable(self.server, uri)
        if isinstance(checked, str):
            return self._say(types.MessageType.Warning, "not run", f"tapefix: {checked}.")
        if chosen is not None and not any(Chosen.of(finding) == chosen for finding in checked.findings):
            message = "the text has changed, and the finding is not there any more; ask again"
            return self._say(types.MessageType.Warning, "changed", f"tapefix: {message}.")
        ruling = checked.ruling
        codes = tuple(rule.code for rule in ruling.rules)
        script, part = self.running.script(checked.program), checked.program.part(uri)
        # What is asked for in a cell is no more than what stands there needs.
        cell = checked.program.span(part) if chosen is None and part is not None else None
        task = Prove(script, codes, ruling.config.unsafe, chosen, cell, ruling.own)
        answer = await self.running.ask(task, checked, progress)
        if isinstance(answer, Failed):
            return self._say(types.MessageType.Error, "not run", f"{script.name}: not run: {answer.sentence}")
        if not isinstance(answer, Proved):
            raise asyncio.CancelledError
        log(answer.details)
        if answer.after == script.text:
            return self._left(checked, answer)
        return await self._apply(uri, chosen, checked, answer)

    def _left(self, checked: Checked, answer: Proved) -> tuple[str, dict[str, Any]]:
        """Nothing is to be applied."""
        if unchanged(self.server, checked.program) is not None:
            self.running.keep(RunResult(checked.program, answer.lines, answer.marks))
        kind = types.MessageType.Info if answer.status == "nothing" else types.MessageType.Warning
        return self._say(kind, answer.status, answer.sentence)

    async def _apply(
        self, uri: str, chosen: Chosen | None, checked: Checked, answer: Proved
    ) -> tuple[str, dict[str, Any]]:
        server = self.server
        program = unchanged(server, checked.program)
        if program is None:
            return self._outdated(uri, chosen, answer)
        if not get_capability(server.client_capabilities, "workspace.apply_edit", False):
            message = f"{answer.sentence} It was not applied: this editor takes no edits from a server."
            return self._say(types.MessageType.Warning, answer.status, message)
        edit = workspace_edit(server, await server.checker.in_thread(lambda: program.changes(answer.after)))
        if edit is None:
            message = f"{answer.sentence} It was not applied: the cells of the notebook cannot take it."
            return self._say(types.MessageType.Warning, answer.status, message)
        # Waiting for the thread, the text may have changed; the client looks at the versions as well.
        if unchanged(server, program) is None:
            return self._outdated(uri, chosen, answer)
        params = types.ApplyWorkspaceEditParams(edit, label="tapefix: a verified repair")
        applied = await server.workspace_apply_edit_async(params)
        if not applied.applied:
            return self._outdated(uri, chosen, answer, applied.failure_reason)
        # As the text is now; where somebody has typed since, what is said of the lines that still stand holds.
        self.running.keep(RunResult(replace(program, text=answer.after), answer.lines, answer.marks))
        return self._say(types.MessageType.Info, answer.status, answer.sentence, applied=True)

    def _outdated(
        self, uri: str, chosen: Chosen | None, answer: Proved, reason: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """What was verified is not what is there any more: say so, and offer to do it again."""
        why = f"the editor has refused it ({reason})" if reason else "the text has changed since the run began"
        message = f"{answer.sentence} It was not applied: {why}."
        if get_capability(self.server.client_capabilities, "window.show_message") is None:
            return self._say(types.MessageType.Warning, "changed", message)
        self._later(self._offer_again(uri, chosen, message))
        return "not applied", _result("changed", applied=False, message=message)

    async def _offer_again(self, uri: str, chosen: Chosen | None, message: str) -> None:
        asked = types.ShowMessageRequestParams(types.MessageType.Warning, message, [types.MessageActionItem(AGAIN)])
        answer = await self.server.window_show_message_request_async(asked)
        if answer is not None and answer.title == AGAIN:
            await self.command(uri, chosen, None)

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.server.tasks.add(task)
        task.add_done_callback(self.server.tasks.discard)

    def _say(
        self, kind: types.MessageType, status: str, message: str, *, applied: bool = False
    ) -> tuple[str, dict[str, Any]]:
        tell(self.server, kind, message)
        return status, _result(status, applied=applied, message=message)


def _result(status: str, *, applied: bool, message: str = "") -> dict[str, Any]:
    """What the client gets for the command."""
    return {"status": status, "applied": applied, "message": message}
