"""The page of a rule: its docstring, with an example that is one of its fixtures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tapefix.codemod import Applicability, Codemod
from tapefix.dev.cases import Case
from tapefix.engine import check, repair
from tapefix.registry import load_rules
from tapefix.source.diffs import unified_diff

LAST = "## When to ignore it"
"""The section of the docstring that comes after what is generated."""

SAFETY = {
    Applicability.SAFE: "Safe: every target keeps its value. `tapefix fix` offers it once a run has verified it.",
    Applicability.UNSAFE: "Unsafe: it changes what is computed, so that it is applied only with `--unsafe`.",
    Applicability.ADVICE: "There is no rewrite: the finding names the break, and the way out is yours to choose.",
}


@dataclass(frozen=True)
class Example:
    """A fixture as a page shows it."""

    case: Case
    before: str
    after: str
    messages: tuple[str, ...]
    """What the rule says of it, with line numbers."""


def example_of(rule: type[Codemod], own: Iterable[Case]) -> Example | None:
    """The fixture to show: the one whose `case.toml` says `page = true`, or the shortest with this rule alone."""
    advice = rule.applicability is Applicability.ADVICE

    def rank(case: Case) -> tuple[bool, bool, int, str]:
        return (not case.settings.get("page", False), case.advises != advice, len(case.text(case.before)), case.id)

    fallback = None
    for case in sorted((case for case in own if case.changes or case.advises), key=rank):
        example, alone = _example(rule, case)
        if example.messages and (alone or case.settings.get("page", False)):
            return example
        fallback = fallback or (example if example.messages else None)
    return fallback


def _example(rule: type[Codemod], case: Case) -> tuple[Example, bool]:
    """A fixture as an example, and whether it shows this rule alone."""
    before = case.text(case.before)
    after = case.text(case.after) if case.changes else before
    found = check(before, load_rules())
    applied = repair(before, load_rules(), unsafe=case.unsafe).applied if case.changes else ()
    messages = tuple(f"line {f.range.line}: {f.code} {f.message}" for f in found if f.code == rule.code)
    return Example(case, before, after, messages), all(f.code == rule.code for f in (*found, *applied))


def render(rule: type[Codemod], example: Example | None) -> str:
    """The page, in Markdown."""
    head, mark, tail = rule.page().partition(LAST)
    parts = [f"# {rule.code} {rule.name}", head.strip()]
    if example is not None:
        parts += ["## Before and after", *_shown(example)]
    parts += ["## Fix safety", SAFETY[rule.applicability]]
    if rule.reason:
        parts.append(f"{rule.reason[0].upper()}{rule.reason[1:].rstrip('.')}.")
    parts.append((mark + tail).strip())
    return "\n\n".join(part for part in parts if part) + "\n"


def _shown(example: Example) -> list[str]:
    name = f"fixtures/{example.case.id}"
    said = "\n".join(f"- {message}" for message in example.messages)
    if example.before == example.after:
        return [f"From `{name}`:", f"```python\n{example.before.rstrip()}\n```", said]
    lines = example.before.count("\n") + example.after.count("\n")
    diff = unified_diff(example.before, example.after, "before.py", context=lines)
    body = "\n".join(line.rstrip() for line in diff.splitlines()[3:])
    return [f"From `{name}`:", f"```diff\n{body}\n```", said]
