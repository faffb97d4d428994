"""Libraries that compute outside TensorFlow: what to say of a function of theirs that has no twin."""

from __future__ import annotations

from typing import Final

_OUTSIDE: Final = " (`tf.py_function` does not help)"

_WAYS_OUT: Final = (
    ("scipy.stats", "TensorFlow has no such distribution: write its formula with `tf.math`"),
    ("scipy.optimize", "an optimizer of SciPy leaves the tape: take the steps with a tape and `tf.keras.optimizers`"),
    ("scipy.integrate", "TensorFlow has no such solver: write its steps, or the sum, with TensorFlow operations"),
    ("scipy.interpolate", "TensorFlow has no such interpolation: write it with `tf.searchsorted` and `tf.gather`"),
    ("scipy.ndimage", "TensorFlow has no such filter: write it as a convolution, `tf.nn.conv2d` with a fixed kernel"),
    ("scipy.signal", "TensorFlow has no such filter: write it with `tf.nn.conv1d` or `tf.signal`"),
    ("scipy.sparse", "SciPy's sparse matrices are no tensors: use `tf.sparse`"),
    ("scipy.fft", "`tf.signal` has the transforms, of complex tensors"),
    ("scipy", "SciPy computes outside TensorFlow, and no function of TensorFlow is known to mean the same"),
    ("sklearn.metrics", "a metric of scikit-learn is a bare number: use a loss of `tf.keras.losses`"),
    ("sklearn.preprocessing", "scikit-learn gives arrays: write the scaling with tensors, from its fitted attributes"),
    ("sklearn", "scikit-learn computes outside TensorFlow: write the step with TensorFlow operations"),
    ("cv2", "OpenCV computes outside TensorFlow: `tf.image` has resizing, cropping and colors, `tf.nn` convolutions"),
    ("PIL", "an image of PIL is no tensor: `tf.image` has resizing, cropping and colors"),
    ("skimage", "scikit-image computes outside TensorFlow: `tf.image` has resizing, colors and SSIM"),
)


def way_out(name: str) -> str:
    """What to do about a call of a function or an object of another library; empty where nothing is known."""
    for module, reason in _WAYS_OUT:
        if name == module or name.startswith(f"{module}."):
            return reason + _OUTSIDE
    return ""
