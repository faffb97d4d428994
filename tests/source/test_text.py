"""Files as text: what is read is written back byte for byte."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText

ENDS = st.sampled_from(["\n", "\r\n", "\r", "\f\n", "\t\n", ""])
# What two-byte encodings, Latin ones and plain ASCII can all hold is ASCII; the rest is tried with UTF-8.
ASCII = st.text(st.characters(min_codepoint=9, max_codepoint=126, exclude_characters="\0"), max_size=20)
UNICODE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def lines_of(content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(content, ENDS)).map(lambda lines: "".join(a + b for a, b in lines))


@given(lines_of(UNICODE), st.booleans())
def test_utf_8_round_trip(text: str, bom: bool) -> None:
    text = "x = 1\n\n" + text.removeprefix("\ufeff")
    data = codecs.BOM_UTF8 * bom + text.encode()
    source = SourceText.from_bytes(data, "a.py")
    assert (source.text, source.bom, source.to_bytes()) == (text, bom, data)


@given(
    lines_of(ASCII),
    st.sampled_from(["latin-1", "cp1252", "euc-jp", "shift_jis", "koi8-r", "ascii", "utf-8", "iso-8859-15", "gbk"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_declared_encodings_round_trip(text: str, encoding: str, newline: str) -> None:
    data = f"# -*- coding: {encoding} -*-{newline}x = 1{newline}{text}".encode(encoding)
    source = SourceText.from_bytes(data, "a.py")
    assert source.to_bytes() == data
    changed = source.with_text(source.text.replace("x = 1", "xx = 22"))
    assert changed.to_bytes() == data.replace(b"x = 1", b"xx = 22")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", "é = 'ß'\r\n"),
        ("cp1252", "x = '€'\n"),
        ("euc-jp", "x = '日本語'\n"),
        ("shift_jis", "x = '日本語'\n"),
        ("utf-8-sig", "x = 'é'\n"),
    ],
)
def test_non_ascii_in_its_encoding(encoding: str, text: str) -> None:
    data = f"#!/usr/bin/python\n# vim: set fileencoding={encoding} :\n{text}".encode(encoding)
    source = SourceText.from_bytes(data, "a.py")
    assert source.text.endswith(text)
    assert source.to_bytes() == data


def test_a_cookie_counts_in_a_file_with_cr_only() -> None:
    data = "# coding: latin-1\rx = 'é'\r".encode("latin-1")
    assert SourceText.from_bytes(data, "a.py").text == "# coding: latin-1\rx = 'é'\r"


def test_a_cookie_in_the_third_line_does_not_count() -> None:
    assert SourceText.from_bytes("\n\n# coding: latin-1\nx = 'é'".encode(), "a.py").encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x7fELF\x00\x01", "not a text file"),
        (b"x = 1\ny = '\xe9'\n", "byte 0xe9 is not utf-8"),
        (b"# coding: klingon\n", "names no encoding that Python knows"),
        (b"# coding: rot13\n", "cannot be used"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", "declares another encoding"),
        ("x = 1".encode("utf-16"), "not a text file"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        SourceText.from_bytes(data, "a.py")


def test_an_undecodable_byte_has_its_place() -> None:
    with pytest.raises(SourceError) as caught:
        SourceText.from_bytes("é = 1\r\nü = ''".encode() + b"\xff", "a.py")
    assert (caught.value.line, caught.value.column) == (2, 6)
    assert str(caught.value).startswith("a.py:2:7: ")


def test_a_character_that_the_encoding_lacks_is_refused_with_its_place() -> None:
    source = SourceText.from_bytes(b"# coding: latin-1\nx = 1\n", "a.py")
    with pytest.raises(SourceError, match="cannot be written in iso-8859-1"):
        source.with_text(source.text + "y = '\N{EURO SIGN}'\n").to_bytes()


def test_an_encoding_that_loses_bytes_reads_but_does_not_write() -> None:
    # A redundant escape sequence is legal, and decoding forgets it.
    data = b"# coding: iso-2022-jp\nx = 1 # \x1b(B\n"
    source = SourceText.from_bytes(data, "a.py")
    with pytest.raises(SourceError, match="loses bytes"):
        source.to_bytes()


@pytest.mark.parametrize("name", ["nothing.py", "folder", "pipe", "a/b\0c"])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match=r"no such file|a directory|not a regular file|cannot be read"):
        SourceText.read(tmp_path / name)
