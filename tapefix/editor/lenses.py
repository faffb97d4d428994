"""Code lenses: what the last run found of each query, above its line; to choose one runs it again."""

from __future__ import annotations

from lsprotocol import types

from tapefix.editor.server import Server
from tapefix.editor.showing_why import COMMAND
from tapefix.finding import Range


def register(server: Server) -> None:
    """Add code lenses."""

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def lenses(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        program = ls.program(uri)
        found = []
        for line, text in ls.runs.marks(program).items() if program is not None else ():
            place = program.location(Range(line, 0, line, 0)) if program is not None else None
            if place is not None and place.uri == uri:
                command = types.Command(text, COMMAND, arguments=[uri, place.range.start.line + 1])
                found.append(types.CodeLens(place.range, command))
        return found
