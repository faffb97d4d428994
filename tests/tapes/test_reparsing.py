"""A text read again after a change: its tree is the very one that the whole text gives."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tapefix.engine import Memory, check
from tapefix.registry import load_rules
from tapefix.source.errors import ParseError
from tapefix.source.parsing import parse
from tapefix.tapes.reading import Reading
from tapefix.tapes.tree import Tree
from tests.fixtures import cases

TEXTS = [case.before.read_text("utf-8") for case in cases()[::7]]
LINES = ("x = 1\n", "# note\n", "    # note\n", "    x\n", "if x:\n  y\n", "else:\n    z\n", "@d\n", "\n", "\r\n", "\r")
PIECES = (*LINES, '"""', "'", "(", ")", "\\\n", ";", ":", "    ", "\t", " # note", "\f", "é", "")
FUNCTION = "import a\n\n\ndef f(x):\n    return x\n\n\n# of g\ndef g():\n    pass\n\n\nlast = g()\nf(last)\n"

edits = st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(PIECES), st.booleans())


@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(text=st.sampled_from(TEXTS), newline=st.sampled_from(["\n", "\r\n"]), script=st.lists(edits, min_size=8))
def test_any_edits(text: str, newline: str, script: list[tuple[float, int, str, bool]]) -> None:
    text = text.replace("\n", newline)
    before = Reading(text).tree
    for share, length, new, at_line in script:
        start = int(share * len(text))
        if at_line:
            start = text.rfind("\n", 0, start) + 1
        changed = text[:start] + new + text[start + (0 if at_line else length) :]
        try:
            tree = compared(changed, before)
        except ParseError:
            continue
        text, before = changed, tree


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x", "return x + 1"),
        ("# of g\n", "    # of f\n# of g\n"),
        ("import a\n", "import a\nimport b\n\n    # note\nimport c\n"),
        ("# of g\n", 'text = """\n# of g\n'),
        ("    return x\n", "    return x\nelse_ = 1\n"),
        ("    return x", "  return x"),
        ("import a\n", "import a\nif a:\n  b\n"),
        ("def g():\n    pass\n", ""),
        ("f(last)\n", "f(last)"),
        ("f(last)\n", "f(last)\n    # behind\n# all\n"),
        ("last = g()\n", "last = g()\r"),
        ("f(last)\n", "f(last)\n" + FUNCTION),
        (FUNCTION, "1\n"),
        (FUNCTION, ""),
        ("return x", "return x" + " + x" * 40),
    ],
)
def test_changes(old: str, new: str) -> None:
    assert old in FUNCTION
    changed = FUNCTION.replace(old, new)
    for text, after in ((FUNCTION, changed), (changed, FUNCTION)):
        try:
            before = Reading(text).tree
        except ParseError:
            continue
        try:
            compared(after, before)
        except ParseError:
            with pytest.raises(ParseError):
                parse(after)


def test_an_indented_comment_above_an_unchanged_statement() -> None:
    text = f"{FUNCTION}\n\n    # note\ndef h():\n    pass\n{FUNCTION}"
    before = Reading(text).tree
    compared(text.replace("def h():\n    pass\nimport a", "def h():\n    pass\nimport b"), before)
    compared(text.replace("def h", "def i"), before)


def test_what_has_not_changed_is_the_same() -> None:
    before = Reading(FUNCTION + FUNCTION)
    after = Reading((FUNCTION + FUNCTION).replace("f(last)", "f(last, 1)", 1), before=before.tree)
    kept = {id(statement) for statement in before.module.body} & {id(statement) for statement in after.module.body}
    assert len(kept) == 7


@pytest.mark.parametrize("text", TEXTS[::3])
def test_the_findings_are_the_same(text: str) -> None:
    rules, memory = load_rules(), Memory()
    check(text, rules, memory=memory)
    for at in (len(text) // 2, len(text)):
        start = text.rfind("\n", 0, at) + 1
        line = text[start:]
        changed = f"{text[:start]}{line[: len(line) - len(line.lstrip())]}added = 1\n{line}"
        try:
            found = check(changed, rules)
        except ParseError:
            continue
        assert check(changed, rules, memory=memory) == found


def compared(text: str, before: Tree) -> Tree:
    """The tree of a text as it is made from an earlier one, after it was compared with the one of the whole text."""
    try:
        whole = Reading(text)
    except ParseError as error:
        with pytest.raises(ParseError) as raised:
            Reading(text, before=before)
        assert str(raised.value) == str(error)
        raise
    again = Reading(text, before=before)
    assert again.module.code == whole.module.code
    assert again.module.deep_equals(whole.module)
    assert list(described(again.tree)) == list(described(whole.tree))
    return again.tree


def described(tree: Tree) -> Iterator[tuple[object, ...]]:
    """All that a tree says of its nodes."""
    order = list(tree.nodes(cst.CSTNode))
    places = {id(node): place for place, node in enumerate(order)}
    # No node stands in two places.
    assert len(places) == len(order)
    for node in order:
        parent = tree.parent(node)
        above = None if parent is None else places[id(parent)]
        inside = [places[id(name)] for name in tree.nodes(cst.Name, inside=node)]
        yield type(node), tree.span(node), tree.full_span(node), above, inside
