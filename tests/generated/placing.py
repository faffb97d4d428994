"""Breaks of place and time: what runs outside the tape, and what asks it when it is too late."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from tests.generated.breaking import way
from tests.generated.program import MARK, Edit, Program, Tape


def _body(tape: Tape) -> list[cst.CSTNode]:
    return list(tape.node.body.body)


def _marked(text: str, indent: str) -> str:
    """The lines of a statement at another indent, each marked."""
    first = next(line for line in text.splitlines() if line.strip())
    old = len(first) - len(first.lstrip())
    lines = [indent + MARK + line[old:] if line.strip() else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def _behind(p: Program, count: int, second_order: bool) -> Iterator[list[Edit]]:
    """The last statements of a tape's block, after the block."""
    for tape in p.tapes:
        body = _body(tape)
        moved = body[-count:]
        if len(body) <= count:
            continue
        asks = any(query in p.queries() for line in moved for query in p.all(cst.Call, line))
        if asks is second_order:
            start, end = p.lines(moved)
            yield [Edit(start, end, _marked(p.text[start:end], p.indent(tape.node)))]


@way("loss behind the tape", "302")
def loss_behind(p: Program) -> Iterator[list[Edit]]:
    """The last statement, dedented."""
    yield from _behind(p, 1, False)


@way("last two behind the tape", "302")
def two_behind(p: Program) -> Iterator[list[Edit]]:
    """The last two statements, dedented."""
    yield from _behind(p, 2, False)


@way("inner query outside", "304")
def inner_outside(p: Program) -> Iterator[list[Edit]]:
    """What a tape asks in another one's block, behind that block."""
    for count in (1, 2, 3, 4):
        yield from _behind(p, count, True)


@way("loss in the query", "302 304")
def loss_in_query(p: Program) -> Iterator[list[Edit]]:
    """`tape.gradient(loss, w)` → `tape.gradient(tf.reduce_mean(...), w)`, where the block ends with the loss."""
    for tape in p.tapes:
        last = _body(tape)[-1]
        stored = re.fullmatch(r"(\w+) = ([^\n]+)", p.code(last))
        if stored is None or len(_body(tape)) < 2:
            continue
        for query in p.queries(tape):
            target = query.args[0].value
            uses = re.findall(rf"\b{stored.group(1)}\b", p.text)
            if p.code(target) == stored.group(1) and len(uses) == 2:
                yield [Edit(*p.lines([last]), ""), Edit(*p.span(target), MARK + stored.group(2))]


@way("forward pass before the tape", "301")
def forward_before(p: Program) -> Iterator[list[Edit]]:
    """The first statement, or the first two, in front of the `with`."""
    for tape in p.tapes:
        body = [line for line in _body(tape) if f"{tape.name}.watch" not in p.code(line)]
        for count in (1, 2):
            if len(body) <= count or not all(isinstance(line, cst.SimpleStatementLine) for line in body[:count]):
                continue
            start, end = p.lines(body[:count])
            at = p.lines([tape.node])[0]
            yield [Edit(start, end, ""), Edit(at, at, _marked(p.text[start:end], p.indent(tape.node)))]


@way("not persistent", "401 402")
def not_persistent(p: Program) -> Iterator[list[Edit]]:
    """`persistent=True` dropped."""
    for tape in p.tapes:
        for argument in tape.call.args:
            if argument.keyword is not None and argument.keyword.value == "persistent":
                start, end = p.span(tape.call.func)[1], p.span(tape.call)[1]
                others = [p.code(other) for other in tape.call.args if other is not argument]
                queries = [Edit(p.span(q)[0], p.span(q)[0], MARK) for q in p.queries(tape)]
                yield [Edit(start, end, f"({', '.join(others)})"), *queries]


@way("one query made two", "401")
def query_split(p: Program) -> Iterator[list[Edit]]:
    """`a, b = tape.gradient(y, [v, w])` → one query for each."""
    for line in p.all(cst.SimpleStatementLine):
        found = re.fullmatch(r"(\w+(?:, \w+)+) = (\w+\.gradient)\((\w+), \[(.*)\]\)", p.code(line))
        if found:
            names, ask, target, sources = found.groups()
            pairs = list(zip(names.split(", "), sources.split(", "), strict=True))
            rows = [f"{MARK}{name} = {ask}({target}, {source})" for name, source in pairs]
            yield [Edit(*p.span(line), f"\n{p.indent(line)}".join(rows))]


@way("a query for each source", "402")
def query_in_loop(p: Program) -> Iterator[list[Edit]]:
    """`tape.gradient(y, vs)` → `[tape.gradient(y, v) for v in vs]`."""
    for query in p.queries():
        if len(query.args) != 2 or p.code(query.func).endswith("jacobian"):
            continue
        target, sources = (p.code(argument.value) for argument in query.args)
        if re.search(r"(variables|weights|params|trainable)$", sources):
            new = f"[{MARK}{p.code(query.func)}({target}, v) for v in {sources}]"
            yield [Edit(*p.span(query), new)]


@way("one tape for both", "305 401", raises=True)
def one_tape(p: Program) -> Iterator[list[Edit]]:
    """A tape asked in place of its neighbour."""
    for tape in p.tapes:
        for other in p.tapes:
            if tape is not other and tape.node is other.node:
                edits = []
                for query in p.queries(tape):
                    func = query.func
                    assert isinstance(func, cst.Attribute)
                    edits.append(Edit(*p.span(func.value), MARK + other.name))
                marks = [Edit(p.span(q)[0], p.span(q)[0], MARK) for q in p.queries(other)]
                yield [*edits, *marks]


@way("tape dropped too early", "404", raises=True)
def tape_dropped(p: Program) -> Iterator[list[Edit]]:
    """`del tape` in front of the query."""
    for tape in p.tapes:
        queries = p.queries(tape)
        lines = [x for x in p.parents(queries[-1]) if isinstance(x, cst.SimpleStatementLine)] if queries else []
        if not lines or tape.node in p.parents(lines[0]):
            continue
        later = [x for x in p.all(cst.SimpleStatementLine) if p.code(x) == f"del {tape.name}"]
        at = p.lines([lines[0]])[0]
        gone = [Edit(*p.lines([x]), "") for x in later]
        yield [Edit(at, at, f"{p.indent(lines[0])}{MARK}del {tape.name}\n"), *gone]


@way("minimize of a tensor", "603", raises=True)
def minimized(p: Program) -> Iterator[list[Edit]]:
    """A query and `apply_gradients` → `optimizer.minimize(loss, variables)` after the block."""
    text = p.text
    pattern = re.compile(
        r"^( *)(\w+) = (\w+)\.gradient\((\w+), ([\w.]+)\)\n(?:[ ]*#.*\n)*"
        r" *([\w.]+)\.apply_gradients\(zip\(\2, \5\)\)\n",
        re.MULTILINE,
    )
    for found in pattern.finditer(text):
        indent, _, _, target, sources, optimizer = found.groups()
        yield [Edit(*found.span(), f"{indent}{MARK}{optimizer}.minimize({target}, {sources})\n")]
