"""Datasets: what the elements of a `tf.data.Dataset` look like, as far as it can be known."""

from __future__ import annotations

from collections.abc import Callable

from tapefix.tapes.values import Kind, Operation, Value

_KEEPING = {
    "batch", "shuffle", "repeat", "take", "skip", "prefetch", "cache", "filter", "unbatch", "padded_batch", "shard",
    "with_options",
}  # fmt: skip
"""Methods that leave the structure of the elements as it is."""
_MAKERS = ("Dataset.from_tensor_slices", "Dataset.from_tensors")

LeafMaker = Callable[[Value], Value]
TupleMaker = Callable[[list[Value]], Value]
DictMaker = Callable[[dict[object, Value]], Value]


def content_of(dataset: Value) -> Value | None:
    """What a dataset was made from; `None` when its elements look different, or nothing is known."""
    while dataset.operation is Operation.METHOD_CALL and dataset.name in _KEEPING and dataset.receiver is not None:
        dataset = dataset.receiver
    if dataset.operation is Operation.CALL and dataset.name.endswith(_MAKERS):
        given = dataset.argument(0, "tensors")
        return given.value if given is not None else None
    return None


def element_like(content: Value, leaf: LeafMaker, several: TupleMaker, named: DictMaker) -> Value | None:
    """An element of the structure of `content`; `None` when it is a single tensor, or not known."""
    if content.entries is not None:
        return named({key: _part(value, leaf, several, named) for key, value in content.entries.items()})
    if content.elements is None or not content.elements or content.kind is not Kind.SEQUENCE:
        return None
    if all(element.kind is Kind.SCALAR for element in content.elements) or not _is_tuple(content):
        return None
    return several([_part(value, leaf, several, named) for value in content.elements])


def _part(value: Value, leaf: LeafMaker, several: TupleMaker, named: DictMaker) -> Value:
    inner = element_like(value, leaf, several, named)
    return inner if inner is not None else leaf(value)


def _is_tuple(content: Value) -> bool:
    """Whether it is written as a tuple: of a list, the dataset makes one tensor."""
    return type(content.node).__name__ == "Tuple"
