"""TPF702: `K.gradients` in a `K.function`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding, Tag
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.backend_functions import BackendFunction, backend_functions
from tapefix.tapes.repairs.backend_writing import BackendWriter
from tapefix.tapes.repairs.eager import runs_eagerly
from tapefix.tapes.repairs.untaped import CannotTapeError


class BackendGradients(Codemod):
    """Gradients of a model's symbolic tensors: `K.gradients` in a `K.function`.

    ## What it finds

    A call of `K.function` whose outputs are made of `K.gradients`, as scripts for saliency maps and Grad-CAM
    have it: the gradient of a score with respect to `model.input` or to the output of a layer.

    ## Why the gradient is an error

    The symbolic tensors of a model carry shapes, not operations to walk back over. `K.gradients` raises in eager code
    (`RuntimeError: tf.gradients is not supported when eager execution is enabled`), and Keras 3 has no `K.function`.

    ## What the rewrite does

    It makes a function of the same name, called with the same list and giving arrays as before. Inside, a model with
    the outputs of the layers in question is called on a tape, and the statements that defined the outputs follow as
    they stood.

    ## When to ignore it

    Where the script switches eager execution off.

    Source: https://www.tensorflow.org/guide/keras/functional_api
    """

    code: ClassVar[str] = "TPF702"
    name: ClassVar[str] = "backend-gradients"
    applicability: ClassVar[Applicability] = Applicability.SAFE
    tag: ClassVar[Tag | None] = Tag.DEPRECATED

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each such function."""
        for node, calls in backend_functions(reading):
            if not all(runs_eagerly(reading, call) for call in calls):
                continue
            rewrite, reason = None, ""
            try:
                function = BackendFunction(reading, calls[0])
                function.read()
                rewrite = BackendWriter(reading, function).rewrite()
            except CannotTapeError as error:
                reason = str(error)
            yield self.finding(
                reading,
                node,
                "`K.gradients` has no graph to walk back over, and Keras 3 has no `K.function`",
                rewrite=rewrite,
                reason=reason,
                queries=frozenset({reading.line(node)}),
            )
