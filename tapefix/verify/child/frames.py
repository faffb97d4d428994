"""Which line of the file under test is running."""

from __future__ import annotations

import ast
import sys
from types import FrameType
from typing import Any, List, Optional, Tuple

GENERATED = "__autograph_generated_file"

Position = Tuple[int, Optional[Tuple[int, int, int, int]]]


class Frames:
    """Finds the innermost frame of the file under test."""

    def __init__(self, path: str, root: str, text: str = "") -> None:
        self.path = path
        self.root = root.rstrip("/") + "/"
        self.text = text

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
                return refolded(self.text, int(entry.lineno))
        return None


def refolded(text: str, line: int) -> int:
    """Return the true line for one that AutoGraph names: it joins lines that end with a backslash before it counts."""
    lines = text.splitlines()
    folds = [number for number, written in enumerate(lines, start=1) if written.endswith("\\")]
    start = _converted_from(text, line) if folds else None
    if start is None:
        return line
    # The line that AutoGraph names is the one-based place among the joined lines of what it converts.
    number, left = start, line - start
    while left > 0 and number < len(lines):
        left -= number not in folds
        number += 1
    return number


def _converted_from(text: str, line: int) -> Optional[int]:
    """Return where the function that AutoGraph converted begins: the nearest that is decorated, or the outermost."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: List[Tuple[bool, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or node.lineno):
            decorated = any("function" in ast.dump(decorator) for decorator in node.decorator_list)
            found.append((decorated, min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])))
    marked = [start for decorated, start in found if decorated]
    return max(marked) if marked else min((start for _, start in found), default=None)


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
