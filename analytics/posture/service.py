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
from analytics.posture.seams import GateSource, IndicatorSource, PressureSource
from infra.clock import Clock
from infra.exchange import Indicator
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


class PostureService:
    """The posture of the site."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        indicators: Sequence[IndicatorSource] = (),
        pressures: Sequence[PressureSource] = (),
        gates: Sequence[GateSource] = (),
    ) -> None:
        self._records, self._clock = records, clock
        self._indicators, self._pressures, self._gates = indicators, pressures, gates
        self._last_health: dict[str, float] = {}

    def refresh(self) -> Posture:
        """Measure everything anew, store and return the posture. A source that breaks is missing, not fatal."""
        now = self._clock.now()
        self._recall()
        inputs = Inputs(
            readings=merge([self._measure(source, now) for source in self._indicators]),
            pressures=tuple(item for source in self._pressures for item in source.pressures(now)),
            gates=tuple(item for source in self._gates for item in source.gates(now)),
            last_health=dict(self._last_health),
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
        return fill(found[1].readings, found[0]) if found else fill({}, self._clock.now())

    def history(self, since: datetime, points: int = 200) -> list[Posture]:
        """Stored postures since then, oldest first, thinned to at most ``points``."""
        statement = select(PostureRow).where(PostureRow.at >= since).order_by(PostureRow.at)
        rows = self._records.read(lambda session: list(session.scalars(statement)))
        step = max(1, -(-len(rows) // points))
        thinned = rows[::-1][::step][::-1]
        return [msgspec.json.decode(row.answer, type=Posture) for row in thinned]


def compute(inputs: Inputs, at: datetime) -> Posture:
    """The posture of stored inputs: the same bytes each time."""
    return assess(at, fill(inputs.readings, at), inputs.pressures, inputs.gates, inputs.last_health)


def _store(session: Session, at: datetime, inputs: Inputs, posture: Posture) -> None:
    slot = int(at.timestamp()) // SLOT_S
    first = session.scalar(select(PostureRow.at).where(PostureRow.slot == slot).limit(1)) is None
    body, answer = msgspec.json.encode(inputs), msgspec.json.encode(posture)
    session.add(PostureRow(at=at, slot=slot, first=first, version=version(), inputs=body, answer=answer))
    old = and_(PostureRow.at < at - KEPT_WHOLE, PostureRow.first.is_(False))
    session.execute(delete(PostureRow).where(or_(old, PostureRow.at < at - KEPT)))


def _find(session: Session, at: datetime | None) -> PostureRow | None:
    statement = select(PostureRow).order_by(PostureRow.at.desc()).limit(1)
    return session.scalars(statement.where(PostureRow.at <= at) if at else statement).first()
