"""Evidence kept fresh: a host's baseline again and again, and every object's sources in turn, at a small duty.

A host is looked at every 40 seconds, its files and packages every ten minutes; what has not changed is written
only when its evidence grows old. So a flipped setting flips its verdict within a minute, and an idle site stays idle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from infra.clock import Clock
from ops.baseline.host import Host
from ops.baseline.registry import Check, Finding, all_checks, run_check
from ops.controls.baseline_facts import baseline_facts
from ops.controls.board import Profile
from ops.controls.facts import Fact

EVERY = timedelta(seconds=40)
SLOW_EVERY = timedelta(minutes=10)
SLOW = ("file.", "software.", "malware.")
"""Checks that walk files and packages."""
REWRITE = timedelta(hours=6)
DUTY = 20.0
"""Pause between two objects: so many times what the last one took."""


class Kept(Protocol):
    """Keeps facts of evaluated objects (``ops.controls.service.Controls``)."""

    def profiles(self) -> Sequence[Profile]: ...

    def keep(self, object_id: str, facts: Iterable[Fact]) -> int: ...

    def refresh(self, object_id: str) -> int: ...


class HostWatch:
    """Looks at one host (the running one or a mounted tree) for the asset it is; ``host`` makes a fresh view of it."""

    def __init__(self, kept: Kept, asset: str, host: Callable[[datetime], Host], clock: Clock) -> None:
        self._kept, self._asset, self._host, self._clock = kept, asset, host, clock
        self._due: dict[str, datetime] = {}
        self._written: dict[tuple[str, str], tuple[str, datetime]] = {}

    def look(self) -> int:
        """Run what is due and keep what changed or grew old, in every object the asset belongs to; facts written."""
        objects = [profile.id for profile in self._kept.profiles() if self._asset in profile.assets]
        now = self._clock.now()
        checks = [check for check in all_checks() if self._due.get(check.id, now) <= now] if objects else []
        if not checks:
            return 0
        facts = list(baseline_facts(self._asset, self._run(checks, now), now))
        written = 0
        for name in objects:
            fresh = [each for each in facts if self._is_news(name, each, now)]
            if fresh:
                written += self._kept.keep(name, fresh)
                self._written |= {(name, each.kind): (str([each.value, each.evidence]), now) for each in fresh}
        return written

    def _run(self, checks: Sequence[Check], now: datetime) -> Iterable[Finding]:
        host = self._host(now)
        for check in checks:
            self._due[check.id] = now + (SLOW_EVERY if check.id.startswith(SLOW) else EVERY)
            yield Finding(check, run_check(check, host))

    def _is_news(self, name: str, found: Fact, now: datetime) -> bool:
        value, at = self._written.get((name, found.kind), ("", now - REWRITE))
        return value != str([found.value, found.evidence]) or now - at >= REWRITE


class SourceWatch:
    """Asks the sources of one object after another, the longest unasked first."""

    def __init__(self, kept: Kept, clock: Clock) -> None:
        self._kept, self._clock = kept, clock
        self._asked: dict[str, datetime] = {}

    def next(self) -> tuple[str, float]:
        """Ask one object that is due; its name ('' if none) and the seconds to wait before the next."""
        now = self._clock.now()
        due = [p.id for p in self._kept.profiles() if now - self._asked.get(p.id, now - EVERY) >= EVERY]
        if not due:
            return "", EVERY.total_seconds() / 8
        name = min(due, key=lambda each: (self._asked.get(each, now - SLOW_EVERY), each))
        self._asked[name] = now
        started = self._clock.monotonic()
        self._kept.refresh(name)
        return name, max(1.0, DUTY * (self._clock.monotonic() - started))
