"""Records of rules: how each is switched, every version with who and when, drafts, suppressions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class RuleRow(Record):
    """A rule that people changed. ``version`` is the one in force, 0 the one that was shipped or imported."""

    __tablename__ = "analytics_rules"

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    version: Mapped[int]
    changed: Mapped[datetime]


class RuleVersionRow(Record):
    """One line of a rule's history: ``act`` is ``write``, ``restore`` or a state it was put in; only ``write``
    carries a text, ``restore`` names the version whose text is in force again."""

    __tablename__ = "analytics_rule_versions"

    id: Mapped[str] = mapped_column(primary_key=True)
    rule_id: Mapped[str] = mapped_column(index=True)
    number: Mapped[int]
    act: Mapped[str]
    source: Mapped[str] = mapped_column(Text)
    tests: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    actor: Mapped[str]
    at: Mapped[datetime]


class RuleDraftRow(Record):
    """What one person is writing on one rule; '' as the rule means a new one."""

    __tablename__ = "analytics_rule_drafts"

    rule_id: Mapped[str] = mapped_column(primary_key=True)
    actor: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    tests: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class SuppressionRow(Record):
    """A filter document that hides what it names until it expires; ``proof`` says which tests still fired."""

    __tablename__ = "analytics_suppressions"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    source: Mapped[str] = mapped_column(Text)
    owner: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]
    maker: Mapped[str]
    expires: Mapped[datetime]
    ended: Mapped[datetime | None]
    ender: Mapped[str]
    proof: Mapped[dict[str, Any]]
