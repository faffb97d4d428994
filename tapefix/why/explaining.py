"""From a traced run to the accounts of its queries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tapefix.verify import Evidence, Verifier
from tapefix.verify.evidence import End, Query
from tapefix.why.account import Break, QueryAccount, SourceAccount, Thing
from tapefix.why.endings import ending


@dataclass(frozen=True)
class Explanation:
    """What a traced run says of a script."""

    end: End
    queries: tuple[QueryAccount, ...]
    """Every query that has no gradient for some source, each once for the same reasons."""
    answered: int
    """How many sites have answered every source, every time."""
    unreached: tuple[int, ...]
    """Lines of the queries that the run did not come to."""
    device: str
    seconds: float
    stop: Break | None = None
    """What ended the run before it could ask, where a rule knows it."""

    @property
    def broken(self) -> bool:
        """Whether anything is missing."""
        return bool(self.queries) or self.stop is not None


def explain(verifier: Verifier, path: Path, text: str) -> Explanation:
    """Run a script with every value followed, and say why its gradients are missing.

    Raises:
        VerifyError: nothing can be run: no usable interpreter, device or sandbox.
    """
    evidence = verifier.traced(path, text)
    return Explanation(
        end=evidence.end,
        queries=tuple(_accounts(evidence)),
        answered=_answered(evidence),
        unreached=_unreached(evidence),
        device=", ".join(evidence.devices[-1:]),
        seconds=evidence.seconds,
        stop=ending(evidence, text),
    )


def _accounts(evidence: Evidence) -> list[QueryAccount]:
    accounts: list[QueryAccount] = []
    seen: set[tuple[object, ...]] = set()
    for query in evidence.queries:
        account = _account(query)
        if account is None:
            continue
        reasons = tuple((m.label, tuple((b.cause, b.place) for b in m.breaks)) for m in account.missing)
        if (query.key, reasons) not in seen:
            seen.add((query.key, reasons))
            accounts.append(account)
    return accounts


def _account(query: Query) -> QueryAccount | None:
    missing = [SourceAccount.of(label, why) for label, why in zip(query.labels, query.why, strict=False) if why]
    if not missing:
        return None
    without = {account.label for account in missing}
    target = query.targets[0] if query.targets else None
    return QueryAccount(
        line=query.line,
        method=query.method,
        function=query.function,
        occurrence=query.occurrence,
        target=query.target_text or "the target",
        target_value=_thing(target),
        error="" if query.error is None else f"{query.error['type']}: {query.error['message']}",
        found=tuple(label for label in query.labels if label not in without) if query.error is None else (),
        missing=tuple(missing),
    )


def _thing(value: dict[str, object] | None) -> Thing | None:
    if value is None:
        return None
    shape = value.get("shape")
    dtype = value.get("dtype")
    return Thing(
        what=str(value.get("class", "")),
        type=str(value.get("class", "")),
        name="",
        dtype=None if dtype is None else str(dtype),
        shape=tuple(shape) if isinstance(shape, (list, tuple)) else None,
    )


def _answered(evidence: Evidence) -> int:
    broken = {query.key for query in evidence.queries if any(query.why) or not query.sources}
    return len({query.key for query in evidence.queries} - broken)


def _unreached(evidence: Evidence) -> tuple[int, ...]:
    reached = {query.site for query in evidence.queries}
    return tuple(site.line for number, site in enumerate(evidence.sites) if number not in reached)
