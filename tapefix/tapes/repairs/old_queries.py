"""Calls of `tf.gradients` in eager code, and the tapes that answer in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.eager import runs_eagerly
from tapefix.tapes.repairs.untaped import CannotTapeError, Untaped, calls_of, grouped, is_one, is_several, widest
from tapefix.tapes.values import Argument, Kind, Value
from tapefix.tapes.writing.draft import Draft

_NAMES = ("tensorflow.gradients",)
_KEYWORDS = {"ys", "xs", "grad_ys", "name", "colocate_gradients_with_ops", "gate_gradients", "aggregation_method"}
_WITHOUT_MEANING = {"name", "colocate_gradients_with_ops", "gate_gradients", "aggregation_method"}


@dataclass(frozen=True)
class OldGradients:
    """Calls of `tf.gradients` that one tape answers, or one that none can, with the reason."""

    nodes: tuple[cst.Call, ...]
    rewrite: Rewrite | None = None
    reason: str = ""

    @property
    def node(self) -> cst.Call:
        """Where to show it."""
        return self.nodes[0]

    def lines(self, reading: Reading) -> frozenset[int]:
        """The lines of the calls."""
        return frozenset(reading.line(node) for node in self.nodes)


def old_gradients(reading: Reading) -> list[OldGradients]:
    """Every call of `tf.gradients` that raises for certain."""
    stuck: list[OldGradients] = []
    located: list[Untaped] = []
    for node, values in calls_of(reading, _NAMES).items():
        if not all(runs_eagerly(reading, value) for value in values):
            continue
        try:
            located.append(_located(reading, values))
        except CannotTapeError as error:
            stuck.append(OldGradients((node,), reason=str(error)))
    located.sort(key=lambda one: reading.span(one.node))
    return [*(_written(reading, group) for group in grouped(located)), *stuck]


def _located(reading: Reading, values: Sequence[Value]) -> Untaped:
    """The call with its stretch: the widest that any of its executions needs."""
    found: list[Untaped] = []
    for value in values:
        target, sources = value.argument(0, "ys"), value.argument(1, "xs")
        if target is None or sources is None:
            raise CannotTapeError("what it is given is not known")
        _check(value)
        one = Untaped(reading, value, target, sources)
        one.locate()
        found.append(one)
    return widest(found)


def _check(call: Value) -> None:
    """Refuse arguments that a tape has no word for."""
    for position, argument in enumerate(call.arguments):
        if argument.star:
            raise CannotTapeError("what it is given is not known")
        known = position < 4 if argument.keyword is None else argument.keyword in _KEYWORDS
        if argument.keyword == "unconnected_gradients":
            continue
        if not known and argument.value.kind is not Kind.NONE:
            shown = argument.keyword or "a fifth argument"
            raise CannotTapeError(f"a tape has no `{shown}`: use `tf.stop_gradient` where the path shall end")
    weights = call.argument(2, "grad_ys")
    if weights is not None and any(part.kind is Kind.NONE for part in weights.value.elements or ()):
        raise CannotTapeError("`output_gradients` of a tape takes no `None` in a list")
    value = _argument(call, 1, "xs").value
    if not is_one(value) and not is_several(value):
        raise CannotTapeError("whether `xs` is a list or a single tensor is not known")


def _argument(call: Value, position: int, keyword: str) -> Argument:
    found = call.argument(position, keyword)
    assert found is not None
    return found


def _written(reading: Reading, group: Sequence[Untaped]) -> OldGradients:
    draft = Draft(reading)
    leader = group[0]
    tape, target = leader.tape_name(), leader.fresh("target", "tape_target")
    leader.enclose(draft, tape, target, sharing=group)
    for one in group:
        _ask(draft, one, tape, target)
    shown = ", ".join(dict.fromkeys(reading.code(one.target.node.value) for one in group))
    rewrite = draft.rewrite(f"Record `{shown}` on a tape and ask that")
    return OldGradients(tuple(one.node for one in group), rewrite)


def _ask(draft: Draft, one: Untaped, tape: str, target: str) -> None:
    """The query in place of the call."""
    reading, call = draft.reading, one.call
    outer, sources = _asked(reading, one)
    pieces: list[str | cst.CSTNode] = [f"{tape}.gradient("]
    pieces += [target] if one.inline else [one.target.node.value]
    pieces += [", ", *sources]
    weights = call.argument(2, "grad_ys")
    if weights is not None and weights.value.kind is not Kind.NONE:
        pieces += [", output_gradients=", weights.node.value]
    unconnected = next((a for a in call.arguments if a.keyword == "unconnected_gradients"), None)
    if unconnected is not None:
        pieces += [", unconnected_gradients=", unconnected.node.value]
    draft.replace(outer, *pieces, ")")


def _asked(reading: Reading, one: Untaped) -> tuple[cst.CSTNode, list[str | cst.CSTNode]]:
    """The expression to replace, and the sources to ask for in it: `tf.gradients(y, x)[0]` asks for one."""
    node, given = one.node, one.sources.node.value
    value = one.sources.value
    parent = reading.parent(node)
    first = isinstance(parent, cst.Subscript) and parent.value is node and reading.code(parent).endswith("[0]")
    single: cst.BaseExpression | None = given if is_one(value) else None
    if isinstance(given, (cst.List, cst.Tuple)) and len(given.elements) == 1:
        single = given.elements[0].value
        single = None if isinstance(given.elements[0], cst.StarredElement) else single
    if first and single is not None and parent is not None:
        return parent, [single]
    if is_one(value):
        return node, ["[", given, "]"]
    if isinstance(given, cst.Tuple):
        inner = ", ".join(reading.code(element) for element in given.elements)
        return node, [f"[{inner}]"]
    if isinstance(value.node, cst.Tuple):
        return node, ["list(", given, ")"]
    return node, [given]
