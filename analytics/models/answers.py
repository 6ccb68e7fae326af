"""Keeping what analysts answered to findings of models, what follows for later ones, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.models.feedback import REMEMBERED, Label
from analytics.models.lessons import Lesson, Lessons
from analytics.models.rows import FeedbackRow
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor

MOST = 20_000
"""Answers that count at a time; the newest of them."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One disposition of one alert; ``feature`` is what the finding was about."""

    alert: str
    rule_id: str
    entity: str
    label: Label
    actor: str
    at: datetime
    feature: str = ""


class Answers:
    """The answers of the site. An alert that is judged again keeps its newest answer only."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def take(self, answers: Iterable[Answer]) -> int:
        """Keep them; how many are new or changed. One that was taken back stays so until it is answered otherwise."""
        wanted = list(answers)
        return self._records.write(lambda session: sum(_kept(session, one) for one in wanted)) if wanted else 0

    def forget(self, alerts: Iterable[str]) -> int:
        """Answers to alerts that were opened again are no answers; how many there were."""
        wanted = sorted(set(alerts))[:MOST]

        def work(session: Session) -> int:
            rows = [row for one in wanted if (row := session.get(FeedbackRow, one)) is not None]
            for row in rows:
                session.delete(row)
            return len(rows)

        return self._records.write(work) if wanted else 0

    def lessons(self, now: datetime) -> Lessons:
        """What the answers that still count add up to."""
        return Lessons({(one.rule, one.entity, one.feature): (one.true, one.harmless) for one in self.list(now)})

    def list(self, now: datetime) -> Sequence[Lesson]:
        """The same for people, newest answer first."""
        query = select(FeedbackRow).where(FeedbackRow.expires > now).order_by(FeedbackRow.at.desc()).limit(MOST)
        found: dict[tuple[str, str, str], Lesson] = {}
        for row in self._records.read(lambda session: session.scalars(query).all()):
            key = (row.rule_id, row.entity, str(row.features.get("feature", "")))
            found[key] = _joined(found.get(key), key, row)
        return list(found.values())

    def undo(self, actor: Actor, rule: str, entity: str, feature: str, now: datetime) -> int:
        """The answers to this finding no longer count; how many there were."""
        query = select(FeedbackRow).where(
            FeedbackRow.rule_id == rule, FeedbackRow.entity == entity, FeedbackRow.expires > now
        )

        def work(session: Session) -> int:
            rows = [row for row in session.scalars(query) if row.features.get("feature", "") == feature]
            for row in rows:
                row.expires = now
            if rows:
                detail = {"entity": entity, "feature": feature, "answers": len(rows)}
                record(session, actor=actor, action="analytics.answers.undo", thing=f"finding:{rule}", detail=detail)
            return len(rows)

        return self._records.write(work)


def _kept(session: Session, one: Answer) -> bool:
    row = session.get(FeedbackRow, one.alert)
    features = {"feature": one.feature}
    if row is None:
        session.add(
            FeedbackRow(
                signal_id=one.alert, rule_id=one.rule_id, entity=one.entity, label=str(one.label), actor=one.actor,
                at=one.at, expires=one.at + REMEMBERED, features=features,
            )
        )  # fmt: skip
        return True
    if row.label == one.label and row.features == features and row.expires is not None:
        return False
    row.label, row.actor, row.at, row.features = str(one.label), one.actor, one.at, features
    row.expires = one.at + REMEMBERED
    return True


def _joined(old: Lesson | None, key: tuple[str, str, str], row: FeedbackRow) -> Lesson:
    hit = row.label == Label.TRUE
    base = old or Lesson(*key, true=0, harmless=0, at=row.at, until=row.at, by=())
    return Lesson(
        *key,
        true=base.true + hit,
        harmless=base.harmless + (not hit),
        at=max(base.at, row.at),
        until=max(base.until, row.expires or row.at),
        by=tuple(dict.fromkeys((*base.by, row.actor)))[:5],
    )
