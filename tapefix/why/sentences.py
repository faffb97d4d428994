"""What is said of a break: one sentence, and the way out."""

from __future__ import annotations

from tapefix.why.account import Break, Cause, SourceAccount, Thing
from tapefix.why.endings import EMPTY


def sentence(found: Break, account: SourceAccount) -> str:
    """Say in one sentence why the gradient of a source ends here."""
    shown = _shown(found)
    source = account.label
    if found.cause is Cause.NOT_WATCHED:
        return _not_watched(found, source)
    if found.cause is Cause.INTEGER:
        if found.detail == "source":
            return f"`{source}` is of dtype {account.source.dtype}: only floating numbers have a gradient"
        return f"{shown} gives {_dtype(found.value)}: only floating numbers have a gradient"
    if found.cause is Cause.REPLACED:
        was = "a variable" if found.other is None or not found.other.name else f"the variable `{found.other.name}`"
        return f"{shown} puts a tensor where {was} was: the tape watches variables, not what takes their name"
    if found.cause is Cause.OTHER_OBJECT:
        return f"the target is computed from {_other(found)}, which has the same values but is another object"
    if found.cause is Cause.DERIVED_OBJECT:
        return f"`{source}` was made from {_other(found)} for the query; the target is computed from the latter"
    if found.cause is Cause.SYMBOLIC:
        if found.detail == "model":
            return f"`{source}` is a model: its variables have gradients (`{source}.trainable_variables`)"
        return f"`{source}` is a symbol from which a model was built: no numbers ever pass through it"
    if found.cause is Cause.NOT_A_TENSOR:
        return f"`{source}` is {_a(_kind(account.source))}: a tape follows tensors and variables only"
    if found.cause is Cause.INDEPENDENT and found.detail == "no-target":
        return "the target is None: it should have been a gradient itself, which is missing"
    if found.cause is Cause.INDEPENDENT:
        return f"nothing leads from `{source}` to the target: the target does not depend on it"
    if found.cause is Cause.STOPPED_SHORT and found.detail == EMPTY:
        return f"{shown} asks for the gradient of an empty list: it was read before there were any weights"
    if found.cause is Cause.UNEXPLAINED:
        return found.detail or "every step was recorded, and TensorFlow still gives no gradient"
    return _PLAIN[found.cause].format(shown=shown, source=source)


_PLAIN = {
    Cause.LEFT: "{shown} takes the path out of TensorFlow: a tape does not see what happens there",
    Cause.REWRAPPED: "{shown} puts the values into a new object, which does not know where they come from",
    Cause.NUMPY_FUNCTION: "{shown} runs a NumPy function: TensorFlow cannot differentiate it",
    Cause.WATCHED_LATE: "`{source}` is watched only after it has been used",
    Cause.BEFORE_TAPE: "{shown} is computed before the tape begins",
    Cause.AFTER_TAPE: "{shown} is computed after the tape has ended",
    Cause.OTHER_TAPE: "{shown} was recorded by another tape than the one that is asked",
    Cause.QUERY_OUTSIDE: "{shown} makes a gradient that this tape does not record",
    Cause.STOPPED_RECORDING: "{shown} runs while the tape is told not to record",
    Cause.STOPPED_GRADIENT: "{shown} stops the gradient on purpose",
    Cause.NO_GRADIENT: "{shown} has no gradient",
    Cause.ASSIGNED: "{shown} goes through a variable that is written: a tape does not follow assignments",
    Cause.STOPPED_SHORT: "{shown} raises before a gradient is asked for",
    Cause.TAPE_USED: "the tape has been asked before, and it is not persistent: it has let go of what it recorded",
}


def _not_watched(found: Break, source: str) -> str:
    if found.detail == "untrainable":
        return f"`{source}` is a variable with `trainable=False`: a tape does not watch it by itself"
    if found.detail == "watching-disabled":
        return f"the tape was made with `watch_accessed_variables=False` and was not told to watch `{source}`"
    return f"the tape does not watch `{source}`: it is a tensor, not a trainable variable"


def _shown(found: Break) -> str:
    if found.place is not None:
        text = " ".join(found.place.text.split())
        return f"`{text if len(text) <= 60 else text[:59] + '…'}`"
    return f"the operation {found.made_by}" if found.made_by else "something outside the project's code"


def _other(found: Break) -> str:
    name = f"`{found.other.name}`" if found.other is not None and found.other.name else ""
    if found.other_place is None:
        return name or "another value"
    text = " ".join(found.other_place.text.split())
    made = f"`{text if len(text) <= 60 else text[:59] + '…'}` at {found.other_place}"
    return f"{name} ({made})" if name else made


def _dtype(value: Thing | None) -> str:
    return "no floating numbers" if value is None or value.dtype is None else value.dtype


def _kind(value: Thing) -> str:
    return {"array": "NumPy array", "number": "plain number"}.get(value.what, value.type)


def _a(word: str) -> str:
    return f"an {word}" if word[:1].lower() in "aeiou" else f"a {word}"
