"""What a codemod derives from."""

from __future__ import annotations

import enum
import inspect
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

import libcst as cst
from libcst.codemod import CodemodCommand

from tapefix.allowance import Allowance
from tapefix.finding import Applicability, Finding, Range, Related, Rewrite

if TYPE_CHECKING:
    from tapefix.tapes.reading import Reading

__all__ = ["Allowance", "Applicability", "Codemod", "Finding", "Range", "Related", "Rewrite", "Tag"]


class Tag(enum.Enum):
    """How an editor sets apart what a rule finds."""

    UNNECESSARY = "unnecessary"
    """No gradient is missing: something is there for nothing."""
    DEPRECATED = "deprecated"
    """A name, or a way to ask, that an older TensorFlow had."""


class Codemod(CodemodCommand):
    """One rule: finds one kind of break and writes its rewrite.

    A subclass sets the class attributes, writes the rule's page as its docstring, and yields findings from `find`.
    It is found through the entry-point group `tapefix.codemods`; nothing has to be listed anywhere. It also runs
    under LibCST's own runner, `python -m libcst.tool codemod -x MODULE.CLASS PATH`.
    """

    code: ClassVar[str]
    """For example `TPF101`; stable once released."""
    name: ClassVar[str]
    """Kebab-case; equals the file's name with underscores, and the folder of its fixtures."""
    applicability: ClassVar[Applicability]
    reason: ClassVar[str] = ""
    """Why the rule's rewrite is unsafe or missing; empty for a safe rule."""
    tag: ClassVar[Tag | None] = None

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        code = getattr(cls, "code", None)
        if code is not None and not re.fullmatch(r"[A-Z]{2,6}\d{3}", code):
            raise TypeError(f"{cls.__name__}.code must look like TPF101, not {code!r}")
        cls.DESCRIPTION = cls.page().partition("\n")[0]

    @abstractmethod
    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield the findings of this rule in one module."""

    @classmethod
    def page(cls) -> str:
        """The rule's page: its docstring, without the indent."""
        return inspect.cleandoc(cls.__doc__ or "")

    @classmethod
    def finding(
        cls,
        reading: Reading,
        node: cst.CSTNode,
        message: str,
        *,
        rewrite: Rewrite | None = None,
        alternatives: tuple[Rewrite, ...] = (),
        reason: str = "",
        queries: frozenset[int] = frozenset(),
        keeps: frozenset[int] = frozenset(),
        related: tuple[Related, ...] = (),
    ) -> Finding:
        """A finding of this rule at a node. Without a rewrite it is advice, and `reason` says why there is none.

        A rewrite of a safe rule that declares to change something is an unsafe one.
        """
        applicability = cls.applicability if rewrite is not None else Applicability.ADVICE
        if applicability is Applicability.SAFE and rewrite is not None and rewrite.allows:
            applicability = Applicability.UNSAFE
        return Finding(
            code=cls.code,
            name=cls.name,
            message=message,
            range=reading.range(node),
            applicability=applicability,
            rewrite=rewrite,
            alternatives=alternatives,
            reason=reason or cls.reason,
            queries=queries,
            keeps=keeps,
            related=related,
        )

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Apply every rewrite of this rule; for LibCST's runner."""
        from tapefix.engine import repair

        text = tree.code
        repaired = repair(text, [type(self)], unsafe=True)
        return cst.parse_module(repaired.text) if repaired.text != text else tree


def with_find(rule: type[Codemod], find: Callable[[Codemod, Reading], Iterator[Finding]]) -> type[Codemod]:
    """A rule that is `rule` in all but what it finds."""
    return type(rule.__name__, (rule,), {"find": find, "__doc__": rule.__doc__, "__module__": rule.__module__})
