"""Summaries of a graph, and the functions that write the same of values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.looking import argument, given_beyond, is_load
from tapefix.tapes.sessions.names import CannotConvertError
from tapefix.tapes.sessions.script import Script
from tapefix.tapes.sessions.steps import Role, Step

_KINDS = {"summary.scalar": ("scalar", "tensor"), "summary.histogram": ("histogram", "values")}
_METHODS = ("add_summary", "add_graph", "flush", "close")


@dataclass(frozen=True)
class Summary:
    """One thing that is written to be looked at."""

    kind: str
    tag: str
    """What it is called in the file, as the script writes it."""
    tensor: cst.BaseExpression


class Summaries:
    """What a script writes summaries of, by the statement whose result is fetched for it.

    Raises:
        CannotConvertError: what is written, or under what name, is not known.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.reading: Reading = script.reading
        own: dict[Step, Summary] = {}
        self.of_step: dict[Step, list[Summary]] = {}
        for step in script.steps:
            if step.role is Role.SUMMARY:
                own[step] = self._summary(step)
                self.of_step[step] = [own[step]]
            elif step.role is Role.MERGED:
                self.of_step[step] = [own[made] for made in self._merged(step, list(own))]
        for step, summaries in self.of_step.items():
            if len({summary.tag for summary in summaries}) != len(summaries) or not summaries:
                raise CannotConvertError(f"what is merged in `{self.reading.code(step.node).strip()}` is not known")
        self.calls = [call for step in script.steps if step.role is Role.WRITER for call in self._calls(step)]
        """The calls of `add_summary`."""

    def _summary(self, step: Step) -> Summary:
        call = step.value
        assert isinstance(call, cst.Call)
        kind, keyword = _KINDS[self.script.graph.called(call) or ""]
        name, tensor = argument(call, 0, "name"), argument(call, 1, keyword)
        if given_beyond(call, 2, ("name", keyword)) or not isinstance(name, cst.SimpleString) or tensor is None:
            raise CannotConvertError("what a summary is called, or is of, is not known")
        written = name.evaluated_value
        if not isinstance(written, str):
            raise CannotConvertError("what a summary is called, or is of, is not known")
        tag = re.sub(r"[^-/\w.]", "_", written).lstrip("/")
        for made in self.script.graph.read(tensor):
            if made.role is Role.TENSOR and any(self._bound_twice(name) for name in made.binds):
                raise CannotConvertError("a summary is of a name that stands for several tensors")
        return Summary(kind, f"{name.quote}{'/'.join([*self._scopes(step), tag])}{name.quote}", tensor)

    def _bound_twice(self, name: str) -> bool:
        return sum(name in step.binds for step in self.script.steps) > 1

    def _scopes(self, step: Step) -> list[str]:
        """The scopes of names around a statement, the outermost first."""
        found: list[str] = []
        for parent in self.reading.parents(step.node):
            for item in parent.items if isinstance(parent, cst.With) and parent in self.script.headers else ():
                if self.script.graph.called(item.item) in ("name_scope", "variable_scope"):
                    assert isinstance(item.item, cst.Call)
                    name = item.item.args[0].value if item.item.args else None
                    if not isinstance(name, cst.SimpleString) or not isinstance(name.evaluated_value, str):
                        raise CannotConvertError("what a summary is called, or is of, is not known")
                    found.insert(0, name.evaluated_value.rstrip("/"))
        return found

    def _merged(self, step: Step, above: list[Step]) -> list[Step]:
        """The summaries that are merged."""
        call = step.value
        assert isinstance(call, cst.Call)
        if self.script.graph.called(call) == "summary.merge_all" and not call.args:
            return above
        listed = argument(call, 0, "inputs")
        if not isinstance(listed, (cst.List, cst.Tuple)) or len(call.args) != 1:
            raise CannotConvertError("which summaries are merged is not known")
        found = [self.script.graph.step(element.value) for element in listed.elements]
        known = [made for made in found if made is not None and made in above]
        if len(known) != len(found):
            raise CannotConvertError("which summaries are merged is not known")
        return known

    def _calls(self, writer: Step) -> Iterator[cst.Call]:
        """The calls of `add_summary` of one writer, which is used for nothing that is not known."""
        for name in self.reading.tree.nodes(cst.Name, inside=self.script.scope):
            if not is_load(self.reading, name) or self.script.graph.step(name) is not writer:
                continue
            method = self.reading.parent(name)
            call = self.reading.parent(method) if isinstance(method, cst.Attribute) else None
            called = method.attr.value if isinstance(method, cst.Attribute) else ""
            if not isinstance(call, cst.Call) or call.func is not method or called not in _METHODS:
                raise CannotConvertError(f"`{name.value}` writes, or is used for, something that is not known")
            if called == "add_summary":
                yield call
            elif not isinstance(self.reading.parent(call), cst.Expr):
                raise CannotConvertError(f"`{name.value}` is used inside of something else")
