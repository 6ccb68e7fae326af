"""Keeping posture: computed from all sources, stored with its inputs, the same number for every reader."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import BigInteger, and_, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from analytics.posture.catalogue import Reading, fill, merge, version
from analytics.posture.score import Gate, Posture, Pressure, assess, health
from analytics.posture.seams import GateSource, IndicatorSource, PressureSource, WeightSource
from analytics.posture.trend import HOUR, SPAN_H, Trend, hourly, trend
from infra.clock import Clock
from infra.exchange import Dimension, Indicator
from infra.records import Record, Records

log = logging.getLogger(__name__)
KEPT = timedelta(days=400)
KEPT_WHOLE = timedelta(days=2)
SLOT_S = 600
"""Postures older than ``KEPT_WHOLE`` are thinned to the first of each ten minutes."""


class PostureRow(Record):
    """One stored posture: its inputs, so that it can be computed again, and its answer."""

    __tablename__ = "analytics_posture"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, index=True)
    first: Mapped[bool]
    version: Mapped[str]
    inputs: Mapped[bytes]
    answer: Mapped[bytes]


class Inputs(msgspec.Struct, frozen=True):
    """Everything the score is computed from."""

    readings: dict[str, Reading]
    pressures: tuple[Pressure, ...] = ()
    gates: tuple[Gate, ...] = ()
    last_health: dict[str, float] = {}
    weights: dict[str, float] = {}
    weights_number: int = 0


class _Value(msgspec.Struct, frozen=True):
    value: float | None


class _Values(msgspec.Struct, frozen=True):
    """Of stored inputs no more than the values."""

    readings: dict[str, _Value]


class _Score(msgspec.Struct, frozen=True):
    score: float | None


class _Scores(msgspec.Struct, frozen=True):
    """Of a stored answer no more than the scores."""

    overall: _Score
    dimensions: dict[Dimension, _Score]


class PostureService:
    """The posture of the site."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        indicators: Sequence[IndicatorSource] = (),
        pressures: Sequence[PressureSource] = (),
        gates: Sequence[GateSource] = (),
        weights: WeightSource | None = None,
    ) -> None:
        self._records, self._clock, self._weights = records, clock, weights
        self._indicators, self._pressures, self._gates = indicators, pressures, gates
        self._last_health: dict[str, float] = {}
        self._trends_of: datetime | None = None
        self._trends: dict[Dimension | None, Trend] = {}

    def refresh(self) -> Posture:
        """Measure everything anew, store and return the posture. A source that breaks is missing, not fatal."""
        now = self._clock.now()
        self._recall()
        number, weights = self._weights.current() if self._weights is not None else (0, {})
        inputs = Inputs(
            readings=merge([self._measure(source, now) for source in self._indicators]),
            pressures=tuple(item for source in self._pressures for item in source.pressures(now)),
            gates=tuple(item for source in self._gates for item in source.gates(now)),
            last_health=dict(self._last_health),
            weights=dict(weights) if number else {},
            weights_number=number,
        )
        posture = compute(inputs, now)
        self._remember(inputs, now)
        self._records.write(lambda session: _store(session, now, inputs, posture))
        return posture

    def _measure(self, source: IndicatorSource, now: datetime) -> Mapping[str, Reading]:
        try:
            return source.readings(now)
        except Exception:
            log.exception("posture.source_failed", extra={"source": type(source).__name__})
            return {}

    def _recall(self) -> None:
        """After a restart: what was last known of each indicator is in the last stored inputs."""
        if not self._last_health and (found := self.inputs()):
            self._last_health = dict(found[1].last_health)
            self._remember(found[1], found[0])

    def _remember(self, inputs: Inputs, now: datetime) -> None:
        for item in fill(inputs.readings, now):
            if (found := health(item)) is not None:
                self._last_health[item.id] = found

    def latest(self, at: datetime | None = None) -> Posture | None:
        """The newest posture (not after ``at``), None where there is none yet."""
        row = self._records.read(lambda session: _find(session, at))
        return msgspec.json.decode(row.answer, type=Posture) if row else None

    def inputs(self, at: datetime | None = None) -> tuple[datetime, Inputs] | None:
        """What the newest posture (not after ``at``) was computed from."""
        row = self._records.read(lambda session: _find(session, at))
        return (row.at, msgspec.json.decode(row.inputs, type=Inputs)) if row else None

    def indicators(self, at: datetime | None = None) -> list[Indicator]:
        """Every indicator behind the newest posture (not after ``at``), missing ones too."""
        found = self.inputs(at)
        return fill(found[1].readings, found[0], found[1].weights) if found else fill({}, self._clock.now())

    def history(self, since: datetime, points: int = 200) -> list[Posture]:
        """Stored postures since then, oldest first, thinned to at most ``points``."""
        moments = self._moments(since)
        step = max(1, -(-len(moments) // points))
        chosen = moments[::-1][::step]
        statement = select(PostureRow.answer).where(PostureRow.at.in_(chosen)).order_by(PostureRow.at)
        answers = self._records.read(lambda session: list(session.scalars(statement)))
        return [msgspec.json.decode(answer, type=Posture) for answer in answers]

    def lines(self, since: datetime, points: int = 48) -> dict[str, tuple[float | None, ...]]:
        """Each indicator's value per equal part of the time since then, oldest first; None where none was measured."""
        now = self._clock.now()
        width = (now - since) / points
        chosen = {int((moment - since) / width): moment for moment in self._moments(since) if moment <= now}
        statement = select(PostureRow.at, PostureRow.inputs).where(PostureRow.at.in_(chosen.values()))
        lines: dict[str, list[float | None]] = {}
        for at, body in self._records.read(lambda session: list(session.execute(statement))):
            place = min(points - 1, int((at - since) / width))
            for name, reading in msgspec.json.decode(body, type=_Values).readings.items():
                lines.setdefault(name, [None] * points)[place] = reading.value
        return {name: tuple(line) for name, line in lines.items()}

    def trend(self, dimension: Dimension | None = None) -> Trend:
        """Where the score of a dimension (None: the overall one) is going; learned every ten minutes."""
        now = self._clock.now()
        now = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0) + HOUR / 6
        if self._trends_of != now:
            self._trends_of, self._trends = now, self._all_trends(now)
        return self._trends[dimension]

    def _all_trends(self, now: datetime) -> dict[Dimension | None, Trend]:
        since = now - HOUR * SPAN_H
        newest = {(moment - since) // HOUR: moment for moment in self._moments(since)}
        statement = select(PostureRow.at, PostureRow.answer).where(PostureRow.at.in_(newest.values()))
        rows = self._records.read(lambda session: list(session.execute(statement)))
        scores = {at: msgspec.json.decode(answer, type=_Scores) for at, answer in rows}
        taken: dict[Dimension | None, dict[datetime, float | None]] = {
            None: {at: found.overall.score for at, found in scores.items()}
        }
        for name in Dimension:
            taken[name] = {at: found.dimensions[name].score for at, found in scores.items()}
        return {name: trend(hourly(points, now), now) for name, points in taken.items()}

    def _moments(self, since: datetime) -> list[datetime]:
        """When postures were stored, oldest first: of long spans the first of each slot only."""
        statement = select(PostureRow.at).where(PostureRow.at >= since).order_by(PostureRow.at)
        if self._clock.now() - since > KEPT_WHOLE:
            statement = statement.where(PostureRow.first.is_(True))
        return self._records.read(lambda session: list(session.scalars(statement)))


def compute(inputs: Inputs, at: datetime) -> Posture:
    """The posture of stored inputs: the same bytes each time."""
    return assess(at, fill(inputs.readings, at, inputs.weights), inputs.pressures, inputs.gates, inputs.last_health)


def _store(session: Session, at: datetime, inputs: Inputs, posture: Posture) -> None:
    slot = int(at.timestamp()) // SLOT_S
    first = session.scalar(select(PostureRow.at).where(PostureRow.slot == slot).limit(1)) is None
    body, answer = msgspec.json.encode(inputs), msgspec.json.encode(posture)
    named = f"{version()}/{inputs.weights_number}"
    session.add(PostureRow(at=at, slot=slot, first=first, version=named, inputs=body, answer=answer))
    old = and_(PostureRow.at < at - KEPT_WHOLE, PostureRow.first.is_(False))
    session.execute(delete(PostureRow).where(or_(old, PostureRow.at < at - KEPT)))


def _find(session: Session, at: datetime | None) -> PostureRow | None:
    statement = select(PostureRow).order_by(PostureRow.at.desc()).limit(1)
    return session.scalars(statement.where(PostureRow.at <= at) if at else statement).first()
