"""Prints, files and processes of two runs: a rewrite must not add or lose any."""

from __future__ import annotations

from tapefix.verify.closeness import same_text
from tapefix.verify.evidence import Evidence, Printed
from tapefix.verify.lines import LineMap


def printed_lines(evidence: Evidence) -> list[tuple[str, int | None]]:
    """Return what the project's own code printed, line by line, with the line of code that printed it."""
    pieces: list[tuple[str, int | None]] = []
    open_text, open_line = "", None
    for printed in evidence.prints:
        if not _own(printed):
            continue
        for piece in printed.text.splitlines(keepends=True):
            open_text += piece
            open_line = printed.line if open_line is None else open_line
            if piece.endswith("\n"):
                pieces.append((open_text.rstrip(), open_line))
                open_text, open_line = "", None
    if open_text:
        pieces.append((open_text.rstrip(), open_line))
    return [(text, line) for text, line in pieces if text]


def _own(printed: Printed) -> bool:
    # Progress bars and the like are a library's, and full of times.
    return printed.direct


def output_problems(
    before: Evidence, after: Evidence, lines: LineMap, noisy: frozenset[int] = frozenset()
) -> list[str]:
    """Compare what was printed and touched, as far as the run before went."""
    problems = _prints(before, after, noisy)
    old = [(effect.effect, effect.paths) for effect in before.effects]
    new = [(effect.effect, effect.paths) for effect in after.effects]
    open_end = not before.end.regular or before.end.reason == "sampled"
    shared = min(len(old), len(new)) if open_end else max(len(old), len(new))
    if before.end.regular and new[:shared] != old[:shared]:
        extra = [effect for effect in after.effects if (effect.effect, effect.paths) not in old]
        if extra:
            problems.append(f"an extra side effect at line {extra[0].line}: {extra[0].effect} {' '.join(extra[0].paths)}")
        else:
            problems.append("files are written or processes started in another number or order than before")
    elif not before.end.regular and old != new[: len(old)]:
        problems.append("files are written or processes started in another number or order than before")
    return problems


def _prints(before: Evidence, after: Evidence, noisy: frozenset[int]) -> list[str]:
    old, new = printed_lines(before), printed_lines(after)
    for number, ((text, line), (other, other_line)) in enumerate(zip(old, new)):
        if line in noisy or same_text(text, other):
            continue
        if number + 1 < len(new) and same_text(text, new[number + 1][0]):
            return [f"an extra side effect: line {other_line} prints {_short(other)}"]
        return [f"the printed output differs: {_short(text)} before, {_short(other)} after (line {other_line})"]
    ended = before.end.reason in ("finished", "exit")
    if len(new) > len(old) and ended and before.end.regular:
        text, line = new[len(old)]
        return [f"an extra side effect: line {line} prints {_short(text)}"]
    same_end = before.end.reason == after.end.reason and before.end.reason == "finished"
    if len(new) < len(old) and (same_end or not before.end.regular):
        text, line = old[len(new)]
        return [f"something is no longer printed: {_short(text)} (line {line} before)"]
    return []


def noisy_lines(one: Evidence, other: Evidence) -> frozenset[int]:
    """Return the lines that print other things in two runs of the same text: times, addresses, random numbers."""
    return frozenset(
        line
        for (text, line), (again, _) in zip(printed_lines(one), printed_lines(other), strict=False)
        if line is not None and not same_text(text, again)
    )


def new_line_effects(after: Evidence, lines: LineMap, extra_prints: list[int]) -> list[str]:
    """Return what lines do that the text before does not have."""
    for printed in after.prints:
        if printed.direct and printed.line is not None and printed.text.strip():
            added = lines.new(printed.line) or printed.line in extra_prints
            if added and printed.line in extra_prints:
                return [f"an extra side effect: line {printed.line} prints {_short(printed.text)}"]
    for effect in after.effects:
        if lines.new(effect.line):
            return [f"an extra side effect at line {effect.line}: {effect.effect} {' '.join(effect.paths)}"]
    return []


def _short(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= 60 else text[:57] + "...")
