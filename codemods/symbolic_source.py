"""TPF601: the source is a symbolic tensor of Keras."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.symbolic import real_in_place, symbolic_queries


class SymbolicSource(Codemod):
    """`layer.output` or `model.input` as the source of a gradient.

    ## What it finds

    A query whose source is a symbolic tensor of Keras: `model.get_layer("conv").output`, `model.input`, a tensor that
    `keras.Input` or a functional call has given. Also a `tape.watch` of one.

    ## Why the gradient is an error

    A symbolic tensor says how a model is wired; it holds no numbers and no tape has seen it. `gradient` raises
    `AttributeError: 'KerasTensor' object has no attribute '_id'`, `watch` a `ValueError`.

    ## What the rewrite does

    It builds a model that gives the output of the layer beside its own, calls that one in place of the model, and asks
    for the real tensor. Later uses of the symbolic tensor in the same function follow. Where `model.input` is asked
    for, the tensor that the model is called on takes its place. For a layer of a model that is itself a layer, the
    calls of the outer model are made anew around a version of the inner one with two outputs (this needs Keras 3).

    ## When to ignore it

    Never. For a subclassed model there is advice only: it has no graph, so its `call` has to return the features.

    Source: https://www.tensorflow.org/guide/keras/functional_api#extract_and_reuse_nodes_in_the_graph_of_layers
    """

    code: ClassVar[str] = "TPF601"
    name: ClassVar[str] = "symbolic-source"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each query that asks for a symbolic tensor, or whose tape watches one."""
        for asked in symbolic_queries(reading):
            rewrite, reason = real_in_place(reading, asked)
            verb = "asks for" if asked.sources else "watches"
            yield self.finding(
                reading,
                asked.node,
                f"the tape {verb} `{reading.code(asked.node)}`, a symbolic tensor: it holds no numbers",
                rewrite=rewrite,
                reason=reason,
                queries=frozenset({reading.line(asked.query.node)}),
            )
