"""Notebooks: one program for the findings, and each cell its own for the edits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.editor.session import capabilities, session

pytestmark = pytest.mark.asyncio

CELLS = [
    "%load_ext autoreload\nimport numpy as np\nimport tensorflow as tf\nx = tf.Variable([1.0, 2.0])\nname = '🔥'\n",
    "!pip install nothing\nwith tf.GradientTape() as tape:\n    y = x * x\n    loss = np.sum(y.numpy())",
    "print(tape.gradient(loss, x))\nprint(tape.gradient(loss, x))\n%time print(name)",
]
FIXED = [
    CELLS[0],
    CELLS[1]
    .replace("GradientTape()", "GradientTape(persistent=True)")
    .replace("np.sum(y.numpy())", "tf.reduce_sum(y)"),
    CELLS[2].replace("\n%time", "\ndel tape\n%time"),
]


async def test_findings_stand_in_their_cells(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.ipynb").as_uri()
        first, second, third = editor.open_notebook(uri, CELLS)
        assert await editor.diagnostics(first) == []
        found = await editor.diagnostics(second)
        assert sorted(editor.piece(second, each.range) for each in found) == ["np.sum(y.numpy())", "y.numpy()"]
        related = {each.location.uri for each in found[0].related_information or ()}
        assert related == {first, second, third}
        (again,) = await editor.diagnostics(third)
        assert (again.code, again.range.start.line) == ("TPF401", 1)
        # Magics and shell lines shift nothing, and stay as they are.
        editor.edit(second, "!pip install nothing\n", "!pip install nothing at all\n\n")
        found = await editor.diagnostics(second)
        assert sorted(editor.piece(second, each.range) for each in found) == ["np.sum(y.numpy())", "y.numpy()"]
        hover = await editor.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(third), again.range.start)
        )
        assert hover is not None
        assert hover.range == again.range


async def test_a_rewrite_across_cells_is_an_edit_of_each(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.ipynb").as_uri()
        names = editor.open_notebook(uri, CELLS)
        await editor.diagnostics(names[2])
        asked = "print(tape.gradient(loss, x))\n%time"
        (fix, hide) = await editor.actions(names[2], asked, only=["quickfix"])
        assert fix.edit is not None
        changed = [(c.text_document.uri, c.text_document.version) for c in fix.edit.document_changes or ()]  # type: ignore[union-attr]
        assert changed == [(names[1], 1), (names[2], 1)]
        await editor.apply(fix)
        assert "persistent=True" in editor.texts[names[1]].text
        assert editor.texts[names[2]].text == FIXED[2]
        assert await editor.diagnostics(names[2]) == []
        assert hide.title == "Disable TPF401 for this line"


async def test_fix_all_of_a_cell_and_of_the_notebook(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.ipynb").as_uri()
        names = editor.open_notebook(uri, CELLS)
        await editor.diagnostics(names[1])
        # What repairs the third cell takes the second one, too, and the other way round: nothing is repaired by half.
        for name in names:
            assert await editor.actions(name, only=["source.fixAll"]) == []
        assert "notebook.source.fixAll.tapefix" not in [each.kind for each in await editor.actions(names[1])]
        for only in ("notebook", "notebook.source.fixAll", "notebook.source.fixAll.tapefix"):
            (whole,) = await editor.actions(names[0], only=[only])
            assert whole.kind == "notebook.source.fixAll.tapefix"
        await editor.apply(whole)
        assert [editor.texts[name].text for name in names] == FIXED
        assert await editor.diagnostics(names[2]) == []
        for name in names:
            assert await editor.held(name) == editor.texts[name]


PARTS = [
    "import numpy as np\nimport tensorflow as tf\nx = tf.Variable([1.0, 2.0])\nc = tf.constant(2.0)\n",
    "with tf.GradientTape() as one:\n    y = (x * x).numpy()",
    "with tf.GradientTape() as two:\n    d = c * c\nprint(two.gradient(d, c))",
    "with one:\n    loss = np.sum(y)\nprint(one.gradient(loss, x))",
]
"""The path of the first tape is broken in the second cell and in the fourth; all of the second stands in the third."""


async def test_fix_all_of_a_cell_leaves_a_path_alone_that_others_break_as_well(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "parts.ipynb").as_uri()
        names = editor.open_notebook(uri, PARTS)
        assert [[each.code for each in await editor.diagnostics(name)] for name in names] == [
            [],
            ["TPF101"],
            ["TPF201"],
            ["TPF102"],
        ]
        for name in (names[0], names[1], names[3]):
            assert await editor.actions(name, only=["source.fixAll"]) == []
        (cell,) = await editor.actions(names[2], only=["source.fixAll"])
        await editor.apply(cell)
        third = PARTS[2].replace("    d =", "    two.watch(c)\n    d =")
        assert [editor.texts[name].text for name in names] == [PARTS[0], PARTS[1], third, PARTS[3]]
        # What one rewrite uncovers belongs to the path as well.
        uncovered = "with tf.GradientTape() as two:\n    d = np.exp(x.numpy())\n"
        editor.replace(names[2], 0, len(third), uncovered + "    d = tf.reduce_sum(d)\nprint(two.gradient(d, x))")
        await editor.diagnostics(names[2])
        (cell,) = await editor.actions(names[2], only=["source.fixAll"])
        await editor.apply(cell)
        assert "d = tf.exp(x)\n" in editor.texts[names[2]].text


async def test_a_run_on_a_cell_says_what_else_it_changes(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "parts.ipynb").as_uri()
        names = editor.open_notebook(uri, PARTS)
        await editor.diagnostics(names[3])

        async def titles(name: str, **asked: Any) -> list[str]:
            found = await editor.actions(name, runs=True, **asked)
            return [action.title for action in found if action.title.startswith("Fix and verify")]

        assert await titles(names[0]) == []
        second = await titles(names[1])
        assert [title.endswith(" (also changes cell 4)") for title in second] == [True, True]
        assert second[1] == "Fix and verify all findings in this cell (also changes cell 4)"
        third = await titles(names[2])
        assert len(third) == 2 and not any("also" in title for title in third)
        assert third[1] == "Fix and verify all findings in this cell"
        assert await titles(names[0], only=["notebook.source"]) == ["Fix and verify all findings in this notebook"]


async def test_cells_come_and_go(tmp_path: Path) -> None:
    async with session(tmp_path, can=capabilities(encodings=["utf-8"])) as editor:
        uri = (tmp_path / "train.ipynb").as_uri()
        first, second, third = editor.open_notebook(uri, CELLS)
        assert len(await editor.diagnostics(third)) == 1
        gone = types.NotebookDocumentCellChangeStructure(
            types.NotebookCellArrayChange(2, 1), did_close=[types.TextDocumentIdentifier(third)]
        )
        editor.change_notebook(uri, types.NotebookDocumentCellChanges(structure=gone))
        await editor.cleared(third)
        # Without a query, nothing is wrong in the second.
        assert await editor.diagnostics(second) == []
        new = "vscode-notebook-cell:/new#W9"
        cell = types.NotebookCell(types.NotebookCellKind.Code, new)
        come = types.NotebookDocumentCellChangeStructure(
            types.NotebookCellArrayChange(2, 0, [cell]),
            did_open=[types.TextDocumentItem(new, "python", 7, "tape.gradient(loss, x)")],
        )
        editor.change_notebook(uri, types.NotebookDocumentCellChanges(structure=come))
        assert len(await editor.next_diagnostics(second)) == 2
        # A cell that is being written is no reason to forget the rest.
        editor.edit(first, "name = ", "name = (")
        assert len(await editor.next_diagnostics(second)) == 2
        editor.edit(first, "name = (", "name = ")
        notebook = types.NotebookDocumentIdentifier(uri)
        documents = [types.TextDocumentIdentifier(name) for name in (first, second, new)]
        editor.client.notebook_document_did_close(types.DidCloseNotebookDocumentParams(notebook, documents))
        await editor.cleared(second)
