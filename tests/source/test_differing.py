"""Edits between two texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tapefix.source.differing import edits_between
from tapefix.source.edits import Edit, apply_edits

PIECES = ("a\n", "b\n", "ab\r\n", "\r\n", "\r", "\n", "long line", "🔥x\n", "  a")
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(texts, texts)
def test_they_make_one_of_the_other(before: str, after: str) -> None:
    edits = edits_between(before, after)
    assert apply_edits(before, edits) == after
    for edit in edits:
        for offset in (edit.start, edit.end):
            assert before[offset - 1 : offset + 1] != "\r\n" or offset == 0
        assert before[edit.start : edit.end] != edit.replacement


def test_they_are_small() -> None:
    before = "import a\r\nx = a.b(c)\r\ny = 1\r\n"
    after = "import a\r\nx = d.b(c)\r\nnew\r\ny = 1\r\n"
    assert edits_between(before, before) == []
    assert apply_edits(before, edits_between(before, after)) == after
    assert edits_between("a.b(c)\n", "d.b(c)\n") == [Edit(0, 1, "d")]
    assert edits_between("one\nthree\n", "one\ntwo\nthree\n") == [Edit(4, 4, "two\n")]
    assert edits_between("one\r\n", "one\n") == [Edit(3, 5, "\n")]
