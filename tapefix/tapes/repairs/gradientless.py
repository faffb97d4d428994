"""Operations without a gradient: what computes the same with one, and what else to do."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from tapefix.tapes.execution.stopping import RESIZE
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.cuts import Cut
from tapefix.tapes.repairs.spelling import free_name
from tapefix.tapes.repairs.steady import has_comment, is_pure, is_simple, own_line
from tapefix.tapes.values import Value
from tapefix.tapes.writing.draft import Draft

_DRAWN = "drawn numbers have no gradient: `tf.random.gamma`, or a sample that is computed from noise, has one"
_COLOURS = "scale or mix the colours by arithmetic, with `tf.image.rgb_to_grayscale` for the part without colour"
_WAYS_OUT = {
    "tensorflow.edit_distance": "take a loss on the scores of the tokens, such as `tf.nn.ctc_loss`",
    "tensorflow.histogram_fixed_width": "take soft bins, such as a `tf.nn.softmax` over the distances to their centres",
    "tensorflow.image.adjust_hue": _COLOURS,
    "tensorflow.image.adjust_jpeg_quality": "leave the compression out of what is differentiated",
    "tensorflow.image.adjust_saturation": _COLOURS,
    "tensorflow.image.draw_bounding_boxes": "draw the boxes for display only",
    "tensorflow.image.extract_glimpse": "`tf.image.crop_and_resize` has a gradient",
    "tensorflow.image.hsv_to_rgb": "change the colours in RGB, where arithmetic has a gradient",
    "tensorflow.image.non_max_suppression": "its result are indices: gather the boxes or scores by them",
    "tensorflow.image.random_hue": _COLOURS,
    "tensorflow.image.random_saturation": _COLOURS,
    "tensorflow.image.stateless_random_hue": _COLOURS,
    "tensorflow.image.stateless_random_saturation": _COLOURS,
    "tensorflow.linalg.logm": "for a symmetric matrix, take the logarithm of the eigenvalues from `tf.linalg.eigh`",
    "tensorflow.linalg.lu": "`tf.linalg.solve`, `tf.linalg.inv`, `tf.linalg.slogdet` and `tf.linalg.cholesky` have one",
    "keras.ops.lu_factor": "`keras.ops.solve`, `keras.ops.inv` and `keras.ops.cholesky` have one",
    "tensorflow.math.bincount": "`tf.math.unsorted_segment_sum` adds up weights and has one",
    "tensorflow.quantization.quantize": "`tf.quantization.fake_quant_with_min_max_vars` has one",
    "tensorflow.random.categorical": "take a Gumbel softmax, or the logarithm of the probability of what was drawn",
    "tensorflow.random.stateless_categorical": "take a Gumbel softmax, or the log probability of what was drawn",
    "keras.random.categorical": "take a Gumbel softmax, or the logarithm of the probability of what was drawn",
    "tensorflow.random.poisson": _DRAWN,
    "tensorflow.random.stateless_binomial": _DRAWN,
    "tensorflow.random.stateless_poisson": _DRAWN,
    "tensorflow.signal.irfft3d": "`tf.signal.ifft3d` has one",
    "tensorflow.signal.rfft3d": "`tf.signal.fft3d` of `tf.cast(x, tf.complex64)` has one",
    "tensorflow.image.adjust_contrast": "write it out: the mean of the pixels, plus the factor times the rest",
    "tensorflow.image.random_contrast": "draw the factor, and scale the difference from the mean of the pixels by it",
    "tensorflow.image.stateless_random_contrast": "draw the factor, and scale the difference from the mean by it",
    "tensorflow.random.shuffle": "shuffle indices, and `tf.gather` by them",
    "tensorflow.truncatemod": "`tf.math.floormod` has one",
    "tensorflow.unique": "gather the values by the indices of their first appearance",
    "tensorflow.unique_with_counts": "gather the values by the indices of their first appearance",
    RESIZE: 'the other methods have one: `method="bilinear"` with `antialias=True`, or `tf.nn.avg_pool2d`',
}
_OTHERWISE = "nothing is known that computes the same and has a gradient"


def way_out(value: Value) -> str:
    """What to do instead, in words."""
    return _WAYS_OUT.get(value.name, _OTHERWISE)


def write_twin(reading: Reading, cut: Cut, draft: Draft) -> bool:
    """Write what computes the same with a gradient, where that is known; whether something was written."""
    node, value = cut.node, cut.values[0]
    twin = _TWINS.get(value.name)
    if cut.held or twin is None or not isinstance(node, cst.Call) or any(a.star for a in value.arguments):
        return False
    if has_comment(node):
        # It would be lost.
        return False
    text = twin(reading, draft, node, value)
    if text:
        draft.rewrite_whole(node, text)
    return bool(text)


def _given(reading: Reading, value: Value, *names: str) -> list[str] | None:
    """The text of the arguments, when these are all there are."""
    found = [value.argument(position, name) for position, name in enumerate(names)]
    if any(a is None for a in found) or len(value.arguments) != len(names):
        return None
    nodes = [a.node.value for a in found if a is not None]
    return [reading.code(node) for node in nodes]


def _contrast(reading: Reading, draft: Draft, node: cst.Call, value: Value) -> str:
    given, line = _given(reading, value, "images", "contrast_factor"), own_line(reading, node)
    if given is None or line is None:
        return ""
    images, factor = given
    if not is_simple(value.arguments[0].node.value):
        name = free_name(reading, "images", "before_contrast")
        draft.insert_before(line, f"{name} = ({images})" if "\n" in images else f"{name} = {images}")
        images = name
    mean = free_name(reading, "mean", "channel_mean", "mean_colour")
    simple = is_simple(value.arguments[1].node.value)
    draft.insert_before(line, f"{mean} = {draft.tensorflow()}.reduce_mean({images}, axis=[-3, -2], keepdims=True)")
    text = f"{mean} + {factor if simple else f'({factor})'} * ({images} - {mean})"
    enclosed = isinstance(reading.parent(node), (cst.Arg, cst.Assign, cst.Return))
    return text if enclosed else f"({text})"


def _shuffled(reading: Reading, draft: Draft, node: cst.Call, value: Value) -> str:
    tensor = value.argument(0, "value")
    others = [a for a in value.arguments if a is not tensor]
    if tensor is None or not is_simple(tensor.node.value) or any(a.keyword != "seed" for a in others):
        return ""
    tf, text = draft.tensorflow(), reading.code(tensor.node.value)
    seed = "".join(f", seed={reading.code(a.node.value)}" for a in others)
    shuffle = reading.code(node.func)
    return f"{tf}.gather({text}, {shuffle}({tf}.range({tf}.shape({text})[0]){seed}))"


def _binned(reading: Reading, draft: Draft, node: cst.Call, value: Value) -> str:
    named = {
        a.keyword or ("arr", "weights", "minlength")[min(n, 2)]: a.node.value for n, a in enumerate(value.arguments)
    }
    if not {"arr", "weights"} <= set(named) or not set(named) <= {"arr", "weights", "minlength"}:
        return ""
    if not is_pure(named["arr"]):
        return ""
    tf, bins, weights = draft.tensorflow(), reading.code(named["arr"]), reading.code(named["weights"])
    count = f"{tf}.reduce_max({bins}) + 1"
    if "minlength" in named:
        count = f"{tf}.maximum({reading.code(named['minlength'])}, {count})"
    return f"{tf}.math.unsorted_segment_sum({weights}, {bins}, {count})"


def _remainder(reading: Reading, draft: Draft, node: cst.Call, value: Value) -> str:
    given = _given(reading, value, "x", "y")
    if given is None or not all(is_simple(argument.node.value) for argument in value.arguments):
        return ""
    text = f"{given[0]} - {given[1]} * {draft.tensorflow()}.truncatediv({given[0]}, {given[1]})"
    return text if isinstance(reading.parent(node), (cst.Arg, cst.Assign, cst.Return)) else f"({text})"


_TWINS: dict[str, Callable[[Reading, Draft, cst.Call, Value], str]] = {
    "tensorflow.image.adjust_contrast": _contrast,
    "tensorflow.math.bincount": _binned,
    "tensorflow.random.shuffle": _shuffled,
    "tensorflow.truncatemod": _remainder,
    "tensorflow.math.truncatemod": _remainder,
}
