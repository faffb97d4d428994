"""Functions that a rewrite brings along: models whose calls are made anew, so that a tensor inside can be had."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst


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
