"""`python -m tests.generated`: the table of the whole suite."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tapefix.source.diffs import unified_diff
from tapefix.verify import RunOptions, Verifier
from tests.generated.explained import Explained, explained
from tests.generated.observing import Observer
from tests.generated.suite import SITES, End, Judgement, broken_programs, judge
from tests.generated.ways import WAYS


def main() -> int:
    """Judge every broken program, or those that are named, and print what became of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.generated", description=__doc__)
    parser.add_argument("programs", nargs="*", help="names of programs; all by default")
    parser.add_argument("--way", action="append", default=[], help="one way of breaking; all by default")
    parser.add_argument("--sites", type=int, default=SITES, help="breaks of one way in one program")
    parser.add_argument("--all", action="store_true", help="each way on each program that it applies to")
    parser.add_argument("--show", action="store_true", help="show each program that is not repaired")
    parser.add_argument("--dry", action="store_true", help="only list the broken programs")
    parser.add_argument("--json", type=Path, help="write each case, and what became of it, as a line of JSON")
    parser.add_argument("--why", action="store_true", help="judge what `why` names instead of the repair")
    options = parser.parse_args()
    started = time.monotonic()
    judged: list[Judgement] = []
    whys: list[Explained] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Observer() as observer,
        Verifier(RunOptions(device="cpu"), project=Path(folder)) as verifier,
    ):
        for case in broken_programs(observer, options.programs, options.way, options.sites, not options.all):
            if options.dry:
                print(f"{case.id}: lines {', '.join(map(str, case.lines))}")
                continue
            if options.why:
                whys.append(explained(case, verifier))
                _tell_why(whys[-1], options.json)
                continue
            judgement = judge(case, verifier, observer)
            judged.append(judgement)
            if options.json:
                with options.json.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(_data(judgement)) + "\n")
            if judgement.end not in (End.REPAIRED, End.ON_REQUEST):
                _tell(judgement, options.show)
    if judged:
        print(table(judged))
    if whys:
        right, near = (sum(getattr(why, name) for why in whys) for name in ("right", "line_right"))
        print(f"`why` names the rule and the line of {right} of {len(whys)}, the line of {near}")
    print(f"{time.monotonic() - started:.0f} s")
    return int(any(j.end is End.WRONG for j in judged))


def table(judged: list[Judgement]) -> str:
    """How many of each way of breaking came to which end."""
    rows = [["way of breaking", "programs", *(end.value for end in End)]]
    for unsafe in (False, True):
        some = [j for j in judged if j.case.unsafe is unsafe]
        if not some:
            continue
        for way in (way.name for way in WAYS):
            counts = Counter(j.end for j in some if j.case.way == way)
            if counts:
                rows.append([way, str(counts.total()), *(str(counts[end] or "") for end in End)])
        counts = Counter(j.end for j in some)
        shares = [f"{counts[end]} ({counts[end] / len(some):.1%})" if counts[end] else "" for end in End]
        rows.append(["**unsafe**" if unsafe else "**safe**", str(len(some)), *shares])
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _tell_why(why: Explained, file: Path | None) -> None:
    case = why.case
    if not why.right:
        print(f"{case.id}: expected {sorted(case.codes)} at {case.lines}, named {sorted(why.named)}; {why.ended}")
        sys.stdout.flush()
    if file:
        row = {"case": case.id, "codes": sorted(case.codes), "lines": case.lines, "text": case.text}
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({**row, "named": sorted(why.named), "right": why.right}) + "\n")


def _tell(judgement: Judgement, show: bool) -> None:
    case = judgement.case
    print(f"{judgement.end.value}: {case.id}: {judgement.detail[:300]}")
    if show:
        print(f"  expected {sorted(case.codes)} at {case.lines}")
        for finding in judgement.findings:
            print(f"  {finding.range.line}: {finding.code} {finding.message} [{finding.reason}]")
        print(unified_diff(case.right, case.text, "broken.py", context=2))
        if judgement.after != case.text:
            print(unified_diff(case.text, judgement.after, "repaired.py", context=2))
    sys.stdout.flush()


def _data(judgement: Judgement) -> dict[str, object]:
    case = judgement.case
    return {
        "program": case.program,
        "way": case.way,
        "number": case.number,
        "codes": sorted(case.codes),
        "lines": case.lines,
        "unsafe": case.unsafe,
        "text": case.text,
        "end": judgement.end.value,
        "detail": judgement.detail,
        "after": judgement.after,
    }


if __name__ == "__main__":
    sys.exit(main())
