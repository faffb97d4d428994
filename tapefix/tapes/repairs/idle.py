"""Tapes that last longer than they are needed: persistent, and asked once at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TypeGuard

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.handles import SCOPES, Handles
from tapefix.tapes.repairs.lifetime import LOOPS, binds, chain, holds
from tapefix.tapes.tape import Query, Tape
from tapefix.tapes.values import exclusive
from tapefix.tapes.writing.draft import Draft


def idle_tapes(reading: Reading) -> Iterator[list[Tape]]:
    """Persistent tapes that every run asks once at most, for certain: those of one call together."""
    made: dict[cst.Call, list[Tape]] = {}
    for tape in reading.tapes:
        made.setdefault(tape.node, []).append(tape)
    if not any(tape.persistent for tape in reading.tapes):
        return
    handles = Handles(reading)
    for wrong in reading.misdirections.values():
        # Which of the two is asked how often is another matter once the query asks the right one.
        made.pop(wrong.right.node, None)
        made.pop(wrong.query.tape.node, None)
    for tapes in made.values():
        if all(_asked_once(reading, handles, tape) for tape in tapes) and any(tape.queries for tape in tapes):
            yield tapes


def _asked_once(reading: Reading, handles: Handles, tape: Tape) -> bool:
    region = tape.region
    if tape.persistent is not True or tape.escaped or region is None or region.item is None:
        return False
    if region.frame is not tape.frame or not handles.known(tape):
        return False
    if any(not exclusive(one.branch, other.branch) for one, other in combinations(tape.queries, 2)):
        return False
    if not all(_plain(query) and _reached_once(reading, query) for query in tape.queries):
        return False
    # Once a tape that is not persistent has answered, it can neither watch nor stop nor begin anew.
    first = min((query.time for query in tape.queries), default=0)
    later = {name for name, time in handles.calls(tape) if tape.queries and time > first}
    return not later & {"watch", "stop_recording", "reset"}


def _plain(query: Query) -> bool:
    """Whether any tape can answer: a Jacobian without vectorization asks for each row by itself."""
    return not any(argument.star or argument.keyword == "experimental_use_pfor" for argument in query.arguments)


def _reached_once(reading: Reading, query: Query) -> bool:
    """Whether nothing repeats the query that does not make the tape anew as well."""
    tape = query.tape
    frames = chain(reading, query)
    start = next((i for i, (frame, _) in enumerate(frames) if tape.frame in (frame, frame.closure)), None)
    if start is None or reading.node_in(query, tape.frame) is None:
        return False
    for _, node in frames[start:]:
        for parent in reading.parents(node):
            if isinstance(parent, SCOPES):
                break
            if isinstance(parent, LOOPS) and not holds(reading, parent, tape.node):
                return False
    return True


def let_go(reading: Reading, tape: Tape) -> Rewrite | None:
    """The tape without `persistent=True`, and without the `del` that only a persistent tape needs."""
    draft = Draft(reading)
    call = tape.node
    given = next((a for a in call.args if a.keyword is not None and a.keyword.value == "persistent"), None)
    given = given or next((a for a in call.args[:1] if a.keyword is None), None)
    if given is None or not isinstance(given.value, cst.Name):
        return None
    if given.keyword is None and len(call.args) > 1 and call.args[1].keyword is None:
        draft.replace(given.value, "False")
    else:
        draft.remove_argument(call, given)
    draft.delete_all(_drops(reading, tape))
    return draft.rewrite("Make the tape without `persistent=True`")


def _drops(reading: Reading, tape: Tape) -> Sequence[cst.SimpleStatementLine]:
    """`del tape`, and nothing else, behind the `with` statement: in its block, or in that of one around it."""
    region = tape.region
    asname = region.item.asname if region is not None and region.item is not None else None
    if region is None or region.node is None or asname is None or not isinstance(asname.name, cst.Name):
        return ()
    name, held = asname.name.value, region.node
    found: list[cst.SimpleStatementLine] = []
    while True:
        block = reading.parent(held)
        body = list(getattr(block, "body", ()))
        for statement in body[body.index(held) + 1 :]:
            if binds(statement, name):
                return found
            if _is_drop(statement, name):
                found.append(statement)
        around = reading.parent(block) if block is not None else None
        if not isinstance(around, cst.With):
            return found
        held = around


def _is_drop(statement: cst.CSTNode, name: str) -> TypeGuard[cst.SimpleStatementLine]:
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    drop = statement.body[0]
    return isinstance(drop, cst.Del) and isinstance(drop.target, cst.Name) and drop.target.value == name
