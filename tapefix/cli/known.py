"""What `tapefix check` says of baselines: entries that nothing is found for, and what was recorded."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.cli.guard import fail
from tapefix.report.lines import show

if TYPE_CHECKING:
    from tapefix.baseline import Baseline, Entry
    from tapefix.cli.inputs import Inputs

SHOWN = 5
"""Stale entries that are listed one by one."""


class Known:
    """The baselines of one `tapefix check` that has looked at its files."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._shares = inputs.shares
        self._folders = [Path(given) for given in inputs.paths if Path(given).is_dir()]
        for folder in self._folders:
            # A folder in which nothing is found any more has a baseline nevertheless.
            self._shares.baseline(inputs.selection.config(folder))

    def report_stale(self) -> None:
        """Say which entries can go."""
        for baseline in self._shares.baselines:
            stale = self._stale(baseline)
            name = _shown(baseline)
            for entry, count in sorted(stale.items())[:SHOWN]:
                times = f" ({count} times)" if count > 1 else ""
                told = f"nothing is found any more for {entry.code} in {entry.path}: `{entry.line}`{times}"
                show([((f"{name}: ", "place"), ("warning: ", "unsure"), (told, ""))], sys.stderr)
            if stale:
                more = f"{len(stale) - SHOWN} more; " if len(stale) > SHOWN else ""
                show([((f"{name}: ", "place"), (f"{more}`--write-baseline` takes them out", ""))], sys.stderr)

    def write(self) -> None:
        """Record what was found, in each baseline."""
        if not self._shares.baselines:
            fail("no file is named to record what is known: give --baseline FILE, or set it in [tool.tapefix]")
        for baseline in self._shares.baselines:
            new, gone = self._shares.renew(baseline, self._stale(baseline))
            count = sum(baseline.entries.values())
            findings = f"{count} finding{'s' * (count != 1)}"
            told = f"{findings} on record ({new} new, {gone} gone)"
            show([((f"{_shown(baseline)}: ", "place"), (told, "strong"))], sys.stdout)

    def _stale(self, baseline: Baseline) -> Counter[Entry]:
        return self._shares.stale(baseline, self._folders, self._looks_for)

    def _looks_for(self, path: Path, code: str) -> bool:
        selection = self._inputs.selection
        return any(rule.code == code for rule in selection.rules(path, selection.config(path.parent)))


def _shown(baseline: Baseline) -> str:
    here = Path.cwd()
    return str(baseline.path.relative_to(here) if baseline.path.is_relative_to(here) else baseline.path)
