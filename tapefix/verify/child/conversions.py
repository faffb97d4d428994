"""Where tensors leave TensorFlow: the conversions to NumPy and Python, seen and, on request, disturbed.

A number that leaves and comes back is a constant to the tape. Whether a target depends on it shows when the number is
disturbed on its way: the target then moves.
"""

from __future__ import annotations

import dis
import functools
import operator
import sys
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Tuple

import numpy as np

RELATIVE = 1e-3
REFLECTED: Dict[str, Tuple[str, Callable[[Any, Any], Any]]] = {
    "add": ("__radd__", operator.add),
    "subtract": ("__rsub__", operator.sub),
    "multiply": ("__rmul__", operator.mul),
    "divide": ("__rtruediv__", operator.truediv),
    "true_divide": ("__rtruediv__", operator.truediv),
    "floor_divide": ("__rfloordiv__", operator.floordiv),
    "remainder": ("__rmod__", operator.mod),
    "power": ("__rpow__", operator.pow),
    "matmul": ("__rmatmul__", operator.matmul),
    "bitwise_and": ("__rand__", operator.and_),
    "bitwise_or": ("__ror__", operator.or_),
    "bitwise_xor": ("__rxor__", operator.xor),
    "less": ("__gt__", operator.lt),
    "less_equal": ("__ge__", operator.le),
    "greater": ("__lt__", operator.gt),
    "greater_equal": ("__le__", operator.ge),
    "equal": ("__eq__", operator.eq),
    "not_equal": ("__ne__", operator.ne),
}


class Conversions:
    """The numbers that left TensorFlow, in order: operation count, id of the tensor, line."""

    def __init__(self, clock: Callable[[], int], line: Callable[[], Optional[int]], disturb: FrozenSet[int]) -> None:
        self.seen: List[Tuple[int, int, Optional[int]]] = []
        self.paused = 0
        self._clock = clock
        self._line = line
        self._disturb = disturb
        self._depth = 0
        self.noticed: Optional[Callable[[Any], None]] = None
        """What is told each value that leaves."""

    def install(self) -> None:
        """Wrap the ways out of a tensor."""
        from tensorflow.python.framework import ops

        base = getattr(ops, "_EagerTensorBase", None) or ops.EagerTensor
        for name in ("numpy", "__array__", "__float__", "tolist", "item"):
            plain = getattr(base, name, None)
            if plain is not None:
                setattr(base, name, self._method(plain))
        for cls in (base, getattr(ops, "EagerTensor", base)):
            try:
                # The types of the class's other attributes are TensorFlow's own business.
                cls.__array_ufunc__ = self._ufunc()
                cls.__array_function__ = self._function()
                break
            except TypeError:
                continue
        for name in ("array", "asarray"):
            setattr(np, name, self._maker(getattr(np, name), ops.EagerTensor))

    def between(self, start: int, end: int, carried: Any) -> List[Tuple[int, Optional[int]]]:
        """Return number and line of the conversions of `carried` tensors between two operation counts."""
        return [
            (number, line)
            for number, (when, tensor, line) in enumerate(self.seen)
            if start <= when <= end and tensor in carried
        ]

    def left(self, tensor: Any, value: Any) -> Any:
        """Note that `tensor` became `value`, and return what the script gets for it."""
        if self.paused:
            return value
        line = self._line()
        if line is None:
            return value
        if self.noticed is not None:
            self.noticed(value)
        number = len(self.seen)
        self.seen.append((self._clock(), getattr(tensor, "_id", 0), line))
        if number not in self._disturb:
            return value
        if isinstance(value, float):
            # Another disturbance for each, so that two of them do not cancel.
            return value * (1 + RELATIVE * np.cos(number)) + 1e-6
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "f":
            array = np.asarray(value)
            waves = np.cos(np.arange(array.size, dtype=np.float64).reshape(array.shape) + 0.5 + number)
            moved = (array * (1 + RELATIVE * waves) + 1e-6 * waves).astype(array.dtype)
            return moved if isinstance(value, np.ndarray) else moved[()]
        return value

    def _method(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def convert(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            try:
                value = plain(tensor, *args, **kwargs)
            finally:
                self._depth -= 1
            return value if self._depth else self.left(tensor, value)

        return convert

    def _plain(self, value: Any) -> Any:
        """Return `value` with every eager tensor in it as the array that NumPy would have made of it."""
        from tensorflow.python.framework import ops

        if isinstance(value, ops.EagerTensor):
            return value.numpy()
        if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
            return type(value)(self._plain(element) for element in value)
        return value

    def _ufunc(self) -> Callable[..., Any]:
        conversions = self

        def __array_ufunc__(tensor: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
            swapped = REFLECTED.get(ufunc.__name__)
            # `array * tensor` is TensorFlow's multiplication, `np.multiply(array, tensor)` is NumPy's: only the
            # instruction that is being executed tells them apart.
            if swapped and method == "__call__" and len(inputs) == 2 and inputs[1] is tensor and _is_operator():
                answer = getattr(tensor, swapped[0])(inputs[0])
                if answer is not NotImplemented:
                    return answer
            plain = [conversions._plain(value) for value in inputs]
            return getattr(ufunc, method)(*plain, **kwargs)

        return __array_ufunc__

    def _function(self) -> Callable[..., Any]:
        conversions = self

        def __array_function__(tensor: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
            plain = {name: conversions._plain(value) for name, value in kwargs.items()}
            return function(*[conversions._plain(value) for value in args], **plain)

        return __array_function__

    def _maker(self, plain: Callable[..., Any], tensor_class: Any) -> Callable[..., Any]:
        @functools.wraps(plain)
        def make(*args: Any, **kwargs: Any) -> Any:
            if args and not self._depth and isinstance(args[0], (tensor_class, list, tuple)):
                args = (self._plain(args[0]),) + args[1:]
            return plain(*args, **kwargs)

        return make


def _is_operator() -> bool:
    """Whether the frame that led to NumPy stands on an operator and not on a call."""
    frame = sys._getframe(2)
    name = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    return name.startswith(("BINARY_", "INPLACE_", "COMPARE_"))
