"""TPF202: a tensor is watched when it is too late, or too early."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import libcst as cst

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.watching import tape_name, watch_place
from tapefix.tapes.tape import Tape, Watch
from tapefix.tapes.writing.draft import Draft


class LateWatch(Codemod):
    """`tape.watch` stands where it has no effect.

    ## What it finds

    A `tape.watch(x)` behind the operations that lead from `x` to the target, or behind the tape's `with` block, so that
    nothing was recorded; or in front of the `with` block, where the tape does not record yet.

    ## Why the gradient is None

    A tape records an operation only when one of its inputs is watched at that moment; it does not go back. A tape
    that was not entered yet has nothing to watch with: `AttributeError: 'NoneType' object has no attribute '_tape'`.

    ## What the rewrite does

    It moves the statement, with its comments, to the start of the `with` block, or right behind the statement that
    makes the tensor.

    ## When to ignore it

    Never. A late `watch` that works, because the operations were recorded for the sake of other tensors such as a
    model's weights, is not reported.

    Source: https://www.tensorflow.org/api_docs/python/tf/GradientTape#watch
    """

    code: ClassVar[str] = "TPF202"
    name: ClassVar[str] = "late-watch"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each `watch` that a gradient misses."""
        missed: dict[tuple[Tape, Watch], set[int]] = {}
        for flow in reading.flows():
            tape, source = flow.query.tape, flow.source.value
            naming = [watch for watch in tape.watches if source in watch.values]
            region = tape.region
            if region is None or tape.escaped or not naming or not flow.reaches:
                continue
            if flow.late or not any(watch.recording for watch in naming):
                missed.setdefault((tape, naming[0]), set()).add(reading.line(flow.query.node))
        for tape in reading.tapes:
            for watch in tape.watches:
                if _too_early(tape, watch):
                    # It raises, whatever the tape is asked for.
                    missed.setdefault((tape, watch), set()).update(reading.line(query.node) for query in tape.queries)
        for (tape, watch), queries in missed.items():
            yield self._finding(reading, tape, watch, frozenset(queries))

    def _finding(self, reading: Reading, tape: Tape, watch: Watch, queries: frozenset[int]) -> Finding:
        region = tape.region
        assert region is not None
        if not watch.recording:
            before = watch.time < region.entered
            where = "before the tape records" if before else "after the tape has stopped recording"
        else:
            where = "after it has been used"
        draft = Draft(reading)
        reason = _moved(reading, draft, tape, watch)
        shown = ", ".join(reading.code(argument.value) for argument in watch.node.args)
        return self.finding(
            reading,
            watch.node,
            f"`{shown}` is watched {where}: nothing is recorded for it",
            rewrite=draft.rewrite("Watch it before it is used") if not reason else None,
            reason=reason,
            queries=queries,
        )


def _too_early(tape: Tape, watch: Watch) -> bool:
    """Whether a tape is certainly told to watch before it has ever been entered."""
    region = tape.region
    known = region is not None and not tape.escaped and watch.frame is region.frame
    return known and region is not None and watch.time < region.entered and bool(tape.queries)


def _moved(reading: Reading, draft: Draft, tape: Tape, watch: Watch) -> str:
    """Draft the move; or say why there is none."""
    region = tape.region
    if region is None or region.node is None or tape_name(region) is None:
        return "the tape is not entered by a `with` statement under a name"
    line = reading.statement(watch.node)
    if watch.frame is not region.frame or not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return "the call stands in another function, or on a line with other statements"
    if isinstance(line.body[0], cst.Expr) and line.body[0].value is not watch.node:
        return "the call is part of a larger expression"
    if watch.branch != tape.branch or _in_loop(reading, line, region.node):
        return "the call is made only under a condition, or several times"
    if region.node.body.body[0] is line:
        return "it stands first already"
    behind: cst.CSTNode | None = None
    for node in _watched(watch.node):
        for value in (value for value in reading.values(node) if value in watch.values):
            place = watch_place(reading, region, value, node)
            if isinstance(place, str):
                return place
            name, statement = place
            if name != reading.code(node):
                return f"`{reading.code(node)}` does not go by that name where the tape begins to record"
            if statement is not None and (behind is None or reading.span(statement) > reading.span(behind)):
                behind = statement
    if behind is not None and reading.parent(behind) is not region.node.body:
        return "the tensor is made under a condition, or in a loop"
    draft.move_to_start([line], region.node, behind=behind)
    return ""


def _watched(call: cst.Call) -> list[cst.BaseExpression]:
    found: list[cst.BaseExpression] = []
    for argument in call.args:
        inner = argument.value
        found += [e.value for e in inner.elements] if isinstance(inner, (cst.List, cst.Tuple)) else [inner]
    return found


def _in_loop(reading: Reading, line: cst.CSTNode, region: cst.With) -> bool:
    """Whether a loop stands around the call but not around the tape."""
    around = set(reading.parents(region))
    return any(isinstance(p, (cst.For, cst.While)) and p not in around for p in reading.parents(line))
