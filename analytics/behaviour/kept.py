"""Every finding about every entity of the last week, kept between runs: a risk can be shown with its history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from analytics.behaviour.activity import Contribution
from analytics.behaviour.risk import Risk, risk
from infra.durable import replace_file

FILE = "contributions.msgpack"
AGE = timedelta(days=7)
More = Mapping[tuple[str, str], Sequence[Contribution]]
MOST = 100_000
"""Findings kept of one kind of entity; the oldest go first."""


class KeptContributions:
    """Kind of entity -> its findings, oldest first."""

    def __init__(self, kept: dict[str, list[Contribution]] | None = None) -> None:
        self.kept = kept or {}

    def merge(self, kind: str, found: Iterable[Contribution], now: datetime) -> None:
        """Take in findings; the same one judged again replaces what was known of it."""
        known = {_key(one): one for one in self.kept.get(kind, [])}
        known.update((_key(one), one) for one in found)
        young = [one for one in known.values() if one.time > now - AGE]
        self.kept[kind] = sorted(young, key=lambda one: one.time)[-MOST:]

    def of(self, kind: str, entity: str) -> list[Contribution]:
        """The findings about one entity, oldest first."""
        return [one for one in self.kept.get(kind, []) if one.entity == entity]

    def risks(self, now: datetime, most: int = 50, more: More | None = None) -> list[tuple[str, Risk]]:
        """(kind, risk) of the riskiest entities of all kinds, riskiest first; those without risk are left out.
        ``more`` are contributions from elsewhere by (kind, entity)."""
        by_entity: dict[tuple[str, str], list[Contribution]] = defaultdict(list)
        for key, ones in (more or {}).items():
            by_entity[key] += ones
        for kind, contributions in self.kept.items():
            for one in contributions:
                by_entity[kind, one.entity].append(one)
        found = [(kind, risk(entity, ones, now)) for (kind, entity), ones in by_entity.items()]
        ranked = sorted(found, key=lambda pair: (-pair[1].score, pair[0], pair[1].entity))
        return [pair for pair in ranked[:most] if pair[1].score > 0]

    def history(
        self, kind: str, entity: str, now: datetime, hours: int = 168, more: Sequence[Contribution] = ()
    ) -> list[float]:
        """The risk at the end of each of the last hours, oldest first, from what was known then."""
        mine = [*self.of(kind, entity), *more]
        scores = []
        for back in range(hours - 1, -1, -1):
            at = now - timedelta(hours=back)
            scores.append(risk(entity, [one for one in mine if one.time <= at], at).score)
        return scores

    def save(self, folder: Path) -> None:
        """Whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / FILE, msgspec.msgpack.encode(self.kept), private=True)

    @classmethod
    def load(cls, folder: Path) -> KeptContributions:
        """As kept; empty where nothing was or it cannot be read (the last days are judged again)."""
        try:
            data = (folder / FILE).read_bytes()
            return cls(msgspec.msgpack.decode(data, type=dict[str, list[Contribution]]))
        except (FileNotFoundError, msgspec.MsgspecError):
            return cls()


def _key(one: Contribution) -> tuple[str, str, str, datetime]:
    return one.entity, one.facet, one.subject, one.time
