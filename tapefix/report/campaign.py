"""A campaign as text: each file that something is to be said of, the table of end states, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tapefix.campaign.outcome import CampaignResult, EndState, FileOutcome
from tapefix.report.lines import Line, visible
from tapefix.source.places import place

if TYPE_CHECKING:
    from tapefix.report.lines import Span

STYLES = {
    EndState.VERIFIED: "good",
    EndState.UNVERIFIED: "unsure",
    EndState.ADVICE: "unsure",
    EndState.REFUSED: "bad",
    EndState.UNREADABLE: "bad",
    EndState.NEEDS: "unsure",
    EndState.TIMED_OUT: "unsure",
    EndState.CRASHED: "bad",
}


def campaign_lines(result: CampaignResult) -> Iterator[Line]:
    """The whole."""
    for outcome in result.files:
        if outcome.state is not EndState.UNCHANGED:
            yield outcome_line(outcome)
            yield from ((("  tried: ", "note"), (visible(attempt), "")) for attempt in outcome.attempts)
    counted = [(state, count) for state, count in result.totals.states.items() if count]
    if counted:
        yield ()
    wide = max((len(str(count)) for _, count in counted), default=1)
    for state, count in counted:
        yield ((f"  {count:>{wide}}  ", "strong"), (state.value, STYLES.get(state, "")))
    yield ((_closing(result), "strong"),)


def outcome_line(outcome: FileOutcome, *, short: bool = False) -> Line:
    """One file in one line; the short one says no reason."""
    unreadable = outcome.state is EndState.UNREADABLE
    shown = place(visible(outcome.path), *((outcome.line, outcome.column) if unreadable else ()))
    parts: list[Span] = [(f"{shown}: ", "place"), (outcome.state.value, STYLES.get(outcome.state, ""))]
    if outcome.reason and not short:
        parts.append((f": {visible(outcome.reason)}", ""))
    if outcome.problem:
        parts.append((f"; {visible(outcome.problem)}", "bad"))
    return tuple(parts)


def campaign_data(result: CampaignResult) -> dict[str, Any]:
    """What JSON says of the whole."""
    return {
        "id": result.id,
        "root": str(result.root),
        "started": result.started,
        "seconds": result.seconds,
        "passed_over": result.passed_over,
        "open": result.open,
        "settings": asdict(result.settings),
        "versions": asdict(result.versions),
        "states": {state.value: count for state, count in result.totals.states.items()},
    }


def _closing(result: CampaignResult) -> str:
    totals = result.totals
    parts = [f"{totals.files} file{'s' * (totals.files != 1)}"]
    if totals.cached:
        parts.append(f"{totals.cached} known from before")
    if totals.passed_over:
        parts.append(f"{totals.passed_over} more with no gradient in them")
    return f"{', '.join(parts)}; {result.seconds:.1f} s. Campaign {result.id}."
