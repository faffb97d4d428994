"""Savers of a graph's variables, and the checkpoints that take their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.functions import Functions
from tapefix.tapes.sessions.looking import argument, given_beyond
from tapefix.tapes.sessions.names import LATEST, CannotConvertError, dotted
from tapefix.tapes.sessions.steps import Role, Step

_RESERVED = ("root", "save_counter", "self")
_WIDE = 100


@dataclass(eq=False)
class _Saver:
    step: Step
    call: cst.Call
    name: str
    saves: list[cst.Call] = field(default_factory=list)
    restores: list[cst.Call] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether the files have the number of a step in their names, and older ones go."""
        return any(argument(save, 2, "global_step") is not None for save in self.saves)


class Savers:
    """Every saver of a script, and what becomes of it."""

    def __init__(self, functions: Functions, margin: Callable[[cst.CSTNode], str]) -> None:
        self.script = functions.script
        self.reading: Reading = functions.reading
        self._text = functions.text
        self._functions = functions
        self._margin = margin

    def replacements(self) -> Iterator[tuple[int, int, str]]:
        """What stands in the place of each saver, and of each of its calls.

        Raises:
            CannotConvertError: what is saved, or where, is not known.
        """
        savers = [self._saver(step) for step in self.script.steps if step.role is Role.SAVER]
        asked = any(dotted(self.reading, node) in LATEST for node in self.reading.tree.nodes(cst.Attribute))
        if asked and not (savers and all(saver.counts for saver in savers)):
            raise CannotConvertError("what was saved last is asked for, and the saver does not count")
        for saver in savers:
            yield (*self.reading.span(saver.call), self._made(saver))
            for save in saver.saves:
                yield (*self.reading.span(save), self._saved(saver, save))
            owner = f"{saver.name}.checkpoint" if saver.counts else saver.name
            for restore in saver.restores:
                path = argument(restore, 1, "save_path")
                assert path is not None
                yield (*self.reading.span(restore), f"{owner}.read({self._text.of(path)})")

    def _saver(self, step: Step) -> _Saver:
        assert isinstance(step.value, cst.Call)
        saver = _Saver(step, step.value, step.binds[0])
        given = argument(saver.call, 0, "var_list")
        known = given is None or self.script.graph.called(given) == "global_variables"
        if given_beyond(saver.call, 1, ("var_list", "max_to_keep")) or not known:
            raise CannotConvertError("what the saver keeps, or for how long, is not known")
        for call in self.reading.tree.nodes(cst.Call, inside=self.script.scope):
            func = call.func
            if isinstance(func, cst.Attribute) and self.script.graph.step(func.value) is step:
                self._note(saver, call, func.attr.value)
        return saver

    def _note(self, saver: _Saver, call: cst.Call, method: str) -> None:
        allowed = (
            ("sess", "save_path", "global_step", "write_meta_graph") if method == "save" else ("sess", "save_path")
        )
        session, path = argument(call, 0, "sess"), argument(call, 1, "save_path")
        of_session = isinstance(session, cst.Name) and session.value in self.script.graph.sessions
        if method not in ("save", "restore") or given_beyond(call, len(allowed), allowed) or not of_session:
            raise CannotConvertError(f"`{saver.name}.{method}` is called in a way that is not known")
        if path is None or any(self.script.graph.holds_run(given.value) for given in call.args):
            raise CannotConvertError(f"`{saver.name}.{method}` is called in a way that is not known")
        if method == "save":
            saver.saves.append(call)
            return
        statement = self.reading.parent(call)
        if not isinstance(statement, cst.Expr):
            raise CannotConvertError(f"`{saver.name}.{method}` is called in a way that is not known")
        saver.restores.append(call)

    # Text

    def _made(self, saver: _Saver) -> str:
        tf = self.reading.tensorflow_name
        kept = [f"{name}={name}" for name in self._kept(saver)]
        checkpoint = f"{tf}.train.Checkpoint({', '.join(kept)})"
        if len(checkpoint) > _WIDE:
            checkpoint = self._wide(saver, f"{tf}.train.Checkpoint(", kept, ")")
        if not saver.counts:
            return checkpoint
        directory, name = self._place(saver)
        most = argument(saver.call, 99, "max_to_keep")
        keeps = self._text.of(most) if most is not None else "5"
        given = [checkpoint, directory, f"max_to_keep={'None' if keeps == '0' else keeps}", f"checkpoint_name={name}"]
        return self._wide(saver, f"{tf}.train.CheckpointManager(", given, ")")

    def _wide(self, saver: _Saver, head: str, parts: Sequence[str], tail: str) -> str:
        """A call with one argument to a line."""
        newline, unit = self.reading.module.default_newline, self.reading.module.default_indent
        margin = self._margin(saver.step.node)
        inner = newline + margin + unit
        lines = "".join(f"{inner}{part.replace(newline, newline + unit)}," for part in parts)
        return f"{head}{lines}{newline}{margin}{tail}"

    def _kept(self, saver: _Saver) -> list[str]:
        """The names of all that was made above a saver, and holds variables."""
        found: list[str] = []
        end = self.reading.span(saver.step.node)[0]
        for step in self.script.steps:
            if self.reading.span(step.node)[0] >= end:
                break
            if step.role is Role.VARIABLE:
                found += step.binds
            found += self._layers(step)
            if step.role is Role.TRAIN:
                found.append(self._functions.optimizer)
        if len(set(found)) != len(found) or any(name in _RESERVED for name in found):
            raise CannotConvertError("the variables that the saver keeps have no names that tell them apart")
        return found

    def _layers(self, step: Step) -> list[str]:
        """The layers with variables that a statement calls; those that training calls have them from then on."""
        layers = self._text.layers
        called = [function for function, caller in layers.calling.items() if caller is step]
        found = [
            *layers.of_step.get(step, ()),
            *(layer for function in called for layer in layers.of_function[function]),
        ]
        if found and step not in self._functions.loss_steps():
            raise CannotConvertError("a layer that is not trained would have no variables when they are saved")
        return [layer.name for layer in found if layer.holds]

    def _place(self, saver: _Saver) -> tuple[str, str]:
        """The directory of what is saved, and the name of the files, where all of it is saved to the same place."""
        paths = [argument(save, 1, "save_path") for save in saver.saves]
        counted = all(argument(save, 2, "global_step") is not None for save in saver.saves)
        codes = {self.reading.code(path) for path in paths if path is not None}
        path = paths[0]
        if len(codes) != 1 or not counted:
            raise CannotConvertError("a saver counts what it keeps, and saves to more than one place")
        if isinstance(path, cst.SimpleString):
            whole = path.evaluated_value
            quote = path.quote
            if isinstance(whole, str) and "\\" not in path.value and len(quote) == 1 and not path.prefix:
                directory, slash, name = whole.rpartition("/")
                return f"{quote}{directory or (slash or '.')}{quote}", f"{quote}{name}{quote}"
        if isinstance(path, cst.Call) and self.reading.code(path.func) == "os.path.join" and len(path.args) == 2:
            first, last = (given.value for given in path.args)
            if isinstance(last, cst.SimpleString) and "/" not in last.value and self._is_known(first, saver):
                return self._text.of(first), self._text.of(last)
        raise CannotConvertError("where the saver keeps its files is not known where it is made")

    def _is_known(self, node: cst.BaseExpression, saver: _Saver) -> bool:
        """Whether an expression has its value already where a saver is made: nothing changes what it reads."""
        if not isinstance(node, (cst.SimpleString, cst.Name, cst.Attribute)):
            return False
        root: cst.BaseExpression = node
        while isinstance(root, cst.Attribute):
            root = root.value
        if not isinstance(root, cst.Name):
            return isinstance(root, cst.SimpleString)
        end = self.reading.span(saver.step.node)[0]
        return all(self.reading.span(step.node)[0] < end or root.value not in step.binds for step in self.script.steps)

    def _saved(self, saver: _Saver, save: cst.Call) -> str:
        if not saver.counts:
            path = argument(save, 1, "save_path")
            assert path is not None
            return f"{saver.name}.write({self._text.of(path)})"
        counter = argument(save, 2, "global_step")
        assert counter is not None
        if self.script.graph.reads_graph(counter) and self.script.graph.role(counter) is not Role.VARIABLE:
            raise CannotConvertError("what the saver counts is computed in the graph")
        return f"{saver.name}.save(checkpoint_number={self._text.of(counter)})"
