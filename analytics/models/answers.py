"""Keeping what analysts answered to findings of models, and what follows for later ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.models.feedback import Label, threshold
from analytics.models.rows import FeedbackRow
from infra.records import Records


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One disposition of one alert."""

    alert: str
    rule_id: str
    entity: str
    label: Label
    actor: str
    at: datetime


class Answers:
    """The answers of the site. An alert that is judged again keeps its newest answer only."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def take(self, answers: Iterable[Answer]) -> int:
        """Keep them; how many are new or changed."""
        wanted = list(answers)

        def work(session: Session) -> int:
            changed = 0
            for one in wanted:
                row = session.get(FeedbackRow, one.alert)
                if row is None:
                    session.add(
                        FeedbackRow(
                            signal_id=one.alert, rule_id=one.rule_id, entity=one.entity, label=str(one.label),
                            actor=one.actor, at=one.at, expires=None, features={},
                        )
                    )  # fmt: skip
                elif row.label != one.label:
                    row.label, row.actor, row.at = str(one.label), one.actor, one.at
                else:
                    continue
                changed += 1
            return changed

        return self._records.write(work) if wanted else 0

    def counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(rule, entity) -> (true, not true)."""

        def work(session: Session) -> dict[tuple[str, str], tuple[int, int]]:
            columns = (FeedbackRow.rule_id, FeedbackRow.entity, FeedbackRow.label)
            found: dict[tuple[str, str], tuple[int, int]] = {}
            for rule, entity, label, count in session.execute(select(*columns, func.count()).group_by(*columns)):
                true, false = found.get((rule, entity), (0, 0))
                hit = label == Label.TRUE
                found[rule, entity] = (true + count * hit, false + count * (not hit))
            return found

        return self._records.read(work)


def hushed(p: float, base: float, told: tuple[int, int] | None) -> bool:
    """Whether what was answered so far raises the bar above this finding (never lowers it)."""
    return told is not None and p >= threshold(base, *told)
