"""The tables of runs. A run's row holds its position; attempts and waits are rows of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class DocumentRow(Record):
    """A playbook as it was accepted, by the hash of its canonical form without signatures."""

    __tablename__ = "playbooks_documents"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    playbook: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    name: Mapped[str]
    level: Mapped[str]
    source: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    added: Mapped[datetime]
    retired: Mapped[datetime | None]


class RunRow(Record):
    """A run. While ``lease_until`` is ahead, only ``holder`` moves it; ``hold`` asks for pause or cancellation."""

    __tablename__ = "playbooks_runs"
    __table_args__ = (
        Index("ix_playbooks_runs_ready", "state", "lease_until"),
        Index("ix_playbooks_runs_created", "created"),
        Index("ix_playbooks_runs_cause", "cause"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("playbooks_documents.sha256"))
    simulate: Mapped[bool]
    state: Mapped[str]
    hold: Mapped[str]
    reason: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    inputs: Mapped[dict[str, Any]]
    requester: Mapped[dict[str, Any]]
    cause: Mapped[str]
    parent: Mapped[str]
    depth: Mapped[int]
    created: Mapped[datetime]
    changed: Mapped[datetime]
    ended: Mapped[datetime | None]
    holder: Mapped[str]
    lease_until: Mapped[datetime | None]


class AttemptRow(Record):
    """One act: written as intent before it is done, with its result after. ``key`` is unique for all time."""

    __tablename__ = "playbooks_attempts"
    __table_args__ = (
        Index("ix_playbooks_attempts_run", "run", "state"),
        Index("ix_playbooks_attempts_kind", "kind", "started"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(ForeignKey("playbooks_runs.id"))
    token: Mapped[str]
    step: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    order: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    started: Mapped[datetime]
    ended: Mapped[datetime | None]


class WaitRow(Record):
    """Something a run waits for: open, then answered, then taken by the run."""

    __tablename__ = "playbooks_waits"
    __table_args__ = (
        Index("ix_playbooks_waits_due", "state", "due"),
        Index("ix_playbooks_waits_run", "run", "state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(ForeignKey("playbooks_runs.id"))
    token: Mapped[str]
    step: Mapped[str]
    kind: Mapped[str]
    gate: Mapped[str]
    state: Mapped[str]
    question: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    due: Mapped[datetime | None]
    opened: Mapped[datetime]
    answer: Mapped[str]
    outputs: Mapped[dict[str, Any]]
    answered_by: Mapped[str]


class ApprovalRow(Record):
    """One person's word on one approval, once."""

    __tablename__ = "playbooks_approvals"

    wait: Mapped[str] = mapped_column(ForeignKey("playbooks_waits.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    decision: Mapped[str]
    binding: Mapped[str]
    at: Mapped[datetime]
