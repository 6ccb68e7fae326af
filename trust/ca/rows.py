"""Tables of the PKI database: a database of its own, reachable by the signer only."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from infra.records import utc

METADATA = MetaData()

authorities = Table(
    "authorities",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("parent", String(40), ForeignKey("authorities.id")),
    Column("key", String(60), nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("sm2_id", LargeBinary, nullable=False),
    Column("points", Text, nullable=False),
    Column("partitions", Integer, nullable=False, default=1),
    Column("crl_days", Integer, nullable=False, default=7),
    Column("state", String(20), nullable=False, default="active"),
    Column("created", utc, nullable=False),
)
"""``points`` holds the addresses of the list, one a line; ``partitions`` how many parts it has."""

intents = Table(
    "intents",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("authority", String(40), ForeignKey("authorities.id"), nullable=False),
    Column("serial", String(42), nullable=False),
    Column("profile", String(40), nullable=False),
    Column("request", String(64), nullable=False),
    Column("approval", Text, nullable=False),
    Column("created", utc, nullable=False),
    Column("state", String(12), nullable=False),
    UniqueConstraint("authority", "serial"),
)
"""What is about to be signed, committed before it is: a serial number is never used twice, even after a crash."""

certificates = Table(
    "certificates",
    METADATA,
    Column("intent", String(40), ForeignKey("intents.id"), primary_key=True),
    Column("authority", String(40), ForeignKey("authorities.id"), nullable=False),
    Column("serial", String(42), nullable=False),
    Column("partition", Integer, nullable=False),
    Column("profile", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("der", LargeBinary, nullable=False),
    Column("not_after", utc, nullable=False),
    Column("issued", utc, nullable=False),
    Column("revoked", utc),
    Column("reason", String(32)),
    Column("invalid_since", utc),
    UniqueConstraint("authority", "serial"),
    Index("ix_certificates_revoked", "authority", "partition", "revoked"),
    Index("ix_certificates_not_after", "not_after"),
)

crls = Table(
    "crls",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("authority", String(40), ForeignKey("authorities.id"), nullable=False),
    Column("partition", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("base", Integer),
    Column("this_update", utc, nullable=False),
    Column("next_update", utc, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("der", LargeBinary, nullable=False),
    Index("ix_crls_newest", "authority", "partition", "number"),
)
"""Lists as they were published; ``base`` is set for a delta."""

requests = Table(
    "requests",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("authority", String(40), ForeignKey("authorities.id"), nullable=False),
    Column("profile", String(40), nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("subject", Text, nullable=False),
    Column("names", Text, nullable=False),
    Column("asker", String(120), nullable=False),
    Column("state", String(12), nullable=False),
    Column("replaces", String(100)),
    Column("created", utc, nullable=False),
    Column("intent", String(40)),
)

approvals = Table(
    "approvals",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("request", String(40), nullable=False),
    Column("approver", String(120), nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("given", utc, nullable=False),
    UniqueConstraint("request", "approver"),
)

approvers = Table(
    "approvers",
    METADATA,
    Column("name", String(120), primary_key=True),
    Column("spki", LargeBinary, nullable=False),
    Column("added", utc, nullable=False),
    Column("active", Boolean, nullable=False, default=True),
)

outbox = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("action", String(60), nullable=False),
    Column("thing", String(120), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", utc, nullable=False),
    Column("intent", String(40)),
    Column("entry", String(40)),
    Index("ix_outbox_intent", "intent"),
)
"""Audit rows, written in the transaction of the change; ``entry`` is the ledger's id once the row was carried there."""
