"""What a run saw of expressions that the text alone does not explain: values from other modules, dynamic attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tapefix.tapes.values import Dtype, Kind

_KINDS = {
    "tensor": Kind.TENSOR,
    "variable": Kind.VARIABLE,
    "variables": Kind.VARIABLES,
    "array": Kind.NDARRAY,
    "number": Kind.SCALAR,
    "model": Kind.MODEL,
    "layer": Kind.LAYER,
    "loss": Kind.LOSS,
    "metric": Kind.METRIC,
    "optimizer": Kind.OPTIMIZER,
    "symbolic": Kind.SYMBOLIC,
    "dataset": Kind.DATASET,
    "string": Kind.STRING,
}
_DTYPES = {"f": Dtype.FLOATING, "i": Dtype.INTEGER, "b": Dtype.BOOL, "c": Dtype.COMPLEX}


@dataclass(frozen=True)
class Observed:
    """What an expression evaluated to, each time that a run came by."""

    kind: Kind
    dtype: Dtype
    precise_dtype: str
    rank: int | None
    trainable: bool | None
    passes: bool
    """Of a call: whether TensorFlow could follow every tensor that it got to what it gave."""


class Observations:
    """What a run saw of the expressions of one text, by line and wording, and of its queries."""

    def __init__(
        self,
        seen: Mapping[tuple[int, str], Observed],
        partial: frozenset[int] = frozenset(),
        origins: Sequence[int] | None = None,
    ) -> None:
        self._seen = dict(seen)
        self._partial = partial
        self._origins = origins

    def __bool__(self) -> bool:
        return bool(self._seen or self._partial)

    def get(self, line: int, text: str) -> Observed | None:
        """What is known of an expression that begins in a line; None when the run did not see one kind of value."""
        return self._seen.get((self._origin(line), text))

    def is_partial(self, line: int) -> bool:
        """Whether the query in a line was answered for some of the variables that it asks for, and not for others."""
        return self._origin(line) in self._partial

    def joined(self, later: Observations) -> Observations:
        """These, and what a later run saw besides."""
        return Observations({**later._seen, **self._seen}, self._partial | later._partial)

    def moved(self, origins: Sequence[int]) -> Observations:
        """The same for a text that rewrites have changed: `origins` are the lines before, by those of now."""
        return Observations(self._seen, self._partial, origins)

    def _origin(self, line: int) -> int:
        return line if self._origins is None else self._origins[min(line, len(self._origins) - 1)]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], partial: frozenset[int] = frozenset()) -> Observations:
        """Build them from the record of a run; where the same words meant several things, nothing is known."""
        seen: dict[tuple[int, str], Observed | None] = {}
        for row in rows:
            kind = _KINDS.get(row["what"])
            key = (int(row["line"]), str(row["text"]))
            found = None if kind is None else _observed(kind, row)
            seen[key] = found if key not in seen or seen[key] == found else None
        return cls({key: found for key, found in seen.items() if found is not None}, partial)


def _observed(kind: Kind, row: Mapping[str, Any]) -> Observed:
    return Observed(
        kind=kind,
        dtype=_DTYPES.get(row.get("family", ""), Dtype.UNKNOWN),
        precise_dtype=row.get("dtype") or "",
        rank=row.get("rank"),
        trainable=row.get("trainable"),
        passes=bool(row.get("passes")),
    )
