"""TPF705: graphs of TensorFlow 1 that a script trains in a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding, Tag
from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.training import session_training


class SessionTraining(Codemod):
    """A graph of TensorFlow 1 is trained in a session: there is no tape, and nothing that runs eagerly.

    ## What it finds

    A script with placeholders, variables, a loss and `minimize` of an optimizer of `tf.train`, whose steps are taken by
    `session.run`: by `import tensorflow.compat.v1 as tf` and `tf.disable_v2_behavior()`, by `tf.compat.v1`, or as it
    was written for TensorFlow 1. Graphs that are only run, tests, and files that open no session are left alone.

    ## Why the gradient is out of reach

    `minimize` adds the gradient to the graph, where only the session can compute it. TensorFlow 2 has neither
    (`AttributeError: module 'tensorflow' has no attribute 'placeholder'`), and nothing that expects eager tensors, a
    tape, a layer of Keras, a debugger, can be used beside them.

    ## What the rewrite does

    Variables stay where they are made. Statements that make tensors of what is fed move into functions: one for each
    set of things that the script fetches, with the placeholders for parameters, and one for what these have in common.
    The function with the step of training records the loss on a tape and hands the gradients to the optimizer of Keras
    that computes the same. Each `session.run` becomes a call, which gives NumPy values as before. Names that TensorFlow
    2 does not have are replaced by those of the same meaning.

    The run before has the meaning that TensorFlow 1 gave it (that of `tf.compat.v1`). The run after begins with the
    same values of the variables, and losses, gradients, fetched values and the output have to be the same.

    `tf.app` and `tf.flags` are those of `tf.compat.v1`, which need nothing else to be installed. Each call of
    `tf.layers.dense`, `conv1d`, `conv2d`, `max_pooling2d`, `average_pooling2d` or `flatten` becomes a layer of Keras,
    which is made once where the call stood (in front of a function that is called once and makes layers), and called in
    the functions. `tf.variable_scope` goes where it does no more than give names. A TensorFlow whose Keras is the third
    has no `tf.layers`: the run before is then given functions that make the variables and compute what TensorFlow 1
    documents, and a note of the verdict says so.

    `tf.train.Saver` becomes `tf.train.Checkpoint` of the variables, layers and the optimizer made above it, or
    `tf.train.CheckpointManager` where the files are numbered by steps. The files have the same names, and the values in
    them are compared; files that TensorFlow 1 wrote have another inside, and are not read by it.

    Where a merged summary is fetched, the function gives the values by their tags, and `add_summary` becomes a call of
    a function that writes them with `tf.summary`, which needs TensorBoard to be installed. Values, steps and tags are
    compared; numbers that a graph adds to a name (`loss_1`) are not kept. The graph itself is no longer drawn there.

    What has no counterpart that is known to be exact is named instead: queues, random numbers drawn in the graph,
    layers and scopes that share their variables, layers made in a loop or of what a function is given, savers of some
    of the variables, summaries of weights that are fetched along with a step.

    ## When to ignore it

    Where the graph itself is what is wanted: to be exported, or run by other programs.

    Source: https://www.tensorflow.org/guide/migrate
    """

    code: ClassVar[str] = "TPF705"
    name: ClassVar[str] = "session-training"
    applicability: ClassVar[Applicability] = Applicability.UNSAFE
    reason: ClassVar[str] = (
        "the script is another one afterwards: what a graph computed in a session, functions compute"
    )
    tag: ClassVar[Tag | None] = Tag.DEPRECATED

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for the training."""
        found = session_training(reading)
        if found is not None:
            yield self.finding(
                reading,
                found.node,
                "a graph is trained in a session: TensorFlow 2 has tapes and functions for that",
                rewrite=found.rewrite,
                reason=found.reason,
                queries=frozenset({reading.line(found.node)}),
            )
