"""What a script runs of its graph: the calls, what each fetches, and what it is fed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.sessions.graph import INITIALIZERS
from tapefix.tapes.sessions.looking import argument, bound_names, given_beyond, is_load
from tapefix.tapes.sessions.names import CannotConvertError
from tapefix.tapes.sessions.script import Script
from tapefix.tapes.sessions.steps import Role, Step
from tapefix.tapes.sessions.summaries import Summaries, Summary

_SIMPLE = (cst.Name, cst.Attribute, cst.Integer, cst.Float, cst.SimpleString, cst.Subscript)


@dataclass(frozen=True)
class Fetch:
    """One thing that a run fetches."""

    node: cst.BaseExpression
    role: Role
    """`TRAIN`, `TENSOR`, `VARIABLE`, `CONSTANT` or `SUMMARY`."""
    step: Step | None
    """The statement that makes it; `None` for an expression that stands in the call."""
    parts: tuple[Summary, ...] = ()
    """What it is made of, where it is a summary."""

    @property
    def nodes(self) -> list[cst.BaseExpression]:
        """What has to be computed for it."""
        return [part.tensor for part in self.parts] if self.parts else [self.node]


@dataclass(eq=False)
class Run:
    """One call that runs a part of the graph."""

    call: cst.Call
    statement: cst.BaseStatement
    fetches: list[Fetch]
    brackets: tuple[str, str]
    """What the fetches stand in: brackets, parentheses, or nothing around a single one."""
    feeds: dict[str, cst.BaseExpression] = field(default_factory=dict)
    """By placeholder."""
    feed_name: str = ""
    """The name of the dictionary that it is fed, where it is not written out."""
    targets: list[cst.BaseExpression] | None = None
    """What the fetched values are unpacked into by the statement."""
    thrown: frozenset[int] = frozenset()
    """Which of the fetches are unpacked into a name that nobody reads, and are nothing but `None`."""
    initializes: bool = False

    @property
    def trains(self) -> bool:
        """Whether it takes a step of training."""
        return any(fetch.role is Role.TRAIN for fetch in self.fetches)

    @property
    def kept(self) -> list[int]:
        """Which of the fetches the script gets to see: those that are thrown away at once are left out."""
        return [index for index in range(len(self.fetches)) if index not in self.thrown]


class Runs:
    """Every run of a script.

    Raises:
        CannotConvertError: a run is written in a way that is not known.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.graph = script.graph
        self.reading: Reading = script.reading
        self.summaries = Summaries(script)
        self.feeding: dict[str, list[cst.Assign]] = {}
        """The dictionaries that runs are fed by their names."""
        self.runs = [
            self._run(call) for step in script.steps if step.role is Role.RUNNING for call in self._calls(step)
        ]
        self._check_order()
        self.written = {call: self._written(call) for call in self.summaries.calls}
        """Which statement's summaries each `add_summary` writes."""
        self._check_summaries()

    def _calls(self, step: Step) -> list[cst.Call]:
        return [call for call in self.reading.tree.nodes(cst.Call, inside=step.node) if self.graph.is_run(call)]

    def _run(self, call: cst.Call) -> Run:
        reading, func = self.reading, call.func
        assert isinstance(func, cst.Attribute)
        owner = func.value
        of_session = isinstance(owner, cst.Name) and owner.value in self.graph.sessions
        if given_beyond(call, 2 if of_session else 1, ("fetches", "feed_dict", "session")):
            raise CannotConvertError("a run is given options, or asked for metadata")
        fetched = argument(call, 0, "fetches") if of_session else owner
        fed = argument(call, 1 if of_session else 0, "feed_dict")
        statement = reading.statement(call)
        if fetched is None or statement is None or any(isinstance(p, cst.Lambda) for p in reading.parents(call)):
            raise CannotConvertError("a run is written in a way that is not known")
        inside = [inner for inner in reading.tree.nodes(cst.Call, inside=call) if inner is not call]
        if any(self.graph.is_run(inner) for inner in inside):
            raise CannotConvertError("a run takes what another one fetches, in one expression")
        if self.graph.called(fetched) in INITIALIZERS or self.graph.role(fetched) is Role.INITIALIZER:
            return self._initializing(call, statement)
        listed, brackets = [fetched], ("", "")
        if isinstance(fetched, (cst.List, cst.Tuple)):
            listed = [element.value for element in fetched.elements]
            brackets = ("[", "]") if isinstance(fetched, cst.List) else ("(", ",)" if len(listed) == 1 else ")")
        run = Run(call, statement, [self._fetch(node) for node in listed], brackets)
        if len([fetch for fetch in run.fetches if fetch.parts]) > 1:
            raise CannotConvertError("several summaries are fetched at once")
        self._feed(run, fed)
        self._unpack(run)
        return run

    def _initializing(self, call: cst.Call, statement: cst.BaseStatement) -> Run:
        parts = statement.body if isinstance(statement, cst.SimpleStatementLine) else ()
        line = parts[0] if len(parts) == 1 else None
        if not isinstance(line, cst.Expr) or line.value is not call:
            raise CannotConvertError("the variables are given their first values inside of something else")
        if not any(step.node is statement for step in self.script.steps):
            raise CannotConvertError("the variables are given their first values in a loop, or under a condition")
        return Run(call, statement, [], ("", ""), initializes=True)

    def _fetch(self, node: cst.BaseExpression) -> Fetch:
        graph, code = self.graph, self.reading.code(node)
        owner = node.value if isinstance(node, cst.Subscript) else node
        step = graph.step(owner)
        if step is not None and (owner is node or step.role is Role.VARIABLE):
            if step.role in (Role.TRAIN, Role.TENSOR, Role.VARIABLE, Role.CONSTANT):
                return Fetch(node, step.role, step)
            if step in self.summaries.of_step:
                return Fetch(node, Role.SUMMARY, step, tuple(self.summaries.of_step[step]))
            raise CannotConvertError(f"what `{code}` is, which a run fetches, is not known")
        if isinstance(node, (cst.List, cst.Tuple, cst.Dict)) or not graph.reads_graph(node):
            raise CannotConvertError(f"what `{code}` is, which a run fetches, is not known")
        if any(made.role is Role.TRAIN for made in graph.read(node)) or graph.is_random(node):
            raise CannotConvertError(f"`{code}` is made anew for each run")
        return Fetch(node, Role.TENSOR, None)

    def _feed(self, run: Run, fed: cst.BaseExpression | None) -> None:
        if fed is None:
            return
        if isinstance(fed, cst.Name):
            run.feed_name = fed.value
            assigns = self.feeding.setdefault(fed.value, self._dictionaries(fed.value))
            for assign in assigns:
                feeds = self._feeds(assign.value)
                if run.feeds and set(feeds) != set(run.feeds):
                    raise CannotConvertError(f"`{fed.value}` does not always feed the same placeholders")
                run.feeds = feeds
            return
        run.feeds = self._feeds(fed)

    def _dictionaries(self, name: str) -> list[cst.Assign]:
        """The assignments that make a dictionary which runs are fed; it is nothing else to the script."""
        found: list[cst.Assign] = []
        for node in self.reading.tree.nodes(cst.Name, inside=self.script.scope):
            if node.value != name:
                continue
            parent = self.reading.parent(node)
            if isinstance(parent, cst.Arg) and parent.value is node and self._is_fed(parent):
                continue
            assign = self.reading.parent(parent) if isinstance(parent, cst.AssignTarget) else None
            if isinstance(parent, cst.Arg) and parent.keyword is node:
                continue
            if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
                raise CannotConvertError(f"`{name}` is more to the script than what a run is fed")
            found.append(assign)
        if not found:
            raise CannotConvertError(f"what `{name}` feeds is not known")
        return found

    def _is_fed(self, given: cst.Arg) -> bool:
        call = self.reading.parent(given)
        return isinstance(call, cst.Call) and self.graph.is_run(call)

    def _feeds(self, node: cst.BaseExpression) -> dict[str, cst.BaseExpression]:
        if not isinstance(node, cst.Dict):
            raise CannotConvertError(f"what `{self.reading.code(node)}` feeds is not known")
        feeds: dict[str, cst.BaseExpression] = {}
        for element in node.elements:
            key = element.key if isinstance(element, cst.DictElement) else None
            if not isinstance(key, cst.Name) or self.graph.role(key) is not Role.PLACEHOLDER:
                raise CannotConvertError("something else than a placeholder is fed")
            if self.graph.touches(element.value):
                raise CannotConvertError("a run is fed what the graph or another run computes")
            feeds[key.value] = element.value
        return feeds

    def _unpack(self, run: Run) -> None:
        """Note what the statement unpacks the values into, and which of them nobody reads."""
        statement = run.statement
        line = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if not isinstance(line, cst.Assign) or line.value is not run.call or len(line.targets) != 1:
            return
        target = line.targets[0].target
        if not run.brackets[0] or not isinstance(target, (cst.Tuple, cst.List)):
            return
        elements = [element.value for element in target.elements]
        if len(elements) != len(run.fetches) or any(not isinstance(e, cst.Name) for e in elements):
            return
        run.targets = elements
        run.thrown = frozenset(
            index
            for index, fetch in enumerate(run.fetches)
            if fetch.role is Role.TRAIN and not self._is_read(elements[index])
        )

    def _is_read(self, target: cst.BaseExpression) -> bool:
        assert isinstance(target, cst.Name)
        return any(
            name.value == target.value and is_load(self.reading, name)
            for name in self.reading.tree.nodes(cst.Name, inside=self.script.scope)
        )

    def _check_order(self) -> None:
        """The variables are given their first values once, before anything else is run."""
        starts = [self.reading.span(run.call)[0] for run in self.runs if run.initializes]
        others = [self.reading.span(run.call)[0] for run in self.runs if not run.initializes]
        if not others or not any(run.trains for run in self.runs):
            raise CannotConvertError("no run that takes a step of training stands beside the graph")
        if not starts or max(starts) > min(others):
            raise CannotConvertError("where the variables are given their first values is not known")
        if len(starts) > 1:
            raise CannotConvertError("the variables are given their first values more than once")

    # Summaries

    def _written(self, call: cst.Call) -> Step:
        """Which statement's summaries a call of `add_summary` writes."""
        summary, step = argument(call, 0, "summary"), argument(call, 1, "global_step")
        unknown = CannotConvertError("which summaries are written, or of which step, is not known")
        if summary is not call.args[0].value or call.args[0].keyword or step is None or len(call.args) != 2:
            raise unknown
        if not isinstance(self.reading.parent(call), cst.Expr):
            raise unknown
        name = summary.value if isinstance(summary, cst.Name) else None
        found = [
            fetch.step
            for run in self.runs
            for fetch, bound in zip(run.fetches, self._bound(run), strict=True)
            if run.call is summary or (name is not None and bound == name)
        ]
        bindings = sum(
            bound.value == name
            for assign in self.reading.tree.nodes(cst.Assign, inside=self.script.scope)
            for target in assign.targets
            for bound in bound_names(target.target)
        )
        if not found or len(set(found)) > 1 or (name is not None and bindings != len(found)):
            raise unknown
        if found[0] not in self.summaries.of_step:
            raise unknown
        return found[0]

    def _bound(self, run: Run) -> list[str | None]:
        """The name that each of the fetched values is given by the statement."""
        statement = run.statement
        line = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        nothing: list[str | None] = [None] * len(run.fetches)
        if run.targets is not None:
            return [target.value if isinstance(target, cst.Name) else None for target in run.targets]
        if not isinstance(line, cst.Assign) or line.value is not run.call or run.brackets[0]:
            return nothing
        target = line.targets[0].target
        return [target.value] if isinstance(target, cst.Name) and len(line.targets) == 1 else nothing

    def _check_summaries(self) -> None:
        """A summary that is fetched is written to a file, and nothing else is done with it."""
        given = {call.args[0].value for call in self.written}
        for run in self.runs:
            for fetch, bound in zip(run.fetches, self._bound(run), strict=True):
                if not fetch.parts or run.call in given:
                    continue
                read = [
                    name
                    for name in self.reading.tree.nodes(cst.Name, inside=self.script.scope)
                    if name.value == bound and is_load(self.reading, name)
                ]
                if bound is None or any(name not in given for name in read):
                    raise CannotConvertError("something else is done with a summary than to write it to a file")


def simple(nodes: Sequence[cst.BaseExpression]) -> bool:
    """Whether leaving out these expressions leaves out nothing that happens."""
    return all(isinstance(node, _SIMPLE) for node in nodes)
