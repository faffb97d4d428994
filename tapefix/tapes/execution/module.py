"""The abstract execution of a whole module."""

from __future__ import annotations

import sys

import libcst as cst

from tapefix.tapes.execution.roots import Roots
from tapefix.tapes.execution.state import ExhaustedError
from tapefix.tapes.values import Value

_RECURSION_LIMIT = 20_000


class Execution(Roots):
    """Executes the module, then every function that nothing in it calls."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(module)
        self.loop_ends: list[str] = []
        self.exhausted = False

    def attribute_of(self, node: cst.CSTNode, receiver: Value, name: str) -> Value:
        """The value of `getattr(receiver, name)`."""
        return self.seen(node, self.attribute(node, receiver, name))

    def element_of(self, node: cst.BaseExpression, source: Value) -> Value:
        """One element of an iterable whose elements are not known one by one."""
        return self.element(node, source)

    def run(self) -> None:
        """Execute; a module that takes too many steps is left where it stands, `exhausted`."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
        try:
            self.bind("__name__", self.literal(None, "__main__"))
            self.body(self.module.body)
            self._run_uncalled()
        except ExhaustedError:
            self.exhausted = True
        finally:
            sys.setrecursionlimit(limit)

    def _run_uncalled(self) -> None:
        """Functions passed around, called from elsewhere, or exported: entered with unknown parameters.

        Executing one may define others, which then stand at the end of the list.
        """
        self.statement, self.branch = None, ()
        index = 0
        while index < len(self.definitions):
            value, definition = self.definitions[index]
            index += 1
            if not definition.calls:
                self.invoke_root(value)
