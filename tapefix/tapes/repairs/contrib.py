"""`tf.contrib.eager` and `tf.enable_eager_execution`: where they are named, and what TensorFlow 2 calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.eager import builds_graphs, on_condition
from tapefix.tapes.repairs.old_names import old_names
from tapefix.tapes.repairs.taped_functions import FORMS, TapedFunction
from tapefix.tapes.repairs.untaped import CannotTapeError
from tapefix.tapes.writing.draft import Draft

MODULE = "tensorflow.contrib.eager"
_MODULES = (MODULE, "tensorflow.contrib.eager.python.tfe")
_NAMES = {
    "GradientTape": "GradientTape",
    "Variable": "Variable",
    "TensorShape": "TensorShape",
    "executing_eagerly": "executing_eagerly",
    "in_eager_mode": "executing_eagerly",
    "custom_gradient": "custom_gradient",
    "defun": "function",
    "function": "function",
    "py_func": "py_function",
    "Checkpoint": "train.Checkpoint",
}
_ENABLE = "enable_eager_execution"


@dataclass
class Migration:
    """What a file takes from `tf.contrib.eager`, or one call that enables eager execution, and what it becomes."""

    node: cst.CSTNode
    shown: str
    rewrite: Rewrite | None = None
    reason: str = ""
    forms: list[cst.Call] = field(default_factory=list)
    """Calls that make functions which give gradients."""
    taken: set[str] = field(default_factory=set)
    """Names that such functions were given."""

    def lines(self, reading: Reading) -> frozenset[int]:
        """The lines that ask for a gradient, of those that get one but for this."""
        broken = {flow.query for flow in reading.missing_flows()}
        asked = {reading.line(query.node) for query in reading.queries if query not in broken}
        return frozenset(asked | {reading.line(form) for form in self.forms})


def migrations(reading: Reading) -> Iterator[Migration]:
    """What TensorFlow 2 has under another name, or needs no more."""
    if ("contrib" not in reading.text and _ENABLE not in reading.text) or builds_graphs(reading):
        return
    modules = _modules(reading)
    migration = _migration(reading, modules) if modules else None
    if migration is not None and (reading.queries or migration.forms):
        yield migration
    if not reading.queries and migration is None:
        return
    yield from _renamed(reading)
    for call in reading.tree.nodes(cst.Call):
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value != _ENABLE:
            continue
        if _is_tensorflow(reading, call.func.value) and not on_condition(reading, call):
            yield _enabled(reading, call)


def _renamed(reading: Reading) -> Iterator[Migration]:
    """The functions that the file calls by names of TensorFlow 1: it would come no further with eager names alone."""
    found = sorted(old_names(reading), key=lambda old: reading.span(old[0]))
    if not found:
        return
    draft = Draft(reading)
    for node, name in found:
        draft.rewrite_whole(node, name)
    first = found[0][0]
    title = "Call it by its name in TensorFlow 2" if len(found) == 1 else "Call them by their names in TensorFlow 2"
    yield Migration(first, reading.code(first), draft.rewrite(title))


def _is_tensorflow(reading: Reading, node: cst.BaseExpression) -> bool:
    """Whether it is the module `tensorflow` itself; in `tensorflow.compat.v1`, eager execution can be enabled still."""
    for value in reading.values(node):
        line = reading.statement(value.node) if isinstance(value.node, cst.ImportAlias) else None
        if value.name != "tensorflow" or (line is not None and "compat" in reading.code(line)):
            return False
    return isinstance(node, cst.Name) and bool(reading.values(node))


def _enabled(reading: Reading, call: cst.Call) -> Migration:
    found = Migration(call, f"tf.{_ENABLE}")
    draft = Draft(reading)
    try:
        _drop(draft, call)
    except CannotTapeError as error:
        found.reason = str(error)
    else:
        found.rewrite = draft.rewrite("Drop the call: execution is eager")
    return found


def _drop(draft: Draft, node: cst.CSTNode) -> None:
    """Delete the statement that is nothing but this expression."""
    reading = draft.reading
    statement = reading.statement(node)
    parent = reading.parent(statement) if statement is not None else None
    alone = isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
    part = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    body = getattr(parent, "body", ())
    if not alone or not isinstance(part, (cst.Expr, cst.Import, cst.ImportFrom, cst.Assign)) or len(body) < 2:
        raise CannotTapeError("the statement holds more than that, or is the only one in its block")
    assert statement is not None
    draft.delete_all([statement])


# The module


@dataclass
class _Module:
    """One way in which a file has the module: a name for it, and the statement that binds it."""

    name: str
    binding: cst.CSTNode | None
    """`None` where it is spelled out: `tf.contrib.eager`."""


def _modules(reading: Reading) -> list[_Module]:
    found: list[_Module] = []
    for statement in reading.tree.nodes(cst.Import, cst.ImportFrom):
        if on_condition(reading, statement):
            continue
        module = cst.Module(()).code_for_node
        if isinstance(statement, cst.Import):
            names = [(alias.evaluated_name, alias) for alias in statement.names]
        elif isinstance(statement, cst.ImportFrom) and statement.module is not None:
            aliases = statement.names if not isinstance(statement.names, cst.ImportStar) else ()
            names = [(f"{module(statement.module)}.{alias.evaluated_name}", alias) for alias in aliases]
        else:
            continue
        for dotted, alias in names:
            if dotted in _MODULES:
                found.append(_Module(alias.evaluated_alias or alias.evaluated_name.rpartition(".")[2], statement))
    for assign in reading.tree.nodes(cst.Assign):
        target = assign.targets[0].target
        if isinstance(target, cst.Name) and _names_module(reading, assign.value) and not on_condition(reading, assign):
            found.append(_Module(target.value, assign))
    spelled = [n for n in reading.tree.nodes(cst.Attribute) if _names_module(reading, n)]
    if any(not isinstance(reading.parent(node), cst.Assign) for node in spelled):
        found.append(_Module(reading.code(spelled[0]), None))
    return found


def _names_module(reading: Reading, node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.Attribute) or node.attr.value != "eager":
        return False
    return any(value.name == MODULE for value in reading.values(node)) or reading.code(node) == "tf.contrib.eager"


def _migration(reading: Reading, modules: Sequence[_Module]) -> Migration:
    bindings = [module.binding for module in modules if module.binding is not None]
    uses = [use for module in modules for use in _uses(reading, module)]
    found = Migration(bindings[0] if bindings else uses[0], "tf.contrib.eager")
    draft = Draft(reading)
    done: list[cst.CSTNode] = []
    try:
        for binding in bindings:
            _drop(draft, binding)
        for use in sorted(uses, key=reading.span):
            if not any(parent in done for parent in reading.parents(use)):
                done.append(_migrate(draft, use, found))
        rest = [use for module in modules for use in _other_uses(reading, module)]
        if rest:
            raise CannotTapeError(f"`{reading.code(rest[0])}` is used in a way that is not known")
    except CannotTapeError as error:
        found.reason = str(error)
    else:
        found.rewrite = draft.rewrite("Call it by the names of TensorFlow 2")
    return found


def _uses(reading: Reading, module: _Module) -> list[cst.Attribute]:
    """The expressions `tfe.X`."""
    found = reading.tree.nodes(cst.Attribute)
    return [node for node in found if reading.code(node.value) == module.name]


def _other_uses(reading: Reading, module: _Module) -> list[cst.CSTNode]:
    """Where the module stands by itself: handed on, or bound again."""
    if module.binding is None:
        return []
    found: list[cst.CSTNode] = []
    for name in reading.tree.nodes(cst.Name):
        if name.value != module.name:
            continue
        parent = reading.parent(name)
        binding = any(outer is module.binding for outer in reading.parents(name))
        keyword = isinstance(parent, cst.Arg) and parent.value is not name
        if not binding and not keyword and not isinstance(parent, (cst.Attribute, cst.ImportAlias)):
            found.append(name)
    return found


def _migrate(draft: Draft, use: cst.Attribute, found: Migration) -> cst.CSTNode:
    """Write what one use becomes; gives back what it has rewritten."""
    reading, name = draft.reading, use.attr.value
    call = reading.parent(use)
    if name == _ENABLE and isinstance(call, cst.Call):
        _drop(draft, call)
        statement = reading.statement(call)
        assert statement is not None
        return statement
    if name in FORMS and isinstance(call, cst.Call) and call.func is use:
        found.forms.append(call)
        return TapedFunction(reading, call, name, found.taken).write(draft)
    if name == "Iterator" and isinstance(call, cst.Call) and call.func is use and len(call.args) == 1:
        draft.replace(call, "iter(", call.args[0].value, ")")
        return use
    if name not in _NAMES:
        raise CannotTapeError(f"`{reading.code(use)}` has no counterpart that does the same")
    draft.rewrite_whole(use, f"{draft.tensorflow()}.{_NAMES[name]}")
    return use
