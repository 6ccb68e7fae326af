"""Counts of templates per interval: which is new, which has vanished, which came far more often than usual."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import betainc

from analytics.templates.miner import Miner, Template


class Change(StrEnum):
    """What happened to a template."""

    NEW = "new"
    VANISHED = "vanished"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Finding:
    """``usual`` is the expected count in this interval, ``p`` the chance of such a count; ``line`` an example."""

    change: Change
    template: Template
    count: int
    usual: float
    p: float
    line: str = ""


@dataclass(slots=True)
class _Habit:
    """Running mean and variance of a template's count, how long it has been known, intervals since it came."""

    mean: float = 0.0
    var: float = 0.0
    seen: int = 0
    known: int = 0
    absent: int = 0
    gone: bool = False


class TemplateWatch:
    """Feed the lines of one interval after another; the first ``learn`` intervals only teach."""

    def __init__(self, learn: int = 24, memory: float = 48.0, rarer_than: float = 1e-6) -> None:
        self.miner = Miner()
        self.learn, self.gain, self.rarer_than = learn, 1.0 / memory, rarer_than
        self.intervals = 0
        self._habits: dict[int, _Habit] = {}

    def interval(self, lines: list[str]) -> list[Finding]:
        """The findings of one interval, worst first."""
        taken = [self.miner.take(line) for line in lines]
        counts: dict[int, int] = {}
        first: dict[int, str] = {}
        templates: dict[int, Template] = {}
        for line, template in zip(lines, taken, strict=True):
            now = self.miner.current(template)
            counts[now.id] = counts.get(now.id, 0) + 1
            first.setdefault(now.id, line)
            templates[now.id] = now
        self._forget_merged()
        found = [self._judge(templates[key], count, first[key]) for key, count in counts.items()]
        found += [self._miss(key) for key in self._habits.keys() - counts.keys()]
        self.intervals += 1
        return sorted((finding for finding in found if finding), key=lambda finding: finding.p)

    def _judge(self, template: Template, count: int, line: str) -> Finding | None:
        habit = self._habits.setdefault(template.id, _Habit())
        teaching = self.intervals < self.learn
        found: Finding | None = None
        if habit.known == 0 and not teaching:
            found = Finding(Change.NEW, template, count, 0.0, 0.5 / (self.intervals + 1), line)
        elif habit.known >= self.learn:
            p = upper_tail(count, habit.mean, habit.var)
            if p < self.rarer_than and count > habit.mean:
                found = Finding(Change.COUNT, template, count, habit.mean, p, line)
        self._teach(habit, count)
        return found

    def _miss(self, key: int) -> Finding | None:
        """A template that came nearly always and now has not come for so long that chance does not explain it."""
        habit = self._habits[key]
        regular = habit.known >= self.learn and habit.seen >= 0.8 * (habit.known - habit.absent)
        share = (habit.seen + 1.0) / (habit.known - habit.absent + 2.0)
        p = (1.0 - share) ** (habit.absent + 1)
        vanished = regular and not habit.gone and p < self.rarer_than
        self._teach(habit, 0)
        habit.gone = habit.gone or vanished
        template = next((t for t in self.miner.templates() if t.id == key), None) if vanished else None
        return Finding(Change.VANISHED, template, 0, habit.mean, p) if template else None

    def _teach(self, habit: _Habit, count: int) -> None:
        gain = max(self.gain, 1.0 / (habit.known + 1.0))
        gap = count - habit.mean
        if habit.known >= self.learn:
            limit = 4.0 * np.sqrt(habit.var + habit.mean + 1.0)
            gap = float(np.clip(gap, -limit, limit))
        habit.mean += gain * gap
        habit.var += gain * ((1.0 - gain) * gap * gap - habit.var)
        habit.known += 1
        habit.seen += count > 0
        habit.absent = 0 if count else habit.absent + 1
        habit.gone = habit.gone and count == 0

    def _forget_merged(self) -> None:
        """Templates that became part of another hand their habit over where that one has none yet."""
        alive = {template.id for template in self.miner.templates()}
        for key in [key for key in self._habits if key not in alive]:
            habit = self._habits.pop(key)
            heir = self.miner.heir(key)
            if heir is not None:
                self._habits.setdefault(heir, habit)


def upper_tail(count: int, mean: float, var: float) -> float:
    """Chance of ``count`` or more under a negative binomial with this mean and variance (Poisson at least)."""
    mean = max(mean, 0.05)
    var = max(var, mean * 1.05)
    if count <= 0:
        return 1.0
    share = mean / var
    size = mean * share / (1.0 - share)
    return float(betainc(count, size, 1.0 - share))
