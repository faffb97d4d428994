"""Changing the text around kept expressions as little as possible: white space and comments stay where they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from tapefix.source.edits import Edit

_TOKEN = re.compile(r"(?P<skip>#[^\r\n]*|\\(?:\r\n|[\r\n])|\s+)|[\w.]+|'[^']*'|\"[^\"]*\"|.", re.DOTALL)


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int


def _tokens(text: str) -> list[_Token]:
    return [_Token(m[0], m.start(), m.end()) for m in _TOKEN.finditer(text) if m["skip"] is None]


def change_gap(text: str, start: int, end: int, replacement: str, *, in_call: bool = False) -> list[Edit]:
    """Edits that make `text[start:end]` read like `replacement`, token by token.

    Layout and comments between tokens that stay are not touched. `in_call` says that a comma before the closing
    parenthesis means nothing, so that it stays too.
    """
    gap = text[start:end]
    old, new = _tokens(gap), _tokens(replacement)
    trailing_comma = in_call and [token.text for token in old[-2:]] == [",", ")"]
    if trailing_comma and [token.text for token in new[-2:]] != [",", ")"] and new and new[-1].text == ")":
        new = [*new[:-1], _Token(",", new[-1].start, new[-1].start), new[-1]]
    matcher = SequenceMatcher(None, [token.text for token in old], [token.text for token in new], autojunk=False)
    edits = []
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        written = replacement[new[j].start : new[j_end - 1].end] if j < j_end else ""
        if tag == "insert":
            edits.append(_insertion(start, gap, old, i, replacement, new, j, j_end))
            continue
        first, last_end = old[i].start, old[i_end - 1].end
        if tag == "replace" and last_end == (old[i_end].start if i_end < len(old) else len(gap)):
            # No blank comes behind: the one that is wanted there is written too.
            written = replacement[new[j].start : new[j_end].start if j_end < len(new) else len(replacement)]
        lead = replacement[new[j - 1].end if j > 0 else 0 : new[j].start] if j < j_end else ""
        if tag == "replace" and lead and not written.startswith(",") and (old[i - 1].end if i > 0 else 0) == first:
            # Nor does one stand in front.
            written = lead + written
        if tag == "replace" and written.startswith(",") and gap[:first].strip(" \t") == "":
            # A comma stands right behind what is in front of it.
            first = 0
        if tag == "delete" and i > 0 and old[i - 1].end < first and "#" not in gap[old[i - 1].end : first]:
            # What is taken out takes the blank in front of it along.
            blank = gap[old[i - 1].end : first]
            spaced = j > 0 and new[j - 1].end < (new[j].start if j < len(new) else len(replacement))
            joined = last_end == (old[i_end].start if i_end < len(old) else len(gap))
            # ... unless one is wanted there, and none comes behind.
            keeps = "\n" in blank or "\r" in blank or (spaced and joined)
            first = first if keeps else old[i - 1].end
        kept = "".join(part for part in re.findall(r"#[^\r\n]*(?:\r\n|[\r\n])", gap[first:last_end]))
        if kept and not text[start + first - 1 : start + first].isspace():
            kept = f"  {kept}"
        if kept and not written and gap[last_end:].lstrip(" \t").startswith(("\r", "\n")):
            kept = kept.rstrip("\r\n")
        edits.append(Edit(start + first, start + last_end, kept + written))
    return edits


def _insertion(
    start: int, gap: str, old: list[_Token], at: int, replacement: str, new: list[_Token], j: int, j_end: int
) -> Edit:
    """New tokens go right behind the token before them, or in front of all."""
    lead = new[j - 1].end if j > 0 else 0
    tail = new[j_end].start if j_end < len(new) else len(replacement)
    written = replacement[lead : new[j_end - 1].end]
    if at == 0:
        # In front of all tokens: behind an opening blank or comment only when nothing else is left to stand behind.
        place = 0 if old or not gap.strip() else len(gap)
        return Edit(start + place, start + place, replacement[lead:tail])
    place = old[at - 1].end
    trailing = gap[place:]
    if at == len(old) and trailing and not trailing.strip(" \t"):
        behind = replacement[new[j_end - 1].end :] if j_end == len(new) else ""
        return Edit(start + len(gap), start + len(gap), written.lstrip() + behind)
    return Edit(start + place, start + place, replacement[lead:] if j_end == len(new) else written)
