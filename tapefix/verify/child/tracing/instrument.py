"""Rewriting the project's code, in memory, so that each expression tells the trace what it was made of.

The technique is the classic one of tracing interpreters: an expression `f(a)` becomes `trace.call(7, f, a)`, which does
the same and notes that what came out at site 7 was made from `a`. What the program computes stays as it is.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import Any, List, Optional

TRACER = "__tapefix_trace__"
"""The name, among the built-in ones, under which instrumented code finds the trace."""

# They look at the frame that calls them, or make nothing that a gradient could depend on.
UNTOUCHED = frozenset(
    ("super", "locals", "globals", "vars", "dir", "eval", "exec", "input", "breakpoint", "__import__")
    + (
        "print",
        "format",
        "repr",
        "str",
        "len",
        "id",
        "type",
        "isinstance",
        "issubclass",
        "hasattr",
        "callable",
        "range",
    )
)
FRAMES = frozenset(("_getframe", "currentframe", "extract_stack", "print_stack", "format_stack", "warn"))
"""Functions and methods of any module that look at the frame that calls them."""
_BINARY = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
}
_UNARY = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}
_COMPARE = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}


@dataclass(frozen=True)
class Place:
    """An expression of the project. Lines count from 1, columns from 0 in UTF-8 bytes; the end is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    function: str
    """The function that it stands in; empty at the top of a module."""
    made_by: str
    """What is called or applied there: `np.mean`, `.numpy`, `+`, `[]`."""


def instrument(tree: ast.Module, path: str, places: List[Place]) -> ast.Module:
    """Return the module with every expression that makes a value wrapped; the places are appended to `places`."""
    instrumented: ast.Module = _Instrumenter(path, places).visit(tree)
    return ast.fix_missing_locations(instrumented)


