"""The functions that take the place of a graph: one for each set of things that runs fetch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.looking import argument, given_beyond, names_in
from tapefix.tapes.sessions.names import COUNTERS, CannotConvertError, dotted
from tapefix.tapes.sessions.runs import Run, Runs
from tapefix.tapes.sessions.script import Script
from tapefix.tapes.sessions.steps import Role, Step
from tapefix.tapes.sessions.summing import Summing
from tapefix.tapes.sessions.text import Text


@dataclass(eq=False)
class Function:
    """A function that gives what a run fetches."""

    name: str
    run: Run
    """The first of the runs that it stands for."""
    steps: list[Step] = field(default_factory=list)
    """The statements of the graph that lead there."""
    parameters: list[str] = field(default_factory=list)


class Functions:
    """All functions of a script, and which of them each run calls."""

    def __init__(self, script: Script, runs: Runs, text: Text) -> None:
        self.script = script
        self.graph = script.graph
        self.reading: Reading = script.reading
        self.text = text
        self.unit = script.reading.module.default_indent
        self.train = next(step for step in script.steps if step.role is Role.TRAIN)
        self.loss = self._loss()
        self._taken = {name.value for name in self.reading.tree.nodes(cst.Name)} - self._going()
        self._taken |= text.layers.names
        self.tape, self.variables = self.fresh("tape"), self.fresh("variables", "weights")
        self.loss_name = self.loss.value if isinstance(self.loss, cst.Name) else self.fresh("loss", "loss_value")
        self.of_run: dict[Run, Function] = {}
        self.all: list[Function] = []
        for run in runs.runs:
            if not run.initializes and self._needs_function(run):
                self.of_run[run] = self._function(run)
        self.optimizer = self._optimizer_name()
        self.shared = self._shared()
        self.outputs = self._outputs()
        self.forward = self.fresh("forward", "compute") if self.shared else ""
        self.summing = Summing(runs, text, self.fresh)

    def _going(self) -> set[str]:
        """Names that stand for parts of the graph alone, and are free afterwards."""
        gone = {name for step in self.script.steps if step.role is Role.TRAIN for name in step.binds}
        return gone - {name for step in self.script.steps if step.role is not Role.TRAIN for name in step.binds}

    def fresh(self, *wanted: str) -> str:
        """The first of these names that the file does not have, or a numbered one; it is taken from now on."""
        name, number = next((name for name in wanted if name not in self._taken), wanted[0]), 1
        while name in self._taken:
            number += 1
            name = f"{wanted[0]}_{number}"
        self._taken.add(name)
        return name

    def _loss(self) -> cst.BaseExpression:
        call = self.script.minimize
        if given_beyond(call, 3, ("loss", "global_step", "var_list", "name")):
            raise CannotConvertError("what `minimize` is given besides the loss would mean nothing to a tape")
        counter = argument(call, 1, "global_step")
        named = isinstance(counter, cst.Name) and counter.value == "None"
        known = named or self.graph.role(counter) is Role.VARIABLE or self._is_only_counted(counter)
        if counter is not None and not known:
            raise CannotConvertError("how the steps of training are counted is not known")
        loss = argument(call, 0, "loss")
        known = self.graph.role(loss) is Role.TENSOR
        if loss is None or not (known or (not isinstance(loss, cst.Name) and self.graph.reads_graph(loss))):
            raise CannotConvertError("how the loss is made is not known")
        return loss

    def _is_only_counted(self, counter: cst.BaseExpression | None) -> bool:
        """Whether a graph counts its steps, and nobody asks how many there were."""
        asked = [node for node in self.reading.tree.nodes(cst.Attribute) if dotted(self.reading, node) in COUNTERS]
        kept = any(step.role is Role.SAVER for step in self.script.steps)
        return self.graph.called(counter) in COUNTERS and len(asked) == 1 and not kept

    def _optimizer_name(self) -> str:
        func = self.script.minimize.func
        assert isinstance(func, cst.Attribute)
        if isinstance(func.value, cst.Name):
            return func.value.value
        return self.fresh("optimizer", "trainer")

    def _needs_function(self, run: Run) -> bool:
        return any(fetch.role in (Role.TRAIN, Role.TENSOR, Role.SUMMARY) for fetch in run.fetches)

    def _key(self, run: Run) -> tuple[object, ...]:
        codes = tuple(self.reading.code(fetch.node) for fetch in run.fetches)
        return codes, run.brackets, run.thrown

    def _function(self, run: Run) -> Function:
        for function in self.all:
            if self._key(function.run) == self._key(run):
                self._check_fed(function, run)
                return function
        function = Function("", run, self._steps(run))
        nodes = [node for fetch in run.fetches for node in fetch.nodes]
        function.parameters = self._placeholders(function.steps, [self.loss, *nodes] if run.trains else nodes)
        if run.trains:
            self._check_beside(run)
        self._check_fed(function, run)
        function.name = self._name(run)
        self.all.append(function)
        return function

    def _name(self, run: Run) -> str:
        if run.trains:
            return self.fresh("train_step", "train_on_batch")
        wanted = [self.reading.code(fetch.node) for fetch in run.fetches if isinstance(fetch.node, cst.Name)]
        return self.fresh(
            f"compute_{wanted[0].removesuffix('_op')}" if len(run.fetches) == 1 and wanted else "evaluate", "evaluate"
        )

    def _steps(self, run: Run) -> list[Step]:
        wanted = [
            step
            for fetch in run.fetches
            if fetch.role in (Role.TENSOR, Role.SUMMARY)
            for node in fetch.nodes
            for step in self.graph.read(node)
        ]
        return self.script.closure([*wanted, *self.graph.read(self.loss)] if run.trains else wanted)

    def loss_steps(self) -> list[Step]:
        """The statements that lead to the loss."""
        return self.script.closure(self.graph.read(self.loss))

    def _check_beside(self, run: Run) -> None:
        """What is fetched along with a step of training must be what the loss was computed with."""
        inside = set(self.loss_steps())
        for fetch in run.fetches:
            known = fetch.role in (Role.TENSOR, Role.SUMMARY)
            made = self.script.closure(
                [step for node in fetch.nodes for step in self.graph.read(node)] if known else []
            )
            beside = [step.value for step in made if step not in inside and step.value is not None]
            inline = fetch.nodes if fetch.step is None or fetch.parts else []
            reads = any(self.graph.reads_variables(node) for node in (*beside, *inline))
            if fetch.role is Role.VARIABLE or reads:
                code = self.reading.code(fetch.node)
                raise CannotConvertError(
                    f"`{code}` is fetched along with the training: whether it is that before or after the step is open"
                )

    def _placeholders(self, steps: Sequence[Step], nodes: Iterable[cst.BaseExpression]) -> list[str]:
        """The placeholders that statements and expressions read, in the order in which they are made."""
        read = set().union(*(names_in(self.reading, node) for node in nodes))
        read |= {name for step in steps if step.value is not None for name in names_in(self.reading, step.value)}
        return [step.binds[0] for step in self.script.steps if step.role is Role.PLACEHOLDER and step.binds[0] in read]

    def _check_fed(self, function: Function, run: Run) -> None:
        missing = [name for name in function.parameters if name not in run.feeds]
        if missing:
            raise CannotConvertError(f"a run is not fed `{missing[0]}`, which it needs")
        if run.feed_name and set(run.feeds) != set(function.parameters):
            raise CannotConvertError(f"`{run.feed_name}` feeds more than a run needs")

    # What functions have in common

    def _shared(self) -> list[Step]:
        """The statements that all of several functions begin with."""
        if len(self.all) < 2:
            return []
        common = [step for step in self.all[0].steps if all(step in function.steps for function in self.all)]
        bound = [name for function in self.all for step in dict.fromkeys(function.steps) for name in step.binds]
        again = {name for step in common for name in step.binds if self._bound_twice(name)}
        return common if bound and not again else []

    def _bound_twice(self, name: str) -> bool:
        return sum(name in step.binds for step in self.script.steps if step.role is Role.TENSOR) > 1

    def _outputs(self) -> list[str]:
        """What the rest of the functions needs of the statements that they share."""
        read: set[str] = set()
        for function in self.all:
            for step in function.steps:
                if step not in self.shared and step.value is not None:
                    read |= names_in(self.reading, step.value)
            for fetch in function.run.fetches:
                read |= set().union(*(names_in(self.reading, node) for node in fetch.nodes))
            if function.run.trains:
                read |= names_in(self.reading, self.loss)
        return [name for step in self.shared for name in step.binds if name in read]

    # Text

    def lines(self, indent: str) -> list[list[str]]:
        """The text of every function, line by line."""
        found = [self._forward(indent)] if self.shared else []
        found += [self._written(function, indent) for function in self.all]
        return [*found, *self.summing.functions(indent)]

    def _conversions(self, names: Iterable[str], indent: str) -> list[str]:
        """A session converts what it is fed to the placeholder's dtype."""
        tf = self.reading.tensorflow_name
        lines = []
        for step in self.script.steps:
            if step.role is Role.PLACEHOLDER and step.binds[0] in names:
                assert isinstance(step.value, cst.Call)
                if given_beyond(step.value, 3, ("dtype", "shape", "name")):
                    raise CannotConvertError("a placeholder is made in a way that is not known")
                dtype = argument(step.value, 0, "dtype")
                if dtype is None:
                    raise CannotConvertError("a placeholder is made in a way that is not known")
                name = step.binds[0]
                lines.append(f"{indent}{self.unit}{name} = {tf}.convert_to_tensor({name}, {self.text.of(dtype)})")
        return lines

    def _forward(self, indent: str) -> list[str]:
        parameters = self._placeholders(self.shared, [])
        lines = [f"{indent}def {self.forward}({', '.join(parameters)}):", *self._conversions(parameters, indent)]
        lines += self.text.statements(self.shared, indent + self.unit)
        return [*lines, f"{indent}{self.unit}return {', '.join(self.outputs)}"]

    def _written(self, function: Function, indent: str) -> list[str]:
        run, inner = function.run, indent + self.unit
        rest = [step for step in function.steps if step not in self.shared]
        nodes = [node for fetch in run.fetches if fetch.step is None or fetch.parts for node in fetch.nodes]
        own = self._placeholders(rest, [*nodes, self.loss] if run.trains else nodes)
        lines = [f"{indent}def {function.name}({', '.join(function.parameters)}):", *self._conversions(own, indent)]
        begun = []
        if self.shared:
            given = ", ".join(self._placeholders(self.shared, []))
            begun = [f"{', '.join(self.outputs)} = {self.forward}({given})"]
        if run.trains:
            lines += self._trained(rest, begun, inner)
        else:
            lines += [inner + line for line in begun] + self.text.statements(rest, inner)
        for fetch in run.fetches:
            lines += self.summing.statements(fetch, inner)
        values = [self._value(run, index) for index in run.kept]
        if values and not all(value == "None" for value in values):
            left, right = ("", "") if run.targets is not None else run.brackets
            lines.append(f"{inner}return {left}{', '.join(values)}{right}")
        return lines

    def _trained(self, rest: Sequence[Step], begun: Sequence[str], inner: str) -> list[str]:
        """The tape around the loss, and the step of the optimizer."""
        tf = self.reading.tensorflow_name
        inside = set(self.loss_steps())
        lines = [f"{inner}with {tf}.GradientTape() as {self.tape}:"]
        lines += [inner + self.unit + line for line in begun]
        lines += self.text.statements([step for step in rest if step in inside], inner + self.unit)
        if not isinstance(self.loss, cst.Name):
            lines.append(f"{inner}{self.unit}{self.loss_name} = {self.text.of(self.loss)}")
        lines += self.text.statements([step for step in rest if step not in inside], inner)
        lines.append(f"{inner}{self.variables} = {self._variables()}")
        query = f"{self.tape}.gradient({self.loss_name}, {self.variables})"
        lines.append(f"{inner}{self.optimizer}.apply_gradients(zip({query}, {self.variables}))")
        counter = argument(self.script.minimize, 1, "global_step")
        if counter is not None and self.graph.role(counter) is Role.VARIABLE:
            lines.append(f"{inner}{self.reading.code(counter)}.assign_add(1)")
        return lines

    def _variables(self) -> str:
        """The variables to train: those that the loss is made of, by their names where that is plain."""
        given = argument(self.script.minimize, 2, "var_list")
        if given is not None:
            return self.text.of(given)
        nodes = [self.loss, *(step.value for step in self.loss_steps() if step.value is not None)]
        read = dict.fromkeys(step for node in nodes for step in self.graph.read(node) if step.role is Role.VARIABLE)
        direct = sorted(read, key=lambda step: self.reading.span(step.node))
        layered = any(step in self.text.layers.of_step for step in self.loss_steps())
        helped = layered or any(not names_in(self.reading, node).isdisjoint(self.graph.functions) for node in nodes)
        if helped or not direct or not all(self._is_plain(step) for step in direct):
            return f"{self.tape}.watched_variables()"
        return f"[{', '.join(step.binds[0] for step in direct)}]"

    def _is_plain(self, step: Step) -> bool:
        made = self.graph.called(step.value) in ("Variable", "get_variable")
        return made and isinstance(step.value, cst.Call) and argument(step.value, 99, "trainable") is None

    def _value(self, run: Run, index: int) -> str:
        fetch = run.fetches[index]
        if fetch.role is Role.TRAIN:
            return "None"
        if fetch.parts:
            return self.summing.value(fetch)
        return f"{self.text.in_parentheses(fetch.node)}.numpy()"
