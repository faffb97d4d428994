"""What a traced run alone says of a broken program: whether it names the break at its line."""

from __future__ import annotations

from dataclasses import dataclass

from tapefix.verify import Verifier
from tapefix.why import explain
from tapefix.why.rules import rule_of
from tests.generated.suite import Broken


@dataclass(frozen=True)
class Explained:
    """What `why` names in a broken program."""

    case: Broken
    named: frozenset[tuple[str, int]]
    """Rules and lines."""
    ended: str
    """How the run ended."""

    @property
    def right(self) -> bool:
        """Whether the break is among them, at its line."""
        return any(code in self.case.codes and line in self.case.lines for code, line in self.named)

    @property
    def line_right(self) -> bool:
        """Whether its line is among them, whatever it is called."""
        return any(line in self.case.lines for _, line in self.named)


def explained(case: Broken, verifier: Verifier) -> Explained:
    """Run a broken program with every value followed."""
    explanation = explain(verifier, verifier.project / "broken.py", case.text)
    named = {
        (rule_of(found) or found.cause.value, found.place.line if found.place is not None else query.line)
        for query in explanation.queries
        for account in query.missing
        for found in account.breaks
    }
    stop = explanation.stop
    if stop is not None and stop.place is not None:
        named.add((rule_of(stop) or stop.cause.value, stop.place.line))
    return Explained(case, frozenset(named), explanation.end.describe())
