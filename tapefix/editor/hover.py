"""Hover: on a finding, what is wrong and the page of its rule; on a query, what the last run found."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types
from pygls.capabilities import get_capability

from tapefix.editor.checking import Checked
from tapefix.editor.server import Hovered, Server
from tapefix.finding import Range
from tapefix.pages import page
from tapefix.registry import load_rules


def register(server: Server) -> None:
    """Add hover."""
    server.hover_providers.extend((_findings, _runs))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        checked = await ls.checker.checked(ls.key(uri))
        part = checked.program.part(uri) if checked is not None else None
        if checked is None or part is None:
            return None
        line, column = checked.program.lines.position(checked.program.offset(part, part.offset(params.position)))
        found = [hovered for provider in ls.hover_providers for hovered in provider(ls, checked, line, column)]
        if not found:
            return None
        location = checked.program.location(_narrowest(found).place)
        return types.Hover(
            _contents(ls, "\n\n---\n\n".join(dict.fromkeys(hovered.text for hovered in found))),
            location.range if location is not None and location.uri == part.uri else None,
        )


def _narrowest(found: list[Hovered]) -> Hovered:
    """What is about the smallest part: it starts last, or ends first."""
    return max(found, key=lambda hovered: (hovered.place.line, hovered.place.column, -hovered.place.end_line))


def _findings(server: Server, checked: Checked, line: int, column: int) -> Iterator[Hovered]:
    rules = {rule.code: rule for rule in load_rules()}
    for finding in (*checked.findings, *server.runs.findings(checked.program)):
        place = finding.range
        if (place.line, place.column) <= (line, column) <= (place.end_line, place.end_column):
            rule = rules.get(finding.code)
            text = f"**{finding.code}** {finding.message}"
            yield Hovered(text if rule is None else f"{text}\n\n{page(rule)}", place)


def _runs(server: Server, checked: Checked, line: int, column: int) -> Iterator[Hovered]:
    found = server.runs.at(checked.program, line)
    if found is not None:
        yield Hovered(found, Range(line, 0, line, len(checked.program.lines.line(line))))


def _contents(server: Server, text: str) -> types.MarkupContent:
    formats = get_capability(server.client_capabilities, "text_document.hover.content_format") or ()
    plain = formats and types.MarkupKind.Markdown not in formats
    return types.MarkupContent(types.MarkupKind.PlainText if plain else types.MarkupKind.Markdown, text)
