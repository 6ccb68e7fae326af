"""What the overview shows: the sentence, the three states, the waterfalls, who must act, the ingest strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboards.rooms.health import Condition, SourceState
from dashboards.rooms.posture import Loss, LossKind, Reading, Score, Standing
from dashboards.visit import address
from dashboards.words import t
from infra.exchange import Level

GROUPS = ("business", "security", "systems")
NAMED = 5
STALE_AFTER = timedelta(minutes=5)
FAMILIES = ("host", "network", "security", "cloud", "database", "business", "sensor")
OTHER_FAMILIES = ("log", "receiver", "other")
HOST_PARTS = ("metrics", "inventory", "integrity")
LOG_PARTS = ("files", "journal")
RANKS = {"informational": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a waterfall: from ``left`` to ``right`` on the axis, in percent of its width."""

    name: str
    points: float
    kind: LossKind
    left: float
    right: float
    href: str


@dataclass(frozen=True, slots=True)
class Fall:
    """A waterfall: axis start, threshold positions, steps, score marker and band in percent."""

    start: int
    ticks: tuple[tuple[int, float], ...]
    steps: tuple[Step, ...]
    mark: float
    band: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Family:
    """Sources of one family on the ingest strip; ``rate_s`` is None where nothing was measured."""

    id: str
    sources: int
    silent: int
    rate_s: float | None
    lag_s: float | None
    hours: tuple[int | None, ...]
    connected: bool


def shown_losses(score: Score, named: int = NAMED) -> list[Loss]:
    """Named deductions, the rest as one, then unmeasured, pressure, caps; together they are 100 minus the score."""
    plain = sorted((loss for loss in score.losses if loss.kind is LossKind.INDICATOR), key=lambda loss: -loss.points)
    late = [
        *(loss for loss in score.losses if loss.kind is LossKind.UNMEASURED),
        *_pressing(score, [loss for loss in score.losses if loss.kind is LossKind.PRESSURE]),
        *(loss for loss in score.losses if loss.kind is LossKind.CAP),
    ]
    room = max(1, named - max(0, len(late) - 1))
    head, rest = (plain, []) if len(plain) <= room else (plain[: room - 1], plain[room - 1 :])
    if rest:
        words = t("overview.other_items", count=len(rest))
        head = [*head, Loss(words, sum(loss.points for loss in rest), LossKind.INDICATOR, rest[0].href)]
    return [*head, *late]


def _pressing(score: Score, losses: Sequence[Loss]) -> list[Loss]:
    """What open alerts and incidents press down, as one row."""
    if not losses:
        return []
    words = t("overview.pressure", count=len(losses))
    href = address("/alerts", dimension=score.dimension.value, state="new,acknowledged")
    return [Loss(words, sum(loss.points for loss in losses), LossKind.PRESSURE, href)]


