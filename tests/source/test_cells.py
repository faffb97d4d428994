"""Cells as one program, and back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapefix.source.cells import Program, WithheldError
from tapefix.source.edits import Edit, OverlappingEditsError, apply_edits
from tapefix.source.parsing import parses
from tapefix.source.places import CellLine

LINES = st.sampled_from(
    [
        "x = 1",
        "import tensorflow as tf",
        "from __future__ import annotations",
        "from __future__ import (print_function,\n    division)",
        "%matplotlib inline",
        "%time y = f(x)",
        "%time for i in x: print(i)",
        "%%time",
        "%%bash",
        "%%html\n<b>'''</b>",
        "!pip install 'a",
        "!pip install -q \\\n    b",
        "files = !ls *.py",
        "home = %env HOME",
        "a = b = !ls \\\n  c",
        "pip install x",
        "x?",
        "?x",
        "y = (1\n  % 2)",
        "if x:\n    %debug\n    !ls",
        "for i in x:\n    %time y = f(i)\n    y += 1",
        "s = '''\n%no\n!no?\n'''",
        "s = '%no' # ?",
        "x = 5 \\\n  % 3",
        "await g()",
        "# %% 3",
        " # %% 1:1",
        "'%t'; z = 1",
        "print 'two'",
        "def f(:",
        "t = '\N{GRINNING FACE}你好'",
        "",
        "    ",
    ]
)
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r"])


@st.composite
def cells(draw: st.DrawFn) -> str:
    lines = draw(st.lists(LINES, max_size=5))
    end = draw(ENDS)
    text = "\n".join(lines) + ("\n" if draw(st.booleans()) and lines else "")
    return text.replace("\n", end)


NOTEBOOKS = st.lists(cells(), min_size=1, max_size=6)


def split(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


@given(NOTEBOOKS)
def test_the_program_gives_its_cells_back(texts: list[str]) -> None:
    program = Program.of(texts)
    assert program.after(program.text).cells == tuple(texts)


@given(NOTEBOOKS)
def test_the_program_is_python_whatever_is_in_a_cell(texts: list[str]) -> None:
    assert parses(Program.of(texts).text)


@given(NOTEBOOKS)
def test_lines_and_columns_are_those_of_the_cells(texts: list[str]) -> None:
    program = Program.of(texts)
    written = split(program.text)
    for index, text in enumerate(texts):
        for number, line in enumerate(split(text), start=1):
            if number > 1 and not line and number == len(split(text)):
                # Behind the last line end there is no line of the cell.
                continue
            at = program.line(index, number)
            assert program.place(at) == (index, number)
            # What is masked begins where it began, and what stands before it has kept its columns.
            if program.key not in written[at - 1]:
                assert written[at - 1].replace("'%t';", "%time") == line.replace("'%t';", "%time")
            else:
                kept = written[at - 1].partition(program.key)[0]
                kept = re.sub(r"((pass|get_ipython\(\)\.\w+\(\))  |^ )$", "", kept)
                assert line.startswith(kept)


@given(NOTEBOOKS, st.data())
def test_edits_of_cells_make_what_edits_of_the_program_make(texts: list[str], data: st.DataObject) -> None:
    program = Program.of(texts)
    size = len(program.text)
    cuts = sorted(data.draw(st.lists(st.integers(0, size), min_size=2, max_size=4)))
    new = st.sampled_from(["", "a", "import numpy as np\n", "    ", "x\n    ", "\n", "%ls\n"])
    edits = [Edit(a, b, data.draw(new)) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    try:
        changed = program.edits(edits)
        later = program.after(apply_edits(program.text, edits))
    except (WithheldError, OverlappingEditsError):
        return
    made = [apply_edits(text, changed.get(index, ())) for index, text in enumerate(texts)]
    assert tuple(made) == later.cells
    assert later.text == apply_edits(program.text, edits)


def test_what_becomes_of_magics() -> None:
    program = Program.of(
        [
            "%matplotlib inline\n!pip install -q \\\n   it's\nif x:\n    %debug\nfiles = !ls\nhome = %env HOME\nx.y?",
            "%%time\n%time y = f(x)\n",
            "%%bash\nif true; then\n  ls\nfi",
        ]
    )
    assert program.text == (
        " # %% 1:1\n # %% 1:2\n # %% 1:3\nif x:\n    pass  # %% 1:4\n"
        "files = get_ipython().getoutput()  # %% 1:5\nhome = get_ipython().run_line_magic()  # %% 1:6\n # %% 1:7\n"
        " # %% 2\n # %% 2:1\n'%t'; y = f(x)\n"
        " # %% 3\n # %% 3:1\n # %% 3:2\n # %% 3:3\n # %% 3:4\n"
    )
    assert not program.broken


def test_what_only_looks_like_a_magic_is_kept() -> None:
    text = (
        "s = '''\n%time\n!ls\n'''\nx = (5\n  % 3)\ny = 5 \\\n  % 3\nz = x != y  # why?\nf(a=1)[{'b': '?'}]\nawait g()\n"
    )
    assert Program.of([text]).text == text


def test_a_cell_that_is_no_python_shifts_nothing() -> None:
    program = Program.of(["x = 1", "def f(:\n    '''", "print(x)\n"], [2, 5, 6])
    assert list(program.broken) == [1]
    assert program.broken[1].line == 2 and "unterminated triple-quoted string" in program.broken[1].message
    assert program.text == "x = 1\n # %% 2\n # %% 2:1\n # %% 2:2\n # %% 3\nprint(x)\n"
    assert f"{program.named(6)}" == "1 of cell 6"


def test_future_imports_stay_where_python_takes_them() -> None:
    first, second = "from __future__ import annotations\n", "x = 1"
    assert Program.of([first, second]).text == first + " # %% 2\nx = 1\n"
    assert Program.of([second, first]).text == "x = 1\n # %% 2\n # %% 2:1\n"


def test_a_line_says_in_which_cell_it_is() -> None:
    line = Program.of(["a = 1\n", "b = 2\nc = 3"]).named(4)
    assert isinstance(line, CellLine) and (line, line.cell, line.line) == (4, 2, 2)
    assert f"line {line}" == "line 2 of cell 2"


IMPORT = "import numpy as np\n"


def test_an_import_goes_to_the_cell_that_it_stands_in() -> None:
    cells = ["%matplotlib inline\nimport tensorflow as tf", "import os\n\n", "x = 1\n"]
    program = Program.of(cells)
    behind = program.text.index(" # %% 2")
    assert program.edits([Edit(behind, behind, IMPORT)]) == {
        0: (Edit(len(cells[0]), len(cells[0]), f"\n{IMPORT[:-1]}"),)
    }
    before = program.text.index("import os")
    assert program.edits([Edit(before, before, IMPORT)]) == {1: (Edit(0, 0, IMPORT),)}
    assert program.edits([Edit(0, 0, IMPORT)]) == {0: (Edit(0, 0, IMPORT),)}


@pytest.mark.parametrize(
    ("cells", "old", "new", "why"),
    [
        (["a = 1\n%time b = 2\n"], "'%t'; b = 2", "b = 3", "would change `%time`"),
        (["a = !ls\n"], "a = get_ipython()", "a = g", "would change `!ls`"),
        (["a = 1", "b = 2"], "a = 1\n # %% 2\nb = 2", "b = 3", "from one cell into another"),
        (["with a:\n    b", "c = 2"], " # %% 2\nc", " # %% 2\n    c", "from one cell into another"),
        (["with a:\n    b", "c = 2"], "c", "    c", "cell 2 would not be Python"),
        (["a = 1", "%%time\nb = 2"], " # %% 2:1", "import x\n # %% 2:1", "would change `%%time`"),
        (["a = 1\n", "%%bash\nls"], "", "import x\n", "cell 2 belongs to a magic"),
        (["with a:\n    b\n%ls\nc = 2"], "c", "    c", "cell 1 would not be Python"),
        (["%ls"], "", "; b", "a magic or a shell line"),
    ],
)
def test_what_cannot_be_mapped_is_refused(cells: list[str], old: str, new: str, why: str) -> None:
    program = Program.of(cells)
    start = program.text.index(old) if old else len(program.text.rstrip("\n"))
    with pytest.raises(WithheldError, match=re.escape(why)):
        program.edits([Edit(start, start + len(old), new)])


def test_an_edit_in_front_of_a_cell_magic_is_refused() -> None:
    program = Program.of(["a = 1", "%%time\nb = 2"])
    start = program.text.index(" # %% 2:1")
    with pytest.raises(WithheldError, match="cell 2 belongs to a magic"):
        program.edits([Edit(start, start, "import x\n")])


def test_the_same_edit_may_reach_several_cells() -> None:
    program = Program.of(["with tape:\n    y = f(x)\n", "loss = g(y)\n"])
    moved = program.text.index("loss")
    edits = [Edit(moved, len(program.text), ""), Edit(24, 24, "    loss = g(y)\n")]
    assert program.edits(edits) == {0: (Edit(24, 24, "    loss = g(y)\n"),), 1: (Edit(0, 12, ""),)}


def gathered(*cells: str, old: str, new: str) -> tuple[str, ...]:
    program = Program.of(cells)
    start = program.text.index(old)
    edits = program.gathered([Edit(start, start + len(old), new)])
    return program.after(apply_edits(program.text, edits)).cells


def test_lines_of_a_block_move_to_the_cell_that_begins_it() -> None:
    tape = "with tape:\n    y = f(x)"
    moved = "    # the loss\n    loss = g(\n        y\n    )\n"
    behind = gathered(
        tape, "\n# the loss\nloss = g(\n    y\n)\nprint(loss)", old="# the loss\nloss = g(\n    y\n)\n", new=moved
    )
    assert behind == (f"{tape}\n{moved}"[:-1], "\nprint(loss)")
    emptied = gathered(tape, "z = y", "loss = g(z)", old="z = y\n # %% 3\nloss", new="    z = y\n # %% 3\n    loss")
    assert emptied == (f"{tape}\n    z = y\n    loss = g(z)", "", "")


@pytest.mark.parametrize(
    ("cells", "old", "new"),
    [
        (("with tape:\n    y = f(x)\n%ls", "loss = g(y)"), "loss", "    loss"),
        (("with tape:\n    y = f(x)", "%%time\nloss = g(y)"), "loss", "    loss"),
        (("with tape:\n    y = f(x)", "%ls\nloss = g(y)"), "loss", "    loss"),
        (("with tape:\n    y = f(x)", "if y:\n    !ls\nz = y"), "if y:\n", "    if y:\n    "),
        (("with tape:\n    y = f(x)", "s = '''\na'''\n"), "s", "    s"),
    ],
)
def test_a_block_that_cannot_be_gathered_is_refused(cells: tuple[str, ...], old: str, new: str) -> None:
    with pytest.raises(WithheldError):
        gathered(*cells, old=old, new=new)


@given(NOTEBOOKS, st.data())
def test_gathering_changes_nothing_but_the_cells(texts: list[str], data: st.DataObject) -> None:
    program = Program.of(texts)
    size = len(program.text)
    cuts = sorted(data.draw(st.lists(st.integers(0, size), min_size=2, max_size=4)))
    new = st.sampled_from(["    ", "x\n    ", "    x\n"])
    edits = [Edit(a, b, data.draw(new)) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    try:
        later = program.after(apply_edits(program.text, program.gathered(edits)))
    except (WithheldError, OverlappingEditsError):
        return
    border = re.compile(rf" {program.key} \d+")
    wanted = [line for line in split(apply_edits(program.text, edits)) if line.strip() and not border.fullmatch(line)]
    assert [line for line in split(later.text) if line.strip() and not border.fullmatch(line)] == wanted
    assert all(program.key not in cell for cell in later.cells)
