"""What each entity did in each hour as a row of numbers: read once from the store, kept, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from analytics.anomaly.detector import Floats
from analytics.scheduled.entities import KINDS, Kind, activities
from infra.durable import replace_file
from infra.store.query.tree import Window
from infra.store.seams import EventStore

HOUR = timedelta(hours=1)
MOST_ROWS = 100_000
"""Rows kept of one kind; the oldest hours go first."""
FILE = "vectors.msgpack"


def features_of(kind: Kind) -> tuple[str, ...]:
    """The names of a kind's numbers, in their order."""
    volumes = ["events", *(["failed_logins"] if kind.failures else []), *kind.sums]
    return (*volumes, *(f"different {field}" for field in kind.variety), *(f"pairs {name}" for name in kind.pairs))


class Vectors:
    """Hours of rows for each kind: kind -> hour (Unix seconds) -> entity -> numbers."""

    def __init__(self, kept: dict[str, dict[int, dict[str, list[float]]]] | None = None) -> None:
        self._kept = kept or {}

    def read(self, store: EventStore, kind: Kind, now: datetime, history: timedelta) -> list[int]:
        """Take in the whole hours that ended since the last reading; which they are."""
        hours = self._kept.setdefault(kind.name, {})
        end = int(now.timestamp()) // 3600 * 3600
        start = max(max(hours, default=0) + 3600, end - int(history.total_seconds()))
        new = list(range(start, end, 3600))
        for hour in new:
            hours[hour] = self._hour(store, kind, hour)
        self._bound(hours)
        return new

    def _hour(self, store: EventStore, kind: Kind, hour: int) -> dict[str, list[float]]:
        start = datetime.fromtimestamp(hour, UTC)
        names, rows = features_of(kind), {}
        for one in activities(store, Window(start, start + HOUR), kind):
            values = {**one.volumes, **{f"pairs {name}": float(len(one.pairs.get(name, {}))) for name in kind.pairs}}
            rows[one.entity] = [float(values.get(name, 0.0)) for name in names]
        return rows

    def _bound(self, hours: dict[int, dict[str, list[float]]]) -> None:
        total = sum(map(len, hours.values()))
        for hour in sorted(hours):
            if total <= MOST_ROWS:
                return
            total -= len(hours.pop(hour))

    def rows(self, kind: str, since: int = 0) -> Iterator[tuple[int, str, list[float]]]:
        """(hour, entity, numbers) in order of time, from ``since`` on."""
        hours = self._kept.get(kind, {})
        for hour in sorted(hours):
            if hour >= since:
                for entity, values in hours[hour].items():
                    yield hour, entity, values

    def matrix(self, kind: str, since: int = 0) -> Floats:
        """The numbers alone, shape (rows, features); of a kind nothing is known of (0, 0)."""
        found = [values for _, _, values in self.rows(kind, since)]
        return np.array(found) if found else np.empty((0, 0))

    def series(self, kind: str, entity: str, feature: str) -> list[tuple[int, float | None]]:
        """(hour, amount) of one number of one entity; None in an hour it was not seen."""
        names = next((features_of(each) for each in KINDS if each.name == kind), ())
        if feature not in names:
            return []
        place, hours = names.index(feature), self._kept.get(kind, {})
        return [(hour, row[place] if (row := hours[hour].get(entity)) else None) for hour in sorted(hours)]

    def vector(self, kind: str, entity: str, hour: int) -> dict[str, float]:
        """What an entity did in an hour, by name; empty where it was not seen."""
        row = self._kept.get(kind, {}).get(hour, {}).get(entity)
        names = next((features_of(each) for each in KINDS if each.name == kind), ())
        return dict(zip(names, row, strict=False)) if row else {}

    def save(self, folder: Path) -> None:
        """Keep them, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / FILE, msgspec.msgpack.encode(self._kept), private=True)

    @classmethod
    def load(cls, folder: Path) -> Vectors:
        """As kept; empty where nothing was, or where it cannot be read (they are read from the store again)."""
        try:
            data = (folder / FILE).read_bytes()
            return cls(msgspec.msgpack.decode(data, type=dict[str, dict[int, dict[str, list[float]]]]))
        except (FileNotFoundError, msgspec.MsgspecError):
            return cls()
