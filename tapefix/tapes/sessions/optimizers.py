"""The optimizer that steps outside of a session."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.old_optimizers import TWINS, twin_of
from tapefix.tapes.sessions.names import CannotConvertError, dotted
from tapefix.tapes.sessions.text import Text
from tapefix.tapes.values import Kind

_STILL_THERE = ("RMSPropOptimizer", "ProximalGradientDescentOptimizer", "ProximalAdagradOptimizer")


def optimizer_text(reading: Reading, call: cst.Call, text: Text) -> str:
    """The optimizer of Keras that computes the same, or that of TensorFlow 1, which works outside a graph too.

    Raises:
        CannotConvertError: there is none of that name.
    """
    short = (dotted(reading, call.func) or "").removeprefix("train.")
    made = [value for value in reading.values(call) if value.node is call and value.kind is Kind.OPTIMIZER]
    twin, pieces = twin_of(made[0]) if made else ("", [])
    tf = reading.tensorflow_name
    if twin:
        given = "".join(piece if isinstance(piece, str) else text.of(_node(piece)) for piece in pieces)
        return f"{tf}.{twin}({given})"
    if short not in TWINS and short not in _STILL_THERE:
        raise CannotConvertError(f"TensorFlow 2 has no `tf.train.{short}`")
    given = ", ".join(text.of(argument) for argument in call.args)
    return f"{tf}.compat.v1.train.{short}({given})"


def _node(piece: object) -> cst.CSTNode:
    node = getattr(piece, "node", piece)
    assert isinstance(node, cst.CSTNode)
    return node
