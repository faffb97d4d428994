"""Metrics: the loss of the same meaning, which a gradient can be asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution.vocabulary import METRIC_UPDATES
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.cuts import Cut
from tapefix.tapes.repairs.spelling import free_name
from tapefix.tapes.repairs.steady import has_comment, is_simple, is_steady, own_line
from tapefix.tapes.values import NO_CONSTANT, Argument, Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_SAME = (
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "Hinge",
    "KLDivergence",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
)
_LOSSES = {**{name: name for name in _SAME}, "LogCoshError": "LogCosh"}
"""Metrics, and the losses of which they are the mean over all updates."""
_FORMULAS = {
    "RootMeanSquaredError": ("MeanSquaredError", "{tf}.sqrt({})"),
    "CosineSimilarity": ("CosineSimilarity", "-{}"),
}
_OF_TENSORS = {"Mean": "reduce_mean", "Sum": "reduce_sum"}
_MEANING = ("axis", "from_logits", "ignore_class", "label_smoothing")
_BESIDE = ("dtype", "name")


class NoLossError(Exception):
    """Why there is no loss in place of the metric."""


def take_loss(reading: Reading, cut: Cut, draft: Draft) -> None:
    """Write the loss in place of what a metric gives.

    Raises:
        NoLossError: nothing can be written, and why.
    """
    if cut.held:
        raise NoLossError(cut.held)
    makers = {value.receiver.node for value in cut.values if value.receiver is not None}
    value, metric = cut.values[0], cut.values[0].receiver
    if (
        len(makers) != 1
        or metric is None
        or not isinstance(metric.node, cst.Call)
        or not isinstance(cut.node, cst.Call)
    ):
        raise NoLossError("where the metric is made is not known")
    short = metric.name.rpartition(".")[2]
    if short not in (*_LOSSES, *_FORMULAS, *_OF_TENSORS):
        raise NoLossError(
            f"no loss means the same as `{short}`: take one that does have a gradient, and keep it for the log"
        )
    if _swapped(reading, cut, metric, draft):
        return
    if has_comment(cut.node):
        raise NoLossError("a comment stands inside the call, and would be lost")
    update = _update(value)
    given = _Given(reading, draft, update.arguments, "batch_loss" if short in _OF_TENSORS else "predicted")
    if update is not value:
        given.name_in(update.node, cut.node)
    elif value.name != Kind.METRIC.value or _used_otherwise(reading, cut, metric):
        given.name_in(cut.node, cut.node)
        line = own_line(reading, cut.node)
        func = cut.node.func
        owner = func.value if value.operation is Operation.METHOD_CALL and isinstance(func, cst.Attribute) else func
        if line is None:
            raise NoLossError("the metric is updated in the middle of a larger expression")
        draft.insert_before(line, f"{reading.code(owner)}.update_state({given.text})")
    draft.rewrite_whole(cut.node, _loss(reading, draft, metric, given))


def _update(value: Value) -> Value:
    """The update that a metric's value is made of: the call itself, or the only one before `result()`."""
    if value.name != "result":
        return value
    users = value.receiver.users if value.receiver is not None else []
    updates = [user for user in users if user.name in METRIC_UPDATES and user.time < value.time]
    if len({update.node for update in updates}) != 1:
        raise NoLossError("the metric is updated at several places, or at none that is known")
    if updates[-1].frame is not value.frame:
        raise NoLossError("the metric is updated in another function")
    return updates[-1]


class _Given:
    """The arguments of an update, as they are written for the loss."""

    def __init__(self, reading: Reading, draft: Draft, arguments: Sequence[Argument], named: str) -> None:
        self.reading = reading
        self.draft = draft
        self.arguments = arguments
        self.named = named
        if not arguments or any(argument.star for argument in arguments):
            raise NoLossError("the arguments of the metric are not written out")
        self.texts = [reading.code(argument.node.value) for argument in arguments]

    @property
    def text(self) -> str:
        """All of them."""
        named = [argument.keyword for argument in self.arguments]
        return ", ".join(f"{name}={text}" if name else text for name, text in zip(named, self.texts, strict=True))

    def name_in(self, update: cst.CSTNode | None, later: cst.CSTNode) -> None:
        """See to it that each can be written once more, where `later` stands: by a name."""
        line = own_line(self.reading, update) if update is not None else None
        if line is None or update is None:
            raise NoLossError("the metric is updated in the middle of a larger expression")
        for number, argument in enumerate(self.arguments):
            node = argument.node.value
            if is_simple(node) and (update is later or is_steady(self.reading, node, later)):
                continue
            block = self.reading.parent(line)
            last = own_line(self.reading, later)
            if is_simple(node) or last is None or self.reading.parent(last) is not block:
                raise NoLossError("what the metric is given may be something else where its result is asked for")
            if self.named in self.texts:
                raise NoLossError("what the metric is given has no name")
            name = free_name(self.reading, self.named)
            text = self.texts[number]
            self.draft.insert_before(line, f"{name} = ({text})" if "\n" in text else f"{name} = {text}")
            if update is not later:
                self.draft.rewrite_whole(node, name)
            self.texts[number] = name


