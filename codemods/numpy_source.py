"""TPF205: the source is no tensor at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.numbers import number_binding
from tapefix.tapes.repairs.watching import Unwatched, unwatched
from tapefix.tapes.values import Kind
from tapefix.tapes.writing.draft import Draft


class NumpySource(Codemod):
    """A gradient is asked for an array, a list or a Python number.

    ## What it finds

    A source that is a NumPy array (`x = np.array([1.0, 2.0])`), a list of numbers or a Python number (`x = 3.0`),
    though the target is computed from it.

    ## Why the gradient fails

    Each operation makes a tensor of its own from an array or a number. There is none that the tape could be asked for:
    `AttributeError: 'numpy.ndarray' object has no attribute '_id'`. `tape.watch` refuses them with a `ValueError`.

    ## What the rewrite does

    A number or a list is made a tensor where it is written: `x = 3.0` becomes `x = tf.constant(3.0)`. An array is
    converted on a line in front of the tape, `x = tf.convert_to_tensor(x)`, or under a name of its own, `x_tensor`,
    where the array is needed afterwards. Then `tape.watch` names the tensor. What is assigned to, or given to an
    optimizer, becomes a `tf.Variable` where it is made. The tensor has the dtype of the array, or `float32` where the
    array meets a model, `float32` tensors, or holds integers.

    ## When to ignore it

    Never, as long as the gradient is wanted.

    Source: https://www.tensorflow.org/guide/autodiff#controlling_what_the_tape_watches
    """

    code: ClassVar[str] = "TPF205"
    name: ClassVar[str] = "numpy-source"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each source that is no tensor."""
        concerned = [found for found in unwatched(reading) if _concerns(found)]
        for found in concerned:
            if any(_encloses(reading, other, found) for other in concerned):
                # The tensor that the outer tape asks for is there inside it as well, and only needs to be watched.
                continue
            node = found.source.node
            shown = reading.code(node)
            binding = number_binding(reading, found)
            rewrite = None
            if not isinstance(binding, str):
                draft = Draft(reading)
                binding.write(draft)
                rewrite = draft.rewrite(f"Make `{shown}` a tensor and watch it")
            yield self.finding(
                reading,
                node,
                f"`{shown}` is no tensor but {_WORDS[found.value.kind]}: a tape cannot be asked for it",
                rewrite=rewrite,
                reason=binding if isinstance(binding, str) else "",
                queries=frozenset({reading.line(found.query.node)}),
            )


_WORDS = {Kind.NDARRAY: "a NumPy array", Kind.SCALAR: "made of Python numbers"}


def _concerns(found: Unwatched) -> bool:
    value = found.value
    return value.kind in _WORDS and not any(tensor.is_tensor for tensor in value.inputs)


def _encloses(reading: Reading, outer: Unwatched, inner: Unwatched) -> bool:
    """Whether an outer tape is asked for the same number, and gets a tensor for it."""
    if outer.value is not inner.value or outer.region.node is None or inner.region.node is None:
        return False
    around = outer.region.node in reading.parents(inner.region.node)
    return around and not isinstance(number_binding(reading, outer), str)
