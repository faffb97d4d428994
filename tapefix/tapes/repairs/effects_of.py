"""Collecting the effects of statements and expressions."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tapefix.tapes.execution.invocation import keras_role
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.effects import Effects, beginnings, dotted, root
from tapefix.tapes.tape import QUERY_METHODS
from tapefix.tapes.values import Definition, Kind, Operation, Value

_FIXED = (Kind.TENSOR, Kind.SCALAR, Kind.STRING, Kind.NONE, Kind.LIBRARY, Kind.MODULE, Kind.SYMBOLIC)
"""Kinds of things that nothing changes in place."""
_STATEFUL = (Kind.MODEL, Kind.LAYER, Kind.LOSS, Kind.INSTANCE)
_PURE_ROOTS = ("tensorflow.", "keras.", "numpy.", "math.", "scipy.", "builtins.", "functools.", "itertools.", "time.")
_PRINTING = {"builtins.print", "tensorflow.print", "builtins.input", "builtins.open"}
_CHANGING = ("tensorflow.io.write", "tensorflow.summary", "tensorflow.debugging", "tensorflow.keras.backend.set")
_OWN_CHANGES = {"append", "extend", "update", "add", "insert", "setdefault", "pop", "clear", "write", "update_state"}
_JUMPS = (cst.Return, cst.Raise, cst.Break, cst.Continue, cst.Yield, cst.Await, cst.Assert)


def effects_of(reading: Reading, *nodes: cst.CSTNode) -> Effects:
    """What executing these nodes does."""
    collector = _Collector(reading)
    for node in nodes:
        node.visit(collector)
    collector.found.reads -= collector.local
    collector.found.binds -= collector.local
    return collector.found


class _Collector(cst.CSTVisitor):
    """Collects effects; functions of the module count with what their bodies do to anything but their own names."""

    def __init__(self, reading: Reading, active: Sequence[cst.CSTNode] = ()) -> None:
        super().__init__()
        self.reading = reading
        self.found = Effects()
        self.active = tuple(active)
        self.local: set[str] = set()
        """Names that only exist in a comprehension."""

    # Names

    def visit_Name(self, node: cst.Name) -> None:
        self.found.reads.add(node.value)
        if any(value.kind in (Kind.VARIABLE, Kind.VARIABLES) for value in self.reading.values(node)):
            self.found.uses_state = True

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        name = dotted(node)
        if name is None:
            node.value.visit(self)
        else:
            self.found.reads |= beginnings(name)
        if any(value.kind in (Kind.VARIABLE, Kind.VARIABLES) for value in self.reading.values(node)):
            self.found.uses_state = True
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def _bind(self, target: cst.CSTNode) -> None:
        if isinstance(target, cst.Name):
            self.found.binds.add(target.value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._bind(element.value)
        elif isinstance(target, cst.StarredElement):
            self._bind(target.value)
        elif isinstance(target, cst.Attribute):
            name = dotted(target)
            if name is not None:
                self.found.binds.add(name)
                self.found.reads |= beginnings(name) - {name}
            else:
                self._change(target)
                target.value.visit(self)
        elif isinstance(target, cst.Subscript):
            self._change(target)
            target.visit(self)

    def _change(self, node: cst.BaseExpression) -> None:
        name = root(node)
        if name is None:
            self.found.opaque = True
        else:
            self.found.changes.add(name)

    def visit_AssignTarget(self, node: cst.AssignTarget) -> bool:
        self._bind(node.target)
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        self._bind(node.target)
        if node.value is not None:
            node.value.visit(self)
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> bool:
        self._bind(node.target)
        node.target.visit(self)
        node.value.visit(self)
        return False

    def visit_NamedExpr(self, node: cst.NamedExpr) -> bool:
        self._bind(node.target)
        node.value.visit(self)
        return False

    def visit_For(self, node: cst.For) -> bool:
        self._bind(node.target)
        node.iter.visit(self)
        node.body.visit(self)
        if node.orelse is not None:
            node.orelse.visit(self)
        return False

    def visit_CompFor(self, node: cst.CompFor) -> bool:
        inner = _Collector(self.reading)
        inner._bind(node.target)
        self.local |= inner.found.binds
        node.iter.visit(self)
        for part in node.ifs:
            part.visit(self)
        if node.inner_for_in is not None:
            node.inner_for_in.visit(self)
        return False

    def visit_AsName(self, node: cst.AsName) -> bool:
        self._bind(node.name)
        return False

    def visit_Del(self, node: cst.Del) -> bool:
        targets = node.target.elements if isinstance(node.target, cst.Tuple) else [node.target]
        for target in targets:
            self._bind(target.value if isinstance(target, cst.BaseElement) else target)
        return False

    def visit_ImportAlias(self, node: cst.ImportAlias) -> bool:
        self.found.binds.add((node.evaluated_alias or node.evaluated_name).partition(".")[0])
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.found.binds.add(node.name.value)
        inner = _Collector(self.reading)
        node.body.visit(inner)
        self.found.reads |= inner.found.reads - inner.found.binds
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.found.binds.add(node.name.value)
        self.found.opaque = True
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        inner = _Collector(self.reading)
        node.body.visit(inner)
        self.found.reads |= inner.found.reads
        return False

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Note what leaves the block before going on as usual."""
        if isinstance(node, _JUMPS):
            self.found.jumps = True
        return super().on_visit(node)

    # Calls

    def visit_Call(self, node: cst.Call) -> bool:
        func = node.func
        if isinstance(func, cst.Attribute) and not self._known(func):
            receivers = self.reading.values(func.value)
            self._method(node, func, receivers)
        else:
            self._called(node, self.reading.values(func))
        func.visit(self)
        for argument in node.args:
            argument.value.visit(self)
        return False

    def _known(self, func: cst.Attribute) -> bool:
        """Whether the attribute itself was evaluated: something of a library, or of the file."""
        return any(v.kind in (Kind.LIBRARY, Kind.FUNCTION, Kind.METHOD, Kind.CLASS) for v in self.reading.values(func))

    def _method(self, node: cst.Call, func: cst.Attribute, receivers: Sequence[Value]) -> None:
        name = func.attr.value
        if not receivers:
            self._opaque(node)
        for receiver in receivers:
            if receiver.kind in (*_FIXED, Kind.NDARRAY):
                continue
            if receiver.kind is Kind.VARIABLE:
                self.found.uses_state = True
                if name.startswith(("assign", "scatter", "batch_scatter")):
                    self._opaque(node)
            elif receiver.kind is Kind.TAPE:
                # The order in which a tape is asked decides only whether a used-up one raises.
                if name not in QUERY_METHODS:
                    self._change(func.value)
            elif receiver.kind in (Kind.METRIC, Kind.SEQUENCE, Kind.MAPPING, Kind.DATASET) or (
                name in _OWN_CHANGES and receiver.kind is Kind.UNKNOWN and receiver.operation is not Operation.PARAMETER
            ):
                self._change(func.value)
            elif receiver.kind in (Kind.MODEL, Kind.LAYER, Kind.LOSS) and name in ("call", "__call__", "summary"):
                self._stateful(func.value)
            else:
                self._opaque(node)

    def _called(self, node: cst.Call, callees: Sequence[Value]) -> None:
        if not callees:
            self._opaque(node)
        for callee in dict.fromkeys(callees):
            if callee.kind is Kind.LIBRARY:
                self._library(node, callee.name)
            elif callee.kind in (Kind.FUNCTION, Kind.METHOD) and callee.definition is not None:
                self._function(node, callee.definition)
            elif callee.kind in _STATEFUL and (callee.kind is not Kind.INSTANCE or keras_role(callee.definition)):
                self._stateful(node.func)
            elif callee.kind is Kind.METRIC:
                self._change(node.func)
            else:
                self._opaque(node)

    def _stateful(self, node: cst.BaseExpression) -> None:
        """A call of a model: it reads its weights, may draw random numbers, and may keep statistics."""
        self.found.uses_state = self.found.random = True
        self._change(node)

    def _library(self, node: cst.Call, name: str) -> None:
        if name in _PRINTING or name.startswith(_CHANGING):
            self.found.prints = True
        elif ".random" in name or name.endswith(("dropout", "_dropout", ".shuffle")):
            self.found.random = True
        elif name.startswith("numpy.testing.") or not name.startswith(_PURE_ROOTS):
            self._opaque(node)

    def _function(self, node: cst.Call, definition: Definition) -> None:
        if definition.node in self.active or len(self.active) > 6:
            self._opaque(node)
            return
        inner = _Collector(self.reading, (*self.active, definition.node))
        definition.node.body.visit(inner)
        does = inner.found
        self.found.uses_state = True
        self.found.prints |= does.prints
        self.found.random |= does.random
        outward = any("." in name for name in does.binds) or bool(does.changes - does.binds)
        if does.opaque or outward or _reaches_out(definition.node):
            self._opaque(node)

    def _opaque(self, node: cst.Call) -> None:
        self.found.opaque = self.found.uses_state = True
        parts = [argument.value for argument in node.args]
        if isinstance(node.func, cst.Attribute):
            parts.append(node.func.value)
        for part in parts:
            values = self.reading.values(part)
            if not values or any(value.kind not in _FIXED for value in values):
                name = root(part)
                if name is not None:
                    self.found.changes.add(name)


def _reaches_out(function: cst.FunctionDef | cst.Lambda | cst.ClassDef) -> bool:
    found: list[cst.CSTNode] = []

    class _Outward(cst.CSTVisitor):
        def visit_Global(self, node: cst.Global) -> None:
            found.append(node)

        def visit_Nonlocal(self, node: cst.Nonlocal) -> None:
            found.append(node)

    function.visit(_Outward())
    return bool(found)
