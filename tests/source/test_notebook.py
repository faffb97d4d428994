"""Notebooks: what is changed is spliced into the file's own layout, and every other byte stays."""

from __future__ import annotations

import json
import re
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapefix.source.errors import SourceError
from tapefix.source.located import LocatedList
from tapefix.source.notebook import Notebook
from tapefix.source.notebook_text import NotebookText

CHARACTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = st.sampled_from(
    ["x = 1", "import tensorflow as tf", "    y = 2", "", "t = '\N{GRINNING FACE}é你'", 'p = "\\n"']
)
LINES = st.lists(st.tuples(PLAIN | CHARACTERS, st.sampled_from(["\n", "\n", "\r\n"])), max_size=6)


def texts() -> st.SearchStrategy[str]:
    whole = LINES.map(lambda lines: "".join(a + b for a, b in lines))
    return st.one_of(whole, whole.map(lambda text: text.rstrip("\r\n")))


@st.composite
def sources(draw: st.DrawFn) -> str | list[str]:
    text = draw(texts())
    kind = draw(st.sampled_from(["lines", "lines", "string", "chunks"]))
    if kind == "string":
        return text
    if kind == "lines":
        return text.splitlines(keepends=True)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


OUTPUTS = [
    {"output_type": "stream", "name": "stdout", "text": ["a\n", "\u001b[0m\u2028"]},
    {
        "output_type": "display_data",
        "data": {"image/png": "iVBORw0KGgo=\n", "text/plain": ["<Figure>"]},
        "metadata": {"needs_background": "light"},
    },
]


@st.composite
def notebooks(draw: st.DrawFn) -> dict[str, Any]:
    cells: list[dict[str, Any]] = []
    for index in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["code", "code", "markdown", "raw"]))
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell{index}", "metadata": {}, "source": draw(sources())}
        if kind == "code":
            cell |= {"execution_count": draw(st.none() | st.integers(1, 9)), "outputs": draw(st.permutations(OUTPUTS))}
        cells.append({key: cell[key] for key in draw(st.permutations(sorted(cell)))})
    metadata = {"kernelspec": {"display_name": "é", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    whole = draw(notebooks())
    separators = draw(st.sampled_from([None, (",", ":"), (", ", ": "), (" , ", " :\t")]))
    indent = draw(st.sampled_from([None, 0, 1, 4, "\t"]))
    text = json.dumps(whole, indent=indent, separators=separators, ensure_ascii=draw(st.booleans()))
    # The line ends of the file itself, which JSON's strings cannot hold.
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    # Escapes that a writer may use, and Python's does not.
    if draw(st.booleans()):
        text = text.replace("<Figure>", "<Fi\\u0067ure\\/>").replace("import", "\\u0069mport")
    return json.loads(text), text + draw(st.sampled_from(["", "\n", "\n\n"]))


def joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


@given(documents())
def test_a_splice_of_nothing_is_byte_identical(made: tuple[dict[str, Any], str]) -> None:
    whole, document = made
    notebook = Notebook.read(document, "a.ipynb")
    code = [cell for cell in whole["cells"] if cell["cell_type"] == "code"]
    assert [cell.text for cell in notebook.cells] == [joined(cell["source"]) for cell in code]
    assert notebook.with_texts([cell.text for cell in notebook.cells]) == document


@given(documents(), st.data())
def test_a_splice_changes_what_it_says_and_nothing_else(made: tuple[dict[str, Any], str], data: st.DataObject) -> None:
    whole, document = made
    notebook = Notebook.read(document, "a.ipynb")
    wanted = [data.draw(changed(cell.text)) for cell in notebook.cells]
    spliced = notebook.with_texts(wanted)
    expected = json.loads(document)
    for cell, text in zip([c for c in expected["cells"] if c["cell_type"] == "code"], wanted, strict=True):
        cell["source"] = text
    again = json.loads(spliced)
    for cell, old in zip(again["cells"], whole["cells"], strict=True):
        if cell["cell_type"] == "code":
            assert isinstance(cell["source"], type(old["source"]))
            cell["source"] = joined(cell["source"])
    assert again == expected
    later = Notebook.read(spliced, "a.ipynb")
    assert [cell.text for cell in later.cells] == wanted
    # Outside the sources, and in sources that did not change, every byte is what it was.
    same = [cell.text == text for cell, text in zip(notebook.cells, wanted, strict=True)]
    assert _outside(later, same) == _outside(notebook, same)
    for old, new in zip(notebook.cells, later.cells, strict=True):
        if isinstance(old.source, list) and isinstance(new.source, list):
            _assert_lines_kept(document, old.source, spliced, new.source)
    nbformat.validate(nbformat.reads(spliced, as_version=4))


@st.composite
def changed(draw: st.DrawFn, text: str) -> str:
    if draw(st.booleans()):
        return text
    lines = text.splitlines(keepends=True)
    at = draw(st.integers(0, len(lines)))
    removed = draw(st.integers(0, 2))
    return "".join([*lines[:at], draw(texts()), *lines[at + removed :]])


def _outside(notebook: Notebook, same: list[bool]) -> list[str]:
    """What stands around the sources that have changed."""
    pieces, position = [], 0
    for cell, kept in zip(notebook.cells, same, strict=True):
        if not kept:
            pieces.append(notebook.document[position : cell.source.start])
            position = cell.source.end
    return [*pieces, notebook.document[position:]]


def _assert_lines_kept(document: str, old: LocatedList, spliced: str, new: LocatedList) -> None:
    """The elements before the first and behind the last that differ are byte-identical."""
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n] != new[n]), most)
    tail = next((n for n in range(most - head) if old[-1 - n] != new[-1 - n]), most - head)
    pairs = [
        *zip(old[:head], new[:head], strict=True),
        *zip(old[len(old) - tail :], new[len(new) - tail :], strict=True),
    ]
    for before, after in pairs:
        # An element that holds no whole line may have to be written anew with its neighbour.
        if before.endswith("\n"):
            assert spliced[after.start : after.end] == document[before.start : before.end]


