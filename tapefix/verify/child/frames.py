"""Which line of the file under test is running."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Optional, Tuple

GENERATED = "__autograph_generated_file"

Position = Tuple[int, Optional[Tuple[int, int, int, int]]]


class Frames:
    """Finds the innermost frame of the file under test."""

    def __init__(self, path: str, root: str) -> None:
        self.path = path
        self.root = root.rstrip("/") + "/"

    def position(self) -> Tuple[Optional[Position], str]:
        """Return where the file under test is, and the name of the function there; None when it is not on the stack."""
        frame: Optional[FrameType] = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if name == self.path:
                function = getattr(frame.f_code, "co_qualname", frame.f_code.co_name)
                return (frame.f_lineno, _exact(frame)), function
            if GENERATED in name:
                line = self._converted()
                if line is not None:
                    return (line, None), frame.f_code.co_name
            frame = frame.f_back
        return None, ""

    def line(self) -> Optional[int]:
        """Return the line of the file under test, or None."""
        frame: Optional[FrameType] = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self.path:
                return frame.f_lineno
            frame = frame.f_back
        return None

    def direct(self, depth: int) -> bool:
        """Whether the caller `depth` frames up is the project's own code, and not a library's."""
        try:
            name = sys._getframe(depth + 1).f_code.co_filename
        except ValueError:
            return False
        return name == self.path or GENERATED in name or (name.startswith(self.root) and "site-packages" not in name)

    def of_traceback(self, traceback: Any) -> Optional[int]:
        """Return the last line of the file under test that a traceback passes through."""
        line = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.path:
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        return line

    def _converted(self) -> Optional[int]:
        # AutoGraph keeps the map from its generated code to the source; TensorFlow's own stack goes through it.
        from tensorflow.python.util import tf_stack

        for entry in reversed(list(tf_stack.extract_stack())):
            if entry.filename == self.path:
                return int(entry.lineno)
        return None


def _exact(frame: FrameType) -> Optional[Tuple[int, int, int, int]]:
    positions = getattr(frame.f_code, "co_positions", None)
    if positions is None:
        return None
    for index, found in enumerate(positions()):
        if index == frame.f_lasti // 2:
            line, end_line, column, end_column = found
            if None in found:
                return None
            return line, column, end_line, end_column
    return None
