"""The line table against LibCST's positions and Python's own idea of lines."""

from __future__ import annotations

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider, WhitespaceInclusivePositionProvider

from tapefix.source.lines import Lines
from tapefix.source.parsing import parse

STATEMENTS = [
    "alpha = 1",
    "if beta:\n    gamma = delta\n    epsilon = 1",
    "zeta = '''a\n\f  b\r\n'''; eta = theta",
    "iota(\n\f  kappa,\n    lamda)",
    "# comment \f",
    "mu = 'ü𝒳'; nu = xi",
    "omicron = 1 + \\\n  pi",
    "",
    "def rho():\n\tsigma = 1\n\n\ttau = upsilon",
]


def names(text: str) -> list[tuple[str, str]]:
    lines = Lines(text)
    positions = MetadataWrapper(parse(text)).resolve(PositionProvider)
    found = []
    for node, place in positions.items():
        if isinstance(node, cst.Name):
            start = lines.offset(place.start.line, place.start.column)
            end = lines.offset(place.end.line, place.end.column)
            found.append((node.value, text[start:end]))
    return found


# The first example pays for LibCST's import.
@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(STATEMENTS), st.sampled_from(["", "\f", " \f", "\f\f"])), max_size=8), st.data()
)
def test_offsets_of_every_name(statements: list[tuple[str, str]], data: st.DataObject) -> None:
    text = "\n".join(feed + statement for statement, feed in statements)
    newlines = data.draw(st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1))
    pieces = text.split("\n")
    text = "".join(piece + newlines[index % len(newlines)] for index, piece in enumerate(pieces))
    if data.draw(st.booleans()):
        text = text.rstrip("\r\n")
    assert all(value == found for value, found in names(text))


def test_a_form_feed_inside_a_block() -> None:
    text = "if a:\n\f    b = 2\n    c = 3\n\fd = 4\n"
    assert names(text) and all(value == found for value, found in names(text))


def test_a_form_feed_in_a_string_stays_in_it() -> None:
    text = "x = '''\n\fy'''\n\fz = 1\n"
    assert Lines(text).parsed == "x = '''\n\fy'''\nz = 1\n"


@given(st.text(st.sampled_from("ab\r\n\f\v\x1c\u2028é\U0001d4b3"), max_size=30), st.data())
def test_position_and_offset_are_inverse(text: str, data: st.DataObject) -> None:
    lines = Lines(text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = lines.position(offset)
    assert lines.starts[line - 1] + column == offset
    assert lines.line(line).count("\n") == 0


def test_only_three_line_ends_count() -> None:
    assert Lines("a\x0bb\x1c\u2028c\x85d\re\r\nf\n").count == 4


def test_every_node_of_a_text_without_a_final_newline() -> None:
    for text in ("if a:\n    b", "a\n# c", "x = 1", "", "# only", "def f():\n  if a:\n    b # c"):
        lines = Lines(text)
        for provider in (PositionProvider, WhitespaceInclusivePositionProvider):
            for place in MetadataWrapper(parse(text)).resolve(provider).values():
                assert 0 <= lines.offset(place.start.line, place.start.column) <= len(text)
                assert 0 <= lines.offset(place.end.line, place.end.column) <= len(text)


def test_there_is_no_line_zero() -> None:
    with pytest.raises(ValueError, match="no line 0"):
        Lines("a").offset(0, 0)