DOCUMENT = """\
{
\t"cells": [
\t\t{"cell_type": "code", "source": [
\t\t\t"\\u0069mport os\\n",
\t\t\t"x = '\\ud83d\\ude00'\\n",
\t\t\t"y = 1"
\t\t], "metadata": {}, "outputs": [], "execution_count": 3},
\t\t{"cell_type": "code", "source": "a = 1\\r\\n\\u0062 = 2\\r\\nc = 3", "metadata": {}, "outputs": []},
\t\t{"cell_type": "code", "source": [], "metadata": {}, "outputs": []}
\t],
\t"metadata": {}, "nbformat": 4, "nbformat_minor": 4
}
"""


def test_lines_that_stay_keep_their_escapes() -> None:
    notebook = Notebook.read(DOCUMENT, "a.ipynb")
    first = "import os\nx = '\N{GRINNING FACE}'\ny = 'é'\nz = 2"
    spliced = notebook.with_texts([first, "a = 1\r\nb = 2\r\nc = 4", "d = 5\ne = 6"])
    old = [
        '\t\t\t"y = 1"\n',
        '"a = 1\\r\\n\\u0062 = 2\\r\\nc = 3"',
        '"source": [],',
    ]
    new = [
        '\t\t\t"y = \'\\u00e9\'\\n",\n\t\t\t"z = 2"\n',
        '"a = 1\\r\\n\\u0062 = 2\\r\\nc = 4"',
        '"source": [\n\t\t\t"d = 5\\n",\n\t\t\t"e = 6"\n\t\t],',
    ]
    expected = DOCUMENT
    for a, b in zip(old, new, strict=True):
        expected = expected.replace(a, b)
    assert spliced == expected


def test_a_line_of_a_cell_knows_its_line_in_the_file() -> None:
    notebook = Notebook.read(DOCUMENT, "a.ipynb")
    assert [notebook.file_line(0, line) for line in (1, 2, 3, 9)] == [4, 5, 6, 6]
    assert [notebook.file_line(1, 3), notebook.file_line(2, 1)] == [8, 9]


