"""Tokens for scripts and for sources: shown once, kept as a hash, ended by time or by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor, Authorizer
from trust.access.roles import RoleBook, role_book
from trust.identity.credential import fingerprint, new_secret
from trust.identity.rows import TokenRow

_SOURCE = re.compile(r"[\w][\w.-]{0,63}")
MAX_DAYS = 3650


class TokenKind(StrEnum):
    """Who carries the token."""

    API = "api"
    SOURCE = "source"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token without its secret."""

    id: str
    kind: TokenKind
    name: str
    roles: tuple[str, ...]
    source: str
    created: datetime
    created_by: str
    expires: datetime
    revoked: datetime | None = None


class NewToken(msgspec.Struct, frozen=True):
    """A token and its secret, which nobody can look up again."""

    token: Token
    secret: str

    def __repr__(self) -> str:
        return f"NewToken(id={self.token.id!r})"


class Tokens:
    """The tokens of a site."""

    def __init__(
        self, records: Records, access: Authorizer, clock: Clock | None = None, book: RoleBook | None = None
    ) -> None:
        self._records = records
        self._access = access
        self._clock = clock or SystemClock()
        self._book = book or role_book()

    def create_api(self, actor: Actor, name: str, roles: Sequence[str], days: int) -> NewToken:
        """A token for a script that may do what ``roles`` may; never an administrator's."""
        for role in roles:
            if self._book.get(role).administrator:
                raise AppError(ErrorKind.INVALID, "trust.token_role", place=role)
        return self._create(actor, TokenKind.API, name, tuple(sorted(set(roles))), "", days)

    def create_source(self, actor: Actor, source: str, days: int) -> NewToken:
        """A token that lets a shipper deliver as ``source`` and do nothing else."""
        if _SOURCE.fullmatch(source) is None:
            raise AppError(ErrorKind.INVALID, "trust.source_malformed", place=source[:64])
        return self._create(actor, TokenKind.SOURCE, source, (), source, days)

    def list(self) -> Sequence[Token]:
        """All tokens, newest first, ended ones too."""
        query = select(TokenRow).order_by(TokenRow.created.desc(), TokenRow.id.desc())
        return [_token(row) for row in self._records.read(lambda session: session.scalars(query).all())]

    def revoke(self, actor: Actor, token: str) -> None:
        """End it now; ``token`` is its id, or enough of its beginning."""
        self._access.demand(actor, "tokens.revoke", f"token:{token[:64]}")

        def end(session: Session) -> None:
            row = _one(session, token)
            if row.revoked is None:
                row.revoked = self._clock.now()
                detail = {"kind": row.kind, "name": row.name}
                record(session, actor=actor, action="trust.token.revoke", thing=f"token:{row.id}", detail=detail)
                publish(session, "people", f"token:{row.id}", at=self._clock.now())

        self._records.write(end)

    def find(self, secret: str) -> Token | None:
        """The good token behind ``secret``; None where there is none."""
        query = select(TokenRow).where(
            TokenRow.secret == fingerprint(secret), TokenRow.revoked.is_(None), TokenRow.expires > self._clock.now()
        )
        row = self._records.read(lambda session: session.scalar(query))
        return _token(row) if row else None

    def _create(
        self, actor: Actor, kind: TokenKind, name: str, roles: tuple[str, ...], source: str, days: int
    ) -> NewToken:
        if not 1 <= days <= MAX_DAYS:
            raise AppError(ErrorKind.INVALID, "trust.token_days", place="--days", days=days)
        self._access.demand(actor, "tokens.create", f"{kind}:{name[:64]}")
        secret, now = new_secret(f"yd{kind[0]}_"), self._clock.now()
        row = TokenRow(
            id=new_id(),
            secret=fingerprint(secret),
            kind=kind,
            name=name[:64],
            roles=list(roles),
            source=source,
            created=now,
            created_by=actor.name,
            expires=now + timedelta(days=days),
            revoked=None,
        )
        detail = {"kind": kind.value, "name": row.name, "roles": list(roles), "source": source, "days": days}

        def make(session: Session) -> None:
            session.add(row)
            record(session, actor=actor, action="trust.token.create", thing=f"token:{row.id}", detail=detail, at=now)

        self._records.write(make)
        return NewToken(_token(row), secret)


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        kind=TokenKind(row.kind),
        name=row.name,
        roles=tuple(row.roles),
        source=row.source,
        created=row.created,
        created_by=row.created_by,
        expires=row.expires,
        revoked=row.revoked,
    )


def _one(session: Session, beginning: str) -> TokenRow:
    if len(beginning) < 4:
        raise AppError(ErrorKind.NOT_FOUND, "trust.no_token", place=beginning)
    rows = session.scalars(select(TokenRow).where(TokenRow.id.startswith(beginning, autoescape=True)).limit(2)).all()
    if len(rows) != 1:
        raise AppError(ErrorKind.NOT_FOUND, "trust.no_token", place=beginning[:64])
    return rows[0]
