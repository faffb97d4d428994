"""Hover: on a finding, what is wrong and the page of its rule; on a query, what the last run found."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types
from pygls.capabilities import get_capability

from tapefix.editor.checking import Checked
from tapefix.editor.server import Hovered, Server
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
        start, _ = part.span(types.Range(params.position, params.position))
        offset = checked.program.bounds(part)[0] + start
        found = [hovered for provider in ls.hover_providers for hovered in provider(ls, checked, offset)]
        if not found:
            return None
        narrowest = min(found, key=lambda hovered: hovered.end - hovered.start)
        place = checked.program.place(narrowest.start, narrowest.end)
        return types.Hover(
            _contents(ls, "\n\n---\n\n".join(dict.fromkeys(hovered.text for hovered in found))),
            part.range(*place[1:]) if place is not None and place[0] is part else None,
        )


def _findings(server: Server, checked: Checked, offset: int) -> Iterator[Hovered]:
    pages = {rule.code: rule for rule in load_rules()}
    for finding in (*checked.findings, *server.runs.findings(checked.program)):
        start, end = checked.program.span(finding.range)
        if start <= offset <= end:
            rule = pages.get(finding.code)
            text = f"**{finding.code}** {finding.message}"
            yield Hovered(text if rule is None else f"{text}\n\n{page(rule)}", start, end)


def _runs(server: Server, checked: Checked, offset: int) -> Iterator[Hovered]:
    line, column = checked.program.lines.position(offset)
    found = server.runs.at(checked.program, line)
    if found is not None:
        start = offset - column
        yield Hovered(found, start, start + len(checked.program.lines.line(line)))


def _contents(server: Server, text: str) -> types.MarkupContent:
    formats = get_capability(server.client_capabilities, "text_document.hover.content_format") or ()
    plain = formats and types.MarkupKind.Markdown not in formats
    return types.MarkupContent(types.MarkupKind.PlainText if plain else types.MarkupKind.Markdown, text)
