"""Tables of evaluations, of findings and of the steps findings take."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class EvaluationRow(Record):
    """One evaluation of an object: planned, done, scored by a template."""

    __tablename__ = "ops_evaluations"
    id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(index=True)
    template: Mapped[str]
    body: Mapped[str]
    scope: Mapped[list[Any]]
    planned_from: Mapped[date]
    planned_to: Mapped[date]
    report_number: Mapped[str]
    score: Mapped[dict[str, Any]]
    packs: Mapped[list[Any]]
    done: Mapped[date | None]


class FindingRow(Record):
    """One finding on its way to being mended."""

    __tablename__ = "ops_findings"
    id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(index=True)
    evaluation_id: Mapped[str]
    unit: Mapped[str]
    asset: Mapped[str]
    title: Mapped[str]
    risk: Mapped[str]
    major: Mapped[bool]
    state: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    due: Mapped[date | None] = mapped_column(index=True)
    cause: Mapped[str]
    fix: Mapped[str]
    mitigation: Mapped[str]
    before_sha256: Mapped[str]
    after_sha256: Mapped[str]
    exception_until: Mapped[date | None]
    created: Mapped[datetime]
    closed: Mapped[datetime | None]
    closed_by: Mapped[str]


class FindingStepRow(Record):
    """One step of a finding: who, when, from where to where, with what."""

    __tablename__ = "ops_finding_steps"
    id: Mapped[str] = mapped_column(primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("ops_findings.id", ondelete="CASCADE"), index=True)
    time: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    source: Mapped[str]
    target: Mapped[str]
    detail: Mapped[dict[str, Any]]


class CryptoUseRow(Record):
    """One use of cryptography of an object."""

    __tablename__ = "ops_crypto_uses"
    object_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    use: Mapped[dict[str, Any]]
    changed: Mapped[datetime]


class MaterialRow(Record):
    """The file that stands for a material of an object; a newer one takes its place."""

    __tablename__ = "ops_evaluation_materials"
    object_id: Mapped[str] = mapped_column(primary_key=True)
    material: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    sha256: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
