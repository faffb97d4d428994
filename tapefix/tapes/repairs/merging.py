"""Several queries of one target as one query with a list of sources."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.execution.invocation import keras_role
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.effects_of import effects_of
from tapefix.tapes.repairs.lifetime import Reuse
from tapefix.tapes.tape import Query
from tapefix.tapes.values import Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import statement_text


def merged(reading: Reading, reuse: Reuse) -> Rewrite | None:
    """`dw = tape.gradient(loss, w)` and `db = tape.gradient(loss, b)` in one; `None` unless that is plain to see."""
    queries = sorted(reuse.tape.queries, key=lambda query: query.time)
    lines = [_assignment(reading, query) for query in queries]
    if len({query.node for query in queries}) != len(queries) or not all(lines):
        return None
    assignments = [(line, assign) for found in lines if found is not None for line, assign in [found]]
    if not _adjacent(reading, [line for line, _ in assignments]):
        return None
    first = queries[0]
    bound: set[str] = set()
    for query, (line, assign) in zip(queries, assignments, strict=True):
        if not _alike(reading, first, query) or effects_of(reading, query.node).reads & bound:
            return None
        bound |= effects_of(reading, line).binds
        if not isinstance(assign.targets[0].target, (cst.Name, cst.Attribute)):
            return None
    if any(_commented(reading, line) for line, _ in assignments[1:]):
        return None
    draft = Draft(reading)
    names = ", ".join(reading.code(assign.targets[0].target) for _, assign in assignments)
    sources = ", ".join(reading.code(query.sources_node) for query in queries)
    draft.replace(assignments[0][1].targets[0].target, names)
    draft.rewrite_whole(first.sources_node, f"[{sources}]")
    draft.delete_all([line for line, _ in assignments[1:]])
    return draft.rewrite("Ask for all gradients in one query")


def _assignment(reading: Reading, query: Query) -> tuple[cst.SimpleStatementLine, cst.Assign] | None:
    """The line and assignment whose whole value is the query."""
    assign = reading.parent(query.node)
    line = reading.parent(assign) if assign is not None else None
    if not isinstance(assign, cst.Assign) or not isinstance(line, cst.SimpleStatementLine):
        return None
    return (line, assign) if len(line.body) == 1 and len(assign.targets) == 1 else None


def _adjacent(reading: Reading, lines: Sequence[cst.SimpleStatementLine]) -> bool:
    body = list(getattr(reading.parent(lines[0]), "body", ()))
    if any(line not in body for line in lines):
        return False
    start = body.index(lines[0])
    return body[start : start + len(lines)] == list(lines)


def _alike(reading: Reading, first: Query, other: Query) -> bool:
    """Whether two queries ask for single gradients of the same target in the same way."""
    if other.method != "gradient" or other.targets != first.targets or len(other.sources) != 1:
        return False
    if other.sources[0].value.kind not in (Kind.TENSOR, Kind.VARIABLE):
        return False

    def others(query: Query) -> list[str]:
        return [reading.code(a.node).rstrip(", ") for a in query.arguments if a.node.value is not query.sources_node]

    return first.method == "gradient" and others(first) == others(other)


def _commented(reading: Reading, line: cst.SimpleStatementLine) -> bool:
    stretch = statement_text(reading, line)
    start, end = reading.span(line)
    return "#" in reading.text[stretch.start : start] or "#" in reading.text[end : stretch.end]


def gathered(reading: Reading, reuse: Reuse, query: Query, loop: cst.CSTNode) -> Rewrite | None:
    """`[tape.gradient(loss, v) for v in weights]` as `tape.gradient(loss, weights)`; `None` unless it is just that."""
    if not isinstance(loop, cst.ListComp) or loop.elt is not query.node or query.method != "gradient":
        return None
    clause = loop.for_in
    if clause.ifs or clause.inner_for_in is not None or not isinstance(clause.target, cst.Name):
        return None
    name, sources = clause.target.value, query.sources_node
    if not isinstance(sources, cst.Name) or sources.value != name:
        return None
    if {other.node for other in reuse.tape.queries} != {query.node}:
        return None
    others = [a.node.value for a in query.arguments if a.node.value is not sources]
    if any(name in effects_of(reading, other).reads for other in others):
        return None
    if not isinstance(clause.iter, (cst.Name, cst.Attribute, cst.List)):
        return None
    if not all(_is_list(value) for value in reading.values(clause.iter)):
        return None
    draft = Draft(reading)
    code = reading.code(clause.iter)
    inner_start, inner_end = reading.span(query.node)
    source_start, source_end = reading.span(sources)
    text = reading.text
    draft.rewrite_whole(loop, text[inner_start:source_start] + code + text[source_end:inner_end])
    return draft.rewrite("Ask for all gradients in one query")


def _is_list(value: Value) -> bool:
    """Whether the answer for it is a list as well: for a tuple it would be a tuple."""
    if value.kind is Kind.VARIABLES:
        owner = value.receiver
        # A `tf.Module` gives a tuple, a Keras model or layer a list.
        return owner is not None and (
            owner.kind is Kind.MODEL or (owner.kind is Kind.LAYER) or keras_role(owner.definition) is Kind.MODEL
        )
    return isinstance(value.node, cst.List) and value.operation is Operation.DISPLAY
