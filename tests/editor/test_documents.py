"""Texts: kept equal to the client's, whatever they are made of."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.cli.running import BROKEN, REPAIRED
from tests.editor.session import capabilities, session

pytestmark = pytest.mark.asyncio

WIDE = BROKEN.replace("    loss = tf", "    名前, fire = '漢字', '🔥🔥'; loss = tf")


async def test_what_breaks_the_path_is_shown_where_it_is(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        assert editor.result.server_info is not None
        assert editor.result.server_info.name == "tapefix"
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, BROKEN)
        (found,) = await editor.diagnostics(uri)
        assert (found.code, found.source, editor.piece(uri, found.range)) == ("TPF101", "tapefix", "y.numpy()")
        editor.edit(uri, "y.numpy()", "y")
        assert await editor.diagnostics(uri) == []
        editor.close(uri)
        await editor.cleared(uri)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", None])
async def test_columns_are_counted_as_agreed(tmp_path: Path, encoding: str | None) -> None:
    async with session(tmp_path, can=capabilities(encodings=[encoding] if encoding else None)) as editor:
        assert editor.encoding == encoding or (encoding is None and editor.encoding == "utf-16")
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, WIDE)
        (found,) = await editor.diagnostics(uri)
        assert editor.piece(uri, found.range) == "y.numpy()"
        editor.edit(uri, "🔥🔥", "🔥é漢🔥")
        (found,) = await editor.diagnostics(uri)
        assert editor.piece(uri, found.range) == "y.numpy()"
        (fix,) = [action for action in await editor.actions(uri, "numpy") if action.is_preferred]
        await editor.apply(fix)
        assert editor.texts[uri].text == WIDE.replace("🔥🔥", "🔥é漢🔥").replace("y.numpy()", "y")
        assert await editor.held(uri) == editor.texts[uri]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
async def test_line_ends_stay(tmp_path: Path, end: str) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        # A form feed and a line separator end no line of the protocol.
        text = BROKEN.replace("y = x * x", "y = x * x  # a\x0cb\u2028c").replace("\n", end)
        editor.open(uri, text)
        (found,) = await editor.diagnostics(uri)
        assert found.range.start.line == 5
        (fix,) = await editor.actions(uri, only=["source.fixAll"])
        await editor.apply(fix)
        assert editor.texts[uri].text == text.replace("y.numpy()", "y")
        assert await editor.held(uri) == editor.texts[uri]


async def test_texts_without_a_file(tmp_path: Path) -> None:
    async with session() as editor:
        for uri in ("untitled:Untitled-1", (tmp_path / "elsewhere.py").as_uri(), "vscode-remote://host/a/b.py"):
            editor.open(uri, BROKEN)
            (found,) = await editor.diagnostics(uri)
            assert editor.piece(uri, found.range) == "y.numpy()"
        editor.open("untitled:notes", BROKEN, language="markdown")
        assert await editor.actions("untitled:notes") == []


async def test_rapid_edits_end_with_the_diagnostics_of_the_last_text(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, REPAIRED)
        for number in range(200):
            editor.replace(uri, 0, 0, f"# {number}\n")
            if number % 20 == 0:
                await asyncio.sleep(0.02)
        editor.edit(uri, "reduce_sum(y)", "reduce_sum(y.numpy())")
        (found,) = await editor.diagnostics(uri)
        assert found.range.start.line == 205
        assert editor.piece(uri, found.range) == "y.numpy()"
        versions = [pushed.version or 0 for pushed in editor.published[uri]]
        assert versions == sorted(versions)
        assert await editor.held(uri) == editor.texts[uri]
