"""Departures: what is left alone and why, and where the array is asked for elsewhere."""

from __future__ import annotations

import textwrap

import pytest

from tapefix.engine import check, repair
from tapefix.registry import load_rules, select_rules

RULES = select_rules(load_rules(), ["TPF101", "TPF102", "TPF103", "TPF104", "TPF105", "TPF106", "TPF108"])
HEAD = "import math\nimport numpy as np\nimport tensorflow as tf\nx = tf.Variable([1.0, 2.0])\n"


def _repaired(body: str) -> str:
    return repair(HEAD + textwrap.dedent(body), RULES).text.removeprefix(HEAD)


def _reasons(body: str) -> set[str]:
    return {f.reason for f in check(HEAD + textwrap.dedent(body), RULES)}


def _in_tape(*lines: str, after: str = "") -> str:
    inside = "".join(f"    {line}\n" for line in lines)
    return f"with tf.GradientTape() as tape:\n{inside}{after}g = tape.gradient(loss, x)\n"


@pytest.mark.parametrize(
    ("why", "lines", "reason"),
    [
        ("a function that is not known may need an array", ["loss = helper(x.numpy())"], "may need an array"),
        ("arrays change in place, tensors do not", ["a = x.numpy()", "a[0] = 1.0", "loss = np.sum(a)"], "in place"),
        ("whole numbers have no gradient", ["loss = tf.cast(int(tf.reduce_sum(x)), tf.float32)"], "no gradient"),
        ("an index has no gradient", ["loss = tf.cast(np.argmax(x), tf.float32)"], "no gradient"),
        ("SciPy has the gamma function itself", ["loss = tf.reduce_sum(special.gamma(x.numpy()))"], "loses the sign"),
        ("percentiles have no twin", ["loss = np.percentile(x.numpy(), 5.0)"], "percentile"),
    ],
)
def test_path_that_cannot_be_mended_is_advice(why: str, lines: list[str], reason: str) -> None:
    text = "from scipy import special\nfrom elsewhere import helper\n" + _in_tape(*lines)
    found = check(HEAD + text, RULES)
    assert found, why
    assert all(finding.rewrite is None for finding in found)
    assert any(reason in finding.reason for finding in found), [finding.reason for finding in found]


@pytest.mark.parametrize(
    ("imports", "lines", "way_out"),
    [
        ("from scipy import ndimage", ["loss = tf.reduce_sum(ndimage.gaussian_filter(x, 1.0))"], "tf.nn.conv2d"),
        ("from scipy import ndimage as nd", ["loss = tf.reduce_sum(nd.zoom(x.numpy(), 2.0))"], "tf.nn.conv2d"),
        ("from scipy.optimize import minimize", ["loss = tf.reduce_sum(minimize(f, x).x)"], "tf.keras.optimizers"),
        ("from scipy.interpolate import interp1d", ["loss = tf.reduce_sum(interp1d(a, b)(x))"], "interpolation"),
        ("from scipy.interpolate import CubicSpline", ["s = CubicSpline(a, b)", "loss = s(x)[0]"], "interpolation"),
        ("from scipy import stats", ["loss = tf.reduce_sum(stats.gamma.logpdf(x, 2.0))"], "distribution"),
        ("from scipy.stats import norm", ["loss = tf.reduce_sum(norm.logcdf(x))"], "logarithm"),
        ("from sklearn.metrics import log_loss", ["loss = log_loss(labels, x)"], "tf.keras.losses"),
        ("import sklearn.metrics as m", ["loss = m.mean_squared_error(labels, x.numpy()) * 2"], "tf.keras.losses"),
        (
            "from sklearn.preprocessing import StandardScaler",
            ["scaler = StandardScaler().fit(data)", "loss = tf.reduce_sum(scaler.transform(x[None]))"],
            "fitted attributes",
        ),
        ("import cv2", ["loss = tf.reduce_mean(cv2.GaussianBlur(x.numpy(), (3, 3), 0))"], "tf.image"),
        ("import cv2", ["_, a = cv2.threshold(x.numpy(), 0.5, 1.0, 0)", "loss = tf.reduce_mean(a)"], "tf.image"),
        (
            "from PIL import Image",
            ["i = Image.fromarray(x.numpy()).resize((4, 4))", "loss = tf.reduce_mean(np.array(i) / 255.0)"],
            "tf.image",
        ),
        ("from skimage.transform import resize", ["loss = tf.reduce_mean(resize(x, (4, 4)))"], "tf.image"),
    ],
)
def test_library_without_a_twin_is_named_with_the_way_out(imports: str, lines: list[str], way_out: str) -> None:
    found = check(HEAD + imports + "\n" + _in_tape(*lines), RULES)
    assert all(finding.rewrite is None for finding in found)
    assert any(finding.code == "TPF108" and way_out in finding.reason for finding in found), found


