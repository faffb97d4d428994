"""Code actions: what a client is offered at a place, and the edits behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lsprotocol import types
from pygls.capabilities import get_capability

from tapefix.editor.checking import Checked
from tapefix.editor.diagnostics import diagnostic_of
from tapefix.editor.programs import Part
from tapefix.editor.server import Server
from tapefix.finding import Applicability, Finding
from tapefix.silencing import silence
from tapefix.source.edits import Edit

FIX_ALL = "source.fixAll.tapefix"
FIX_ALL_CELLS = "notebook.source.fixAll.tapefix"
FIX_AND_VERIFY = "source.fixAndVerify.tapefix"
"""Not below `source.fixAll`: nobody's code is to be run because he saves."""
FIX_AND_VERIFY_CELLS = "notebook.source.fixAndVerify.tapefix"
SHOW_WHY = "source.showWhy.tapefix"


@dataclass(frozen=True, eq=False)
class Asked:
    """What a client asks code actions for."""

    server: Server
    checked: Checked
    part: Part
    """The document, or cell, that it asks in."""
    place: types.Range
    context: types.CodeActionContext

    def wants(self, kind: str) -> bool:
        """Whether actions of a kind are asked for: all are, unless kinds are named, which include those below them."""
        only = self.context.only
        return only is None or any(not want or kind == want or kind.startswith(f"{want}.") for want in only)

    def names(self, kind: str) -> bool:
        """Whether actions of a kind are asked for by name."""
        return self.context.only is not None and any(self.context.only) and self.wants(kind)

    @cached_property
    def findings(self) -> list[tuple[Finding, types.Diagnostic]]:
        """The findings at the place that is asked about, or among the diagnostics that are, as these are shown."""
        asked = {(diagnostic.code, _key(diagnostic.range)) for diagnostic in self.context.diagnostics}
        found = []
        for finding in self.checked.findings:
            at = self.checked.program.location(finding.range)
            if at is None or at.uri != self.part.uri:
                continue
            if _touch(at.range, self.place) or (finding.code, _key(at.range)) in asked:
                found.append((finding, diagnostic_of(self.server, self.checked, finding, at.range)))
        return found

    def edit(self, edits: Iterable[Edit]) -> types.WorkspaceEdit | None:
        """Edits of the program as the client takes them; None when they cannot be made there."""
        return workspace_edit(self.server, self.checked.program.edits(edits))


def register(server: Server) -> None:
    """Add code actions."""
    server.action_providers.extend((quick_fixes, silencers))
    options = types.CodeActionOptions(
        code_action_kinds=[
            types.CodeActionKind.QuickFix,
            FIX_ALL,
            FIX_ALL_CELLS,
            FIX_AND_VERIFY,
            FIX_AND_VERIFY_CELLS,
            SHOW_WHY,
        ],
        resolve_provider=True,
    )

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def offered(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        checked = await ls.checker.checked(ls.key(uri))
        part = checked.program.part(uri) if checked is not None else None
        if checked is None or part is None:
            return []
        asked = Asked(ls, checked, part, params.range, params.context)
        found = [action for provider in ls.action_providers for action in provider(asked)]
        return [action for action in found if await _completed(asked, action)]

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolved(ls: Server, action: types.CodeAction) -> types.CodeAction:
        await _resolve(ls, action)
        return action


async def _completed(asked: Asked, action: types.CodeAction) -> bool:
    """Whether an action can be offered: to a client that cannot ask for the edit later, with the edit.

    That takes time, and is done only for those who have named the kind.
    """
    if action.data is None:
        return True
    where = "text_document.code_action.resolve_support"
    later = get_capability(asked.server.client_capabilities, where)
    if later is not None and "edit" in later.properties:
        return True
    return asked.names(str(action.kind)) and await _resolve(asked.server, action)


async def _resolve(server: Server, action: types.CodeAction) -> bool:
    """Make the edit of an action; returns whether it has one."""
    data = action.data if isinstance(action.data, dict) else {}
    resolver = server.action_resolvers.get(str(data.get("do")))
    if resolver is not None and action.edit is None:
        action.edit = await resolver(server, data)
    return action.edit is not None


def quick_fixes(asked: Asked) -> Iterator[types.CodeAction]:
    """One action for each rewrite of each finding."""
    if not asked.wants(types.CodeActionKind.QuickFix):
        return
    for finding, diagnostic in asked.findings:
        for index, rewrite in enumerate(finding.rewrites):
            edit = asked.edit(rewrite.edits)
            if edit is None:
                continue
            safe = finding.applicability is Applicability.SAFE and not rewrite.allows
            yield types.CodeAction(
                title=rewrite.title if safe else f"{rewrite.title} (unsafe: {finding.reason})",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                is_preferred=safe and index == 0,
                edit=edit,
            )


def silencers(asked: Asked) -> Iterator[types.CodeAction]:
    """One action for each rule that speaks here, which keeps it quiet on this line."""
    if not asked.wants(types.CodeActionKind.QuickFix) or asked.checked.kept:
        return
    done = set()
    for finding, diagnostic in asked.findings:
        if (finding.code, finding.range.line) in done:
            continue
        done.add((finding.code, finding.range.line))
        edit = silence(asked.checked.program.text, finding)
        made = asked.edit([edit]) if edit is not None else None
        if made is not None:
            yield types.CodeAction(
                title=f"Disable {finding.code} for this line",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                is_preferred=False,
                edit=made,
            )


def workspace_edit(server: Server, edits: Mapping[Part, Sequence[Edit]] | None) -> types.WorkspaceEdit | None:
    """Edits of documents as the client takes them; None when there are none."""
    if not edits:
        return None
    made = {part: part.edits(given) for part, given in edits.items()}
    if not get_capability(server.client_capabilities, "workspace.workspace_edit.document_changes", False):
        return types.WorkspaceEdit(changes={part.uri: given for part, given in made.items()})
    changes = [
        types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(part.uri, part.version), given)
        for part, given in made.items()
    ]
    return types.WorkspaceEdit(document_changes=changes)


def _touch(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges have a position in common, be it an end."""
    first, second = _key(one), _key(other)
    return first[:2] <= second[2:] and second[:2] <= first[2:]


def _key(place: types.Range) -> tuple[int, int, int, int]:
    return place.start.line, place.start.character, place.end.line, place.end.character
