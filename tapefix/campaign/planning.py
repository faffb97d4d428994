"""The plan of a campaign: every file that matters, with its rules and settings, and those that are settled at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.campaign.jobs import Job, unreadable
from tapefix.campaign.journal import digest
from tapefix.campaign.outcome import EndState, FileOutcome
from tapefix.config import Config, ConfigError
from tapefix.running import project_of
from tapefix.selection import Selection
from tapefix.share import Allotment, Shares
from tapefix.source.errors import SourceError
from tapefix.source.opening import read_source
from tapefix.source.text import read_bytes
from tapefix.source.walking import candidates

if TYPE_CHECKING:
    from tapefix.verify import RunOptions


@dataclass
class Plan:
    """What a walk has come to."""

    jobs: list[Job] = field(default_factory=list)
    settled: dict[int, FileOutcome] = field(default_factory=dict)
    """What has an end state already, by its place in the plan."""
    passed_over: int = 0
    """Files with nothing in them for a rule to find."""

    @property
    def size(self) -> int:
        """How many files have a place in it."""
        return len(self.jobs) + len(self.settled)


@dataclass(frozen=True)
class Planner:
    """Looks through paths with the settings of each file's project."""

    selection: Selection
    options: Callable[[Path, Config], RunOptions | None]
    """The settings for runs of a file; None where nothing is to be run."""
    unsafe: bool | None
    shares: Shares = field(default_factory=Shares)
    """Which findings count."""
    pictures: bool = False

    def plan(self, paths: Sequence[str], walked: Callable[[int], None] | None = None) -> Plan:
        """Walk, and say for each file what is to be done; `walked` hears now and then how many were found.

        Raises:
            ConfigError: the settings of a path that was given cannot be used.
            UnknownRuleError: a rule is named that does not exist.
            HistoryError: what has changed was asked for, and is not known.
        """
        plan = Plan()
        seen: set[str] = set()
        passed: list[str] = []
        errors: list[SourceError] = []
        for given in paths:
            path = Path(given)
            self.selection.config(path if path.is_dir() else path.parent)
            self.selection.check_names()
            for name, data in candidates(given, errors.append, seen=seen, passed=passed):
                if not self.shares.touches(Path(name)):
                    continue
                self._add(plan, name, data, named=data is None)
                if walked is not None:
                    walked(plan.size)
        for error in errors:
            plan.settled[plan.size] = unreadable(str(error.path), error)
        plan.passed_over = len(passed)
        return plan

    def again(self, number: int, name: str, named: bool) -> Job | FileOutcome:
        """One file of an earlier plan as it is now."""
        plan = Plan()
        self._add(plan, name, None, named=named)
        if plan.settled:
            return plan.settled[0]
        from dataclasses import replace

        return replace(plan.jobs[0], number=number)

    def _add(self, plan: Plan, name: str, data: bytes | None, *, named: bool) -> None:
        number = plan.size
        path = Path(name)
        try:
            content = read_bytes(path, name) if data is None else data
            config = self.selection.config(path.parent)
            rules = self.selection.rules(path, config)
            own = self._own(path, config, name, content)
        except SourceError as error:
            plan.settled[number] = unreadable(name, error)
            return
        except ConfigError as error:
            plan.settled[number] = FileOutcome(name, EndState.SKIPPED, f"its settings cannot be used: {error}")
            return
        reason = ""
        if not named and self.selection.excludes(path, config):
            reason = f"`exclude` in {config.path} leaves it out"
        elif not rules:
            reason = "no rule is selected for it"
        if reason:
            plan.settled[number] = FileOutcome(name, EndState.SKIPPED, reason, digest=digest(content))
            return
        plan.jobs.append(
            Job(
                number=number,
                name=name,
                path=Path(os.path.abspath(name)),  # noqa: PTH100 - a link in it stays, as `fix` shows it
                data=content,
                digest=digest(content),
                rules=tuple(rule.code for rule in rules),
                unsafe=config.unsafe if self.unsafe is None else self.unsafe,
                project=project_of(path),
                options=self.options(path, config),
                named=named,
                own=own,
                pictured=self.pictures,
            )
        )

    def _own(self, path: Path, config: Config, name: str, content: bytes) -> Allotment:
        if not self.shares.narrow and self.shares.baseline(config) is None:
            return Allotment()
        return self.shares.allot(path, config, read_source(path, name, content))
