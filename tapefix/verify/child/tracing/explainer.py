"""The account of every query without an answer, as plain data for the record."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .causes import Account, Break, explain
from .identity import qualified_name
from .instrument import Place
from .tapes import TapeLife, Tapes
from .trace import Trace
from .walk import Hop, Walk

MOST_SOURCES = 64
MOST_STEPS = 60


class Explainer:
    """Says of each source of a query why it got no gradient."""

    def __init__(self, trace: Trace, tapes: Tapes, path: str, root: str) -> None:
        self.trace = trace
        self.tapes = tapes
        self.path = path
        self.root = root.rstrip(os.sep) + os.sep
        self._lines: Dict[str, List[bytes]] = {}
        self._asked: List[Tuple[Any, Optional[int], int]] = []
        self._unwatched: List[Tuple[TapeLife, Optional[int]]] = []
        """What a tape did not watch when it was asked for it; accounts name it by its number here."""

    def note(self, tape: Any, start: int) -> None:
        """Note that a query has been answered with the operations since `start`."""
        self.tapes.queries.append((start, self.trace.log.next))
        self._asked.append((tape, self.trace.place, start))

    def explain(
        self,
        tape: Any,
        targets: List[Any],
        sources: List[Any],
        missing: Optional[List[str]],
        error: str,
        horizon: int,
    ) -> List[Dict[str, Any]]:
        """Return one account for each source; an empty one where there is a gradient.

        `missing` says which sources got none, or zeros (None: the query raised `error`); `horizon` is the number of
        operations that had been executed when the query was made.
        """
        self.trace.paused += 1
        self.trace.log.paused += 1
        try:
            return self._explain(tape, targets, sources, missing, error, horizon)
        finally:
            self.trace.paused -= 1
            self.trace.log.paused -= 1

    def _explain(
        self,
        tape: Any,
        targets: List[Any],
        sources: List[Any],
        missing: Optional[List[str]],
        error: str,
        horizon: int,
    ) -> List[Dict[str, Any]]:
        life = self.tapes.of(tape)
        life.asked_at = {place for other, place, start in self._asked if other is tape and start != horizon}
        keys = [key for key in (self.trace.key(target) for target in targets) if key is not None]
        walk = Walk(self.trace, self.tapes, life, horizon, keys)
        accounts: List[Dict[str, Any]] = []
        for index, source in enumerate(sources[:MOST_SOURCES]):
            state = "none" if missing is None else missing[index] if index < len(missing) else ""
            account = explain(self.trace, walk, life, source, error) if state else None
            if account is None or (state == "zeros" and not account.explained):
                # Zeros are a gradient too, unless something on the way is known to give nothing else.
                accounts.append({})
                continue
            if all(target is None for target in targets):
                account.breaks = [replace(found, detail="no-target") for found in account.breaks]
            accounts.append({**self._data(source, account), "unwatched": self._not_yet(life, account)})
        return accounts

    def _not_yet(self, life: TapeLife, account: Account) -> Optional[int]:
        for found in account.breaks:
            if found.cause == "not-watched" and found.detail == "tensor":
                self._unwatched.append((life, found.key))
                return len(self._unwatched) - 1
        return None

    def watched_afterwards(self) -> Dict[str, Any]:
        """Return where tapes were told to watch what they had been asked for before, by the numbers in accounts."""
        return {
            str(number): self._place(life.watch_places.get(key))
            for number, (life, key) in enumerate(self._unwatched)
            if key is not None and key in life.watched
        }

    def _data(self, source: Any, account: Account) -> Dict[str, Any]:
        return {
            "source": self._value(source),
            "breaks": [self._break(found) for found in account.breaks],
            "path": self._steps(account.hops),
            "full": self.trace.full,
        }

    def _break(self, found: Break) -> Dict[str, Any]:
        return {
            "cause": found.cause,
            "place": self._place(found.place),
            "made_by": found.made_by,
            "callee": self._callee(found.place),
            "detail": found.detail,
            "value": self._keyed(found.key),
            "other": self._keyed(found.other),
            "other_place": self._place(found.origin if found.origin is not None else self._origin(found.other)),
            "other_callee": self._callee(self._origin(found.other)),
        }

    def _callee(self, place: Optional[int]) -> str:
        function = self.trace.functions.get(place) if place is not None else None
        return "" if function is None else qualified_name(function)

    def deletions(self) -> Dict[str, Any]:
        """Return where names of the project were deleted last."""
        return {name: self._place(place) for name, place in self.trace.deleted.items()}

    def _origin(self, key: Optional[int]) -> Optional[int]:
        if key is None:
            return None
        number = self.trace.made_at.get(key)
        if number is not None and number in self.trace.sites:
            return self.trace.sites[number]
        return self.trace.born.get(key)

    def _steps(self, hops: List[Hop]) -> List[Dict[str, Any]]:
        """Return the path by places: what one expression did, in however many operations, is one step."""
        steps: List[Dict[str, Any]] = []
        last: Any = ()
        for hop in hops:
            if steps and hop.place == last:
                step = steps[-1]
                step["ops"].append(hop.made_by)
                step["fault"] = step["fault"] or hop.fault
                step["value"] = self._keyed(hop.end)
                continue
            last = hop.place
            steps.append(
                {
                    "place": self._place(hop.place),
                    "ops": [hop.made_by],
                    "fault": hop.fault,
                    "value": self._keyed(hop.end),
                }
            )
        if len(steps) > MOST_STEPS:
            half = MOST_STEPS // 2
            steps = [*steps[:half], {"skipped": len(steps) - 2 * half}, *steps[-half:]]
        return steps

    def _keyed(self, key: Optional[int]) -> Optional[Dict[str, Any]]:
        if key is None:
            return None
        node = self.trace.nodes.get(key)
        described = self._value(self.trace.value_of(key))
        if node is not None and node.name:
            described["name"] = node.name
        return described

    def _value(self, value: Any) -> Dict[str, Any]:
        dtype = getattr(value, "dtype", None)
        shape = getattr(value, "shape", None)
        return {
            "what": self._what(value),
            "class": type(value).__name__,
            "dtype": None if dtype is None else str(getattr(dtype, "name", dtype)),
            "shape": _dimensions(shape),
            "name": self._name(value),
        }

    def _name(self, value: Any) -> str:
        key = self.trace.key(value)
        node = self.trace.nodes.get(key) if key is not None else None
        if node is not None and node.name:
            return node.name
        return str(getattr(value, "name", "")) if self._what(value) == "variable" else ""

    def _what(self, value: Any) -> str:
        if self.trace.is_tensor(value):
            return "variable" if hasattr(value, "assign") else "tensor"
        if isinstance(value, np.ndarray):
            return "array"
        return "number" if isinstance(value, (int, float, complex, np.generic)) else "object"

    def _place(self, number: Optional[int]) -> Optional[Dict[str, Any]]:
        if number is None:
            return None
        place = self.trace.places[number]
        first, last = self._line(place.path, place.line), self._line(place.path, place.end_line)
        return {
            "path": "" if place.path == self.path else place.path.replace(self.root, "", 1),
            "line": place.line,
            "column": _characters(first, place.column),
            "end_line": place.end_line,
            "end_column": _characters(last, place.end_column),
            "text": self.text_of(place)[:400],
            "function": place.function,
        }

    def text_of(self, place: Place) -> str:
        """Return the text of a place as it stands in its file."""
        lines = [self._line(place.path, number) for number in range(place.line, place.end_line + 1)]
        if not lines:
            return ""
        lines[-1] = lines[-1][: place.end_column]
        lines[0] = lines[0][place.column :]
        return b"\n".join(lines).decode("utf-8", "replace")

    def _line(self, path: str, number: int) -> bytes:
        lines = self._lines.get(path)
        if lines is None:
            import linecache

            lines = self._lines[path] = [
                line.rstrip("\r\n").encode("utf-8", "surrogatepass") for line in linecache.getlines(path)
            ]
        return lines[number - 1] if 0 < number <= len(lines) else b""


def _characters(line: bytes, column: int) -> int:
    return len(line[:column].decode("utf-8", "replace"))


def _dimensions(shape: Any) -> Optional[List[Optional[int]]]:
    try:
        return [None if size is None else int(size) for size in shape]
    # No shape, or one of unknown rank.
    except (TypeError, ValueError):
        return None
