"""What the lines of a script are called in what is said of its runs: those of a notebook know their cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Naming = Callable[[str], Callable[[int], int]]
"""Gives for a text what each of its lines is called."""

_LINE = re.compile(r'(File "[^"\n]*\.ipynb", line )(\d+)')
"""A line of a notebook's program, as Python and AutoGraph name it."""


def named(called: Callable[[int], int], facts: dict[str, Any]) -> dict[str, Any]:
    """Facts of a run, with the lines of the script by their names."""
    if isinstance(facts.get("path"), str) and facts["path"]:
        # A place in another file.
        return facts
    for key in ("line", "end_line"):
        if isinstance(facts.get(key), int):
            facts[key] = called(facts[key])
    if "stops" in facts:
        facts["stops"] = [line and called(line) for line in facts["stops"]]
    if "left" in facts:
        facts["left"] = [(number, line and called(line), earlier) for number, line, earlier in facts["left"]]
    if isinstance(facts.get("message"), str):
        facts["message"] = _LINE.sub(lambda found: f"{found[1]}{called(int(found[2]))}", facts["message"])
    return facts
