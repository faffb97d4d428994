"""Breaks of what is watched: the source is no longer one that the tape follows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from tests.generated.breaking import way
from tests.generated.program import MARK, Edit, Program, Tape

INTEGRAL = re.compile(r"^-?\d+\.0?$")


def _at_queries(p: Program, tape: Tape) -> list[Edit]:
    """Marks on the tape and on what it is asked: a source that nobody watches has no line of its own."""
    places = [p.span(query)[0] for query in p.queries(tape)] + [p.span(tape.node)[0]]
    places += [p.span(query.args[1].value)[0] for query in p.queries(tape) if len(query.args) > 1]
    return [Edit(at, at, MARK) for at in sorted(set(places))]


def _watches(p: Program) -> Iterator[tuple[Tape, cst.SimpleStatementLine]]:
    for tape in p.tapes:
        for line in p.all(cst.SimpleStatementLine, tape.node):
            if p.code(line).startswith(f"{tape.name}.watch("):
                yield tape, line


def _without(p: Program, line: cst.CSTNode) -> Edit:
    start, end = p.lines([line])
    return Edit(start, end, "")


@way("watch removed", "201 203 204")
def watch_removed(p: Program) -> Iterator[list[Edit]]:
    """No `tape.watch`."""
    for tape, line in _watches(p):
        yield [_without(p, line), *_at_queries(p, tape)]


@way("watched at the end", "202")
def watched_late(p: Program) -> Iterator[list[Edit]]:
    """`tape.watch` as the last statement of the block."""
    for tape, line in _watches(p):
        end = p.lines(list(tape.node.body.body))[1]
        yield [_without(p, line), Edit(end, end, f"{p.indent(line)}{MARK}{p.code(line)}\n")]


@way("watched before the tape", "202", raises=True)
def watched_early(p: Program) -> Iterator[list[Edit]]:
    """A tape of its own line, watched in front of its `with`."""
    for tape, line in _watches(p):
        if len(tape.node.items) > 1:
            continue
        at, indent = p.lines([tape.node])[0], p.indent(tape.node)
        start, end = p.span(tape.node.items[0])
        made = f"{indent}{tape.name} = {p.code(tape.call)}\n{indent}{MARK}{p.code(line)}\n"
        yield [_without(p, line), Edit(at, at, made), Edit(start, end, tape.name)]


@way("another object watched", "209 201")
def another_watched(p: Program) -> Iterator[list[Edit]]:
    """`tape.watch(x)` → `tape.watch(tf.identity(x))`."""
    for tape, line in _watches(p):
        for call in p.all(cst.Call, line)[:1]:
            only = call.args[0].value
            if isinstance(only, cst.Name):
                start, end = p.span(only)
                new = Edit(start, end, f"{MARK}tf.identity({only.value})")
                yield [new, *(e for e in _at_queries(p, tape) if not start <= e.start <= end)]


@way("watching switched off", "203")
def watching_off(p: Program) -> Iterator[list[Edit]]:
    """`tf.GradientTape()` → `tf.GradientTape(watch_accessed_variables=False)`."""
    for tape in p.tapes:
        end = p.span(tape.call)[1] - 1
        comma = ", " if tape.call.args else ""
        yield [Edit(end, end, f"{comma}watch_accessed_variables=False"), *_at_queries(p, tape)]


@way("not trainable", "204")
def not_trainable(p: Program) -> Iterator[list[Edit]]:
    """`tf.Variable(v)` → `tf.Variable(v, trainable=False)`."""
    for call in p.all(cst.Call):
        if p.code(call.func) == "tf.Variable" and "trainable" not in p.code(call):
            end = p.span(call)[1] - 1
            marks = [edit for tape in p.tapes for edit in _at_queries(p, tape)]
            yield [Edit(end, end, MARK + ", trainable=False"), *marks]


def _made(p: Program) -> Iterator[tuple[cst.Call, cst.BaseExpression]]:
    for call in p.all(cst.Call):
        if p.code(call.func) in ("tf.Variable", "tf.constant") and call.args and "dtype" not in p.code(call):
            yield call, call.args[0].value


@way("integers", "206")
def integers(p: Program) -> Iterator[list[Edit]]:
    """`tf.constant([1.0, 2.0])` → `tf.constant([1, 2])`."""
    for call, value in _made(p):
        numbers = p.all((cst.Float, cst.Integer), value)
        whole = all(isinstance(node, cst.Float) and INTEGRAL.match(p.code(node)) for node in numbers)
        if not numbers or not whole or p.all((cst.Call, cst.Name), value):
            continue
        edits = [Edit(*p.span(node), p.code(node).partition(".")[0]) for node in numbers]
        marks = [edit for tape in p.tapes for edit in _at_queries(p, tape)]
        yield [*edits, Edit(p.span(call)[0], p.span(call)[0], MARK), *marks]


@way("an array as source", "205", raises=True)
def array_source(p: Program) -> Iterator[list[Edit]]:
    """`x = tf.Variable([1.0, 2.0])` → `x = np.array([1.0, 2.0], dtype=np.float32)`, watched no more."""
    for call, value in _made(p):
        line = next((x for x in p.parents(call) if isinstance(x, cst.SimpleStatementLine)), None)
        stored = re.match(r"(\w+) = ", p.code(line)) if line is not None else None
        if stored is None or not isinstance(value, cst.List):
            continue
        name = stored.group(1)
        gone = [_without(p, watch) for _, watch in _watches(p) if f"watch({name})" in p.code(watch)]
        new = Edit(*p.span(call), f"{MARK}np.array({p.code(value)}, dtype=np.float32)")
        marks = [edit for tape in p.tapes for edit in _at_queries(p, tape)]
        yield [new, *gone, *marks, *p.with_numpy()]


@way("a number as source", "205", raises=True)
def number_source(p: Program) -> Iterator[list[Edit]]:
    """`x = tf.Variable(3.0)` → `x = 3.0`."""
    for call, value in _made(p):
        parent = next(p.parents(call))
        if (
            isinstance(value, cst.Float)
            and isinstance(parent, cst.Assign)
            and isinstance(parent.targets[0].target, cst.Name)
        ):
            name = parent.targets[0].target.value
            gone = [_without(p, watch) for _, watch in _watches(p) if f"watch({name})" in p.code(watch)]
            marks = [edit for tape in p.tapes for edit in _at_queries(p, tape)]
            yield [Edit(*p.span(call), f"{MARK}{value.value}"), *gone, *marks]


@way("variable replaced", "207", raises=True)
def variable_replaced(p: Program) -> Iterator[list[Edit]]:
    """`w.assign_sub(g)` → `w = w - g`."""
    for line in p.all(cst.SimpleStatementLine):
        found = re.fullmatch(r"([\w.]+)\.assign(_sub|_add|)\((.*)\)", p.code(line), re.DOTALL)
        if found:
            name, how, value = found.groups()
            sign = {"_sub": f"{name} - ", "_add": f"{name} + ", "": ""}[how]
            yield [Edit(*p.span(line), f"{MARK}{name} = {sign}({value})" if sign else f"{MARK}{name} = {value}")]


@way("a copy is asked for", "208")
def copy_asked_for(p: Program) -> Iterator[list[Edit]]:
    """`tape.gradient(y, x)` → `tape.gradient(y, tf.identity(x))`."""
    for query in p.queries():
        if len(query.args) > 1 and isinstance(query.args[1].value, cst.Name):
            start, end = p.span(query.args[1].value)
            yield [Edit(start, end, f"{MARK}tf.identity({p.text[start:end]})")]