@pytest.mark.parametrize(
    ("imports", "before", "after"),
    [
        ("from scipy.special import logit", "logit(q.numpy())", "tf.math.log(q) - tf.math.log1p(-q)"),
        ("from scipy.special import logit", "logit((x * 0.1).numpy())", ""),
        ("from scipy.special import logit", "logit(q.numpy()[0])", ""),
        ("from scipy.stats import norm", "norm(q.numpy(), 2.0).logpdf(x)", ""),
    ],
)
def test_what_is_written_twice_is_mended_twice(imports: str, before: str, after: str) -> None:
    text = imports + "\nwith tf.GradientTape() as tape:\n    q = x * 0.5\n    loss = {}\ng = tape.gradient(loss, x)\n"
    expected = text.format(after).removeprefix(imports + "\n")
    repaired = _repaired(text.format(before)).removeprefix(imports + "\n")
    if after:
        assert repaired == expected
    else:
        assert ".numpy()" not in repaired or repaired == text.format(before).removeprefix(imports + "\n")


def test_gradient_that_works_is_not_changed() -> None:
    body = """
    b = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        s = tf.reduce_sum(x * b).numpy()
        loss = b * 2.0 + s
    g = tape.gradient(loss, [x, b])
    """
    assert _reasons(body) == {"the gradient with respect to `b` at line 10 does not count it, and would change"}


def test_array_in_a_graph_is_not_asked_for() -> None:
    body = """
    @tf.function
    def step():
        with tf.GradientTape() as tape:
            y = x.numpy()
            loss = tf.reduce_sum(y)
        print(y.mean())
        return tape.gradient(loss, x)
    step()
    """
    assert any("inside a `tf.function`" in reason for reason in _reasons(body))


def test_helper_that_also_gets_unknown_arrays_is_left_alone() -> None:
    body = """
    def f(a):
        return np.mean(a ** 2)
    print(f([1, 2]), f(load()))
    with tf.GradientTape() as tape:
        loss = f(x.numpy())
    g = tape.gradient(loss, x)
    """
    assert any("also gets other arrays" in reason for reason in _reasons(body))


@pytest.mark.parametrize(
    ("use", "after"),
    [
        ("print(y)", "print(y.numpy())"),
        ("print([y, 1])", "print([y.numpy(), 1])"),
        ("print(f'{y}')", "print(f'{y}')"),
        ("print('%s' % y)", "print('%s' % y.numpy())"),
        ("z = -y + 1", "z = -y.numpy() + 1"),
        ("z = 2 * y", "z = 2 * y.numpy()"),
        ("z = y.tolist()", "z = y.numpy().tolist()"),
        ("z = np.argmax(y)", "z = np.argmax(y)"),
        ("z = y[0] + 1", "z = y.numpy()[0] + 1"),
        ("z = y.shape[0]", "z = y.shape[0]"),
        ("plot(y, label='y')", "plot(y.numpy(), label='y')"),
        ("send({'y': y})", "send({'y': y.numpy()})"),
        ("for v in y: print(v)", "for v in y.numpy(): print(v)"),
        ("t = tf.reduce_max(y)", "t = tf.reduce_max(y)"),
    ],
)
def test_other_uses_ask_for_the_array(use: str, after: str) -> None:
    before = _in_tape("y = x.numpy()", "loss = tf.reduce_sum(y)", after=f"{use}\n")
    expected = _in_tape("y = x", "loss = tf.reduce_sum(y)", after=f"{after}\n")
    assert _repaired(before) == expected


