"""Functions through which no gradient comes back, and why."""

from __future__ import annotations

_STOPPED = {"stop_gradient"}
_SELECTIONS = {"argmax", "argmin", "argsort", "nanargmax", "nanargmin", "one_hot"}
_COUNTS = {
    "as_string",
    "bucketize",
    "confusion_matrix",
    "count_nonzero",
    "digitize",
    "histogram_fixed_width_bins",
    "matrix_rank",
    "nonzero",
    "print",
    "searchsorted",
    "sequence_mask",
    "where_index",
    "zero_fraction",
}
_ROUNDINGS = {"ceil", "fix", "floor", "floor_divide", "floordiv", "rint", "round", "sign", "trunc", "truncatediv"}
_COMPARISONS = {
    "approximate_equal",
    "binary_accuracy",
    "categorical_accuracy",
    "equal",
    "greater",
    "greater_equal",
    "in_top_k",
    "is_finite",
    "is_inf",
    "is_nan",
    "is_non_decreasing",
    "is_strictly_increasing",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
    "reduce_all",
    "reduce_any",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
}
_CONSTANTS = {"empty_like", "full_like", "ones_like", "zeros_like"}
_SHAPES = {"rank", "shape", "shape_n", "size"}
_REASONS = {
    **dict.fromkeys(_STOPPED, "stopped"),
    **dict.fromkeys(_SELECTIONS, "selection"),
    **dict.fromkeys(_COUNTS, "count"),
    **dict.fromkeys(_ROUNDINGS, "rounding"),
    **dict.fromkeys(_COMPARISONS, "comparison"),
    **dict.fromkeys(_CONSTANTS, "constant"),
    **dict.fromkeys(_SHAPES, "shape"),
    **dict.fromkeys(("numpy_function", "py_func"), "numpy_function"),
}

# The function, and the operation for which TensorFlow 2.21 has no gradient; the tests ask the one that is installed.
# One that is asked for itself raises a `LookupError`; behind further operations, the answer is `None`.
GRADIENTLESS = {
    "tensorflow.bitcast": "Bitcast",
    "tensorflow.edit_distance": "EditDistance",
    "tensorflow.fingerprint": "Fingerprint",
    "tensorflow.guarantee_const": "GuaranteeConst",
    "tensorflow.histogram_fixed_width": "HistogramFixedWidth",
    "tensorflow.image.adjust_contrast": "AdjustContrastv2",
    "tensorflow.image.adjust_hue": "AdjustHue",
    "tensorflow.image.adjust_jpeg_quality": "EncodeJpegVariableQuality",
    "tensorflow.image.adjust_saturation": "AdjustSaturation",
    "tensorflow.image.draw_bounding_boxes": "DrawBoundingBoxesV2",
    "tensorflow.image.extract_glimpse": "ExtractGlimpseV2",
    "tensorflow.image.hsv_to_rgb": "HSVToRGB",
    "tensorflow.image.non_max_suppression": "NonMaxSuppressionV3",
    "tensorflow.image.random_contrast": "AdjustContrastv2",
    "tensorflow.image.random_hue": "AdjustHue",
    "tensorflow.image.random_saturation": "AdjustSaturation",
    "tensorflow.image.stateless_random_contrast": "AdjustContrastv2",
    "tensorflow.image.stateless_random_hue": "AdjustHue",
    "tensorflow.image.stateless_random_saturation": "AdjustSaturation",
    "tensorflow.linalg.logm": "MatrixLogarithm",
    "tensorflow.linalg.lu": "Lu",
    "tensorflow.math.bincount": "DenseBincount",
    "tensorflow.math.truncatemod": "TruncateMod",
    "tensorflow.quantization.quantize": "QuantizeV2",
    "tensorflow.random.categorical": "Multinomial",
    "tensorflow.random.poisson": "RandomPoissonV2",
    "tensorflow.random.shuffle": "RandomShuffle",
    "tensorflow.random.stateless_binomial": "StatelessRandomBinomial",
    "tensorflow.random.stateless_categorical": "StatelessMultinomial",
    "tensorflow.random.stateless_poisson": "StatelessRandomPoisson",
    "tensorflow.signal.irfft3d": "IRFFT3D",
    "tensorflow.signal.rfft3d": "RFFT3D",
    "tensorflow.unique": "Unique",
    "tensorflow.unique_with_counts": "UniqueWithCounts",
    "keras.ops.lu_factor": "Lu",
    "keras.ops.unique": "Unique",
    "keras.ops.view": "Bitcast",
    "keras.random.categorical": "StatelessMultinomial",
}
_ALSO_CALLED = {
    "tensorflow.math.bitcast": "tensorflow.bitcast",
    "tensorflow.math.histogram_fixed_width": "tensorflow.histogram_fixed_width",
    "tensorflow.truncatemod": "tensorflow.math.truncatemod",
    "tensorflow.linalg.lu_factor": "tensorflow.linalg.lu",
}
RESIZE = "tensorflow.image.resize"
RESIZE_AREA = "ResizeArea"
"""The operation behind one method of `tf.image.resize`; the others have a gradient."""

_TENSOR_NAMESPACES = (
    "tensorflow.",
    "keras.ops.",
    "keras.backend.",
    "keras.activations.",
    "keras.metrics.",
    "tensorflow_addons.",
)


def gradientless_operation(name: str) -> str:
    """The operation without a gradient that a library function executes; empty for any other function."""
    return GRADIENTLESS.get(_ALSO_CALLED.get(name, name), "")


def stop_reason(name: str) -> str:
    """Why no gradient passes a library function ("rounding", "count" …); empty when one does, as far as is known."""
    if not name.startswith(_TENSOR_NAMESPACES):
        return ""
    if gradientless_operation(name):
        return "gradientless"
    return _REASONS.get(name.rpartition(".")[2], "")


def is_zero(name: str) -> bool:
    """Whether the gradient of a library function is there, and zero everywhere."""
    return name.rpartition(".")[2] == "sign" and stop_reason(name) == "rounding"
