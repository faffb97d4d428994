"""What instrumented code reports to: every call, operator, attribute, element and name."""

from __future__ import annotations

import operator
from typing import Any, Dict, Iterator, List, Set, Tuple

import numpy as np

from ..oplog import OpLog
from .identity import module_is_among
from .instrument import Place
from .provenance import NEVER, Provenance, Stack

# Nothing of the values is in these attributes, only their form.
FORM = ("shape", "dtype", "ndim", "size", "name", "device", "nbytes", "itemsize", "get_shape", "rank", "graph", "_id")


class Trace(Provenance):
    """Does what an expression says, and notes what its result was made of."""

    def __init__(self, log: OpLog, places: List[Place], files: Set[str], main: str) -> None:
        super().__init__(log, places)
        self.files = files
        self.main = main
        self.functions: Dict[int, Any] = {}
        """What was called last at a place."""
        self.started: Dict[int, int] = {}
        """The number of the first operation of the last call at a place that calls what the script does not define."""
        self.given: Dict[int, Tuple[int, ...]] = {}
        """The keys of what that call was given."""
        self.deleted: Dict[str, int] = {}
        """Where a name was deleted last."""
        self._generators: Dict[int, int] = {}
        """The key of the last generator of a place."""
        self._held: List[Any] = []
        self._before: Dict[int, Tuple[Any, int, int, Stack]] = {}

    def call(self, place: int, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the project, and note what its result was made of."""
        if self._elsewhere():
            return function(*args, **kwargs)
        start, mark = self.log.next, self._uid()
        around = self.top
        self.top = (place, around)
        try:
            result = function(*args, **kwargs)
        finally:
            self.top = around
        self.functions[place] = function
        ours = self._is_ours(function)
        if ours:
            self._seen(place, result)
        if not self.paused and not (ours and self._in_main(function)):
            self.started[place] = start
            self.given[place] = tuple(key for key, _ in self._operands([*args, *kwargs.values()]))
        if not self.paused and not ours:
            operands = [*args, *kwargs.values()]
            receiver = getattr(function, "__self__", None)
            if receiver is not None and not isinstance(receiver, type(np)):
                operands.append(receiver)
            self._made(place, result, operands, start, mark)
            if result is None:
                self._changed(place, receiver, args, function)
            if "out" in kwargs:
                self._link(place, kwargs["out"], list(args))
        return result

    def apply(self, place: int, name: str, /, *operands: Any) -> Any:
        """Apply an operator, and note what its result was made of."""
        function = getattr(operator, name)
        if self._elsewhere():
            return function(*operands)
        start, mark = self.log.next, self._uid()
        around = self.top
        self.top = (place, around)
        try:
            result = function(*operands)
        finally:
            self.top = around
        if not self.paused:
            self._made(place, result, list(operands), start, mark)
        return result

    def attribute(self, place: int, value: Any, name: str) -> Any:
        """Read an attribute, and note that it is a part of a value."""
        result = getattr(value, name)
        if name not in FORM and not self._elsewhere() and isinstance(value, (np.ndarray, self._tensor)):
            self._link(place, result, [value])
        elif type(result) not in NEVER and not self._elsewhere():
            self._seen(place, result)
        return result

    def each(self, place: int, values: Any) -> Any:
        """Go over the elements of a value, and note where they come from."""
        loose = isinstance(values, (np.ndarray, zip, enumerate, map, filter, reversed))
        return self._elements(place, values) if loose and not self._elsewhere() else values

    def generator(self, place: int, values: Any) -> Any:
        """Note a generator, whose elements make what it is handed to."""
        if not self._elsewhere() and self._node(id(values), values) is not None:
            self._generators[place] = id(values)
        return values

    def yielded(self, place: int, value: Any) -> Any:
        """Note an element that a generator gives."""
        if not self._elsewhere() and place in self._generators:
            key = self._generators[place]
            self._edge(key, self.nodes[key].value, dict(self._operands([value])), place)
        return value

    def parts(self, place: int, values: Any) -> Any:
        """Unpack a value, and note where its parts come from."""
        if not isinstance(values, np.ndarray) or self._elsewhere():
            return values
        return list(self._elements(place, values))

    def store(self, place: int, name: str, scope: str, value: Any, owner: Any = None) -> Any:
        """Give a value a name; `owner` is the object whose attribute is set."""
        if not self._elsewhere():
            held = getattr(owner, name.rpartition(".")[2], None) if owner is not None else None
            self._named(place, name, scope, value, held)
        return value

    def bound(self, place: int, value: Any) -> None:
        """Note what a parameter, or a name in an unpacking or a loop, was given."""
        if not self._elsewhere():
            self._seen(place, value)

    def dropped(self, place: int, name: str) -> None:
        """Note that a name was deleted."""
        self.deleted[name] = place

    def hold(self, value: Any) -> Any:
        """Keep the value that a statement writes somewhere."""
        self._held = [value]
        return value

    def keep(self, place: int, value: Any) -> None:
        """Keep what a name holds before `+=`, which is evaluated from here on."""
        self._before[place] = (value, self.log.next, self._uid(), self.top)
        self.top = (place, self.top)

    def put(self, place: int, container: Any) -> None:
        """Note that the held value went into a container."""
        if self._held and not self._elsewhere() and isinstance(container, np.ndarray):
            self._link(place, container, self._held)

    def augmented(self, place: int, value: Any, name: str, scope: str) -> None:
        """Note what `+=` has made of a name."""
        before, start, mark, self.top = self._before.pop(place, (None, self.log.next, 0, self.top))
        if self._elsewhere():
            return
        if self.key(value) is not None and value is not before:
            self._made(place, value, [before, *self._held], start, mark)
        elif isinstance(value, np.ndarray):
            self._link(place, value, self._held)
        self._named(place, name, scope, value)

    @staticmethod
    def slice(*parts: Any) -> Any:
        """Make a slice: its notation cannot stand outside brackets."""
        return slice(*parts)

    def _changed(self, place: int, receiver: Any, args: Tuple[Any, ...], function: Any) -> None:
        """Note what a call that gives nothing back has written: `a.fill(t)`, `np.copyto(a, t)`."""
        if isinstance(receiver, np.ndarray):
            self._link(place, receiver, list(args))
        elif len(args) > 1 and isinstance(args[0], np.ndarray) and getattr(function, "__name__", "") == "copyto":
            self._link(place, args[0], list(args[1:]))

    def _elements(self, place: int, values: Any) -> Iterator[Any]:
        for element in values:
            if not self._elsewhere():
                self._link(place, element, [values])
            yield element

    def _is_ours(self, function: Any) -> bool:
        function = getattr(function, "__func__", function)
        function = getattr(function, "python_function", function)
        code = getattr(function, "__code__", None)
        if code is None:
            return isinstance(function, type) and module_is_among(function.__module__, self.files)
        return code.co_filename in self.files

    def _in_main(self, function: Any) -> bool:
        """Whether a function is defined in the script itself."""
        function = getattr(function, "__func__", function)
        code = getattr(getattr(function, "python_function", function), "__code__", None)
        if code is None:
            return getattr(function, "__module__", "") == "__main__"
        return bool(code.co_filename == self.main)
