"""The query sites of a text: where it asks a tape, and what for."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

METHODS = ("gradient", "jacobian", "batch_jacobian")
# What asks for gradients without a tape, in code for earlier versions of TensorFlow, and how it calls what it is given.
LEGACY = {
    "gradients": ("ys", "xs"),
    "compute_gradients": ("loss", "var_list"),
    "get_gradients": ("loss", "params"),
    "minimize": ("loss", "var_list"),
    "gradients_function": ("f", "params"),
    "value_and_gradients_function": ("f", "params"),
    "implicit_gradients": ("f", ""),
    "implicit_value_and_gradients": ("f", ""),
    "function": ("outputs", "inputs"),
}
BACKENDS = ("K", "backend")
# Modules whose functions share a name with a tape's methods.
LOOKALIKES = ("optimize", "np", "numpy", "jnp", "onp", "tnp", "scipy", "torch")
STOPS = ("stop_gradient", "custom_gradient", "recompute_grad", "stop_recording", "no_gradient", "NoGradient")


@dataclass(frozen=True)
class Site:
    """One call of a query method in the text, or of what earlier versions of TensorFlow had in its place."""

    line: int
    column: int
    end_line: int
    end_column: int
    method: str
    target: str
    sources: Tuple[str, ...]
    """The text of the sources: one entry for each element when they are written as a list, a tuple or a dict."""
    whole: str
    """The text of the sources as one expression."""
    statement: int = 0
    """The line on which its statement begins."""


def find_sites(text: str) -> List[Site]:
    """Return the sites of a text in order; none when it does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: List[Site] = []
    # Walked from the outside in: the innermost statement has the last word.
    statements: Dict[ast.AST, int] = {}
    for node in ast.walk(tree):
        begins = node.lineno if isinstance(node, ast.stmt) else statements.get(node, 0)
        statements.update((child, begins) for child in ast.iter_child_nodes(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, name = node.func.value, node.func.attr
            if isinstance(owner, ast.Name) and owner.id in LOOKALIKES:
                continue
            last = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if name in METHODS or (name in LEGACY and (name != "function" or last in BACKENDS)):
                found.append(_site(node, name, begins))
    return sorted(found, key=lambda site: (site.line, site.column, -site.end_line, -site.end_column))


def _site(node: ast.Call, method: str, statement: int) -> Site:
    arguments: Dict[str, ast.expr] = dict(zip(("target", "sources"), node.args))
    target_name, sources_name = LEGACY.get(method, ("target", "sources"))
    for keyword in node.keywords:
        if keyword.arg in (target_name, sources_name) or (keyword.arg == "source" and method in METHODS):
            arguments["target" if keyword.arg == target_name else "sources"] = keyword.value
    target = arguments.get("target")
    sources = arguments.get("sources")
    elements: List[ast.expr] = []
    if isinstance(sources, (ast.List, ast.Tuple)):
        elements = list(sources.elts)
    elif isinstance(sources, ast.Dict):
        elements = list(sources.values)
    return Site(
        node.lineno,
        node.col_offset,
        node.end_lineno or node.lineno,
        node.end_col_offset or 0,
        method,
        _unparse(target),
        tuple(_unparse(element) for element in elements),
        _unparse(sources),
        statement,
    )


def _unparse(node: Optional[ast.AST]) -> str:
    if node is None:
        return ""
    try:
        return " ".join(ast.unparse(node).split())
    except (RecursionError, ValueError):
        return ""


def count_stops(text: str) -> int:
    """Return how often the text names a way to keep a tape from seeing something."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    names = (getattr(node, "attr", None) or getattr(node, "id", None) for node in ast.walk(tree))
    return sum(name in STOPS for name in names)


def site_of(sites: List[Site], position: Tuple[int, Optional[Tuple[int, int, int, int]]]) -> Optional[int]:
    """Return the index of the site that a frame stands in, from its line and, where known, its exact position."""
    line, exact = position
    if exact is not None:
        for index, site in enumerate(sites):
            if (site.end_line, site.end_column) == exact[2:] and site.line <= exact[0]:
                return index
    inside = [index for index, site in enumerate(sites) if site.line <= line <= site.end_line]
    if not inside and exact is None:
        # What AutoGraph has converted knows only where the statement begins.
        inside = [index for index, site in enumerate(sites) if site.statement == line]
    if not inside:
        return None
    return min(inside, key=lambda index: sites[index].end_line - sites[index].line)