def fall(score: Score) -> Fall:
    """The waterfall of a measured dimension."""
    value = score.score if score.score is not None else 0.0
    low, high = score.low if score.low is not None else value, score.high if score.high is not None else value
    start = int(min(50, min(value, low) // 10 * 10))

    def at(points: float) -> float:
        return max(0.0, min(100.0, (points - start) / (100 - start) * 100))

    steps, level = [], 100.0
    for loss in shown_losses(score):
        below = level - loss.points
        steps.append(Step(loss.name, loss.points, loss.kind, at(below), at(level), loss.href))
        level = below
    ticks = tuple((mark, at(mark)) for mark in sorted({start, 60, 75, 85, 100}) if mark >= start)
    return Fall(start, ticks, tuple(steps), at(value), (at(low), at(high)))


def worst(readings: Sequence[Reading]) -> str | None:
    """The worst deviation among readings, None when all are normal."""
    outside = [reading.outside for reading in readings if reading.outside]
    return max(outside, key=lambda level: RANKS.get(level, 0)) if outside else None


def verdict(group: str, readings: Sequence[Reading]) -> tuple[str, str]:
    """The level and the word in a state's header."""
    measured = [reading for reading in readings if reading.value is not None]
    if not measured:
        return "unknown", t("overview.not_measured")
    level = worst(measured)
    if level is None:
        return "normal", t("overview.normal")
    count = sum(1 for reading in measured if reading.outside)
    return level, t("overview.outside", count=count)


def sentence(
    standing: Standing, readings: Sequence[Reading], open_alerts: dict[Level, int], unowned: int
) -> tuple[str, str]:
    """The bold sentence and its quiet continuation, by the same rules as the states."""
    by_group = {group: [reading for reading in readings if reading.group == group] for group in GROUPS}
    parts = [
        t(f"overview.says_{group}_{_condition(by_group[group])}", count=_outside(by_group[group])) for group in GROUPS
    ]
    missing = [score for score in standing.dimensions if score.score is None]
    if missing:
        bold = t("overview.says_unmeasured", count=len(missing), all=len(standing.dimensions))
        return bold, t("overview.says_connect")
    measured = [score for score in standing.dimensions if score.score is not None]
    weakest = min(measured, key=lambda score: score.score or 0.0)
    tail = t("overview.says_weakest", dimension=t(f"dimension.{weakest.dimension}"))
    if unowned:
        tail += t("overview.says_unowned", count=unowned)
    joined = t("overview.says_joined", business=parts[0], security=parts[1], systems=parts[2])
    return joined[:1].upper() + joined[1:], tail


def _condition(readings: Sequence[Reading]) -> str:
    if not any(reading.value is not None for reading in readings):
        return "unknown"
    return "outside" if _outside(readings) else "normal"


def _outside(readings: Sequence[Reading]) -> int:
    return sum(1 for reading in readings if reading.outside)


def families(condition: Condition) -> list[Family]:
    """The ingest strip: families with sources first in a fixed order, unknown families last, seven in all."""
    known: dict[str, list[SourceState]] = {name: [] for name in FAMILIES}
    extra: dict[str, list[SourceState]] = {}
    for source in condition.sources:
        name = family_of(source)
        (known if name in known else extra).setdefault(name, []).append(source)
    merged = {**{name: found for name, found in known.items() if found}, **extra}
    for name in FAMILIES:
        merged.setdefault(name, [])
    return [_family(name, found) for name, found in list(merged.items())[:7]]


def family_of(source: SourceState) -> str:
    """The family of a source; an agent says in the id what it sends (``host/metrics``, ``host/var/log/syslog``)."""
    if source.family in (*FAMILIES, *OTHER_FAMILIES):
        return source.family
    _, _, part = source.id.partition("/")
    if part in HOST_PARTS:
        return "host"
    return "log" if part in LOG_PARTS or part.startswith("var/log") else "other"


def _family(name: str, found: Sequence[SourceState]) -> Family:
    live = [source for source in found if source.available]
    rates = [source.rate_s for source in live if source.rate_s is not None]
    lags = [source.lag_s for source in live if source.lag_s is not None]
    return Family(
        id=name,
        sources=len(live),
        silent=sum(1 for source in live if source.silent),
        rate_s=sum(rates) if rates else None,
        lag_s=max(lags) if lags else None,
        hours=_added([source.hours for source in live]),
        connected=bool(live),
    )


def _added(rows: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
    """Hourly counts of several sources added; an hour no source knows stays unknown."""
    padded = [((None,) * 24 + row)[-24:] for row in rows]
    if not padded:
        return (None,) * 24
    sums = []
    for column in zip(*padded, strict=True):
        known = [count for count in column if count is not None]
        sums.append(sum(known) if known else None)
    return tuple(sums)


def lacking(condition: Condition) -> tuple[int, int]:
    """How many of the available sources are silent, and how many there are."""
    live = [source for source in condition.sources if source.available]
    return sum(1 for source in live if source.silent), len(live)


def stale_since(at: datetime, now: datetime) -> bool:
    """Whether a score taken at ``at`` has stood still for longer than it should."""
    return now - at > STALE_AFTER


def equation(condition: Condition) -> tuple[bool, int, int, int, int]:
    """received = stored + quarantined + refused over all sources: whether it holds, and the four numbers."""
    received, stored, held, refused = (
        sum(getattr(source, name) for source in condition.sources)
        for name in ("received", "stored", "quarantined", "refused")
    )
    return received == stored + held + refused, received, stored, held, refused
