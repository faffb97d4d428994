"""Correct programs, broken by machine one way at a time, and what tapefix makes of them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tapefix.codemod import Finding
from tapefix.engine import BrokenRewriteError, check, repair
from tapefix.proof import Proof, prove
from tapefix.registry import load_rules
from tapefix.verify import VerdictStatus, Verifier
from tests.fixtures import cases
from tests.generated.breaking import Way
from tests.generated.observing import Observer, Seen, difference
from tests.generated.program import HERE, Program
from tests.generated.ways import WAYS

SITES = 1
"""How many breaks of one way are taken from one program."""


class End(str, enum.Enum):
    """What became of a broken program."""

    REPAIRED = "repaired"
    """The repair is verified, and equal to the program that was right."""
    ON_REQUEST = "repaired on request"
    """The same with unsafe rewrites: another gradient lacked a part by the break, and has it back as well."""
    REFUSED = "refused"
    """The cause is named at its line, and nothing is offered as verified."""
    ELSEWHERE = "named otherwise"
    """Something is found, but not this cause at this line; nothing is offered as verified."""
    MISSED = "missed"
    """Nothing is found."""
    PARTIAL = "partial"
    """What is offered as verified holds, but a gradient is still missing."""
    WRONG = "wrong"
    """What is offered as verified is not the program that was right."""


@dataclass(frozen=True)
class Broken:
    """A broken program: the case that everything about the repair is judged on."""

    program: str
    way: str
    number: int
    codes: frozenset[str]
    """The rules that may name the break."""
    lines: tuple[int, ...]
    """Where the break is."""
    unsafe: bool
    right: str
    text: str

    @property
    def id(self) -> str:
        """A name for it."""
        return f"{self.program}: {self.way} ({self.number})"


@dataclass(frozen=True)
class Judgement:
    """What became of it, and how."""

    case: Broken
    end: End
    detail: str
    findings: tuple[Finding, ...]
    after: str


def programs() -> list[Program]:
    """The correct programs: our own, and the longest repaired fixture of each rule."""
    found = [Program(path.stem, path.read_text("utf-8")) for path in sorted((HERE / "programs").glob("*.py"))]
    longest: dict[str, Path] = {}
    for case in cases():
        if case.changes and not case.unsafe and "verdict" not in case.settings:
            best = longest.get(case.rule)
            if case.after.read_bytes().isascii() and (best is None or _size(case.after) > _size(best)):
                longest[case.rule] = case.after
    for rule, path in sorted(longest.items()):
        found.append(Program(f"{rule}/{path.parent.name}", path.read_text("utf-8")))
    return found


def _size(path: Path) -> int:
    return path.stat().st_size


def broken_programs(
    observer: Observer, names: Iterable[str] = (), ways: Iterable[str] = (), sites: int = SITES, thin: bool = True
) -> Iterator[Broken]:
    """Every program broken in every way that applies, as far as a run shows it to be broken."""
    wanted, kinds = set(names), set(ways)
    for number, program in enumerate(programs()):
        if wanted and program.name not in wanted:
            continue
        right = observer.see(program.text)
        assert not right.broken, f"{program.name} is not correct: {right.error or 'a gradient is missing'}"
        assert right.queries, f"{program.name} asks for no gradient"
        for turn, way in enumerate(WAYS):
            if (not kinds or way.name in kinds) and not (thin and (number + turn) % way.every):
                yield from _broken_by(program, way, observer, sites, number)


def _broken_by(program: Program, way: Way, observer: Observer, sites: int, first: int) -> Iterator[Broken]:
    texts: list[str] = []
    found = list(way.find(program))
    # Not always at the first place: each program begins with another one.
    first %= max(len(found), 1)
    for edits in found[first:] + found[:first]:
        text, lines = program.changed(edits)
        if len(texts) == sites:
            return
        if not lines or text in texts or not _parses(text):
            continue
        # AutoGraph may make sense in a graph of what breaks an eager run: `float(t)` is a cast there.
        if not _is_broken(observer.see(text), way) or not observer.see(text, graphs=True).broken:
            continue
        texts.append(text)
        yield Broken(program.name, way.name, len(texts), way.codes, lines, way.unsafe, program.text, text)


def _is_broken(seen: Seen, way: Way) -> bool:
    raises = way.raises and bool(seen.error) and not seen.error.startswith("UnboundLocalError")
    return seen.missing or raises


def _parses(text: str) -> bool:
    try:
        compile(text, "broken", "exec")
    except SyntaxError:
        return False
    return True


def judge(case: Broken, verifier: Verifier, observer: Observer) -> Judgement:
    """What tapefix makes of a broken program, checked by a run of its own."""
    judgement = _judge(case, verifier, observer, unsafe=case.unsafe)
    if case.unsafe or judgement.end in (End.REPAIRED, End.WRONG):
        return judgement
    asked = _judge(case, verifier, observer, unsafe=True)
    if asked.end is End.REPAIRED:
        return replace(asked, end=End.ON_REQUEST, detail=judgement.detail)
    return asked if asked.end is End.WRONG else judgement


def _judge(case: Broken, verifier: Verifier, observer: Observer, *, unsafe: bool) -> Judgement:
    path = verifier.project / "broken.py"
    rules = load_rules()
    found = tuple(check(case.text, rules))
    try:
        proof = prove(path, case.text, rules, verifier=verifier, unsafe=unsafe)
    except BrokenRewriteError as error:
        return Judgement(case, End.WRONG, str(error), found, case.text)
    end, detail = _end(case, found, proof, observer)
    return Judgement(case, end, detail, found, proof.after)


def _end(case: Broken, found: tuple[Finding, ...], proof: Proof, observer: Observer) -> tuple[End, str]:
    reason = proof.verdict.reason if proof.verdict is not None else "; ".join(sorted({f.reason for f in found}))
    if proof.after != case.text:
        repaired = observer.see(proof.after)
        # What an unsafe repair computes is not what the program computed before it was broken.
        differs = "" if case.unsafe and not repaired.broken else difference(observer.see(case.right), repaired)
        if not differs:
            whole = proof.verdict is not None and proof.verdict.status is VerdictStatus.VERIFIED
            return (End.REPAIRED, "") if whole else (End.PARTIAL, reason)
        if repaired.broken:
            return End.PARTIAL, differs
        return End.WRONG, differs
    # What only the run could find counts as well.
    found = (*found, *proof.remaining, *(judged.finding for judged in proof.judged))
    if not found:
        return End.MISSED, ""
    named = any(f.code in case.codes and _near(f, case.lines) for f in found)
    applied = ", ".join(sorted({f.code for f in repair(case.text, load_rules(), unsafe=case.unsafe).applied}))
    return (End.REFUSED if named else End.ELSEWHERE), f"[{applied or 'advice'}] {reason}"


def _near(finding: Finding, lines: tuple[int, ...]) -> bool:
    return any(finding.range.line <= line <= finding.range.end_line for line in lines)
