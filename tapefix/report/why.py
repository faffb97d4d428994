"""The account of a script's missing gradients as text: for each a sentence, and the path as a small tree."""

from __future__ import annotations

from collections.abc import Iterator

from tapefix.report.lines import Line, visible
from tapefix.source.places import place
from tapefix.why import Break, Explanation, QueryAccount, SourceAccount, Step
from tapefix.why.endings import EMPTY
from tapefix.why.rules import rule_of
from tapefix.why.sentences import sentence

SHOWN = 3
"""Sources of one query with the same break whose names are listed: a model has hundreds of weights."""
WIDE = 60


def why_lines(explanation: Explanation, name: str) -> Iterator[Line]:
    """Everything that is said of one script."""
    for query in explanation.queries:
        yield from _query(query, name)
    if explanation.stop is not None:
        yield from _stop(explanation.stop, explanation, name)
    yield from _summary(explanation, name)


def _stop(stop: Break, explanation: Explanation, name: str) -> Iterator[Line]:
    if rule_of(stop) == EMPTY and stop.place is not None:
        yield ((f"{place(name, stop.place.line)}: ", "place"), ("the gradient of an empty list is asked for", "strong"))
    else:
        yield ((f"{place(name, explanation.end.line)}: ", "place"), ("the run ends before it can ask", "strong"))
    if not explanation.end.regular:
        yield (("  ", ""), (_short(f"{explanation.end.type}: {explanation.end.message}"), "dim"))
    where = f"{stop.place}: " if stop.place is not None else ""
    text = " ".join(stop.place.text.split()) if stop.place is not None else ""
    yield (("  ", ""), (where, "place"), (visible(f"`{text}`"), "bad"), (f"  {rule_of(stop)}", "code"))
    yield ()


def _query(query: QueryAccount, name: str) -> Iterator[Line]:
    for group in by_breaks(query):
        account = group[0]
        labels = ", ".join(member.label for member in group[:SHOWN])
        more = f" and {len(group) - SHOWN} more" if len(group) > SHOWN else ""
        outcome = "raises" if query.error else "is None"
        yield ((f"{place(name, query.line)}: ", "place"), (f"d {query.target} / d {labels}{more} {outcome}", "strong"))
        if query.error:
            yield (("  ", ""), (_short(query.error), "dim"))
        for found in account.breaks:
            yield from _break(found, account)
        yield from _tree(query, account)
        yield ()


def by_breaks(query: QueryAccount) -> list[list[SourceAccount]]:
    """Return the sources of a query in groups that have the same breaks."""
    groups: dict[tuple[object, ...], list[SourceAccount]] = {}
    for account in query.missing:
        # Where the cause lies in the source itself, each has its own account.
        own = account.label if any(found.place is None for found in account.breaks) else ""
        key = (own, *((found.cause, found.place) for found in account.breaks))
        groups.setdefault(key, []).append(account)
    return list(groups.values())


def _break(found: Break, account: SourceAccount) -> Iterator[Line]:
    code = rule_of(found)
    where = f"{found.place}: " if found.place is not None else ""
    yield (
        ("  ", ""),
        (where, "place"),
        (visible(sentence(found, account)), "bad"),
        (f"  {code}" if code else "", "code"),
    )


def _tree(query: QueryAccount, account: SourceAccount) -> Iterator[Line]:
    if not account.path:
        return
    yield (("  ┌ ", "margin"), (account.label, "strong"), (f"  {account.source}", "dim"))
    broken = {found.place for found in account.breaks}
    for number, step in enumerate(account.path):
        last = number == len(account.path) - 1
        yield _step(step, query.target if last else "", broken=bool(step.fault) and step.place in broken, last=last)


def _step(step: Step, target: str, *, broken: bool, last: bool) -> Line:
    if step.skipped:
        return (("  │ ", "margin"), (f"… {step.skipped} more steps", "dim"))
    mark = "  ✗ " if broken else "  └ " if last else "  │ "
    style = "bad" if broken else "margin"
    text = _short(step.place.text, WIDE) if step.place is not None else step.ops[0]
    name = target or (step.value.name if step.value is not None else "")
    value = "" if step.value is None else f" → {name + ' ' if name else ''}{step.value}"
    where = f"{step.place!s:<9} " if step.place is not None else " " * 10
    ops = f"  [{_operations(step)}]" if len(step.ops) > 1 else ""
    return ((mark, style), (where, "dim"), (visible(text), "bad" if broken else ""), (value, "note"), (ops, "dim"))


def _operations(step: Step) -> str:
    shown = ", ".join(dict.fromkeys(step.ops[:4]))
    return f"{shown}, … {len(step.ops)} operations" if len(step.ops) > 4 else shown


def _summary(explanation: Explanation, name: str) -> Iterator[Line]:
    broken = len({query.line for query in explanation.queries})
    answered = explanation.answered
    if broken:
        rest = f"; {_count(answered, 'query', 'queries')} answered" if answered else ""
        yield ((f"{name}: ", "place"), (f"{_count(broken, 'query', 'queries')} without a gradient{rest}", "bad"))
    elif answered:
        yield ((f"{name}: ", "place"), (f"every gradient is there: {_count(answered, 'query', 'queries')}", "good"))
    if not explanation.end.regular:
        yield (("  ", ""), (f"the run {explanation.end.describe()}", "unsure"))
    for line in explanation.unreached:
        yield (("  ", ""), (f"the query at line {line} was not reached", "unsure"))
    if not broken and not answered and not explanation.unreached and explanation.stop is None:
        yield ((f"{name}: ", "place"), ("the run asked no tape for a gradient", "unsure"))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _short(text: str, most: int = 160) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
