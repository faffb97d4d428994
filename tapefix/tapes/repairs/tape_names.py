"""Names for tapes and targets that are written where there were none."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes.reading import Reading

_SCOPES = (cst.FunctionDef, cst.Lambda, cst.Module)


def fresh_name(reading: Reading, node: cst.CSTNode, *wanted: str) -> str:
    """The first of these names that the function (or module) around a node does not use yet, or a numbered one."""
    used = {name.value for name in _names(reading, node)}
    name, number = next((name for name in wanted if name not in used), wanted[0]), 1
    while name in used:
        number += 1
        name = f"{wanted[0]}_{number}"
    return name


def tape_name(reading: Reading, first: cst.CSTNode, last: cst.CSTNode) -> str:
    """A name for a tape from one statement to another: `tape`, unless some other tape is still in use under it."""
    start, end = reading.span(first)[0], reading.span(last)[1]
    places = [(reading.span(name)[0], name) for name in _names(reading, last) if name.value == "tape"]
    behind = [name for place, name in places if place >= end]
    again = _begins_anew(reading, last)
    before = [name for place, name in places if again <= place < start]
    inside = any(start <= place < end for place, _ in places)
    if not inside and all(_binds(reading, names[0]) for names in (before, behind) if names):
        return "tape"
    return fresh_name(reading, last, "outer_tape", "tape_2")


def _begins_anew(reading: Reading, statement: cst.CSTNode) -> int:
    """Where a loop around a statement begins anew; behind everything when there is none."""
    for parent in reading.parents(statement):
        if isinstance(parent, (cst.For, cst.While)):
            return reading.span(parent)[0]
        if isinstance(parent, _SCOPES):
            break
    return len(reading.text)


def _binds(reading: Reading, name: cst.Name) -> bool:
    return isinstance(reading.parent(name), (cst.AsName, cst.AssignTarget, cst.Param))


def _names(reading: Reading, node: cst.CSTNode) -> list[cst.Name]:
    scope = next(parent for parent in reading.parents(node) if isinstance(parent, _SCOPES))
    return list(reading.tree.nodes(cst.Name, inside=scope))
