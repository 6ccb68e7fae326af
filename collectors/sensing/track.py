"""What is remembered of a device between two readings: small, plain, and kept across restarts."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from collectors.sensing.device import Limit
from collectors.sensing.kinetic import Kinetic
from collectors.sensing.replay import Window

STUCK_READINGS = 12
_SLOW_MS = 6 * 3_600_000.0
_DOOR = "door"


class Verdict(NamedTuple):
    """One thing that is wrong: which, since when (epoch ms; one episode gives one identity), and the values that show
    it: what was seen, and what was expected."""

    what: str
    since_ms: int
    seen: str
    expected: str


class Track(msgspec.Struct):
    """Of one kind of reading of one device. Moments are the device's own, epoch milliseconds."""

    newest_ms: int = 0
    value: float = 0.0
    same_since_ms: int = 0
    same: int = 0
    outside_since_ms: int = 0
    open_since_ms: int = 0
    range_since_ms: int = 0
    drift: float = 0.0
    drift_since_ms: int = 0
    kinetic: Kinetic = msgspec.field(default_factory=Kinetic)
    kinetic_since_ms: int = 0

    def take(self, kind: str, moment_ms: int, value: float, limit: Limit, neighbours: float | None) -> list[Verdict]:
        """Verdicts on a reading that is newer than the last; an older one changes nothing."""
        if moment_ms < self.newest_ms:
            return []
        elapsed = moment_ms - self.newest_ms if self.newest_ms else 0
        found = [
            *self._range(moment_ms, value, limit), *self._stuck(kind, moment_ms, value, limit),
            *self._door(kind, moment_ms, value, limit), *self._storage(moment_ms, value, limit),
            *self._drift(moment_ms, elapsed, value, limit, neighbours),
        ]  # fmt: skip
        self.newest_ms, self.value = moment_ms, value
        return found

    def _range(self, moment_ms: int, value: float, limit: Limit) -> list[Verdict]:
        low, high = limit.low, limit.high
        if (low is None or value >= low) and (high is None or value <= high):
            self.range_since_ms = 0
            return []
        self.range_since_ms = self.range_since_ms or moment_ms
        return [Verdict("out-of-range", self.range_since_ms, _shown(value), f"{_bound(low)}..{_bound(high)}")]

    def _stuck(self, kind: str, moment_ms: int, value: float, limit: Limit) -> list[Verdict]:
        if value != self.value or not self.same:
            self.same, self.same_since_ms = 1, moment_ms
            return []
        self.same += 1
        still = (moment_ms - self.same_since_ms) / 60_000
        if kind == _DOOR or not limit.stuck_minutes or self.same < STUCK_READINGS or still < limit.stuck_minutes:
            return []
        seen = f"{_shown(value)} for {still:.0f} min"
        return [Verdict("stuck", self.same_since_ms, seen, f"a change within {limit.stuck_minutes:g} min")]

    def _door(self, kind: str, moment_ms: int, value: float, limit: Limit) -> list[Verdict]:
        if kind != _DOOR or value < 0.5:
            self.open_since_ms = 0
            return []
        self.open_since_ms = self.open_since_ms or moment_ms
        still = (moment_ms - self.open_since_ms) / 60_000
        if still <= limit.open_minutes:
            return []
        return [Verdict("door-open", self.open_since_ms, f"open for {still:.0f} min", f"<= {limit.open_minutes:g} min")]

    def _storage(self, moment_ms: int, value: float, limit: Limit) -> list[Verdict]:
        storage = limit.storage
        if storage is None:
            return []
        found = []
        if storage.low <= value <= storage.high:
            self.outside_since_ms = 0
        else:
            self.outside_since_ms = self.outside_since_ms or moment_ms
            still = (moment_ms - self.outside_since_ms) / 60_000
            if still > storage.minutes:
                seen = f"{_shown(value)}, outside for {still:.0f} min"
                expected = f"{storage.low:g}..{storage.high:g}, outside at most {storage.minutes:g} min"
                found.append(Verdict("excursion", self.outside_since_ms, seen, expected))
        if storage.mkt_high is not None:
            self.kinetic.add(moment_ms, value, storage.mkt_hours)
            found += self._mean_kinetic(moment_ms, storage.mkt_high, storage.mkt_hours)
        return found

    def _mean_kinetic(self, moment_ms: int, highest: float, hours: float) -> list[Verdict]:
        mean = self.kinetic.celsius()
        if mean is None or mean <= highest or self.kinetic.hours() < min(1.0, hours):
            self.kinetic_since_ms = 0
            return []
        self.kinetic_since_ms = self.kinetic_since_ms or moment_ms
        return [Verdict("mean-kinetic", self.kinetic_since_ms, f"{mean:.2f}", f"<= {highest:g} over {hours:g} h")]

    def _drift(
        self, moment_ms: int, elapsed_ms: int, value: float, limit: Limit, neighbours: float | None
    ) -> list[Verdict]:
        allowed = limit.drift
        if allowed is None and limit.low is not None and limit.high is not None:
            allowed = (limit.high - limit.low) / 20
        if neighbours is None or not allowed:
            return []
        weight = min(1.0, elapsed_ms / _SLOW_MS)
        self.drift += weight * (value - neighbours - self.drift)
        if abs(self.drift) <= allowed:
            self.drift_since_ms = 0
            return []
        self.drift_since_ms = self.drift_since_ms or moment_ms
        return [Verdict("drifting", self.drift_since_ms, f"{self.drift:+.2f} from its neighbours", f"<= {allowed:g}")]


class Known(msgspec.Struct):
    """Of one device: when it was heard, through what, and its kinds of reading."""

    heard_ms: int = 0
    """Arrival here, not the device's own clock."""
    window: Window = msgspec.field(default_factory=Window)
    via: list[tuple[str, int]] = []
    replayed: int = -1
    """Sequence number of the payload that was replayed last: none of its values counts."""
    tracks: dict[str, Track] = {}


def _shown(value: float) -> str:
    return f"{value:.4g}"


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
