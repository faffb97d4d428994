"""What NumPy, `math` and SciPy calls mean in TensorFlow.

The table answers for one call at a time: with the TensorFlow expression of exactly the same meaning (`Twin`), or with
the reason why there is none (`NoTwin`). It needs neither NumPy nor TensorFlow. What "the same" leaves open:

- Python numbers (`float(t)`, `math.exp(t)`, `t.item()`) become tensors of rank 0, in the tensor's dtype.
- Where NumPy widens float32 to float64 because the other operand is a float64 or integer array or scalar, TensorFlow
  keeps the tensor's dtype: values agree within float32. `Twin.note` says so. Some of `tf.experimental.numpy` widen too.
- Two tensors on a path are taken to share one floating dtype unless the arguments say otherwise; a tensor whose dtype
  is not known is taken to be floating, as a gradient asks.
- What NumPy leaves open stays open: the order of equal elements in `argsort`, NaN among the values of a median.
- Twins are exact in eager code. While a graph is built, a literal or an array that stands before the tensor may need a
  cast (`tf.where(mask, 0.0, t)` with a float64 `t`), and Python's `sum`, `max`, `min` and `len` take no tensors.
- SciPy's functions agree where they are defined and finite; at infinity and outside their domain TensorFlow may answer
  otherwise (`tf.math.erf` of infinity in float64 is NaN).
- A gradient through `tf.gather` reaches its source as `tf.IndexedSlices`.
- `math` raises where a function has no value (`math.log(-1.0)`); TensorFlow answers NaN, as NumPy does.
"""

from tapefix.tapes.twins.arguments import NOT_CONSTANT, RECEIVER, UNCHANGED, Argument, NoTwin, Slot, Twin
from tapefix.tapes.twins.operators import twin_of_operator
from tapefix.tapes.twins.table import KNOWN, Known, twin_of_function, twin_of_method

__all__ = [
    "KNOWN",
    "NOT_CONSTANT",
    "RECEIVER",
    "UNCHANGED",
    "Argument",
    "Known",
    "NoTwin",
    "Slot",
    "Twin",
    "twin_of_function",
    "twin_of_method",
    "twin_of_operator",
]
