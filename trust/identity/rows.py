"""The tables of identity. Secrets lie here only as hashes, or sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import BIG, Record


class UserRow(Record):
    """An account. ``name`` is folded for sign-in; ``totp_step`` is the last time step whose code was used."""

    __tablename__ = "trust_users"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    display: Mapped[str]
    state: Mapped[str]
    password: Mapped[str | None]
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_pending: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int] = mapped_column(BIG, default=0)
    created: Mapped[datetime]
    last_seen: Mapped[datetime | None]


class UserRoleRow(Record):
    """A role of an account. The three administrators share the chair ``administrator``, and nobody sits on one chair
    twice: the database itself keeps them apart."""

    __tablename__ = "trust_user_roles"
    __table_args__ = (UniqueConstraint("user", "chair", name="uq_trust_user_roles_user"),)

    user: Mapped[str] = mapped_column(ForeignKey("trust_users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    chair: Mapped[str]


class SessionRecord(Record):
    """A session; its secret is known by hash only."""

    __tablename__ = "trust_sessions"
    __table_args__ = (Index("ix_trust_sessions_user", "user"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user: Mapped[str] = mapped_column(ForeignKey("trust_users.id"))
    created: Mapped[datetime]
    last_seen: Mapped[datetime]
    expires: Mapped[datetime]
    address: Mapped[str]
    agent: Mapped[str]
    ended: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(default="")


class LinkRow(Record):
    """A one-time link; its secret is known by hash only. ``user`` is None where redeeming it makes the account."""

    __tablename__ = "trust_links"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    purpose: Mapped[str]
    user: Mapped[str | None] = mapped_column(ForeignKey("trust_users.id"))
    roles: Mapped[list[Any]]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    used: Mapped[datetime | None]


class TokenRow(Record):
    """A token of a script (``kind`` api) or of a source (``kind`` source); its secret is known by hash only."""

    __tablename__ = "trust_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    roles: Mapped[list[Any]]
    source: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]
    expires: Mapped[datetime]
    revoked: Mapped[datetime | None]


class ThrottleRow(Record):
    """Failed sign-ins of one account, address or pair, and until when it has to wait."""

    __tablename__ = "trust_throttles"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last: Mapped[datetime]
    until: Mapped[datetime]


class SubjectRow(Record):
    """Whose certificates are whose: what the trust list makes of a certificate (``scheme`` and ``value``: a unit's
    credit code, the hash of a person's number, an account name), or its ``fingerprint``, belongs to one account."""

    __tablename__ = "trust_subjects"
    __table_args__ = (Index("ix_trust_subjects_user", "user"),)

    scheme: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("trust_users.id"))
    added: Mapped[datetime]


class ChallengeRow(Record):
    """A challenge given out to somebody who wants to sign in; it is deleted when it is answered, rightly or not."""

    __tablename__ = "trust_challenges"

    id: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str]
    site: Mapped[str]
    until: Mapped[datetime]


class SessionCertificateRow(Record):
    """The certificate a session rests on: it ends when the certificate is revoked or its authority is withdrawn.
    ``issuer`` is the SHA-256 of the issuer's name, ``entry`` that of the trust list's entry as it was."""

    __tablename__ = "trust_session_certificates"
    __table_args__ = (Index("ix_trust_session_certificates_issuer", "issuer"),)

    session: Mapped[str] = mapped_column(ForeignKey("trust_sessions.id"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    serial: Mapped[str] = mapped_column(String(42))
    issuer: Mapped[str] = mapped_column(String(64))
    authority: Mapped[str]
    entry: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str]
    chain: Mapped[bytes] = mapped_column(LargeBinary)
