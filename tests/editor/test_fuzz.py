"""Random edits through the protocol: the server's text stays equal to the client's, and nothing fails."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.running import BROKEN
from tests.editor.session import Session, capabilities, session

EDITS = 40
"""In each example; the text starts anew with each."""
PIECES = ("\n", "\r\n", "\r", "    ", "x", "(", ")", '"""', "#", "\t", "", ":")
PIECES += ("🔥", "漢", "é", "\x0c", "\u2028", "\x85")
URI = "untitled:fuzz.py"

new_texts = st.one_of(
    st.sampled_from(PIECES),
    st.sampled_from(BROKEN.splitlines(keepends=True)),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6),
    st.lists(st.sampled_from(PIECES), max_size=5).map("".join),
)
edits = st.tuples(st.floats(0, 1), st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 60)), new_texts)


@pytest.mark.parametrize(("encoding", "examples"), [("utf-16", 50), ("utf-8", 10), ("utf-32", 10)])
def test_the_texts_stay_equal(encoding: str, examples: int) -> None:
    loop = asyncio.new_event_loop()
    opened = session(can=capabilities(encodings=[encoding]))
    editor = loop.run_until_complete(opened.__aenter__())
    editor.open(URI, BROKEN)

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(script=st.lists(edits, min_size=EDITS, max_size=EDITS))
    def edit(script: list[tuple[float, int, str]]) -> None:
        loop.run_until_complete(edited(editor, script))

    try:
        edit()
    finally:
        # This looks for errors in the server's log as well.
        loop.run_until_complete(opened.__aexit__(None, None, None))
        loop.close()


async def edited(editor: Session, script: list[tuple[float, int, str]]) -> None:
    """Apply edits, each at a share of the text's length, and compare."""
    editor.replace(URI, 0, len(editor.texts[URI].text), BROKEN)
    for number, (share, length, new) in enumerate(script):
        text = editor.texts[URI].text
        start = unsplit(text, int(share * len(text)))
        end = max(start, unsplit(text, min(start + length, len(text))))
        editor.replace(URI, start, end, new)
        if number % 8 == 0:
            assert await editor.held(URI) == editor.texts[URI]
    assert await editor.held(URI) == editor.texts[URI]
    await editor.diagnostics(URI)
    await editor.actions(URI)


def unsplit(text: str, offset: int) -> int:
    """An offset that is not between CR and LF, where no position is."""
    return offset - 1 if text[offset - 1 : offset + 1] == "\r\n" else offset
