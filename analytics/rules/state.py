"""How a rule is switched, and what the rooms above tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec


class RuleState(StrEnum):
    """``canary``: matched and counted in backtests, but no signal is raised."""

    ENABLED = "enabled"
    CANARY = "canary"
    DISABLED = "disabled"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a rule: ``days`` are its signals in each of the last days of 24 hours, oldest first; ``verdicts``
    count its closed alerts by disposition."""

    days: tuple[int, ...] = ()
    verdicts: dict[str, int] = {}

    @property
    def judged(self) -> int:
        """Closed alerts that say whether the rule was right."""
        return sum(self.verdicts.get(name, 0) for name in ("true_positive", "benign", "false_positive"))

    @property
    def precision(self) -> float | None:
        """The share of true ones among the judged; None where none was judged."""
        return self.verdicts.get("true_positive", 0) / self.judged if self.judged else None


class Outcomes(Protocol):
    """Tells what came of rules, by rule id; rules that nothing came of are left out."""

    def of_rules(self, now: datetime) -> Mapping[str, Outcome]: ...


class Sight(msgspec.Struct, frozen=True):
    """The rules that some event could have fed since a moment; None where the stream has not said yet. The others
    are blind."""

    since: datetime | None = None
    seen: frozenset[str] = frozenset()

    def blind(self, rule: str) -> bool | None:
        """Whether a rule is blind."""
        return None if self.since is None else rule not in self.seen
