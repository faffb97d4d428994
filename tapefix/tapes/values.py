"""Values: what the reading knows of each thing that a program makes, as a graph from results back to inputs.

The reading executes a module abstractly; every evaluation of an expression leaves one `Value`. A function that is
called twice leaves two values for each of its expressions, so that what is known stays true of each call.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import EllipsisType

    import libcst as cst

    from tapefix.tapes.flow.steps import Step
    from tapefix.tapes.flow.stops import Stop
    from tapefix.tapes.observed import Observed
    from tapefix.tapes.tape import Query, Tape


class Kind(enum.Enum):
    """What sort of object a value is, as far as it can be known."""

    TENSOR = "tensor"
    VARIABLE = "variable"
    VARIABLES = "variables"
    """A collection such as `model.trainable_variables`."""
    NDARRAY = "array"
    """A NumPy array or NumPy scalar."""
    SCALAR = "number"
    """A Python number or bool."""
    STRING = "string"
    NONE = "None"
    SEQUENCE = "sequence"
    MAPPING = "mapping"
    MODEL = "model"
    LAYER = "layer"
    LOSS = "loss"
    METRIC = "metric"
    OPTIMIZER = "optimizer"
    SYMBOLIC = "symbolic tensor"
    """A Keras tensor: `layer.output`, `keras.Input(...)`."""
    DATASET = "dataset"
    TAPE = "tape"
    MODULE = "module"
    LIBRARY = "library object"
    """A function, class or constant of a library, known by its qualified name."""
    FUNCTION = "function"
    CLASS = "class"
    INSTANCE = "instance"
    METHOD = "bound method"
    UNKNOWN = "unknown"


class Dtype(enum.Enum):
    """The class of a dtype: whether a tape can differentiate it."""

    FLOATING = "floating"
    INTEGER = "integer"
    BOOL = "bool"
    COMPLEX = "complex"
    UNKNOWN = "unknown"

    @property
    def differentiable(self) -> bool | None:
        """Whether a tape tracks tensors of this dtype; `None` when that is not known."""
        if self is Dtype.UNKNOWN:
            return None
        return self in (Dtype.FLOATING, Dtype.COMPLEX)


class Operation(enum.Enum):
    """How a value came to be."""

    LITERAL = "literal"
    PARAMETER = "parameter"
    IMPORT = "import"
    DEFINITION = "definition"
    CALL = "call"
    """A call of a library function, an object, or something unknown; `Value.call` holds the arguments."""
    METHOD_CALL = "method call"
    ATTRIBUTE = "attribute"
    BINARY = "binary operator"
    UNARY = "unary operator"
    COMPARISON = "comparison"
    SUBSCRIPT = "subscript"
    DISPLAY = "display"
    ITERATION = "iteration"
    """One element of something that a loop or an unpacking goes over."""
    JOIN = "join"
    """Either of its inputs, from branches that meet."""
    STORE = "store"
    """Its first input after an item of it was set."""
    GRADIENT = "gradient"
    UNKNOWN = "unknown"


class _NoConstant:
    def __repr__(self) -> str:
        return "NO_CONSTANT"


NO_CONSTANT = _NoConstant()


@dataclass(eq=False)
class Frame:
    """One activation of a function, or of the module."""

    node: cst.CSTNode
    """The `FunctionDef`, `Lambda` or `Module` that is executed."""
    caller: Frame | None = None
    call: cst.CSTNode | None = None
    depth: int = 0
    names: dict[str, Value] = field(default_factory=dict)
    closure: Frame | None = None
    global_names: set[str] = field(default_factory=set)
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    definition: Definition | None = None
    instance: Value | None = None
    """What `self` is, in a method."""
    root: bool = False
    """Entered without a caller: its parameters are not known."""
    seal: Frame | None = None
    """The innermost `tf.py_function` or the like that it runs in: a tape outside sees only what was handed over."""

    def __post_init__(self) -> None:
        """A frame entered from a sealed one is sealed, too."""
        if self.seal is None and self.caller is not None:
            self.seal = self.caller.seal


@dataclass(eq=False, slots=True)
class Argument:
    """One argument of a call, as written and as known."""

    node: cst.Arg
    value: Value
    keyword: str | None
    star: str = ""


Branch = tuple[tuple[int, int], ...]
"""Which arm of which branching statement: pairs of (execution of the statement, arm)."""


def exclusive(left: Branch, right: Branch) -> bool:
    """Whether two places stand in different arms of one branching, so that a run passes at most one of them."""
    arms = dict(left)
    return any(arms.get(branching, arm) != arm for branching, arm in right)


@dataclass(eq=False, slots=True)
class Value:
    """One result of one evaluation."""

    kind: Kind
    operation: Operation
    node: cst.CSTNode | None
    time: int
    """Position in the order of execution; inputs are always earlier."""
    frame: Frame
    statement: cst.CSTNode | None
    tapes: frozenset[Tape] = frozenset()
    """The tapes that were recording."""
    branch: Branch = ()
    name: str = ""
    """Qualified name of a library object or of what is called; name of a method, attribute or operator."""
    inputs: tuple[Value, ...] = ()
    dtype: Dtype = Dtype.UNKNOWN
    precise_dtype: str = ""
    """For example `float32`, when it is known."""
    rank: int | None = None
    constant: object = NO_CONSTANT
    trainable: bool | None = None
    receiver: Value | None = None
    """The object of a method, an attribute or a subscript; the thing called."""
    arguments: tuple[Argument, ...] = ()
    elements: list[Value] | None = None
    entries: dict[object, Value] | None = None
    attributes: dict[str, Value] = field(default_factory=dict)
    settings: list[tuple[int, str, Value]] | None = None
    """Which attribute was set when, and to what."""
    definition: Definition | None = None
    tape: Tape | None = None
    query: Query | None = None
    observed: Observed | None = None
    """What a run saw, where the text says nothing."""
    users: list[Value] = field(default_factory=list)
    """What was made from it."""
    step: Step | None = None
    """What it does to a gradient, once the flow has found that out: the same for each query."""
    stop: Stop | EllipsisType | None = ...
    """Why no gradient comes back through it, once the flow has found that out."""

    def __repr__(self) -> str:
        return f"<{self.kind.value} by {self.operation.value} {self.name} @{self.time}>"

    @property
    def is_tensor(self) -> bool:
        """Whether it is a tensor or a variable for certain."""
        return self.kind in (Kind.TENSOR, Kind.VARIABLE)

    @property
    def is_number(self) -> bool:
        """Whether it lives outside TensorFlow: an array, a number, or a list of such."""
        if self.kind in (Kind.NDARRAY, Kind.SCALAR):
            return True
        return bool(self.kind is Kind.SEQUENCE and self.elements and all(e.is_number for e in self.elements))

    def argument(self, position: int, keyword: str) -> Argument | None:
        """The argument that a parameter at `position` named `keyword` gets; `None` without one or behind a `*`."""
        return argument_of(self.arguments, position, keyword)


def argument_of(arguments: Sequence[Argument], position: int, keyword: str) -> Argument | None:
    """The argument that a parameter at `position` named `keyword` gets; `None` without one or behind a `*`."""
    index = 0
    for argument in arguments:
        if argument.keyword == keyword:
            return argument
        if argument.star:
            return None
        if argument.keyword is None:
            if index == position:
                return argument
            index += 1
    return None


@dataclass(eq=False)
class Definition:
    """A function or class of the module under reading."""

    node: cst.FunctionDef | cst.Lambda | cst.ClassDef
    closure: Frame
    name: str
    defaults: dict[str, Value] = field(default_factory=dict)
    decorators: tuple[Value, ...] = ()
    bases: tuple[Value, ...] = ()
    members: dict[str, Value] = field(default_factory=dict)
    owner: Definition | None = None
    """The class that a method stands in."""
    calls: int = 0

    def lookup(self, name: str) -> Value | None:
        """A member of a class or of the bases that the module defines, in the order of definition."""
        if name in self.members:
            return self.members[name]
        for base in self.bases:
            if base.definition is not None:
                found = base.definition.lookup(name)
                if found is not None:
                    return found
        return None

    def library_bases(self) -> Iterator[str]:
        """Qualified names of the bases that come from libraries, however far up."""
        for base in self.bases:
            if base.definition is not None:
                yield from base.definition.library_bases()
            elif base.name:
                yield base.name
