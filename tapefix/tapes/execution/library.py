"""What is known of the libraries: names, what their calls return, and which of them a tape can follow."""

from __future__ import annotations

import re
from functools import lru_cache

from tapefix.tapes.execution.vocabulary import ARRAY_BODIES, COPYING
from tapefix.tapes.values import Dtype, Kind

_ALIASES = (
    ("tensorflow.compat.v2.", "tensorflow."),
    ("tensorflow.compat.v1.", "tensorflow."),
    ("tensorflow._api.v2.", "tensorflow."),
    ("tensorflow.python.keras.", "keras."),
    ("tensorflow.keras.", "keras."),
    ("tensorflow.optimizers.", "keras.optimizers."),
    ("tf_keras.", "keras."),
    ("keras.api.", "keras."),
)
_EXACT = {
    "tensorflow.compat.v2": "tensorflow",
    "tensorflow.compat.v1": "tensorflow",
    "tensorflow.keras": "keras",
    "tensorflow.python.keras": "keras",
    "tf_keras": "keras",
    "tensorflow.python.eager.backprop.GradientTape": "tensorflow.GradientTape",
    "tensorflow.autodiff.GradientTape": "tensorflow.GradientTape",
    "tensorflow.contrib.eager.python.tfe": "tensorflow.contrib.eager",
    "tensorflow.contrib.eager.GradientTape": "tensorflow.GradientTape",
    "tensorflow.contrib.eager.Variable": "tensorflow.Variable",
}


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """One name for everything that goes by several: `tensorflow.compat.v2.X` is `tensorflow.X`."""
    changed = True
    while changed:
        changed = False
        if name in _EXACT:
            name = _EXACT[name]
            changed = True
        for prefix, replacement in _ALIASES:
            if name.startswith(prefix):
                name = replacement + name[len(prefix) :]
                changed = True
    return name


FOREIGN_ROOTS = ("scipy", "sklearn", "cv2", "PIL", "skimage")
"""Libraries that compute outside TensorFlow: they take a tensor's values, and give arrays or objects of their own."""
_KNOWN_ROOTS = ("tensorflow", "keras", "numpy", "math", "builtins", *FOREIGN_ROOTS)


def known(name: str) -> bool:
    """Whether a qualified name belongs to a library that this page describes."""
    return name.partition(".")[0] in _KNOWN_ROOTS


def foreign(name: str) -> bool:
    """Whether a qualified name belongs to a library that computes outside TensorFlow by functions of its own."""
    return name.partition(".")[0] in FOREIGN_ROOTS


FLOATING_DTYPES = {"float16", "float32", "float64", "bfloat16", "half", "double", "single", "float_", "longdouble"}
INTEGER_DTYPES = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)} | {"int_", "intp", "intc"}


def dtype_class(name: str) -> tuple[Dtype, str]:
    """The class of a dtype named `float32`, `tensorflow.int64`, `int` …, and its precise name where it has one."""
    short = name.rpartition(".")[2]
    if short in FLOATING_DTYPES:
        return Dtype.FLOATING, {"half": "float16", "double": "float64", "single": "float32"}.get(short, short)
    if short in INTEGER_DTYPES:
        return Dtype.INTEGER, short
    if short in ("bool", "bool_"):
        return Dtype.BOOL, "bool"
    if short in ("complex64", "complex128"):
        return Dtype.COMPLEX, short
    return {
        "float": (Dtype.FLOATING, "float64"),
        "int": (Dtype.INTEGER, ""),
    }.get(short, (Dtype.UNKNOWN, ""))


