"""Slowing down guessers: failures per account and address, kept across restarts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from trust.identity.rows import ThrottleRow

FORGET = timedelta(hours=1)
"""A key without a failure for this long starts anew."""


@dataclass(frozen=True, slots=True)
class _Limit:
    """After ``free`` failures each further one doubles the wait, up to ``longest_s``."""

    free: int
    longest_s: int


_LIMITS = {
    "pair": _Limit(5, 900),
    "account": _Limit(30, 60),  # short: else anybody could keep a person out
    "address": _Limit(30, 900),
}


def keys_of(name: str, address: str) -> dict[str, str]:
    """What a failure counts against, by kind of limit."""
    account, place = name[:64], address[:64]
    return {"pair": f"pair {place} {account}", "account": f"account {account}", "address": f"address {place}"}


def demand_calm(session: Session, keys: dict[str, str], now: datetime) -> None:
    """``AppError(RATE_LIMITED)`` with the seconds to wait while one of ``keys`` has to."""
    rows = session.scalars(select(ThrottleRow).where(ThrottleRow.key.in_(keys.values()), ThrottleRow.until > now)).all()
    if rows:
        wait = max((row.until - now).total_seconds() for row in rows)
        raise AppError(ErrorKind.RATE_LIMITED, "trust.sign_in.slow_down", place="sign-in", seconds=int(wait) + 1)


def note_failure(session: Session, keys: dict[str, str], now: datetime) -> None:
    """Count one failure against each of ``keys``."""
    for kind, key in keys.items():
        row = session.get(ThrottleRow, key)
        if row is None:
            row = ThrottleRow(key=key, failures=0, last=now, until=now)
            session.add(row)
        if now - row.last > FORGET:
            row.failures = 0
        row.failures, row.last = row.failures + 1, now
        row.until = now + timedelta(seconds=_wait_s(row.failures, _LIMITS[kind]))
    session.execute(delete(ThrottleRow).where(ThrottleRow.last < now - 24 * FORGET))


def note_success(session: Session, keys: dict[str, str]) -> None:
    """Forget the failures of this account from this address; those of the address alone stay."""
    session.execute(delete(ThrottleRow).where(ThrottleRow.key.in_([keys["pair"], keys["account"]])))


def _wait_s(failures: int, limit: _Limit) -> int:
    over = failures - limit.free
    return 0 if over < 0 else min(limit.longest_s, 1 << min(over, 20))
