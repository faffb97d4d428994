"""What is generated from the rules and their fixtures: a page for each, and the README's table."""

from __future__ import annotations

from itertools import groupby

from tapefix.codemod import Codemod
from tapefix.dev.cases import cases
from tapefix.dev.checkout import Checkout
from tapefix.dev.pages import example_of, render
from tapefix.registry import load_rules

BEGIN = "<!-- The table of rules is generated: python -m tapefix.dev docs -->"
END = "<!-- End of the table of rules -->"

FAMILIES = {
    "1": "the path leaves TensorFlow",
    "2": "the source is not watched",
    "3": "outside the tape",
    "4": "the tape's lifetime",
    "5": "not differentiable",
    "6": "Keras",
    "7": "TensorFlow 1",
}
"""The first digit of a code, and what its rules have in common."""


def generate(checkout: Checkout) -> list[tuple[str, str, str | None]]:
    """What has changed: the path in the checkout, its text until now, and the new one or `None` when it goes."""
    rules = [rule for rule in load_rules() if rule.__module__.startswith("codemods.")]
    known = cases(checkout.fixtures)
    wanted: dict[str, str | None] = {}
    for page in sorted(checkout.pages.glob("*.md")):
        wanted[page.relative_to(checkout.root).as_posix()] = None
    for rule in rules:
        own = [case for case in known if case.rule == rule.name]
        wanted[f"codemods/pages/{rule.code}.md"] = render(rule, example_of(rule, own))
    wanted["README.md"] = with_table(checkout.readme.read_text("utf-8"), rules)
    changes = []
    for name, new in wanted.items():
        path = checkout.root / name
        old = path.read_text("utf-8") if path.exists() else ""
        if old != new:
            changes.append((name, old, new))
    return changes


def with_table(readme: str, rules: list[type[Codemod]]) -> str:
    """The README with the table of these rules between its markers.

    Raises:
        ValueError: the markers are not there.
    """
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md lacks the line {BEGIN if not begin else END!r}")
    return f"{head}{begin}\n{table(rules)}{end}{tail}"


def table(rules: list[type[Codemod]]) -> str:
    """One row for each rule, by family."""
    lines = ["| code | rule | what it finds | rewrite |", "| --- | --- | --- | --- |"]
    for digit, family in groupby(rules, key=lambda rule: rule.code[3]):
        lines.append(f"| **{digit}xx** | | **{FAMILIES[digit]}** | |")
        for rule in family:
            link = f"[{rule.name}](codemods/pages/{rule.code}.md)"
            lines.append(f"| {rule.code} | {link} | {rule.DESCRIPTION.rstrip('.')} | {rule.applicability.value} |")
    return "\n".join(lines) + "\n"
