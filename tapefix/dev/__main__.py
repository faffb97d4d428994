"""`python -m tapefix.dev`: for those who work on tapefix itself, in a checkout."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tapefix.cli.guard import fail, guarded
from tapefix.dev.checkout import Checkout, CheckoutError

app = typer.Typer(name="tapefix.dev", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 when something would change.")]


@app.callback()
def dev() -> None:
    """Keep the rule pack of a checkout: stubs, golden files, pages."""


def _checkout() -> Checkout:
    try:
        return Checkout.here()
    except CheckoutError as error:
        fail(str(error))


@app.command("new-rule")
@guarded
def new_rule(
    name: Annotated[str, typer.Argument(metavar="NAME", help="In kebab-case, such as numpy-method-on-path.")],
    family: Annotated[int, typer.Option(help="The first digit of its code; it gets the family's next code.")] = 0,
    code: Annotated[str, typer.Option(help="Its code, such as TPF108, when it is agreed on already.")] = "",
) -> int:
    """Write the stub of a rule, its page, and its first two fixtures."""
    from tapefix.dev.scaffold import NameTakenError, scaffold

    checkout = _checkout()
    try:
        written = scaffold(checkout, name, family=family, code=code)
    except NameTakenError as error:
        fail(str(error))
    for path in written:
        sys.stdout.write(f"wrote {path.relative_to(checkout.root)}\n")
    sys.stdout.write("next: fill the stub, then `python -m tapefix.dev fixtures` and `python -m tapefix.dev docs`\n")
    return 0


@app.command()
@guarded
def docs(check: Check = False) -> int:
    """Generate the rules' pages and the README's table of rules."""
    from tapefix.dev.docs import generate

    return _finish(generate(_checkout()), check, "python -m tapefix.dev docs")


@app.command()
@guarded
def fixtures(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE | RULE/CASE]...", help="Which ones; all by default.")
    ] = None,
    check: Check = False,
) -> int:
    """Generate `after.py` anew wherever there is one, and show each change.

    A case without `after.py` must not change; to make one that does, create an empty `after.py` first.
    """
    from tapefix.dev.golden import UnknownCaseError, regenerate

    try:
        changes = regenerate(_checkout(), names or [])
    except UnknownCaseError as error:
        fail(str(error))
    return _finish(changes, check, "python -m tapefix.dev fixtures")


def _finish(changes: list[tuple[str, str, str | None]], check: bool, command: str) -> int:
    """Show and write what has changed: a path in the checkout, its text until now, and the new one."""
    from tapefix.source.diffs import unified_diff

    root = _checkout().root
    for name, old, new in changes:
        sys.stdout.write(unified_diff(old, new or "", name))
        if check:
            continue
        if new is None:
            (root / name).unlink()
        else:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(new.encode("utf-8"))
    if not changes:
        return 0
    files = "1 file is" if len(changes) == 1 else f"{len(changes)} files are"
    sys.stderr.write(f"{files} not up to date: run `{command}`\n" if check else f"{files} new or changed\n")
    return int(check)


if __name__ == "__main__":
    app(prog_name="python -m tapefix.dev")