class _Instrumenter(ast.NodeTransformer):
    def __init__(self, path: str, places: List[Place]) -> None:
        self.path = path
        self.places = places
        self.functions: List[str] = []

    def _place(self, node: Any, made_by: str) -> ast.Constant:
        self.places.append(
            Place(
                self.path,
                node.lineno,
                node.col_offset,
                node.end_lineno or node.lineno,
                node.end_col_offset or node.col_offset,
                ".".join(self.functions),
                made_by,
            )
        )
        return ast.Constant(len(self.places) - 1)

    def _ask(self, method: str, node: ast.AST, *args: ast.expr) -> ast.Call:
        tracer = ast.Attribute(ast.Name(TRACER, ast.Load()), method, ast.Load())
        call = ast.copy_location(ast.Call(tracer, list(args), []), node)
        for part in (tracer, tracer.value):
            ast.copy_location(part, node)
        return call

    def _each(self, nodes: List[Any]) -> List[Any]:
        return [self.visit(node) for node in nodes]

    # Expressions

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in FRAMES or (isinstance(node.func, ast.Name) and name in UNTOUCHED):
            node.args, node.keywords = self._each(node.args), self._each(node.keywords)
            return node
        made_by = _named(node.func)
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        else:
            node.func = self.visit(node.func)
        call = self._ask("call", node, self._place(node, made_by), node.func, *self._each(node.args))
        call.keywords = self._each(node.keywords)
        return call

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = _BINARY[type(node.op)]
        return self._ask("apply", node, self._place(node, name), ast.Constant(name), node.left, node.right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        name = _UNARY.get(type(node.op))
        if name is None or isinstance(node.operand, ast.Constant):
            return node
        return self._ask("apply", node, self._place(node, name), ast.Constant(name), node.operand)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        name = _COMPARE.get(type(node.ops[0])) if len(node.ops) == 1 else None
        if name is None:
            return node
        return self._ask("apply", node, self._place(node, name), ast.Constant(name), node.left, node.comparators[0])

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        index = self._index(node.slice)
        return self._ask("apply", node, self._place(node, "getitem"), ast.Constant("getitem"), node.value, index)

    def _index(self, node: Any) -> Any:
        if isinstance(node, ast.Slice):
            parts = [part if part is not None else ast.Constant(None) for part in (node.lower, node.upper, node.step)]
            return self._ask("slice", node, *parts)
        if isinstance(node, ast.Tuple):
            node.elts = [self._index(element) for element in node.elts]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        # A name that begins with two underscores means another one inside a class.
        if not isinstance(node.ctx, ast.Load) or node.attr.startswith("__"):
            return node
        return self._ask("attribute", node, self._place(node, "." + node.attr), node.value, ast.Constant(node.attr))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        self.generic_visit(node)
        place = self._place(node, "generator")
        node.elt = self._ask("yielded", node.elt, ast.Constant(place.value), node.elt)
        return self._ask("generator", node, place, node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        if not node.is_async:
            node.iter = self._ask("each", node.iter, self._place(node.iter, "iteration"), node.iter)
        return node

    # Statements

    def visit_For(self, node: ast.For) -> ast.AST:
        told = self._names_in([node.target])
        self.generic_visit(node)
        node.body = [*told, *node.body]
        node.iter = self._ask("each", node.iter, self._place(node.iter, "iteration"), node.iter)
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        value = node.value
        written = copy.deepcopy(node.targets)
        self.generic_visit(node)
        after: List[ast.stmt] = []
        after += self._names_in([target for target in written if isinstance(target, (ast.Tuple, ast.List))])
        for target in written:
            if isinstance(target, ast.Subscript) and _plain(target.value):
                node.value = self._ask("hold", value, node.value)
                after.append(self._after(node, "put", target.value))
            elif isinstance(target, (ast.Tuple, ast.List)):
                if isinstance(node.value, ast.Tuple):
                    self._store_each(target.elts, node.value)
                else:
                    node.value = self._ask("parts", value, self._place(value, "unpacking"), node.value)
            else:
                node.value = self._store(target, node.value)
        return [node, *after] if after else node

    def _store_each(self, targets: List[ast.expr], values: ast.Tuple) -> None:
        starred = any(isinstance(node, ast.Starred) for node in (*targets, *values.elts))
        if not starred and len(targets) == len(values.elts):
            values.elts = [self._store(target, value) for target, value in zip(targets, values.elts)]

    def _store(self, target: Any, value: Any) -> Any:
        name = _dotted(target)
        if name is None:
            return value
        scope = ".".join(self.functions) if isinstance(target, ast.Name) else ""
        place = self._place(value, "=")
        owner = [_loaded(target.value)] if isinstance(target, ast.Attribute) and _plain(target) else []
        return self._ask("store", value, place, ast.Constant(name), ast.Constant(scope), value, *owner)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self._store(node.target, self.visit(node.value))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        node.value = self.visit(node.value)
        target: Any = node.target
        plain = _plain(target) or (isinstance(target, ast.Subscript) and _plain(target.value))
        if not plain:
            return node
        name = _BINARY[type(node.op)]
        node.value = self._ask("hold", node.value, node.value)
        if isinstance(target, ast.Subscript):
            return [node, self._after(node, "put", target.value)]
        place = self._place(node, name)
        before = self._after(node, "keep", target, place=ast.Constant(place.value))
        dotted = _dotted(target) or ""
        scope = ".".join(self.functions) if isinstance(target, ast.Name) else ""
        after = self._after(node, "augmented", target, ast.Constant(dotted), ast.Constant(scope), place=place)
        return [before, node, after]

    def visit_Delete(self, node: ast.Delete) -> Any:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        self.generic_visit(node)
        told = [self._ask("dropped", node, self._place(node, "del"), ast.Constant(name)) for name in names]
        return [node, *(ast.copy_location(ast.Expr(ask), node) for ask in told)]

    def _after(
        self, node: ast.stmt, method: str, target: Any, *more: ast.expr, place: Optional[ast.Constant] = None
    ) -> ast.stmt:
        """Return a statement that shows the trace what a target holds."""
        loaded = _loaded(target)
        ask = self._ask(method, node, place or self._place(node, method), loaded, *more)
        return ast.copy_location(ast.Expr(ask), node)

    def _function(self, node: Any) -> Any:
        arguments = node.args
        arguments.defaults = self._each(arguments.defaults)
        arguments.kw_defaults = [default and self.visit(default) for default in arguments.kw_defaults]
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
            return node
        self.functions.append(node.name)
        told = self._parameters(arguments)
        body = self._body(node.body)
        documented = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        node.body = [*body[:documented], *told, *body[documented:]]
        self.functions.pop()
        return node

    def _parameters(self, arguments: ast.arguments) -> List[ast.stmt]:
        """Return statements that tell what a function was given."""
        found = [*getattr(arguments, "posonlyargs", []), *arguments.args, *arguments.kwonlyargs]
        return [self._bound(ast.copy_location(ast.Name(each.arg, ast.Load()), each), each.arg) for each in found]

    def _bound(self, name: Any, text: str) -> ast.stmt:
        # An annotated parameter reaches to the end of its annotation.
        name.end_lineno, name.end_col_offset = name.lineno, name.col_offset + len(text.encode("utf-8"))
        ask = self._ask("bound", name, self._place(name, "binding"), name)
        return ast.copy_location(ast.Expr(ask), name)

    def _names_in(self, targets: List[Any]) -> List[ast.stmt]:
        """Return statements that tell what the names of an unpacking, a loop or a `with` hold."""
        told: List[ast.stmt] = []
        for target in targets:
            if isinstance(target, (ast.Tuple, ast.List)):
                told += self._names_in(target.elts)
            elif isinstance(target, ast.Name):
                told.append(self._bound(ast.copy_location(ast.Name(target.id, ast.Load()), target), target.id))
        return told

    def _body(self, body: List[ast.stmt]) -> List[ast.stmt]:
        visited: List[ast.stmt] = []
        for statement in body:
            made = self.visit(statement)
            visited += made if isinstance(made, list) else [made]
        return visited

    visit_FunctionDef = _function
    visit_AsyncFunctionDef = _function
    visit_Lambda = _function

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.functions.append(node.name)
        node.body = self._body(node.body)
        self.functions.pop()
        return node

    def visit_MatchValue(self, node: Any) -> Any:
        return node

    def visit_MatchClass(self, node: Any) -> Any:
        return node

    def visit_MatchMapping(self, node: Any) -> Any:
        return node

    def visit_TypeAlias(self, node: Any) -> Any:
        return node


def _named(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return "%s.%s" % (base, node.attr) if base is not None else "." + node.attr
    return node.id if isinstance(node, ast.Name) else "a call"


def _dotted(node: Any) -> Optional[str]:
    parts: List[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _plain(node: Any) -> bool:
    """Whether a target can be looked at once more without any effect."""
    return _dotted(node) is not None and ".__" not in str(_dotted(node))


def _loaded(node: Any) -> Any:
    if isinstance(node, ast.Attribute):
        return ast.copy_location(ast.Attribute(_loaded(node.value), node.attr, ast.Load()), node)
    return ast.copy_location(ast.Name(node.id, ast.Load()), node)
