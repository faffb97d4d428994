"""Functions that TensorFlow 1 had under another name: the same arguments, the same result."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.eager import on_condition

_MOVED = {
    "math": (
        "accumulate_n angle betainc bincount ceil conj digamma erf erfc igamma"
        " igammac imag invert_permutation is_finite is_inf is_nan lbeta lgamma log log1p log_sigmoid polygamma real"
        " reciprocal rint rsqrt segment_max segment_mean segment_min segment_prod segment_sum squared_difference"
        " unsorted_segment_max unsorted_segment_mean unsorted_segment_min unsorted_segment_prod unsorted_segment_sum"
        " zeta"
    ),
    "linalg": "cholesky cholesky_solve cross matrix_transpose qr svd trace",
    "io": "decode_base64 encode_base64 parse_tensor read_file serialize_tensor write_file",
    "compat.v1": "div multinomial to_double to_float to_int32 to_int64",
}
RENAMED = {
    "diag": "linalg.tensor_diag",
    "diag_part": "linalg.tensor_diag_part",
    "matrix_band_part": "linalg.band_part",
    "matrix_determinant": "linalg.det",
    "matrix_diag": "linalg.diag",
    "matrix_diag_part": "linalg.diag_part",
    "matrix_inverse": "linalg.inv",
    "matrix_set_diag": "linalg.set_diag",
    "matrix_solve": "linalg.solve",
    "matrix_triangular_solve": "linalg.triangular_solve",
    "random_gamma": "random.gamma",
    "random_normal": "random.normal",
    "random_shuffle": "random.shuffle",
    "random_uniform": "random.uniform",
    "self_adjoint_eig": "linalg.eigh",
    "set_random_seed": "random.set_seed",
    "truncated_normal": "random.truncated_normal",
    **{short: f"{home}.{short}" for home, names in _MOVED.items() for short in names.split()},
    **{
        f"layers.{name}": f"keras.layers.{name}"
        for name in ("Conv1D", "Conv2D", "Conv3D", "Dense", "Dropout", "Flatten")
    },
    **{
        f"losses.{name}": f"compat.v1.losses.{name}"
        for name in (
            "absolute_difference",
            "hinge_loss",
            "huber_loss",
            "log_loss",
            "mean_squared_error",
            "sigmoid_cross_entropy",
            "softmax_cross_entropy",
            "sparse_softmax_cross_entropy",
        )
    },
}


def old_names(reading: Reading) -> Iterator[tuple[cst.Attribute, str]]:
    """The expressions `tf.X` that TensorFlow 2 does not have, each with the name that it goes by there."""
    root = reading.tensorflow_name
    if root is None:
        return
    for node in reading.tree.nodes(cst.Attribute):
        name = RENAMED.get(reading.code(node).removeprefix(f"{root}."))
        held = isinstance(reading.parent(node), cst.Call) and _root_is_module(reading, node, root)
        if name is not None and held and not on_condition(reading, node):
            yield node, f"{root}.{name}"


def _root_is_module(reading: Reading, node: cst.Attribute, root: str) -> bool:
    owner: cst.BaseExpression = node
    while isinstance(owner, cst.Attribute):
        owner = owner.value
    values = reading.values(owner)
    return isinstance(owner, cst.Name) and owner.value == root and all(v.name == "tensorflow" for v in values)
