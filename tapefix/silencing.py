"""Writing `# tapefix: ignore[CODE]` where it hides one finding."""

from __future__ import annotations

from bisect import bisect_right

from tapefix.finding import Finding
from tapefix.source.edits import Edit
from tapefix.source.lines import Lines
from tapefix.source.nesting import comment_spans, string_spans
from tapefix.suppressions import Suppressions


def silence(text: str, finding: Finding) -> Edit | None:
    """The edit that hides a finding: a comment on its line, or one more name in the comment that is there.

    Where its line cannot hold a comment (it ends in a string, or with a backslash), the next line of its statement
    that can gets it. None when there is none.
    """
    lines = Lines(text)
    for comment in Suppressions(text).found:
        if comment.names and not comment.problem and not comment.whole_file and comment.touches(finding):
            at = lines.starts[comment.line - 1] + comment.end_column - 1
            return Edit(at, at, f", {finding.code}")
    strings, comments = string_spans(text), comment_spans(text)
    for number in range(finding.range.line, lines.count + 1):
        start = lines.starts[number - 1]
        end = start + len(lines.line(number))
        if _inside(strings, end) or (text[start:end].endswith("\\") and not _inside(comments, end - 1)):
            continue
        written = text[start:end].rstrip()
        gap = "" if not written else "  "
        return Edit(start + len(written), start + len(written), f"{gap}# tapefix: ignore[{finding.code}]")
    return None


def _inside(spans: list[tuple[int, int]], offset: int) -> bool:
    """Whether an offset is within one of the spans, past its first character and before its end."""
    index = bisect_right(spans, (offset, -1)) - 1
    return index >= 0 and spans[index][0] < offset < spans[index][1]
