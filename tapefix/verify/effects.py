"""Prints, files and processes of two runs: a rewrite must not add or lose any."""

from __future__ import annotations

from tapefix.verify.closeness import Moved, same_text
from tapefix.verify.evidence import Evidence
from tapefix.verify.lines import LineMap


def printed_lines(evidence: Evidence, horizon: float = float("inf")) -> list[tuple[str, int | None]]:
    """Return what the project's own code printed, line by line, with the line of code that printed it."""
    pieces: list[tuple[str, int | None]] = []
    open_text, open_line = "", None
    for printed in evidence.prints:
        # Progress bars and the like are a library's, and full of times.
        if not printed.direct or printed.order >= horizon:
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


def output_problems(
    before: Evidence,
    after: Evidence,
    noisy: frozenset[int] = frozenset(),
    horizon: float = float("inf"),
    moved: Moved = (),
) -> list[str]:
    """Compare what was printed and touched, as far as the run before can be followed: up to `horizon`.

    `moved` are the values that may be others, before and after, where they are printed.
    """
    cut = horizon < float("inf") or not before.end.regular
    problems = _prints(before, after, noisy, horizon, moved, cut=cut)
    old = [(effect.effect, effect.paths) for effect in before.effects if effect.order < horizon]
    new = [(effect.effect, effect.paths) for effect in after.effects]
    if cut:
        new = new[: len(old)]
    elif "sampled" in (before.end.reason, after.end.reason):
        shared = min(len(old), len(new))
        old, new = old[:shared], new[:shared]
    if old != new:
        extra = [effect for effect in after.effects if (effect.effect, effect.paths) not in old]
        if extra and not cut:
            problems.append(
                f"an extra side effect at line {extra[0].line}: {extra[0].effect} {' '.join(extra[0].paths)}"
            )
        else:
            problems.append("files are written or processes started in another number or order than before")
    return problems


def _prints(
    before: Evidence, after: Evidence, noisy: frozenset[int], horizon: float, moved: Moved, *, cut: bool
) -> list[str]:
    old, new = printed_lines(before, horizon), printed_lines(after)
    for number, ((text, line), (other, other_line)) in enumerate(zip(old, new, strict=False)):
        if line in noisy or same_text(text, other, moved):
            continue
        if number + 1 < len(new) and same_text(text, new[number + 1][0]):
            return [f"an extra side effect: line {other_line} prints {_short(other)}"]
        return [f"the printed output differs: {_short(text)} before, {_short(other)} after (line {other_line})"]
    sampled = "sampled" in (before.end.reason, after.end.reason)
    if len(new) > len(old) and not cut and not sampled:
        text, line = new[len(old)]
        return [f"an extra side effect: line {line} prints {_short(text)}"]
    if len(new) < len(old) and not sampled:
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
