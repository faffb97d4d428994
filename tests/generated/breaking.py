"""What a way of breaking a program is, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from tests.generated.program import Edit, Program

Breaking = Callable[[Program], Iterator[list[Edit]]]


@dataclass(frozen=True)
class Way:
    """One way of breaking: each list of edits that it yields for a program breaks it once."""

    name: str
    codes: frozenset[str]
    """The rules that may name the break."""
    find: Breaking
    unsafe: bool = False
    """The repair changes what is computed."""
    raises: bool = False
    """It may end the program before a query: anything else that does so is nonsense rather than a break."""
    every: int = 1
    """It is tried on each program whose number this divides: what applies everywhere need not be tried everywhere."""


def way(
    name: str, codes: str, *, unsafe: bool = False, raises: bool = False, every: int = 1
) -> Callable[[Breaking], Way]:
    """Make a way of breaking out of a function."""
    known = frozenset(f"TPF{code}" for code in codes.split())
    return lambda find: Way(name, known, find, unsafe, raises, every)


def ways_in(*modules: ModuleType) -> tuple[Way, ...]:
    """The ways that modules define, in the order of their text."""
    return tuple(found for module in modules for found in vars(module).values() if isinstance(found, Way))
