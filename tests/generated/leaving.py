"""Breaks of the path itself: values leave TensorFlow, are wrapped anew, or are cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from tests.generated.breaking import way
from tests.generated.program import MARK, Edit, Program

TWINS = {
    "reduce_mean": "mean",
    "reduce_sum": "sum",
    "reduce_max": "max",
    "math.reduce_mean": "mean",
    "square": "square",
    "sqrt": "sqrt",
    "exp": "exp",
    "abs": "abs",
    "tanh": "tanh",
    "sin": "sin",
    "cos": "cos",
    "maximum": "maximum",
    "math.log": "log",
    "norm": "linalg.norm",
    "stack": "stack",
    "squeeze": "squeeze",
    "transpose": "transpose",
    "expand_dims": "expand_dims",
}
"""Functions of TensorFlow, and those of NumPy that take the same arguments."""


def _around(p: Program, node: cst.CSTNode, before: str, after: str) -> list[Edit]:
    start, end = p.span(node)
    return [Edit(start, start, MARK + before), Edit(end, end, after)]


def _method(p: Program, node: cst.BaseExpression, call: str) -> list[Edit]:
    bare = isinstance(node, (cst.Call, cst.Name, cst.Attribute, cst.Subscript)) or bool(node.lpar)
    return _around(p, node, "" if bare else "(", call if bare else ")" + call)


def _numpy_calls(p: Program, below: cst.CSTNode | None = None) -> Iterator[tuple[cst.Call, list[Edit]]]:
    for call in p.all(cst.Call, below):
        name = p.code(call.func)
        twin = TWINS.get(name.removeprefix("tf.")) if name.startswith("tf.") else None
        if twin is not None and p.inside(call):
            start, end = p.span(call.func)
            yield call, [Edit(start, end, f"{MARK}np.{twin}")]


@way("numpy method", "101 102", every=2)
def numpy_method(p: Program) -> Iterator[list[Edit]]:
    """`y = f(x)` → `y = f(x).numpy()`."""
    for _, value, _ in p.assignments():
        yield _method(p, value, ".numpy()")


@way("numpy method, NumPy after it", "101 102")
def numpy_from_there(p: Program) -> Iterator[list[Edit]]:
    """`y = f(x).numpy()`, and what is computed from it in NumPy, too."""
    for name, value, line in p.assignments():
        edits = _method(p, value, ".numpy()")
        names = {name}
        block = next(p.parents(line))
        siblings = list(getattr(block, "body", ()))
        if line not in siblings:
            continue
        for later in siblings[siblings.index(line) + 1 :]:
            for call, change in _numpy_calls(p, later):
                if any(argument.value in names for argument in p.all(cst.Name, call)):
                    edits += change
                    stored = re.match(r"\s*(\w+) = ", p.code(later))
                    names |= {stored.group(1)} if stored else set()
        if len(edits) > 2:
            yield [*edits, *p.with_numpy()]


@way("numpy function", "102")
def numpy_function(p: Program) -> Iterator[list[Edit]]:
    """`tf.reduce_mean(y)` → `np.mean(y)`."""
    for _, edits in _numpy_calls(p):
        yield [*edits, *p.with_numpy()]


@way("Python float", "103", every=3)
def python_float(p: Program) -> Iterator[list[Edit]]:
    """`loss = f(x)` → `loss = float(f(x))`."""
    for _, value, _ in p.assignments():
        yield _around(p, value, "float(", ")")


@way("item", "101 103", every=4)
def item(p: Program) -> Iterator[list[Edit]]:
    """`loss = f(x)` → `loss = f(x).numpy().item()`."""
    for _, value, _ in p.assignments():
        yield _method(p, value, ".numpy().item()")


@way("predict", "104")
def predict(p: Program) -> Iterator[list[Edit]]:
    """`model(x)` → `model.predict(x)`."""
    if re.search(r"Dropout|BatchNorm|GaussianNoise", p.text):
        return
    models = set(re.findall(r"^(\w+) = (?:tf\.)?(?:keras\.)?(?:Sequential|Model|build)\(", p.text, re.MULTILINE))
    models |= set(re.findall(r"^(\w+) = tf\.keras\.(?:Sequential|Model)\(", p.text, re.MULTILINE))
    for call in p.all(cst.Call):
        name = p.code(call.func)
        if (name in models or name.endswith((".network", ".model"))) and p.inside(call):
            start = p.span(call.func)[0]
            end = p.span(call)[1]
            yield [Edit(start, end, f"{MARK}{name}.predict({p.code(call.args[0].value)}, verbose=0)")]


@way("tf.Variable again", "105", every=3)
def variable_again(p: Program) -> Iterator[list[Edit]]:
    """`y = f(x)` → `y = tf.Variable(f(x))`."""
    for _, value, _ in p.assignments():
        yield _around(p, value, "tf.Variable(", ")")


@way("tf.constant of an array", "105 102 101", every=3)
def constant_of_array(p: Program) -> Iterator[list[Edit]]:
    """`y = f(x)` → `y = tf.constant(np.array(f(x)))`."""
    for _, value, _ in p.assignments():
        yield [*_around(p, value, "tf.constant(np.array(", "))"), *p.with_numpy()]


@way("converted back", "105 101", every=4)
def converted_back(p: Program) -> Iterator[list[Edit]]:
    """`y = f(x)` → `y = tf.convert_to_tensor(f(x).numpy())`."""
    for _, value, _ in p.assignments():
        first, last = _method(p, value, ".numpy())")
        yield [Edit(first.start, first.end, f"{MARK}tf.convert_to_tensor({first.new.replace(MARK, '')}"), last]


@way("tf.numpy_function", "106")
def numpy_function_op(p: Program) -> Iterator[list[Edit]]:
    """`tf.square(y)` → `tf.numpy_function(np.square, [y], tf.float32)`."""
    for call in p.all(cst.Call):
        name = p.code(call.func).removeprefix("tf.")
        if name in ("square", "exp", "tanh", "sin", "abs", "sqrt", "math.log") and p.inside(call):
            start, end = p.span(call)
            only = p.code(call.args[0].value)
            new = f"{MARK}tf.numpy_function(np.{TWINS[name]}, [{only}], tf.float32)"
            yield [Edit(start, end, new), *p.with_numpy()]


@way("stopped", "107", unsafe=True, every=4)
def stopped(p: Program) -> Iterator[list[Edit]]:
    """`y = f(x)` → `y = tf.stop_gradient(f(x))`."""
    for _, value, _ in p.assignments():
        yield _around(p, value, "tf.stop_gradient(", ")")


@way("rounded", "502", unsafe=True, every=4)
def rounded(p: Program) -> Iterator[list[Edit]]:
    """`y = f(x)` → `y = tf.round(f(x))`."""
    for _, value, _ in p.assignments():
        yield _around(p, value, "tf.round(", ")")
