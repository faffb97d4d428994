"""Findings as diagnostics: pushed to clients that wait for them, and pulled by those that ask."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from lsprotocol import types
from pygls.capabilities import get_capability

from tapefix.codemod import Tag
from tapefix.editor.checking import Checked
from tapefix.editor.elsewhere import Elsewhere
from tapefix.editor.server import NAME, Server
from tapefix.finding import Applicability, Finding, Range
from tapefix.pages import link
from tapefix.suppressions import Notice

_TAGS = {Tag.UNNECESSARY: types.DiagnosticTag.Unnecessary, Tag.DEPRECATED: types.DiagnosticTag.Deprecated}


def register(server: Server) -> None:
    """Add the features that show findings."""
    publisher = Publisher(server)
    server.checker.found.append(publisher.publish)
    server.forgotten.append(publisher.withdraw)

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, types.DiagnosticOptions(False, False, identifier=NAME))
    async def pulled(ls: Server, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        checked = await ls.checker.checked(ls.key(params.text_document.uri))
        found = [] if checked is None else diagnostics_of(ls, checked).get(params.text_document.uri, [])
        result = fingerprint(ls, found)
        if result == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result)
        return types.RelatedFullDocumentDiagnosticReport(items=found, result_id=result)


def diagnostics_of(server: Server, checked: Checked) -> dict[str, list[types.Diagnostic]]:
    """What was found, by the document that it is shown in; each document of the program has an entry."""
    made: dict[str, list[types.Diagnostic]] = {part.uri: [] for part in checked.program.parts}
    for finding in (*checked.findings, *server.runs.findings(checked.program)):
        place = checked.program.location(finding.range)
        if place is not None:
            made[place.uri].append(diagnostic_of(server, checked, finding, place.range))
    for notice in checked.notices:
        place = checked.program.location(_range_of(notice))
        if place is not None:
            message = checked.program.told(notice.line) + notice.message
            made[place.uri].append(
                types.Diagnostic(place.range, message, types.DiagnosticSeverity.Warning, source=NAME)
            )
    return made


def refresh(server: Server) -> None:
    """What is shown has to be asked for, or pushed, again though no text has changed."""
    if _pulls(server):
        if get_capability(server.client_capabilities, "workspace.diagnostics.refresh_support", False):
            server.workspace_diagnostic_refresh(None)
        return
    for checked in server.checker.results():
        for listener in server.checker.found:
            listener(checked)


class Publisher:
    """Pushes diagnostics, and takes them back from documents that are not open any more."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._shown: dict[str, dict[str, tuple[int | None, list[types.Diagnostic]]]] = {}
        """For each program, what was pushed for each of its documents, and for which version."""

    def publish(self, checked: Checked) -> None:
        """Push what was found in a program."""
        if _pulls(self._server):
            return
        before = self._shown.get(checked.program.uri, {})
        made = diagnostics_of(self._server, checked)
        versions = {part.uri: part.version for part in checked.program.parts}
        now = {uri: (versions[uri], found) for uri, found in made.items()}
        self._shown[checked.program.uri] = now
        for uri, (version, found) in now.items():
            if before.get(uri) != (version, found):
                self._push(uri, version, found)
        for uri in before.keys() - now.keys():
            self._push(uri, None, [])

    def withdraw(self, uri: str) -> None:
        """Take back what was pushed of a program."""
        for document in self._shown.pop(uri, {}):
            self._push(document, None, [])

    def _push(self, uri: str, version: int | None, found: list[types.Diagnostic]) -> None:
        self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))


def _pulls(server: Server) -> bool:
    """Whether the client asks for diagnostics itself; pushed ones would be shown a second time."""
    return get_capability(server.client_capabilities, "text_document.diagnostic") is not None


def diagnostic_of(server: Server, checked: Checked, finding: Finding, place: types.Range) -> types.Diagnostic:
    """A finding as it is shown in its place."""
    shown = _Shown(server)
    rule = next((rule for rule in checked.ruling.rules if rule.code == finding.code), None)
    message = checked.program.told(finding.range.line) + finding.message
    if finding.applicability is Applicability.ADVICE and finding.reason:
        message = f"{message}\n{finding.reason}"
    page = link(rule) if rule is not None and shown.links else None
    tag = _TAGS.get(rule.tag) if rule is not None and rule.tag is not None else None
    for_nothing = tag is types.DiagnosticTag.Unnecessary
    return types.Diagnostic(
        range=place,
        severity=types.DiagnosticSeverity.Information if for_nothing else types.DiagnosticSeverity.Warning,
        code=finding.code,
        code_description=types.CodeDescription(page) if page is not None else None,
        source=NAME,
        message=message,
        tags=[tag] if tag is not None and tag in shown.tags else None,
        related_information=list(_related(checked, finding)) or None if shown.related else None,
    )


class _Shown:
    """What the client can show of a diagnostic."""

    def __init__(self, server: Server) -> None:
        can = get_capability(server.client_capabilities, "text_document.publish_diagnostics")
        tags = getattr(can, "tag_support", None)
        self.tags = frozenset(tags.value_set) if tags is not None else frozenset()
        self.related = bool(getattr(can, "related_information", None))
        self.links = bool(getattr(can, "code_description_support", None))


def _related(checked: Checked, finding: Finding) -> Iterator[types.DiagnosticRelatedInformation]:
    for related in finding.related:
        place = _line_of(related) if isinstance(related, Elsewhere) else checked.program.location(related.range)
        if place is not None:
            told = "" if isinstance(related, Elsewhere) else checked.program.told(related.range.line)
            yield types.DiagnosticRelatedInformation(place, told + related.message)


def _line_of(place: Elsewhere) -> types.Location:
    """The line of another file: how its columns are counted is not known here."""
    line = types.Position(place.range.line - 1, 0)
    return types.Location(place.path.as_uri(), types.Range(line, line))


def _range_of(notice: Notice) -> Range:
    return Range(notice.line, notice.column, notice.line, notice.end_column)


def fingerprint(server: Server, found: list[types.Diagnostic]) -> str:
    """The same for the same diagnostics, whatever else of the text has changed."""
    data = server.protocol._converter.unstructure(found)
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