@pytest.mark.parametrize(
    ("use", "after"),
    [
        ("print(loss)", "print(float(loss))"),
        ("dump({'loss': loss})", "dump({'loss': float(loss)})"),
        ("print(f'{loss:.2f}')", "print(f'{loss:.2f}')"),
        ("z = round(loss, 2)", "z = round(float(loss), 2)"),
        ("z = math.log(loss)", "z = math.log(float(loss))"),
    ],
)
def test_other_uses_ask_for_the_number(use: str, after: str) -> None:
    before = _in_tape("loss = float(tf.reduce_sum(x))", after=f"{use}\n")
    assert _repaired(before) == _in_tape("loss = tf.reduce_sum(x)", after=f"{after}\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("np.mean(np.square(x.numpy() - 1))", "tf.reduce_mean(tf.square(x - 1))"),
        ("x.numpy().reshape(-1).sum()", "tf.reduce_sum(tf.reshape(x, [-1]))"),
        ("np.sum(\n        x.numpy(),  # all\n    )", "tf.reduce_sum(\n        x,  # all\n    )"),
        ("math.exp(tf.reduce_sum(x))", "tf.exp(tf.reduce_sum(x))"),
        ("tf.reduce_sum(tf.Variable(x * 2))", "tf.reduce_sum(x * 2)"),
        ("tf.Variable(x - 1)[0]", "(x - 1)[0]"),
        ("tf.reduce_sum(tf.cast(x.numpy(), tf.float32))", "tf.reduce_sum(tf.cast(x, tf.float32))"),
        ("np.linalg.norm(x)", "tf.norm(x)"),
        ("np.sum([v.numpy() for v in [x, x]])", "tf.reduce_sum([v for v in [x, x]])"),
    ],
)
def test_steps_are_written_in_tensorflow(before: str, after: str) -> None:
    assert _repaired(_in_tape(f"loss = {before}")) == _in_tape(f"loss = {after}")


def test_what_py_function_does_not_hand_over_is_advice() -> None:
    body = """
    with tf.GradientTape() as tape:
        loss = tf.py_function(lambda a: a * tf.reduce_sum(x.numpy()), [2.0], tf.float32)
    g = tape.gradient(loss, x)
    """
    assert any("name the value in `inp`" in reason for reason in _reasons(body))


@pytest.mark.parametrize(
    "call",
    [
        "tf.py_function(body, [x], tf.float32)",
        "tf.map_fn(body, x)",
        "tf.vectorized_map(body, x)",
        "tf.foldl(lambda a, row: a + body(row), x, tf.constant(0.0))",
        "tf.scan(lambda a, row: a + body(row), x, initializer=tf.constant(0.0))",
        "tf.cond(flag, lambda: body(x), lambda: body(2.0 * x))",
    ],
)
def test_body_that_tensorflow_calls_is_read(call: str) -> None:
    text = """
    def body(t):
        return {}(t) * 2.0


    with tf.GradientTape() as tape:
        loss = tf.reduce_sum({})
    g = tape.gradient(loss, x)
    """
    text = textwrap.dedent(text)
    assert _repaired(text.format("np.exp", call)) == text.format("tf.exp", call)


def test_what_one_path_must_leave_holds_the_other_paths_through_it() -> None:
    body = """
    b = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        s = np.sum(x.numpy() * b.numpy())
        loss = s + np.percentile(b.numpy(), 5.0)
    g = tape.gradient(loss, [x, b])
    """
    found = check(HEAD + textwrap.dedent(body), RULES)
    assert {finding.rewrite for finding in found} == {None}
    assert len(found) >= 4


def test_what_a_model_said_before_stays_a_constant_where_the_tape_calls_it_too() -> None:
    found = check(
        HEAD
        + textwrap.dedent("""
        from tensorflow import keras
        model = keras.Sequential([keras.layers.Dense(2)])
        def replay(s, r, s2):
            wanted = r + np.amax(model.predict(s2), axis=1)
            with tf.GradientTape() as tape:
                greedy = tf.cast(tf.argmax(model(s), axis=1), tf.float32)
                loss = tf.reduce_mean((wanted.astype("float32") - greedy) ** 2)
            return tape.gradient(loss, model.trainable_variables)
        replay(tf.ones((4, 3)), np.zeros(4), tf.ones((4, 3)))
        """),
        load_rules(),
    )
    assert {finding.code for finding in found} == {"TPF501"}
