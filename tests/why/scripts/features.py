"""Every corner of the language that instrumenting code could get wrong; it prints what it computes."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import itertools
import sys

import numpy as np
import tensorflow as tf

Table = dict[str, list[int]]


class Meta(type):
    def __getitem__(cls, item):
        return (cls.__name__, item)


class Box(metaclass=Meta):
    """A class with all sorts of members."""

    __private = 3
    count = 0

    def __init__(self, value, *rest, scale=2, **options):
        super().__init__()
        self.value, self.__hidden = value, scale
        self.rest: tuple[int, ...] = rest
        self.options = options
        type(self).count += 1

    @property
    def hidden(self):
        return self.__hidden + Box.__private

    @classmethod
    def make(cls, *args, **kwargs):
        return cls(*args, **kwargs)

    @staticmethod
    def twice(x):
        return x * 2

    def __matmul__(self, other):
        return ("matmul", self.value, other)

    def __getitem__(self, index):
        return index

    def __setitem__(self, index, value):
        self.options[str(index)] = value

    def __iadd__(self, other):
        self.value += other
        return self

    def __call__(self, function=None, place=1, *, self_=None):
        return (place, self_, function)


class Child(Box):
    def __init__(self, value):
        super().__init__(value, 1, 2, scale=5, function="f", place="p")

    def name(self):
        return __class__.__name__


@dataclasses.dataclass(order=True)
class Point:
    x: float
    y: float = 0.0
    tags: list[str] = dataclasses.field(default_factory=list)


def documented(a, /, b: int = 1 + 1, *args: int, c: int | None = None, **kwargs) -> str:
    "the documentation"
    return f"{a} {b!r:>4} {args} {c} {sorted(kwargs)}"


def generator(n):
    total = 0
    for i in range(n):
        got = yield i * i
        total += got or 0
    return total


def recursive(n):
    return 1 if n < 2 else n * recursive(n - 1)


def counter():
    n = 0

    def up(by=1):
        nonlocal n
        n += by
        return n

    return up


def frames():
    local = 5
    return sorted(locals()), inspect.currentframe().f_code.co_name, eval("local + 1")


box = Child(4)
print(box.hidden, box.rest, box.options, box.name(), Box.count, Box[1:2], Box["a", 2])
print(box @ 3, box[1:2, ..., None], box[::2], box["k"], Box.make(1).value, Box.twice(4))
print(box(place=3, function=4, self_=5), (lambda *a, k=2: (a, k))(1, *[2, 3], k=9))
box[1, 2] = 7
box["x"] = box["y"] = 8
box += 3
print(box.value, box.options)
print(Point(1.0, tags=["a"]) < Point(2.0), dataclasses.asdict(Point(1, 2)))
print(documented(1), documented(1, 2, 3, 4, c=5, z=6), documented.__doc__, documented.__defaults__)
gen = generator(3)
print([next(gen), gen.send(10), gen.send(20)], list(generator(4)))
up = counter()
print(up(), up(2), up(), recursive(10), frames())
a, (b, *c), d = 1, (2, 3, 4), [5]
[e, f] = (x := 7, x + 1)
a, b = b, a
g = h = [0] * 3
g[0], g[-1] = 4, 5
g[1:2] = [7, 8]
g[0] += 1
del g[2]
print(a, b, c, d, e, f, g is h, g)
print({k: v for k, v in zip("abc", itertools.count())}, {i % 2 for i in range(5)}, [i for i in g if i > 4 if i < 9])
print(1 < 2 < 3 != 4, not 0, -3 % 5, 7 // 2, 2**-1, 1 if g else 2, None is None, 3 in [1, 2], ~5, +3, 6 & 3 | 8 ^ 1, 1 << 4)
print(sum(x * x for x in range(4)), max([3, 1], key=lambda v: -v), sorted({"b": 1, "a": 2}), "%s-%s" % (1, 2), "a" "b" * 2)
with tf.device("/CPU:0") as device, open(__file__) as file:
    print(file.readline().strip()[:9], device is not None)
for i, (p, q) in enumerate(zip([1, 2], [3, 4])):
    if i:
        continue
    print(i, p, q)
else:
    print("no break")
while True:
    try:
        assert g, "empty"
        raise ValueError(g.pop())
    except (ValueError, KeyError):
        if not g:
            break
    finally:
        print("left", len(g))
print(error is not None if "error" in globals() else "gone", sys._getframe().f_lineno > 0)
array = np.arange(6.0).reshape(2, 3)
array[0] *= 2
array[:, 1] = array.sum(axis=1)
array += 1
rows = [row.tolist() for row in array]
first, second = array
print(rows, first.shape, array.T[0], array[array > 3].size, np.add.reduce(array, axis=0), array is array)
t = tf.constant([1.0, 2.0])
t += 1
u, v = tf.unstack(t)
print(t.numpy(), float(u) + v.numpy(), t[0].numpy(), [float(z) for z in t], (t @ tf.ones((2,))).numpy() if False else "skip")
s = tf.Variable(t)
s.assign_add([1.0, 1.0])
print(s.numpy(), [w.name for w in [s]], functools.reduce(lambda m, n: m * n, [1, 2, 3]))


@tf.function
def graph(x):
    if tf.reduce_sum(x) > 0:
        x = x * 2.0
    for _ in tf.range(2):
        x += 1.0
    return x


print(graph(t).numpy())
global_after: int
global_after = 3
print(global_after, Table, __name__, __doc__[:5], documented.__annotations__["b"])


async def coroutine():
    return [i async for i in agen()]


async def agen():
    for i in range(3):
        yield i


import asyncio

print(asyncio.run(coroutine()))
with tf.GradientTape() as tape:
    y = s * s
print(tape.gradient(y, s).numpy())
