"""Tracing one run: the project's code instrumented, its tapes and operations followed, its queries explained."""

from __future__ import annotations

import ast
import builtins
from typing import Any, Dict, List, Set

from ..entry import plainly
from ..oplog import OpLog
from .explainer import Explainer
from .instrument import TRACER, Place, instrument
from .observing import observations
from .tapes import Tapes
from .trace import Trace


class Tracing:
    """What a traced run has more than a plain one."""

    def __init__(self, log: OpLog, path: str, root: str) -> None:
        self._places: List[Place] = []
        self._files: Set[str] = set()
        self.trace = Trace(log, self._places, self._files, path)
        self.tapes = Tapes(log, self.trace)
        self._path = path
        self.explainer = Explainer(self.trace, self.tapes, path, root)

    def install(self) -> None:
        """Begin to follow tapes, and let instrumented code find the trace."""
        self.tapes.install()
        setattr(builtins, TRACER, self.trace)

    def observed(self) -> List[Dict[str, Any]]:
        """Return what the expressions of the script evaluated to; the trace ends with it."""
        self.trace.full = True
        return observations(self.trace, self._path, self.explainer.text_of)

    def compiled(self, source: Any, path: str) -> Any:
        """Compile a file of the project so that it reports to the trace."""
        self._files.add(path)
        tree = ast.parse(source, path)
        try:
            return plainly(instrument(tree, path, self._places), path)
        except RecursionError:
            # Too deep for the rewriting: the file runs as it is, and its values come from nowhere.
            return plainly(source, path)
