"""Functions that a rewrite brings along: models whose calls are made anew, so that a tensor inside can be had."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.spelling import free_name
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import statement_text


@dataclass(frozen=True)
class Helper:
    """The text of a function, with places for its name and for names of Keras."""

    name: str
    template: str

    def text(self, name: str, model_class: str, clone: str, module: cst.Module) -> str:
        """The lines of the function, indented and ended like the module, with two blank lines behind."""
        lines = self.template.format(name=name, model=model_class, clone=clone)
        return lines.replace("    ", module.default_indent).replace("\n", module.default_newline)


LAYER_OUTPUT = Helper(
    "with_layer_output",
    '''\
def {name}(model, layer):
    """Return `model` with a second output: what its layer `layer` gives."""
    found = []

    def call_layer(called, *args, **kwargs):
        output = called(*args, **kwargs)
        if called is layer:
            found.append(output)
        return output

    # The layers stay the same objects: only the calls between them are made anew.
    copy = {clone}(
        {model}(model.inputs, model.outputs), clone_function=lambda same: same, call_function=call_layer
    )
    return {model}(copy.inputs, [found[0], copy.outputs[0]])


''',
)
INNER_OUTPUT = Helper(
    "with_inner_output",
    '''\
def {name}(model, inner, features):
    """Return `model` with a second output: `features`, a tensor of its layer `inner`."""
    split = {model}(inner.inputs, [features, inner.outputs[0]])
    found = []

    def call_layer(called, *args, **kwargs):
        if called is not inner:
            return called(*args, **kwargs)
        value, output = split(*args, **kwargs)
        found.append(value)
        return output

    # The layers stay the same objects: only the calls between them are made anew.
    copy = {clone}(
        {model}(model.inputs, model.outputs), clone_function=lambda same: same, call_function=call_layer
    )
    return {model}(copy.inputs, [found[0], copy.outputs[0]])


''',
)


def bring(draft: Draft, helper: Helper, model_class: str) -> str:
    """Put a helper behind the imports, unless the file has it already; returns its name."""
    reading = draft.reading
    owner = model_class.rpartition(".")[0]
    if not owner:
        clone = f"{draft.tensorflow()}.keras.models.clone_model"
    else:
        clone = f"{owner}.clone_model" if _is_models(reading, owner) else f"{owner}.models.clone_model"
    module = reading.module
    if helper.text(helper.name, model_class, clone, module) in reading.text:
        return helper.name
    name = free_name(reading, helper.name)
    first = next((statement for statement in module.body if not _introduces(statement)), module.body[-1])
    start = statement_text(reading, first).start
    # Two blank lines stand in front of it, as behind it.
    above = reading.text[:start].splitlines()[-2:]
    gap = module.default_newline * sum(bool(line.strip()) for line in above)
    draft.insert(start, gap + helper.text(name, model_class, clone, module), shared=True)
    return name


def _is_models(reading: Reading, owner: str) -> bool:
    """Whether what holds the class is the module `keras.models`, by whatever name."""
    root, dot, rest = owner.partition(".")
    held = reading.execution.module_frame.names.get(root)
    return f"{held.name if held is not None else root}{dot}{rest}".endswith(".models")


def _introduces(statement: cst.CSTNode) -> bool:
    """Whether it is an import, or the docstring of the module."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    string = isinstance(statement.body[0], cst.Expr) and isinstance(statement.body[0].value, cst.SimpleString)
    return string or all(isinstance(part, (cst.Import, cst.ImportFrom)) for part in statement.body)
