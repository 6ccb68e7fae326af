"""Signing in: name, password, one-time code; the same answer and the same time for every wrong one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from trust.access.roles import RoleBook
from trust.identity.account import SignedIn, State
from trust.identity.accounts import fold_name, person_of
from trust.identity.otp import used_step
from trust.identity.password import Passwords
from trust.identity.rows import UserRow
from trust.identity.seal import Sealer
from trust.identity.sessions import open_session, roles_of
from trust.identity.throttle import demand_calm, keys_of, note_failure, note_success
from trust.settings import Identities

_STRANGER = Actor(id="", name="", kind="anonymous")
"""The name a stranger typed is not kept: people type passwords there."""


class SignIn:
    """Turns credentials into a session, or a failure that is counted and written to the ledger."""

    def __init__(
        self, records: Records, passwords: Passwords, sealer: Sealer, settings: Identities, book: RoleBook
    ) -> None:
        self._records = records
        self._passwords = passwords
        self._sealer = sealer
        self._settings = settings
        self._book = book

    def attempt(self, name: str, password: str, code: str, address: str, agent: str, now: datetime) -> SignedIn:
        """See ``Identity.sign_in``."""
        folded = _fold_or_empty(name)
        keys = keys_of(folded, address)
        self._records.read(lambda session: demand_calm(session, keys, now))
        user = self._records.read(lambda session: session.scalar(select(UserRow).where(UserRow.name == folded)))
        kept = user.password if user is not None and user.state == State.ACTIVE else None
        right = self._passwords.check(kept, password)
        if not right or user is None:
            raise self._failure(user, keys, address, now)
        if user.totp is not None and not code.strip():
            raise AppError(ErrorKind.UNAUTHENTICATED, "trust.sign_in.code_needed", place="code")
        rehash = self._passwords.hash(password) if self._passwords.outdated(user.password or "") else None
        done = self._records.write(
            lambda session: self._enter(session, user.id, code, rehash, keys, address, agent, now)
        )
        if done is None:
            raise self._failure(user, keys, address, now)
        return done

    def _enter(
        self,
        session: Session,
        user: str,
        code: str,
        rehash: str | None,
        keys: dict[str, str],
        address: str,
        agent: str,
        now: datetime,
    ) -> SignedIn | None:
        """Spend the code and open the session in one transaction; None where the code is wrong or spent."""
        row = session.scalar(select(UserRow).where(UserRow.id == user, UserRow.state == State.ACTIVE).with_for_update())
        if row is None or not self._spend_code(row, code, now):
            return None
        if rehash is not None:
            row.password = rehash
        secret, opened = open_session(session, row, address, agent, now, self._settings)
        note_success(session, keys)
        actor = Actor(id=row.id, name=row.name)
        detail = {"address": address, "session": opened.id, "second_factor": row.totp is not None}
        record(session, actor=actor, action="trust.session.open", thing=f"user:{row.id}", detail=detail, at=now)
        due = row.totp is None and any(self._book.get(name).administrator for name in roles_of(session, row.id))
        return SignedIn(
            secret=secret,
            session=opened.id,
            person=person_of(session, row),
            expires=opened.expires,
            second_factor_due=due,
        )

    def _spend_code(self, row: UserRow, code: str, now: datetime) -> bool:
        if row.totp is None:
            return True
        seed = self._sealer.open(row.totp, f"totp:{row.id}").decode()
        step = used_step(seed, code, now, row.totp_step, self._settings.totp_steps_back)
        if step is None:
            return False
        row.totp_step = step
        return True

    def _failure(self, user: UserRow | None, keys: dict[str, str], address: str, now: datetime) -> AppError:
        """Count the failure, tell the ledger; the error to raise."""

        def count(session: Session) -> None:
            note_failure(session, keys, now)
            actor = Actor(id=user.id, name=user.name) if user else _STRANGER
            thing = f"user:{user.id}" if user else "user:unknown"
            record(
                session, actor=actor, action="trust.session.refused", thing=thing, detail={"address": address}, at=now
            )

        self._records.write(count)
        return AppError(ErrorKind.UNAUTHENTICATED, "trust.sign_in.refused", place="sign-in")


def _fold_or_empty(name: str) -> str:
    try:
        return fold_name(name[:256])
    except AppError:
        return ""
