"""What executing something does to names and objects: whether two statements may change places."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst


@dataclass
class Effects:
    """What executing something does, as far as it can be told; what cannot be told counts as everything."""

    reads: set[str] = field(default_factory=set)
    """Names and dotted names that are read, each with its beginnings: `self.a.b`, `self.a`, `self`."""
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    """Names of objects that may be changed in place."""
    uses_state: bool = False
    """Reads what lives in objects: variables, layers, what a function of the file may read."""
    opaque: bool = False
    """Calls something that may change any object."""
    prints: bool = False
    random: bool = False
    jumps: bool = False
    """May leave the block, or wait."""

    def commutes(self, other: Effects) -> bool:
        """Whether both orders come to the same."""
        for one, two in ((self, other), (other, self)):
            if one.binds & (two.reads | two.binds | two.changes) or one.changes & (two.reads | two.changes):
                return False
            if one.opaque and (two.opaque or two.uses_state or two.prints or two.random or two.changes):
                return False
        if self.jumps or other.jumps:
            return False
        return not (self.prints and other.prints) and not (self.random and other.random)

    def merge(self, other: Effects) -> None:
        """Add what something else does."""
        self.reads |= other.reads
        self.binds |= other.binds
        self.changes |= other.changes
        for flag in ("uses_state", "opaque", "prints", "random", "jumps"):
            setattr(self, flag, getattr(self, flag) or getattr(other, flag))


def dotted(node: cst.BaseExpression) -> str | None:
    """`self.a.b` as text; `None` for what is not a chain of names."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr.value}" if inner is not None else None
    return None


def root(node: cst.BaseExpression) -> str | None:
    """The longest chain of names that an expression such as `a.b[0].c(...)` begins with."""
    while True:
        name = dotted(node)
        if name is not None:
            return name
        if isinstance(node, (cst.Attribute, cst.Subscript)):
            node = node.value
        elif isinstance(node, cst.Call):
            node = node.func
        else:
            return None


def beginnings(name: str) -> set[str]:
    """`a.b.c`, `a.b` and `a`."""
    parts = name.split(".")
    return {".".join(parts[: i + 1]) for i in range(len(parts))}
