"""Admission: how what stands outside a region gets in, in the order in which it runs now."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.effects import Effects
from tapefix.tapes.repairs.effects_of import effects_of
from tapefix.tapes.repairs.lifetime import persist
from tapefix.tapes.repairs.regions import Stray
from tapefix.tapes.tape import Query
from tapefix.tapes.values import Frame, Operation, Value
from tapefix.tapes.writing.draft import Draft

_CONSTANT_BY_NAME = re.compile(r"target|baseline|advantage|bootstrap|(^|_)td(_|$)", re.IGNORECASE)


class CannotAdmitError(Exception):
    """Why the steps cannot be brought into the region."""


class Admission:
    """What both sides share: where the steps of one stray stand, and what their statements do."""

    def __init__(self, reading: Reading, stray: Stray) -> None:
        self.reading = reading
        self.stray = stray
        self.holder = stray.holder
        self.draft = Draft(reading)
        block = reading.parent(self.holder)
        self.body: list[cst.CSTNode] = list(getattr(block, "body", ()))
        self.at = self.body.index(self.holder)
        self._effects: dict[cst.CSTNode, Effects] = {}
        self._names: set[str] = set()

    def write(self) -> Draft:
        """The edits that bring everything in.

        Raises:
            CannotAdmitError: it cannot be done without a change of what the code does.
        """
        self.bring_in()
        self._keep_tapes()
        return self.draft

    def bring_in(self) -> None:
        """Write the edits for the statements."""
        raise NotImplementedError  # given by the two sides

    def does(self, node: cst.CSTNode) -> Effects:
        """The effects of a statement or expression."""
        if node not in self._effects:
            self._effects[node] = effects_of(self.reading, node)
        return self._effects[node]

    def line(self, node: cst.CSTNode) -> int:
        """The line of a node."""
        return self.reading.line(node)

    def sibling(self, node: cst.CSTNode | None, body: Sequence[cst.CSTNode]) -> cst.CSTNode | None:
        """The statement of a body that holds a node."""
        if node is None:
            return None
        return next((place for place in (node, *self.reading.parents(node)) if place in body), None)

    def place(self, query: Query, value: Value) -> cst.CSTNode:
        """What the region's frame was executing when a step was taken."""
        node = self.reading.node_in(value, frame_of(query))
        if node is None:
            where = f" (line {self.line(value.node)})" if value.node is not None else ""
            raise CannotAdmitError(f"it happens in another function{where}")
        return node

    def constants(self, statements: Sequence[cst.CSTNode]) -> None:
        """Refuse to choose where a value may be meant as a constant, such as the target of a value function."""
        starts: dict[Query, dict[cst.CSTNode, None]] = {}
        for query, value in self.stray.steps:
            statement = self.sibling(self.reading.node_in(value, frame_of(query)), statements)
            if statement is not None and value in self.stray.breaks:
                starts.setdefault(query, {})[statement] = None
        for statement in (start for found in starts.values() if len(found) > 1 for start in found):
            name = next((name for name in self.does(statement).binds if _CONSTANT_BY_NAME.search(name)), None)
            if name is not None:
                raise CannotAdmitError(f"`{name}` may be meant as a constant for this gradient")

    def check_extension(self, others: Sequence[cst.CSTNode]) -> None:
        """Nothing that is only taken in because it stands between may ask the tape."""
        asked = [query for losing in self.stray.queries for query in losing.tape.queries]
        for query in asked:
            place = self.sibling(self.reading.node_in(query, frame_of(query)), others)
            if place is not None:
                raise CannotAdmitError(f"line {self.line(place)} asks the tape in between")

    def _keep_tapes(self) -> None:
        """A tape that answers inside its own region and again later has to last."""
        for query, value in self.stray.steps:
            if value.operation is Operation.GRADIENT and value.tape is query.tape and query.tape.persistent is False:
                obstacle = persist(self.draft, query.tape)
                if obstacle:
                    raise CannotAdmitError(obstacle)


def frame_of(query: Query) -> Frame:
    """The frame in which the tape that a query asks has recorded."""
    region = query.tape.region
    return region.frame if region is not None else query.frame
