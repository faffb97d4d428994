"""Findings as diagnostics: what is said of each, when, and for which version."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.cli.running import BROKEN, REPAIRED
from tests.editor.session import Session, capabilities, session

pytestmark = pytest.mark.asyncio

IDLE = """\
import tensorflow as tf

x = tf.Variable(2.0)
with tf.GradientTape(persistent=True) as tape:
    loss = x * x
print(tape.gradient(loss, x))
"""
LEGACY = """\
import tensorflow as tf

x = tf.Variable(2.0)
print(tf.gradients(x * x, x))
"""
TWICE = BROKEN + BROKEN.replace("import tensorflow as tf\n", "").replace("x", "u").replace("tape", "second")


async def pull(editor: Session, uri: str, previous: str | None = None) -> types.DocumentDiagnosticReport:
    asked = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=previous)
    return await asyncio.wait_for(editor.client.text_document_diagnostic_async(asked), 120)


async def test_what_is_said_of_a_finding(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, BROKEN)
        (found,) = await editor.diagnostics(uri)
        assert found.severity == types.DiagnosticSeverity.Warning
        assert found.message == "`y.numpy()` takes the path out of TensorFlow: no gradient comes back through it"
        assert found.code_description is not None
        page = Path(unquote(urlparse(found.code_description.href).path))
        assert page.read_text("utf-8").startswith("# TPF101 ")
        related = [(each.message, editor.piece(uri, each.location.range)) for each in found.related_information or ()]
        assert related == [
            ("the tape: `tf.GradientTape()`", "tf.GradientTape()"),
            ("the source `x` comes from here", "tf.Variable([1.0, 2.0, 3.0])"),
            ("the query: d loss / d x", "tape.gradient(loss, x)"),
        ]
        for name, text, tag, severity in (
            ("idle", IDLE, types.DiagnosticTag.Unnecessary, types.DiagnosticSeverity.Information),
            ("legacy", LEGACY, types.DiagnosticTag.Deprecated, types.DiagnosticSeverity.Warning),
        ):
            other = (tmp_path / f"{name}.py").as_uri()
            editor.open(other, text)
            (found,) = await editor.diagnostics(other)
            assert (list(found.tags or ()), found.severity) == ([tag], severity)


async def test_a_client_gets_only_what_it_can_show(tmp_path: Path) -> None:
    modest = capabilities(text_document=types.TextDocumentClientCapabilities(), workspace=None)
    async with session(tmp_path, can=modest) as editor:
        uri = (tmp_path / "idle.py").as_uri()
        editor.open(uri, IDLE)
        (found,) = await editor.diagnostics(uri)
        assert (found.code, found.tags, found.related_information, found.code_description) == (
            "TPF403",
            None,
            None,
            None,
        )
        # Without the means to ask for an edit later, or to check a version.
        assert await editor.actions(uri, "persistent", only=["source.organizeImports"]) == []
        (fix,) = await editor.actions(uri, only=["source.fixAll.tapefix"])
        assert fix.edit is not None
        assert fix.edit.document_changes is None
        await editor.apply(fix)
        assert editor.texts[uri].text == IDLE.replace("persistent=True", "")


async def test_a_text_that_cannot_be_read_keeps_what_is_still_true(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, TWICE)
        assert [editor.piece(uri, found.range) for found in await editor.diagnostics(uri)] == ["y.numpy()"] * 2
        editor.edit(uri, "    y = x * x\n", "    y = x * (\n    # comes later\n")
        first, second = await editor.diagnostics(uri)
        assert [editor.piece(uri, found.range) for found in (first, second)] == ["y.numpy()"] * 2
        assert first.related_information is not None
        assert "x * (" not in [editor.piece(uri, each.location.range) for each in first.related_information]
        # Their rewrites were made for another text.
        assert await editor.actions(uri) == []
        start = editor.texts[uri].text.index("    loss")
        editor.replace(uri, start, start, "    # and more\n")
        editor.edit(uri, "y.numpy()", "y.nump")
        (kept,) = await editor.diagnostics(uri)
        assert editor.piece(uri, kept.range) == "y.numpy()"
        for nonsense in ("\x00", "\ufeff", "(" * 500, "\N{GRINNING FACE}"):
            editor.replace(uri, 0, 0, nonsense)
            await editor.diagnostics(uri)
        editor.replace(uri, 0, len(editor.texts[uri].text), BROKEN)
        assert len(await editor.diagnostics(uri)) == 1


async def test_pulled(tmp_path: Path) -> None:
    async with session(tmp_path, can=capabilities(pull=True)) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, BROKEN)
        full = await pull(editor, uri)
        assert isinstance(full, types.RelatedFullDocumentDiagnosticReport)
        assert [found.code for found in full.items] == ["TPF101"]
        # A change that moves nothing.
        editor.replace(uri, len(BROKEN), len(BROKEN), "# the end\n")
        same = await pull(editor, uri, full.result_id)
        assert isinstance(same, types.RelatedUnchangedDocumentDiagnosticReport)
        assert same.result_id == full.result_id
        editor.edit(uri, "y.numpy()", "y")
        empty = await pull(editor, uri, full.result_id)
        assert isinstance(empty, types.RelatedFullDocumentDiagnosticReport)
        assert list(empty.items) == []
        # Nothing is shown twice.
        assert editor.published == {}
        unknown = await pull(editor, "file:///nowhere.py")
        assert isinstance(unknown, types.RelatedFullDocumentDiagnosticReport)


async def test_a_request_can_be_cancelled(tmp_path: Path) -> None:
    async with session(tmp_path, can=capabilities(pull=True)) as editor:
        uri = (tmp_path / "train.py").as_uri()
        long = REPAIRED + "".join(f"\n\ndef step_{n}(a, b):\n    return a * b + {n}\n" for n in range(400))
        editor.open(uri, long)
        asked = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        request = editor.client.protocol.send_request(types.TEXT_DOCUMENT_DIAGNOSTIC, asked, msg_id="mine")
        editor.client.cancel_request(types.CancelParams(id="mine"))
        with pytest.raises(JsonRpcException, match="cancel"):
            await asyncio.wait_for(asyncio.wrap_future(request), 120)
        editor.replace(uri, 0, len(long), BROKEN)
        full = await pull(editor, uri)
        assert isinstance(full, types.RelatedFullDocumentDiagnosticReport)
        assert len(full.items) == 1


async def test_a_request_that_makes_no_sense_ends_nothing(tmp_path: Path) -> None:
    async with session(tmp_path, quiet=False) as editor:
        uri = (tmp_path / "train.py").as_uri()
        with pytest.raises(JsonRpcException, match="Method Not Found"):
            await asyncio.wait_for(editor.client.protocol.send_request_async("tapefix/nothing", {}), 120)
        with pytest.raises(JsonRpcException, match="not defined"):
            await asyncio.wait_for(
                editor.client.workspace_execute_command_async(types.ExecuteCommandParams("tapefix.nothing")), 120
            )
        editor.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri="file:///never/opened.py", version=2),
                [types.TextDocumentContentChangeWholeDocument("x = 1")],
            )
        )
        outside = types.Range(types.Position(99, 99), types.Position(999, 0))
        assert (
            await editor.client.text_document_hover_async(
                types.HoverParams(types.TextDocumentIdentifier(uri), outside.start)
            )
            is None
        )
        editor.open(uri, BROKEN)
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), outside, types.CodeActionContext([]))
        found = await editor.client.text_document_code_action_async(asked) or ()
        kinds = [action.kind for action in found if isinstance(action, types.CodeAction)]
        assert kinds == ["source.fixAll.tapefix", "source.fixAndVerify.tapefix"]
        assert len(await editor.diagnostics(uri)) == 1
