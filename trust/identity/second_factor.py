"""The second factor of an account: a seed on a phone, sealed here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from trust.identity.account import SecondFactor
from trust.identity.accounts import get_user
from trust.identity.otp import enrolment_uri, new_seed, used_step
from trust.identity.seal import Sealer


def begin(session: Session, sealer: Sealer, user: str) -> SecondFactor:
    """A fresh pending seed; the one in force stays until the new one is confirmed."""
    row, seed = get_user(session, user), new_seed()
    row.totp_pending = sealer.seal(seed.encode(), f"totp:{user}")
    return SecondFactor(enrolment_uri(seed, row.name), seed)


def confirm(session: Session, sealer: Sealer, user: str, code: str, now: datetime) -> None:
    """Put the pending seed in force; the code that proves it is spent."""
    row = get_user(session, user)
    if row.totp_pending is None:
        raise AppError(ErrorKind.CONFLICT, "trust.second_factor.none_pending", place="code")
    step = used_step(sealer.open(row.totp_pending, f"totp:{user}").decode(), code, now, 0, 1)
    if step is None:
        raise AppError(ErrorKind.INVALID, "trust.second_factor.wrong_code", place="code")
    row.totp, row.totp_pending, row.totp_step = row.totp_pending, None, step


def remove(session: Session, user: str) -> None:
    """Back to the password alone."""
    row = get_user(session, user)
    row.totp = row.totp_pending = None
