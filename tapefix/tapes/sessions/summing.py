"""Functions that write summaries of values, and what else of a script has to do with summaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from tapefix.tapes.sessions.looking import argument, given_beyond
from tapefix.tapes.sessions.names import CannotConvertError
from tapefix.tapes.sessions.runs import Fetch, Runs
from tapefix.tapes.sessions.steps import Role, Step
from tapefix.tapes.sessions.text import Text


class Summing:
    """The text that takes the place of summaries of a graph."""

    def __init__(self, runs: Runs, text: Text, fresh: Callable[..., str]) -> None:
        self.runs = runs
        self.reading = runs.reading
        self.text = text
        self.unit = runs.reading.module.default_indent
        self._values = fresh("summaries", "summarized") if runs.summaries.of_step else ""
        written = list(dict.fromkeys(runs.written.values()))
        self._names = {
            step: fresh(f"write_{step.binds[0]}" if step.binds and len(written) > 1 else "write_summaries")
            for step in written
        }

    def functions(self, indent: str) -> Iterator[list[str]]:
        """The functions that write what was fetched to a file, line by line."""
        tf, inner = self.reading.tensorflow_name, indent + self.unit
        for step, name in self._names.items():
            yield [
                f"{indent}def {name}(writer, values, step):",
                f"{inner}with writer.as_default(step):",
                *(
                    f"{inner}{self.unit}{tf}.summary.{part.kind}({part.tag}, values[{part.tag}])"
                    for part in self.runs.summaries.of_step[step]
                ),
            ]

    def statements(self, fetch: Fetch, indent: str) -> list[str]:
        """The lines that put together what several summaries are of."""
        if len(fetch.parts) < 2:
            return []
        parts = (f"{indent}{self.unit}{part.tag}: {self._kept(part.tensor)}," for part in fetch.parts)
        return [f"{indent}{self._values} = {{", *parts, f"{indent}}}"]

    def value(self, fetch: Fetch) -> str:
        """What a function gives for summaries that are fetched: the values by their tags."""
        if len(fetch.parts) > 1:
            return self._values
        return f"{{{fetch.parts[0].tag}: {self._kept(fetch.parts[0].tensor)}}}"

    def _kept(self, tensor: cst.BaseExpression) -> str:
        """What a summary is of, as it is now: a variable goes on."""
        text = self.text.of(tensor)
        plain = isinstance(tensor, (cst.Name, cst.Attribute, cst.Subscript))
        changes = plain and self.runs.graph.reads_variables(tensor)
        return f"{self.reading.tensorflow_name}.identity({text})" if changes else text

    def replacements(self) -> Iterator[tuple[int, int, str]]:
        """What stands in the place of each writer, and of the calls that write.

        Raises:
            CannotConvertError: where it is written, or when, is not known.
        """
        for step in self.runs.script.steps:
            if step.role is Role.WRITER:
                yield self._writer(step)
        for call, step in self.runs.written.items():
            func = call.func
            assert isinstance(func, cst.Attribute)
            start, end = self.reading.span(call)[0], self.reading.span(call.args[0])[0]
            yield start, end, f"{self._names[step]}({self.text.of(func.value)}, "
            keyword = call.args[1].keyword
            if keyword is not None:
                yield (*self.reading.span(keyword), "step")

    def _writer(self, step: Step) -> tuple[int, int, str]:
        assert isinstance(step.value, cst.Call)
        directory = argument(step.value, 0, "logdir")
        if directory is None or given_beyond(step.value, 2, ("logdir", "graph")):
            raise CannotConvertError("where summaries are written, or when, is not known")
        made = f"{self.reading.tensorflow_name}.summary.create_file_writer({self.text.of(directory)})"
        return (*self.reading.span(step.value), made)
