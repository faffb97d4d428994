"""The functions that take the place of a graph: one for each set of things that runs fetch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.looking import argument, given_beyond, names_in
from tapefix.tapes.sessions.names import CannotConvertError
from tapefix.tapes.sessions.runs import Run, Runs
from tapefix.tapes.sessions.script import Role, Script, Step
from tapefix.tapes.sessions.text import Text

INDENT = "    "


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
        self.reading: Reading = script.reading
        self.text = text
        self.train = next(step for step in script.steps if step.role is Role.TRAIN)
        self.loss = self._loss()
        self._taken = {name.value for name in self.reading.tree.nodes(cst.Name)} - self._going()
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
        loss = argument(call, 0, "loss")
        known = isinstance(loss, cst.Name) and self.script.role_of(loss.value) is Role.TENSOR
        if loss is None or not (known or (not isinstance(loss, cst.Name) and self.script.reads_graph(loss))):
            raise CannotConvertError("how the loss is made is not known")
        return loss

    def _optimizer_name(self) -> str:
        func = self.script.minimize.func
        assert isinstance(func, cst.Attribute)
        if isinstance(func.value, cst.Name):
            return func.value.value
        return self.fresh("optimizer", "trainer")

    def _needs_function(self, run: Run) -> bool:
        return any(fetch.role in (Role.TRAIN, Role.TENSOR) for fetch in run.fetches)

    def _key(self, run: Run) -> tuple[object, ...]:
        codes = tuple(self.reading.code(fetch.node) for fetch in run.fetches)
        return codes, run.brackets, run.thrown

    def _function(self, run: Run) -> Function:
        for function in self.all:
            if self._key(function.run) == self._key(run):
                self._check_fed(function, run)
                return function
        function = Function("", run, self._steps(run))
        function.parameters = self._placeholders([*function.steps], [fetch.node for fetch in run.fetches])
        if run.trains:
            function.parameters = self._placeholders(
                [*function.steps], [self.loss, *(fetch.node for fetch in run.fetches)]
            )
            self._check_beside(run)
        self._check_fed(function, run)
        function.name = self._name(run)
        self.all.append(function)
        return function

    def _name(self, run: Run) -> str:
        if run.trains:
            return self.fresh("train_step", "train_on_batch")
        wanted = [self.reading.code(fetch.node) for fetch in run.fetches if isinstance(fetch.node, cst.Name)]
        return self.fresh(f"compute_{wanted[0]}" if len(run.fetches) == 1 and wanted else "evaluate", "evaluate")

    def _steps(self, run: Run) -> list[Step]:
        script = self.script
        wanted = [fetch.step for fetch in run.fetches if fetch.step is not None and fetch.role is Role.TENSOR]
        for fetch in run.fetches:
            if fetch.step is None:
                wanted += self._read(fetch.node)
        if run.trains:
            wanted += self._read(self.loss)
        return [step for step in script.closure(wanted) if step.role is Role.TENSOR]

    def _read(self, node: cst.BaseExpression) -> list[Step]:
        found = [self.script.latest(name) for name in names_in(self.reading, node)]
        return [step for step in found if step is not None and step.role is Role.TENSOR]

    def loss_steps(self) -> list[Step]:
        """The statements that lead to the loss."""
        return [step for step in self.script.closure(self._read(self.loss)) if step.role is Role.TENSOR]

    def _check_beside(self, run: Run) -> None:
        """What is fetched along with a step of training must be what the loss was computed with."""
        inside = set(self.loss_steps())
        for fetch in run.fetches:
            open_ended = [] if fetch.step is None else [fetch.step]
            beside = [
                step for step in self.script.closure(open_ended) if step.role is Role.TENSOR and step not in inside
            ]
            reads = any(self._reads_variables(step.value) for step in beside if step.value is not None)
            inline = fetch.step is None and self._reads_variables(fetch.node)
            if fetch.role is Role.VARIABLE or reads or inline:
                code = self.reading.code(fetch.node)
                raise CannotConvertError(
                    f"`{code}` is fetched along with the training: whether it is that before or after the step is open"
                )

    def _reads_variables(self, node: cst.BaseExpression) -> bool:
        names = names_in(self.reading, node)
        helpers = [function for name, function in self.script.functions.items() if name in names]
        names = names.union(*(names_in(self.reading, helper) for helper in helpers))
        return any(self.script.role_of(name) is Role.VARIABLE for name in names)

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
                read |= names_in(self.reading, fetch.node)
            if function.run.trains:
                read |= names_in(self.reading, self.loss)
        return [name for step in self.shared for name in step.binds if name in read]

    # Text

    def lines(self, indent: str) -> list[list[str]]:
        """The text of every function, line by line."""
        found = [self._forward(indent)] if self.shared else []
        return found + [self._written(function, indent) for function in self.all]

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
                assert dtype is not None
                name = step.binds[0]
                lines.append(f"{indent}{INDENT}{name} = {tf}.convert_to_tensor({name}, {self.text.of(dtype)})")
        return lines

    def _forward(self, indent: str) -> list[str]:
        parameters = self._placeholders(self.shared, [])
        lines = [f"{indent}def {self.forward}({', '.join(parameters)}):", *self._conversions(parameters, indent)]
        lines += self.text.statements(self.shared, indent + INDENT)
        return [*lines, f"{indent}{INDENT}return {', '.join(self.outputs)}"]

    def _written(self, function: Function, indent: str) -> list[str]:
        run, inner = function.run, indent + INDENT
        rest = [step for step in function.steps if step not in self.shared]
        nodes = [fetch.node for fetch in run.fetches if fetch.step is None]
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
        lines += [inner + INDENT + line for line in begun]
        lines += self.text.statements([step for step in rest if step in inside], inner + INDENT)
        if not isinstance(self.loss, cst.Name):
            lines.append(f"{inner}{INDENT}{self.loss_name} = {self.text.of(self.loss)}")
        lines += self.text.statements([step for step in rest if step not in inside], inner)
        lines.append(f"{inner}{self.variables} = {self._variables()}")
        query = f"{self.tape}.gradient({self.loss_name}, {self.variables})"
        lines.append(f"{inner}{self.optimizer}.apply_gradients(zip({query}, {self.variables}))")
        counter = argument(self.script.minimize, 1, "global_step")
        if counter is not None and self.reading.code(counter) != "None":
            lines.append(f"{inner}{self.reading.code(counter)}.assign_add(1)")
        return lines

    def _variables(self) -> str:
        """The variables to train: those that the loss is made of, by their names where that is plain."""
        given = argument(self.script.minimize, 2, "var_list")
        if given is not None:
            return self.text.of(given)
        read = names_in(self.reading, self.loss)
        for step in self.loss_steps():
            read |= names_in(self.reading, step.value) if step.value is not None else set()
        made = [step for step in self.script.steps if step.role is Role.VARIABLE]
        direct = [step for step in made if step.binds[0] in read]
        plain = all(self._is_plain(step) for step in direct) and not (read & set(self.script.functions))
        if not plain or not direct:
            return f"{self.tape}.watched_variables()"
        return f"[{', '.join(step.binds[0] for step in direct)}]"

    def _is_plain(self, step: Step) -> bool:
        made = self.script.called(step.value) in ("Variable", "get_variable")
        return made and isinstance(step.value, cst.Call) and argument(step.value, 99, "trainable") is None

    def _value(self, run: Run, index: int) -> str:
        fetch = run.fetches[index]
        if fetch.role is Role.TRAIN:
            return "None"
        return f"{self.text.in_parentheses(fetch.node)}.numpy()"
