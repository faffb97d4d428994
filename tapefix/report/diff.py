"""Diffs for a terminal: coloured as Python, with the words that changed marked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from tapefix.report.lines import in_colour, make_console, visible
from tapefix.source.diffs import split_lines, unified_diff

if TYPE_CHECKING:
    from rich.text import Text

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_HUNK = re.compile(r"@@ -(?P<old>\d+)(?:,\d+)? \+(?P<new>\d+)(?:,\d+)? @@")
_REMOVED, _ADDED = "on #3b1418", "on #12301b"
_REMOVED_WORD, _ADDED_WORD = "bold on #7d2630", "bold on #1f6b37"
_TOO_LONG = 3000
"""A text of more lines is coloured line by line: a lexer would take longer than everything else."""


def show_changes(changes: Iterable[tuple[str, str, str]], stream: TextIO, context: int = 3) -> None:
    """Show what changes, part by part: the name of each, and its text before and after."""
    for name, before, after in changes:
        diff = unified_diff(before, after, name, context)
        if in_colour(stream):
            show_diff(diff, stream, before, after)
        else:
            stream.write(diff)


def show_diff(diff: str, stream: TextIO, before: str, after: str) -> None:
    """Show a unified diff of two texts on a terminal."""
    console = make_console(stream)
    for line in _styled(diff, before, after):
        console.print(line, soft_wrap=True)


def changed_words(old: str, new: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The stretches of two lines that differ, in whole words; none when the lines have little in common."""
    olds, news = _WORD.findall(old), _WORD.findall(new)
    matcher = difflib.SequenceMatcher(None, olds, news, autojunk=False)
    common = sum("".join(olds[a : a + size]).strip() != "" for a, _, size in matcher.get_matching_blocks())
    if not common:
        return [], []
    left: list[tuple[int, int]] = []
    right: list[tuple[int, int]] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            for words, start, end, found in ((olds, i1, i2, left), (news, j1, j2, right)):
                if start < end:
                    begin = len("".join(words[:start]))
                    found.append((begin, begin + len("".join(words[start:end]))))
    return left, right


def _styled(diff: str, before: str, after: str) -> Iterator[Text]:
    from rich.text import Text

    olds, news = _Colours(before), _Colours(after)
    old = new = 0
    removed: list[tuple[int, str]] = []
    added: list[tuple[int, str]] = []
    for line in split_lines(diff):
        sign, content = line[:1], line[1:].rstrip("\n")
        hunk = _HUNK.match(line)
        if hunk is None and sign == "-" and (old or new):
            if added:
                yield from _block(removed, added, olds, news)
            removed.append((old, content))
            old += 1
            continue
        if hunk is None and sign == "+" and (old or new):
            added.append((new, content))
            new += 1
            continue
        yield from _block(removed, added, olds, news)
        if hunk is not None:
            old, new = int(hunk["old"]), int(hunk["new"])
            yield Text(line.rstrip("\n"), style="cyan")
        elif sign == " ":
            yield Text(" ") + news.line(new, content)
            old += 1
            new += 1
        else:
            yield Text(visible(line.rstrip("\n")), style="bold" if sign in "-+" else "dim")
    yield from _block(removed, added, olds, news)


def _block(
    removed: list[tuple[int, str]], added: list[tuple[int, str]], olds: _Colours, news: _Colours
) -> Iterator[Text]:
    """Lines that go and the lines that come for them."""
    marks_old: dict[int, list[tuple[int, int]]] = {}
    marks_new: dict[int, list[tuple[int, int]]] = {}
    for (old, left), (new, right) in partners(removed, added):
        marks_old[old], marks_new[new] = changed_words(left, right)
    for number, content in removed:
        yield _line("-", "red", olds.line(number, content), _REMOVED, marks_old.get(number, []), _REMOVED_WORD)
    for number, content in added:
        yield _line("+", "green", news.line(number, content), _ADDED, marks_new.get(number, []), _ADDED_WORD)
    removed.clear()
    added.clear()


def partners(
    removed: list[tuple[int, str]], added: list[tuple[int, str]]
) -> Iterator[tuple[tuple[int, str], tuple[int, str]]]:
    """Which added line stands for which removed one: the most alike, in order."""
    start = 0
    for line in removed:
        best, score = None, 0.3
        for index in range(start, min(len(added), start + 20)):
            ratio = difflib.SequenceMatcher(None, line[1].strip(), added[index][1].strip()).ratio()
            if ratio > score:
                best, score = index, ratio
        if best is not None:
            yield line, added[best]
            start = best + 1


def _line(sign: str, colour: str, text: Text, background: str, marks: list[tuple[int, int]], marked: str) -> Text:
    from rich.text import Text

    # Over the lexer's own background, and the marked words over both.
    text.stylize(background)
    for start, end in marks:
        text.stylize(marked, start, end)
    return Text(sign, style=f"bold {colour} {background}") + text


class _Colours:
    """The lines of a text, coloured as Python."""

    def __init__(self, text: str) -> None:
        from rich.syntax import Syntax

        self._syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
        self._lines: list[Text] | None = None
        self._text = text if text.count("\n") <= _TOO_LONG and "\t" not in text else None

    def line(self, number: int, content: str) -> Text:
        """A line by its number, as it is shown."""
        if self._lines is None and self._text is not None:
            self._lines = list(self._syntax.highlight(self._text).split("\n", allow_blank=True))
        shown = visible(content)
        if self._lines is not None and number <= len(self._lines):
            line = self._lines[number - 1].copy()
            # The lexer drops what it does not know, such as a CR; then the line is coloured by itself.
            if line.plain == shown:
                return line
        line = self._syntax.highlight(shown)
        line.rstrip()
        line.end = ""
        if line.plain != shown.rstrip():
            from rich.text import Text

            return Text(shown)
        return line
