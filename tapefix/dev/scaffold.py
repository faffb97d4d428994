"""The stub of a new rule."""

from __future__ import annotations

import re
from pathlib import Path

from tapefix.dev.checkout import Checkout
from tapefix.dev.docs import FAMILIES
from tapefix.registry import load_rules

PLACEHOLDER = "TO BE WRITTEN"
"""What a stub says where its author has to; no rule may be left with it."""


class NameTakenError(ValueError):
    """A rule cannot be called that, or is called that already."""


def scaffold(checkout: Checkout, name: str, *, family: int = 0, code: str = "") -> list[Path]:
    """Write a rule that finds nothing yet, one case for it to change and one look-alike.

    Raises:
        NameTakenError: the name or the code is malformed, or in use.
    """
    code = _code(family, code.upper())
    module = _module(checkout, name)
    folder = checkout.fixtures / name
    title = "".join(part.capitalize() for part in name.split("-"))
    texts = {
        module: RULE.format(code=code, name=name, title=title, todo=PLACEHOLDER),
        folder / "first_case" / "before.py": BEFORE,
        folder / "first_case" / "after.py": BEFORE,
        folder / "look_alike" / "before.py": BEFORE,
        folder / "look_alike" / "case.toml": f'why = "{PLACEHOLDER}: a sentence that says why it must not change"\n',
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _code(family: int, code: str) -> str:
    used = {rule.code: rule.name for rule in load_rules()}
    if bool(family) == bool(code):
        raise NameTakenError("say either which family the rule belongs to, --family 1, or its code, --code TPF108")
    if code:
        if not re.fullmatch(r"TPF\d{3}", code) or code[3] not in FAMILIES:
            raise NameTakenError(f"{code} is no code: TPF, the digit of a family ({_families()}), and two digits")
        if code in used:
            raise NameTakenError(f"{code} is {used[code]} already")
        return code
    if str(family) not in FAMILIES:
        raise NameTakenError(f"there is no family {family}: {_families()}")
    numbers = [int(known[3:]) for known in used if re.fullmatch(rf"TPF{family}\d\d", known)]
    # Behind the last one and not into a gap: a code that was released once never comes to mean another thing.
    following = max(numbers, default=family * 100) + 1
    if following > family * 100 + 99:
        raise NameTakenError(f"family {family} is full")
    return f"TPF{following}"


def _families() -> str:
    return ", ".join(f"{digit} {what}" for digit, what in FAMILIES.items())


def _module(checkout: Checkout, name: str) -> Path:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", name):
        raise NameTakenError(f"{name!r} is no name for a rule: two or more words in kebab-case, numpy-method-on-path")
    module = checkout.codemods / f"{name.replace('-', '_')}.py"
    for path in (module, checkout.fixtures / name):
        if path.exists():
            raise NameTakenError(f"{name} is taken: there is {path.relative_to(checkout.root)} already")
    taken = [rule for rule in load_rules() if rule.name == name]
    if taken:
        raise NameTakenError(f"{name} is taken: {taken[0].code} of {taken[0].__module__} is called that")
    return module


RULE = '''\
"""{code}: {todo}."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tapefix.codemod import Applicability, Codemod, Finding
from tapefix.tapes.reading import Reading


class {title}(Codemod):
    """{todo}: what is broken, in one sentence of at most 100 characters.

    ## What it finds

    {todo}: the break, with the ways in which people write it.

    ## Why the gradient is None

    {todo}: what TensorFlow does, and why.

    ## What the rewrite does

    {todo}: what replaces what, and what is left alone.

    ## When to ignore it

    {todo}: what to write where the code is meant as it is.

    Source: https://www.tensorflow.org/guide/autodiff#getting_a_gradient_of_none
    """

    code: ClassVar[str] = "{code}"
    name: ClassVar[str] = "{name}"
    applicability: ClassVar[Applicability] = Applicability.SAFE

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Yield one finding for each break of this kind."""
        yield from ()
'''

BEFORE = """\
import tensorflow as tf

x = tf.Variable([1.0, 2.0, 3.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(x**2)
print(tape.gradient(loss, x))
"""
