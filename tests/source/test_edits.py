"""Edits: pieces of text replaced, the rest untouched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapefix.source.edits import Edit, OverlappingEditsError, apply_edits, conflicts


@given(st.text(max_size=60), st.data())
def test_what_no_edit_touches_is_kept(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edits = [Edit(a, b, data.draw(st.text(max_size=5))) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    expected, position = "", 0
    for edit in edits:
        expected += text[position : edit.start] + edit.replacement
        position = edit.end
    expected += text[position:]
    assert apply_edits(text, edits) == expected
    if all(edit.start < edit.end for edit in edits):
        assert apply_edits(text, reversed(edits)) == expected


def test_insertions_at_one_place_keep_their_order() -> None:
    assert apply_edits("ab", [Edit(1, 1, "x"), Edit(1, 1, "y")]) == "axyb"


def test_a_shared_edit_applies_once_and_an_equal_one_twice() -> None:
    assert apply_edits("f()", [Edit(2, 2, "p=1", shared=True)] * 2) == "f(p=1)"
    assert apply_edits("a", [Edit(1, 1, ")")] * 2) == "a))"


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(OverlappingEditsError):
        apply_edits("abcd", [Edit(0, 3, "x"), Edit(2, 4, "y")])
    assert conflicts([Edit(0, 3, "x")], [Edit(2, 4, "y")])
    assert not conflicts([Edit(0, 2, "x")], [Edit(2, 2, "y")])


def test_an_edit_needs_its_ends_in_order() -> None:
    with pytest.raises(ValueError, match="start <= end"):
        Edit(3, 1, "")
