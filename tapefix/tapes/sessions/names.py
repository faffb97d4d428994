"""What the names of TensorFlow 1 in such a script are called in TensorFlow 2, where they mean the same."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.old_names import RENAMED

V1 = "compat.v1."


class CannotConvertError(Exception):
    """Why a script cannot be taken out of its session; the message says it."""


def _listed(text: str, home: str = "") -> frozenset[str]:
    return frozenset(home + name for name in text.split())


RANDOM = _listed(
    "random_normal random_uniform truncated_normal random_gamma random_shuffle random_crop multinomial"
    " random.normal random.uniform random.truncated_normal random.gamma random.shuffle random.categorical"
    " nn.dropout layers.dropout"
)
"""What draws numbers: others in a graph than outside of it, whatever the seed."""

_SAME = (
    _listed(
        "abs acos acosh add add_n argsort as_string asin asinh atan atan2 atanh broadcast_to cast clip_by_global_norm"
        " clip_by_norm clip_by_value complex concat cos cosh cumsum divide einsum equal exp eye fill floor greater"
        " greater_equal identity less less_equal linspace logical_and logical_not logical_or matmul maximum minimum"
        " multiply negative not_equal one_hot ones pow range rank realdiv reshape reverse roll round saturate_cast"
        " sequence_mask sigmoid sign sin sinh slice sort split sqrt square stack stop_gradient strided_slice subtract"
        " tan tanh tensordot tile truediv unstack zeros"
    )
    | _listed("batch_normalization bias_add elu l2_loss l2_normalize relu selu softsign top_k zero_fraction", "nn.")
    | _listed(
        "add_n atan2 cumprod cumsum equal floordiv greater greater_equal l2_normalize less less_equal logical_and"
        " logical_not logical_or logical_xor not_equal pow segment_mean segment_sum squared_difference subtract truediv"
        " unsorted_segment_mean unsorted_segment_sum xdivy xlogy abs acos add asin atan ceil conj cos cosh digamma"
        " divide divide_no_nan erf erfc exp expm1 floor imag lgamma log log1p log_sigmoid maximum minimum mod multiply"
        " negative real reciprocal rsqrt sigmoid sign sin sinh sqrt square tan tanh",
        "math.",
    )
    | _listed("adjoint band_part cholesky det eye inv qr set_diag solve svd tensor_diag tensordot", "linalg.")
    | _listed("random.normal random.uniform random.truncated_normal random.gamma random.shuffle")
    | _listed(
        "float16 float32 float64 double half bfloat16 int8 int16 int32 int64 uint8 bool string complex64 complex128"
        " newaxis DType TensorShape __version__"
    )
)
"""What is the same thing under the same name, or (of `tf.math`) takes the same and does the same."""

_COMPAT = _listed(
    "get_variable where to_float to_double to_int32 to_int64 div count_nonzero confusion_matrix"
    " logging.set_verbosity logging.DEBUG logging.INFO logging.WARN logging.ERROR logging.FATAL"
    " zeros_initializer ones_initializer constant_initializer random_normal_initializer random_uniform_initializer"
    " truncated_normal_initializer glorot_normal_initializer glorot_uniform_initializer orthogonal_initializer"
    " variance_scaling_initializer nn.softmax_cross_entropy_with_logits nn.in_top_k"
) | _listed(
    "absolute_difference hinge_loss huber_loss log_loss mean_squared_error sigmoid_cross_entropy softmax_cross_entropy"
    " sparse_softmax_cross_entropy",
    "losses.",
)
"""What is still there under `tf.compat.v1`, and does outside a graph what it did inside."""


@dataclass(frozen=True)
class _Taking:
    """A function that does the same as long as it is given no more than this."""

    positional: int
    keywords: frozenset[str] = frozenset()
    renamed: dict[str, str] = field(default_factory=dict)
    name: str = ""
    """What it is called, where that is another name."""


_REDUCTION = _Taking(2, _listed("axis keepdims name"), {"reduction_indices": "axis", "keep_dims": "keepdims"})
_OVER_AXIS = _Taking(2, _listed("axis name output_type"), {"dimension": "axis"})
_ENTROPY = _Taking(0, _listed("labels logits name"))
_POOL = _Taking(4, _listed("ksize strides padding name"))

_WITH_ARGUMENTS: dict[str, _Taking] = {
    **dict.fromkeys(
        (
            f"{home}reduce_{kind}"
            for home in ("", "math.")
            for kind in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "sum")
        ),
        _REDUCTION,
    ),
    **dict.fromkeys(("argmax", "argmin", "math.argmax", "math.argmin"), _OVER_AXIS),
    "arg_max": _Taking(2, frozenset(), name="argmax"),
    "arg_min": _Taking(2, frozenset(), name="argmin"),
    "expand_dims": _Taking(2, _listed("axis name"), {"dim": "axis"}),
    "squeeze": _Taking(2, _listed("axis name"), {"squeeze_dims": "axis"}),
    "ones_like": _Taking(2, _listed("dtype name")),
    "zeros_like": _Taking(2, _listed("dtype name")),
    "shape": _Taking(1, _listed("name")),
    "size": _Taking(1, _listed("name")),
    "transpose": _Taking(2, _listed("perm name")),
    "gather": _Taking(2, _listed("axis name")),
    "norm": _Taking(1, _listed("ord axis name")),
    "pad": _Taking(2, _listed("paddings mode name")),
    "constant": _Taking(2, _listed("dtype shape name")),
    "convert_to_tensor": _Taking(2, _listed("dtype name")),
    "nn.softmax": _Taking(2, _listed("axis name"), {"dim": "axis"}),
    "nn.log_softmax": _Taking(2, _listed("axis name"), {"dim": "axis"}),
    **dict.fromkeys(("nn.sigmoid", "nn.tanh", "nn.softplus", "nn.relu6"), _Taking(1, _listed("name"))),
    "nn.leaky_relu": _Taking(2, _listed("alpha name")),
    "nn.moments": _Taking(2, _listed("axes name")),
    "nn.conv2d": _Taking(4, _listed("strides padding name")),
    "nn.max_pool": _POOL,
    "nn.avg_pool": _POOL,
    "nn.softmax_cross_entropy_with_logits_v2": _Taking(
        2, _listed("labels logits axis name"), name="nn.softmax_cross_entropy_with_logits"
    ),
    "nn.sparse_softmax_cross_entropy_with_logits": _ENTROPY,
    "nn.sigmoid_cross_entropy_with_logits": _ENTROPY,
    "name_scope": _Taking(1, _listed("name")),
    "Variable": _Taking(1, _listed("initial_value trainable name dtype")),
}

COUNTERS = ("train.get_or_create_global_step", "train.create_global_step")
"""What makes the variable of a graph that counts its steps of training."""

LATEST = ("train.latest_checkpoint", "train.get_checkpoint_state")
"""What asks for the file that was saved last."""

_PYTHON = ("app.", "flags.", "gfile.", "logging.")
"""What makes no tensors: the command line, files, and messages."""

_DROPPED = _listed("disable_v2_behavior disable_eager_execution disable_resource_variables reset_default_graph")
"""Calls that only make TensorFlow 2 behave as TensorFlow 1 did."""


_REASONS = {
    "summary.": "summaries are written of the graph in a way that those of TensorFlow 2 are not known to replace",
    "train.Saver": "`tf.train.Saver` keeps variables by their names in the graph; `tf.train.Checkpoint` keeps objects",
    "layers.": "`tf.layers` makes variables where it is called; layers of Keras, made once, have to take its place",
    "contrib.": "TensorFlow 2 has no `tf.contrib`",
    "ConfigProto": "a session's configuration has no meaning without the session",
    "GPUOptions": "a session's configuration has no meaning without the session",
    "Session": "the session is opened in a loop, under a condition, or apart from the graph",
    "InteractiveSession": "the session is opened in a loop, under a condition, or apart from the graph",
    "placeholder": "a placeholder is made in a loop, under a condition, or apart from the graph",
    "variable_scope": "`tf.variable_scope` shares variables by their names",
    "gradients": "the graph asks for gradients besides those of the optimizer",
    "train.": "what `tf.train` does here belongs to the graph",
    "data.": "an iterator of the graph feeds it",
    "keras.": "layers of Keras are a part of the graph",
    "assign": "an assignment is an operation of the graph, which runs when it is fetched",
    "cond": "a branch of the graph is chosen when it runs",
    "while_loop": "a loop is a part of the graph",
}
"""Why there is no other name, where more can be said than that there is none; by the beginning of the name."""


def is_dropped(name: str | None) -> bool:
    """Whether a call of this name goes without a trace."""
    return name in _DROPPED


def is_python(name: str | None) -> bool:
    """Whether a name has nothing to do with tensors: the command line, files, and messages."""
    return name is not None and (name in LATEST or f"{name}.".startswith(_PYTHON))


def dotted(reading: Reading, node: cst.BaseExpression) -> str | None:
    """What `tf.nn.relu` or `tf.compat.v1.nn.relu` names: `nn.relu`; `None` where it is nothing of TensorFlow."""
    root = reading.tensorflow_name
    if root is None or not isinstance(node, cst.Attribute):
        return None
    parts: list[str] = []
    current: cst.BaseExpression = node
    while isinstance(current, cst.Attribute):
        parts.append(current.attr.value)
        current = current.value
    if not isinstance(current, cst.Name) or current.value != root:
        return None
    return ".".join(reversed(parts)).removeprefix(V1)


def renamed(name: str, call: cst.Call | None) -> tuple[str, dict[str, str]]:
    """What a name is called in TensorFlow 2, and what some of its keywords are called there.

    Raises:
        CannotConvertError: nothing is known that does the same, with these arguments.
    """
    if name in _SAME or name in LATEST:
        return name, {}
    taking = _WITH_ARGUMENTS.get(name)
    if taking is not None:
        _check_arguments(name, taking, call)
        return taking.name or name, taking.renamed
    if name in _COMPAT or is_python(name):
        return V1 + name, {}
    if name == "set_random_seed":
        return "random.set_seed", {}
    if name in RENAMED and not RENAMED[name].startswith("keras."):
        return RENAMED[name], {}
    for beginning, reason in _REASONS.items():
        if name.startswith(beginning):
            raise CannotConvertError(reason)
    raise CannotConvertError(f"nothing is known that does outside a graph what `tf.{name}` does in one")


def _check_arguments(name: str, taking: _Taking, call: cst.Call | None) -> None:
    for position, argument in enumerate(call.args if call is not None else ()):
        keyword = argument.keyword.value if argument.keyword is not None else None
        if argument.star or (keyword is None and position >= taking.positional):
            raise CannotConvertError(f"`tf.{name}` takes other arguments in TensorFlow 2")
        if keyword is not None and position and keyword not in taking.keywords and keyword not in taking.renamed:
            raise CannotConvertError(f"`tf.{name}` may not take `{keyword}` in TensorFlow 2")
