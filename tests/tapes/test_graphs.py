"""The graphs of Keras models: which output is made of which tensor, and where a layer stands."""

from __future__ import annotations

import pytest

from tapefix.tapes.execution import graphs
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Value

HEAD = """
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
inputs = keras.Input((4,))
h = layers.Dense(3, name="h")(inputs)
one, two = layers.Dense(2)(h), layers.Dense(1)(h)
model = keras.Model(inputs, one)
"""


def _names(text: str) -> dict[str, Value]:
    return Reading(HEAD + text).execution.module_frame.names


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("a, b = h, one", True),
        ("a, b = model.get_layer('h').output, model.output", True),
        ("a, b = model.get_layer('h').output, model.outputs[0]", True),
        ("a, b = one, two", False),
        ("a, b = model.output, h", False),
        (
            "m = keras.models.load_model(p)\na, b = m.get_layer('x').output, m.get_layer('y').output",
            None,
        ),
    ],
)
def test_what_leads_to_what(text: str, answer: bool | None) -> None:
    names = _names(text)
    assert graphs.leads_to(names["a"], names["b"]) is answer


def test_layers_of_a_sequential_built_by_add_are_of_an_earlier_wiring() -> None:
    built = "s = keras.Sequential()\ns.add({})\ns.add(layers.Dense(2, name='d'))\ns.add(layers.Dense(1))\n"
    for first, stale in [("keras.Input((4,))", True), ("layers.Dense(3, input_shape=(4,))", True)]:
        names = _names(built.format(first) + "t = s.get_layer('d').output")
        assert graphs.is_stale(names["t"], names["s"]) is stale
    names = _names("s = keras.Sequential()\ns.add(layers.Dense(2, name='d'))\nt = s.get_layer('d').output")
    assert not graphs.is_stale(names["t"], names["s"])


def test_a_layer_of_an_inner_model_is_placed_in_it() -> None:
    names = _names("outer = keras.Sequential([keras.Input((4,)), model])\nt = model.get_layer('h').output")
    assert graphs.place_in(names["model"], names["t"]) == graphs.Place()
    assert graphs.place_in(names["outer"], names["t"]) == graphs.Place(names["model"])
    other = _names("other = keras.Model(inputs, two)\nt = one")
    assert graphs.place_in(other["other"], other["t"]) is None


def test_each_output_of_a_call_is_a_tensor_of_its_own() -> None:
    names = _names("both = keras.Model(inputs, [h, one, two])\nx = tf.ones((1, 4))\na, b, c = both(x)")
    assert names["a"] in names["b"].inputs and names["a"] in names["c"].inputs
    assert names["b"] not in names["c"].inputs


def test_a_star_import_of_keras_is_looked_up() -> None:
    text = "from tensorflow.keras.layers import *\nmade = Dense(3)\n"
    assert Reading(text).execution.module_frame.names["made"].name == "keras.layers.Dense"
    assert Reading("from numpy import *\n" + text).execution.module_frame.names["made"].name == ""
