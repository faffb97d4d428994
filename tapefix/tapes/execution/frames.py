"""Where code runs: inside a graph, called or not."""

from __future__ import annotations

from tapefix.tapes.values import Frame


def speculative(frame: Frame) -> bool:
    """Whether a function was entered as if nobody called it, before a call of it came up."""
    root = frame
    while root.caller is not None:
        root = root.caller
    return root.root and root.definition is not None and root.definition.calls > 1


def in_graph(frame: Frame | None) -> bool:
    """Whether a frame runs inside a `tf.function`, where nothing has a value yet."""
    while frame is not None and frame.seal is not frame:
        if frame.definition is not None and any(d.name == "tensorflow.function" for d in frame.definition.decorators):
            return True
        frame = frame.caller
    return False
