"""Code actions: what is offered, and what it makes of the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from tapefix.engine import repair
from tapefix.registry import load_rules
from tests.cli.running import BROKEN
from tests.editor.session import capabilities, session

pytestmark = pytest.mark.asyncio

FIXTURES = Path(__file__).parents[2] / "fixtures"
SALIENCY = FIXTURES / "numpy-function-on-path" / "saliency_map"
STOPPED = """\
import tensorflow as tf

x = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.stop_gradient(x * x))
print(tape.gradient(loss, x))
"""


async def test_a_rewrite_in_several_places_is_one_edit(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "saliency.py").as_uri()
        editor.open(uri, (SALIENCY / "before.py").read_text("utf-8"))
        found = await editor.diagnostics(uri)
        again = next(each for each in found if each.code == "TPF401")
        (fix, hide) = await editor.actions(uri, "model.trainable_variables)", only=["quickfix"])
        assert (fix.title, fix.is_preferred, hide.is_preferred) == ("Make the tape persistent", True, False)
        assert [(each.code, each.range) for each in fix.diagnostics or ()] == [(again.code, again.range)]
        assert fix.edit is not None
        (change,) = fix.edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert (change.text_document.uri, change.text_document.version, len(change.edits)) == (uri, 1, 2)
        await editor.apply(fix)
        assert "TPF401" not in [each.code for each in await editor.diagnostics(uri)]
        assert await editor.held(uri) == editor.texts[uri]


async def test_fix_all(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "saliency.py").as_uri()
        for end in ("\n", "\r\n"):
            before = (SALIENCY / "before.py").read_text("utf-8").replace("\n", end)
            editor.open(uri, before)
            for only in (["source"], ["source.fixAll"], ["source.fixAll.tapefix"], [""]):
                kinds = {each.kind for each in await editor.actions(uri, only=only)}
                assert ("source.fixAll.tapefix" in kinds) and ("quickfix" in kinds) == (only == [""])
            assert await editor.actions(uri, only=["source.fixAll.other"]) == []
            (fix,) = await editor.actions(uri, only=["source.fixAll"])
            assert fix.edit is None
            await editor.apply(fix)
            assert editor.texts[uri].text == (SALIENCY / "after.py").read_text("utf-8").replace("\n", end)
            assert await editor.diagnostics(uri) == []
            assert await editor.actions(uri, only=["source.fixAll"]) == []
            editor.close(uri)


async def test_unsafe_rewrites_say_so_and_are_not_among_all(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, STOPPED)
        found = await editor.actions(uri, "stop_gradient")
        (fix,) = [each for each in found if each.title.endswith(")")]
        assert "(unsafe: " in fix.title
        assert fix.is_preferred is False
        assert await editor.actions(uri, only=["source.fixAll"]) == []
        await editor.apply(fix)
        assert editor.texts[uri].text == STOPPED.replace("tf.stop_gradient(x * x)", "x * x")


async def test_every_rewrite_of_a_finding_is_offered(tmp_path: Path) -> None:
    text, finding = next(
        (text, finding)
        for path in sorted(FIXTURES.glob("*/*/before.py"))
        for text in [path.read_text("utf-8")]
        if "GradientTape" in text
        for finding in repair(text, load_rules(), accept=lambda _: False).remaining
        if finding.alternatives
    )
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, text)
        lines = text.splitlines(keepends=True)
        piece = lines[finding.range.line - 1].strip()
        titles = [each.title for each in await editor.actions(uri, piece) if each.kind == "quickfix"]
        for rewrite in finding.rewrites:
            assert [title for title in titles if title.startswith(rewrite.title)], titles


HARD = '''\
import tensorflow as tf

x = tf.Variable([1.0, 2.0, 3.0])
with tf.GradientTape() as tape:
    y = x * x
    a = tf.reduce_sum(y.numpy())  # noqa: F841
    b = tf.reduce_sum(y.numpy()) + \\
        1.0
    c = tf.reduce_sum(y.numpy() * len("""one
two"""))
    d = tf.reduce_sum(y.numpy())  # tapefix: ignore[TPF205]
    e = tf.reduce_sum(
        y.numpy()
    )
    loss = a + b + c + d + e
print(tape.gradient(loss, x))
'''
QUIET = (
    HARD.replace("# noqa: F841", "# noqa: F841  # tapefix: ignore[TPF101]")
    .replace("        1.0\n", "        1.0  # tapefix: ignore[TPF101]\n")
    .replace('two"""))', 'two"""))  # tapefix: ignore[TPF101]')
    .replace("ignore[TPF205]", "ignore[TPF205, TPF101]")
    .replace("        y.numpy()\n", "        y.numpy()  # tapefix: ignore[TPF101]\n")
)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_a_finding_is_disabled_where_a_comment_can_stand(tmp_path: Path, end: str) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, HARD.replace("\n", end))
        found = [each for each in await editor.diagnostics(uri) if each.code == "TPF101"]
        assert len(found) == 5
        while found:
            offered = await editor.actions(uri, editor.piece(uri, found[0].range), diagnostics=[found[0]])
            hide = next(
                each
                for each in offered
                if each.title == "Disable TPF101 for this line"
                and [d.range for d in each.diagnostics or ()] == [found[0].range]
            )
            await editor.apply(hide)
            found = [each for each in await editor.diagnostics(uri) if each.code == "TPF101"]
        assert editor.texts[uri].text == QUIET.replace("\n", end)


async def test_an_action_is_found_by_its_diagnostic(tmp_path: Path) -> None:
    # A client asks at the cursor, which may stand anywhere in the line that has the diagnostic.
    async with session(tmp_path, can=capabilities(encodings=["utf-16"])) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, BROKEN)
        found = await editor.diagnostics(uri)
        assert [each.title for each in await editor.actions(uri, "    loss", only=["quickfix"])] == []
        offered = await editor.actions(uri, "    loss", only=["quickfix"], diagnostics=found)
        assert len(offered) == 2