def _used_otherwise(reading: Reading, cut: Cut, metric: Value) -> bool:
    """Whether the metric is read, reset or handed on anywhere else, in the words of the file."""
    name = _bound(reading, metric)
    return name is None or len(re.findall(rf"\b{name}\b", reading.text)) > 2


def _bound(reading: Reading, metric: Value) -> str | None:
    """The name or attribute that the metric is assigned to where it is made."""
    holder = reading.parent(metric.node) if metric.node is not None else None
    if not isinstance(holder, cst.Assign) or len(holder.targets) != 1:
        return None
    target = holder.targets[0].target
    if isinstance(target, cst.Attribute):
        return target.attr.value
    return target.value if isinstance(target, cst.Name) else None


def _swapped(reading: Reading, cut: Cut, metric: Value, draft: Draft) -> bool:
    """Make a loss where the metric is made, when nothing is done with it but to call it."""
    made, name = metric.node, _bound(reading, metric)
    assert isinstance(made, cst.Call)
    func, loss = made.func, _LOSSES.get(metric.name.rpartition(".")[2])
    calls = {user.node for user in metric.users if user.operation is Operation.CALL and user.receiver is metric}
    plain = loss is not None and name is not None and cut.values[0].name == Kind.METRIC.value
    if not plain or len(re.findall(rf"\b{name}\b", reading.text)) != 1 + len(calls):
        return False
    if any(argument.keyword not in (*_MEANING, *_BESIDE) for argument in metric.arguments):
        return False
    if (
        not isinstance(func, cst.Attribute)
        or not isinstance(func.value, cst.Attribute)
        or func.value.attr.value != "metrics"
    ):
        return False
    draft.replace(func.value.attr, "losses")
    if loss != func.attr.value:
        draft.replace(func.attr, loss or "")
    return True


def _loss(reading: Reading, draft: Draft, metric: Value, given: _Given) -> str:
    """The call of the loss."""
    short = metric.name.rpartition(".")[2]
    if short in _OF_TENSORS:
        if len(given.arguments) > 1:
            raise NoLossError("the weights of the mean would have to be written out")
        scalar = _is_scalar(given.arguments[0].value)
        return given.texts[0] if scalar else f"{draft.tensorflow()}.{_OF_TENSORS[short]}({given.texts[0]})"
    loss, formula = _FORMULAS.get(short, (_LOSSES.get(short, short), "{}"))
    settings = []
    for argument in metric.arguments:
        if argument.keyword in _BESIDE:
            continue
        if argument.keyword not in _MEANING or argument.value.constant is NO_CONSTANT:
            raise NoLossError("how the metric is made cannot be said of the loss")
        settings.append(f"{argument.keyword}={reading.code(argument.node.value)}")
    call = f"{_space(reading, draft, metric)}.{loss}({', '.join(settings)})({given.text})"
    return formula.format(call, tf=draft.tensorflow()) if formula != "{}" else call


def _space(reading: Reading, draft: Draft, metric: Value) -> str:
    """How the file would write `tf.keras.losses`."""
    func = metric.node.func if isinstance(metric.node, cst.Call) else None
    space = func.value if isinstance(func, cst.Attribute) else None
    if isinstance(space, cst.Attribute) and space.attr.value == "metrics":
        return f"{reading.code(space.value)}.losses"
    known = {value.name: name for name, value in reversed(reading.execution.module_frame.names.items())}
    if "keras.losses" in known:
        return known["keras.losses"]
    return f"{known['keras']}.losses" if "keras" in known else f"{draft.tensorflow()}.keras.losses"


def _is_scalar(value: Value) -> bool:
    """Whether a tensor is a single number for certain."""
    if value.operation is not Operation.CALL or value.receiver is None:
        return False
    if value.receiver.kind is Kind.LOSS:
        return not any(argument.keyword == "reduction" for argument in value.receiver.arguments)
    reduces = value.name.startswith("tensorflow.") and value.name.rpartition(".")[2].startswith("reduce_")
    return reduces and len(value.arguments) == 1
