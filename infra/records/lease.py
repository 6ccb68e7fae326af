"""Leases: at most one process does a job, and another takes over when it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from infra.clock import Clock
from infra.records.base import Record


class LeaseRow(Record):
    """Who holds a job until when; ``term`` grows with each change of hands."""

    __tablename__ = "infra_leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]
    term: Mapped[int]


class Lease:
    """The right to do the job ``name``, held for ``seconds`` at a time.

    ``hold`` runs inside the transaction of the job itself, so a holder that slept through the end of its lease cannot
    commit beside its successor: the lease row stays locked until that transaction ends.
    """

    def __init__(self, name: str, holder: str, clock: Clock, seconds: float = 10.0) -> None:
        self.name = name
        self.holder = holder
        self._clock = clock
        self._length = timedelta(seconds=seconds)

    def hold(self, session: Session) -> bool:
        """Take or prolong the lease in ``session``; False while somebody else has it."""
        now = self._clock.now()
        row = session.scalar(select(LeaseRow).where(LeaseRow.name == self.name).with_for_update())
        if row is None:
            return self._first(session, now)
        if row.holder != self.holder:
            if row.until > now:
                return False
            row.holder, row.term = self.holder, row.term + 1
        row.until = now + self._length
        return True

    def release(self, session: Session) -> None:
        """Let go at once, so that a successor need not wait."""
        row = session.get(LeaseRow, self.name)
        if row is not None and row.holder == self.holder:
            row.until = self._clock.now()

    def _first(self, session: Session, now: datetime) -> bool:
        try:
            with session.begin_nested():
                session.add(LeaseRow(name=self.name, holder=self.holder, until=now + self._length, term=1))
        except IntegrityError:
            return False
        return True
