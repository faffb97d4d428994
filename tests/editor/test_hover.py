"""Hover: the page of a rule on a finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from tapefix.pages import page
from tapefix.registry import find_rule, load_rules
from tests.cli.running import BROKEN
from tests.editor.session import Session, capabilities, session

pytestmark = pytest.mark.asyncio


async def hover(editor: Session, uri: str, piece: str) -> types.Hover | None:
    text = editor.texts[uri].text
    position = editor.position(text, text.index(piece))
    return await editor.client.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), position))


async def test_a_finding_shows_the_page_of_its_rule(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, BROKEN)
        found = await hover(editor, uri, "numpy()")
        assert found is not None
        assert isinstance(found.contents, types.MarkupContent)
        assert found.contents.kind is types.MarkupKind.Markdown
        assert found.contents.value.startswith("**TPF101** `y.numpy()` takes the path out of TensorFlow")
        assert found.contents.value.endswith(page(find_rule(load_rules(), "TPF101")))
        assert found.range is not None
        assert editor.piece(uri, found.range) == "y.numpy()"
        assert await hover(editor, uri, "import") is None
        assert await hover(editor, uri, "tape.gradient") is None


async def test_plain_text_for_a_client_that_shows_no_markdown(tmp_path: Path) -> None:
    plain = types.HoverClientCapabilities(content_format=[types.MarkupKind.PlainText])
    can = capabilities(text_document=types.TextDocumentClientCapabilities(hover=plain))
    async with session(tmp_path, can=can) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, BROKEN)
        found = await hover(editor, uri, "numpy()")
        assert found is not None
        assert isinstance(found.contents, types.MarkupContent)
        assert found.contents.kind is types.MarkupKind.PlainText
