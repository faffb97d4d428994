"""Claims: the queries that a rewrite promises to repair, and what is no business of it."""

from __future__ import annotations

from collections.abc import Iterable

from tapefix.verify.evidence import Evidence, Pair, Query, Site
from tapefix.verify.lines import LineMap

_QUERIES = ("gradient", "jacobian", "batch_jacobian")
# What makes functions that give gradients, in code for earlier versions of TensorFlow.
_MAKERS = (
    "function",
    "gradients_function",
    "value_and_gradients_function",
    "implicit_gradients",
    "implicit_value_and_gradients",
)
# What a script says when a gradient that it needed was `None`.
_CONSEQUENCES = (
    "NoneType",
    "No gradients provided",
    "value (None)",
    "None values not supported",
    "not enough values to unpack",
)


class Claims:
    """The lines, in the text before, of the queries that a rewrite promises to repair; `None`: every query."""

    def __init__(self, wanted: frozenset[int] | None, sites: Iterable[Site], lines: LineMap) -> None:
        self.lines = lines
        self.all = wanted is None
        sites = tuple(sites)
        self.sites = [site for site in sites if any(site.line <= line <= site.end_line for line in wanted or ())]
        self.wanted = wanted or frozenset()
        self.known_sites = sites

    def covers_before(self, query: Query, sites: tuple[Site, ...]) -> bool:
        """Whether a query of the run before is claimed."""
        if self.all or query.line in self.wanted:
            return True
        site = sites[query.site] if query.site is not None else None
        return site is not None and any(site.line <= line <= site.end_line for line in self.wanted)

    def covers_after(self, query: Query) -> bool:
        """Whether a query of the run after is one that is claimed."""
        return self.all or any(self._answers(site, query) for site in self.sites)

    def _answers(self, site: Site, query: Query) -> bool:
        """Whether a query of the run after stands for a site of the text before.

        What made a function that gives gradients has become a function of its own, which stands where it will.
        """
        if self.lines.related(site.line, query.line):
            return True
        return site.method in _MAKERS and self.lines.before(query.line) is None

    def was_untaped(self, query: Query) -> bool:
        """Whether a query of the run after stands where the text before asked for gradients without a tape."""
        return any(site.method not in _QUERIES and self._answers(site, query) for site in self.known_sites)

    def unreached(self, before: Evidence, after: Evidence) -> frozenset[int]:
        """The claimed lines whose query neither run came by."""
        missing = set()
        for site in self.sites:
            came_by = any(query.line == site.line for query in before.queries) or any(
                self._answers(site, query) for query in after.queries
            )
            if not came_by:
                missing |= {line for line in self.wanted if site.line <= line <= site.end_line}
        return frozenset(missing)

    def other_break(self, before: Evidence, after: Evidence) -> bool:
        """Whether the run after ends by a break that nobody claims, at a place to which the run before did not come.

        Several breaks in one script hide each other: the run ends at the first. Who repairs that one alone is not to
        blame for the next.
        """
        if self.all or not self.wanted or before.end.reason != "raised" or after.end.reason != "raised":
            return False
        if self.lines.related(before.end.line, after.end.line) == 2:
            return False
        unclaimed = [query for query in after.queries if not self.covers_after(query)]
        message = after.end.message
        if any(query.error is not None and str(query.error["message"])[:60] in message for query in unclaimed):
            return True
        nothing = any(
            not query.sources or any(Pair(query, index).broken for index in range(len(query.sources)))
            for query in unclaimed
        )
        return nothing and names_none(message)


def names_none(message: str) -> bool:
    """Whether an error is what comes of a gradient that was `None`."""
    return any(words in message for words in _CONSEQUENCES)