@pytest.mark.parametrize(
    ("document", "message", "place"),
    [
        ("", "this is no notebook: expecting value (as JSON)", (1, 0)),
        ('{\n "cells": [,]}', "this is no notebook: expecting value (as JSON)", (2, 11)),
        ('{"a": "x\ny"}', "this is no notebook: invalid control character at (as JSON)", (1, 8)),
        ("[]", "this is no notebook: it holds no object", (1, 0)),
        ("3", "this is no notebook: it holds no object", (1, 0)),
        ("{}", "this is no notebook: it names no `nbformat`", (1, 0)),
        ('{"nbformat": true}', "this is no notebook: it names no `nbformat`", (1, 0)),
        ('{"nbformat": 3, "worksheets": []}', "this notebook has format 3; tapefix reads format 4 (convert it", (1, 0)),
        ('{"nbformat": 5}', "this notebook has format 5, which is newer than tapefix; it reads 4", (1, 0)),
        ('\n{"nbformat": 4}', "this notebook has no list of `cells`", (2, 0)),
        ('{"nbformat": 4,\n"cells": {}}', "this notebook has no list of `cells`", (2, 9)),
        ('{"nbformat": 4, "cells": [3]}', "cell 1 of this notebook is no object", (1, 25)),
        ('{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "cell 1 of this notebook has no `source`", (1, 26)),
        (
            '{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["a",\n {}]}]}',
            "the source of cell 1 of this notebook is no text",
            (2, 1),
        ),
        (
            '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "\\ud83d"}]}',
            "cell 1 of this notebook holds half a character (a lone surrogate)",
            (1, 58),
        ),
        ('{"nbformat": 4, "cells": ' + "[" * 100_000, "this notebook cannot be read: it nests too deep", None),
        ('{"nbformat": ' + "4" * 10_000 + "}", "this notebook cannot be read: Exceeds the limit", None),
    ],
)
def test_what_is_no_notebook_is_said_with_its_place(document: str, message: str, place: tuple[int, int] | None) -> None:
    with pytest.raises(SourceError) as raised:
        Notebook.read(document, "a.ipynb")
    assert raised.value.message.startswith(message)
    if place is not None:
        assert (raised.value.line, raised.value.column) == place


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, None),
        ({"kernelspec": {"name": "python3"}}, None),
        ({"kernelspec": {"language": "python"}, "language_info": {"name": "Python"}}, None),
        ({"language_info": {"name": "ipython"}}, None),
        ({"kernelspec": {"name": "ir", "language": "R"}}, "R"),
        ({"kernelspec": "x", "language_info": {"name": "julia"}}, "julia"),
        ([], None),
    ],
)
def test_the_language_of_the_kernel(metadata: object, language: str | None) -> None:
    document = json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    assert Notebook.read(document, "a.ipynb").language == language


def test_cells_of_another_language_are_left_out() -> None:
    cells = [
        {"cell_type": "code", "metadata": {"vscode": {"languageId": name}}, "source": name}
        for name in ("shellscript", "python")
    ]
    document = json.dumps({"cells": cells, "nbformat": 4})
    assert [(cell.number, cell.text) for cell in Notebook.read(document, "a.ipynb").cells] == [(2, "python")]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_program_of_a_notebook_is_written_back_to_its_cells(mark: str) -> None:
    data = (mark + DOCUMENT).encode()
    source = NotebookText.from_bytes(data, "a.ipynb")
    assert source.text == "import os\nx = '\N{GRINNING FACE}'\ny = 1\n # %% 2\na = 1\r\nb = 2\r\nc = 3\n # %% 3\n"
    assert source.to_bytes() == data
    later = source.with_text(source.text.replace("y = 1", "y = 2"))
    assert later.to_bytes() == data.replace(b"y = 1", b"y = 2")
    assert NotebookText.from_bytes(later.to_bytes(), "a.ipynb").text == later.text


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(SourceError, match=re.escape("a.ipynb:2:3: byte 0xff is not UTF-8, as a notebook has to be")):
        NotebookText.from_bytes(b'{\n "\xff', "a.ipynb")


def test_a_large_output_is_read() -> None:
    output = {"output_type": "display_data", "data": {"image/png": "A" * 20_000_000}, "metadata": {}}
    cells = [{"cell_type": "code", "source": ["a = 1"], "outputs": [output]}]
    document = json.dumps({"cells": cells, "nbformat": 4})
    notebook = Notebook.read(document, "a.ipynb")
    assert notebook.with_texts(["a = 2"]) == document.replace("a = 1", "a = 2")