_NOT_TENSORS = re.compile(
    r"tensorflow\.(config|io|saved_model|summary|train|distribute|autograph|debugging|lite|tpu|types|version|test|"
    r"profiler|experimental\.(?!numpy)|print|executing_eagerly|function$|name_scope|device|init_scope|"
    r"control_dependencies|no_op|get_logger|TensorSpec|TensorShape|constant_initializer|random_.*_initializer|"
    r"zeros_initializer|ones_initializer|is_tensor|broadcast_static_shape|no_gradient|custom_gradient|"
    r"recompute_grad|dtypes|nest|data|feature_column|lookup|random\.(set_seed|Generator)|raw_ops$|estimator|"
    r"contrib|Session|Graph|placeholder|get_default_graph|get_variable|get_collection|\w+_variables$|trainable_weights|"
    r"as_dtype|load_library|timestamp|numpy_function$)"
)
_KERAS_CLASSES = {
    "layers": Kind.LAYER,
    "losses": Kind.LOSS,
    "metrics": Kind.METRIC,
    "optimizers": Kind.OPTIMIZER,
}
_KERAS_LOSS_ALIASES = {"MSE", "MAE", "MAPE", "MSLE", "KLD"}


def call_result(name: str) -> Kind:
    """What a call of the library object `name` returns. `Kind.UNKNOWN` where that is not known."""
    root, _, rest = name.partition(".")
    short = name.rpartition(".")[2]
    if root == "tensorflow":
        if name == "tensorflow.Variable":
            return Kind.VARIABLE
        if name == "tensorflow.GradientTape":
            return Kind.TAPE
        if name.startswith("tensorflow.data."):
            return Kind.DATASET if "Dataset" in name or ".experimental." in name else Kind.UNKNOWN
        if name in ARRAY_BODIES:
            return Kind.TENSOR
        if name.startswith(("tensorflow.io.decode", "tensorflow.io.parse", "tensorflow.io.read_file")):
            return Kind.TENSOR
        if name.startswith("tensorflow.train.") and short.endswith("Optimizer"):
            return Kind.OPTIMIZER
        if _NOT_TENSORS.match(name):
            return Kind.UNKNOWN
        # A class such as `tf.Module` or `tf.RaggedTensor` is capitalised; functions are not.
        return Kind.TENSOR if short[:1].islower() else Kind.UNKNOWN
    if root == "keras":
        return _keras_call(rest, short)
    if root == "numpy":
        if name.startswith(("numpy.testing.", "numpy.lib.", "numpy.ndindex", "numpy.save", "numpy.set_printoptions")):
            return Kind.UNKNOWN
        if name in ("numpy.random.seed", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.load"):
            return Kind.UNKNOWN
        return Kind.NDARRAY
    if root in FOREIGN_ROOTS:
        return Kind.NDARRAY if _foreign_array(name, short) else Kind.UNKNOWN
    if root == "math":
        return Kind.SCALAR
    return Kind.UNKNOWN


_FOREIGN_ARRAYS = re.compile(
    r"scipy\.(special|ndimage|linalg|signal|fft|spatial\.distance|stats\.\w+)\.\w+|scipy\.integrate\.(trapezoid|simpson)|"
    r"cv2\.\w+|sklearn\.metrics(\.pairwise)?\.\w+"
)


def _foreign_array(name: str, short: str) -> bool:
    """Whether a function of another library gives an array or a number, not an object of its own."""
    return short[:1].islower() and _FOREIGN_ARRAYS.fullmatch(name) is not None


def _keras_call(rest: str, short: str) -> Kind:
    space = rest.partition(".")[0]
    if rest in ("Input", "layers.Input"):
        return Kind.SYMBOLIC
    if space in ("Sequential", "Model", "models", "applications"):
        return Kind.MODEL if short not in ("preprocess_input", "decode_predictions") else Kind.UNKNOWN
    if space in _KERAS_CLASSES:
        if short in _KERAS_LOSS_ALIASES:
            return Kind.TENSOR
        if short == "get" or short in ("serialize", "deserialize"):
            return _KERAS_CLASSES[space] if short == "get" else Kind.UNKNOWN
        if short[:1].isupper():
            return _KERAS_CLASSES[space]
        return Kind.TENSOR if space in ("losses", "metrics") else Kind.UNKNOWN
    if space == "Variable":
        return Kind.VARIABLE
    if f"keras.{rest}" in COPYING:
        return Kind.NDARRAY
    if space in ("ops", "backend", "activations"):
        return Kind.TENSOR
    if space == "random" and short != "SeedGenerator":
        return Kind.TENSOR
    if rest == "utils.to_categorical":
        return Kind.NDARRAY
    return Kind.UNKNOWN
