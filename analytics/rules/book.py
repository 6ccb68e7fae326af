"""Rules as people change them: switches, versions with who and when, drafts. Every change tells ledger and feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from analytics.rules.changes import SUPPRESSION, Changes
from analytics.rules.rows import RuleDraftRow, RuleRow, RuleVersionRow, SuppressionRow
from analytics.rules.state import RuleState
from analytics.rules.suppression import Proof, Suppression
from infra.clock import Clock, rfc3339
from infra.errors import AppError, ErrorKind
from infra.feed.notice import publish
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor

TOPIC = "rules"
SHIPPED = 0
"""The version a rule has before anybody wrote over it."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a rule's history; ``act`` is ``write``, ``restore`` or a state."""

    number: int
    act: str
    note: str
    actor: str
    at: datetime


class Draft(msgspec.Struct, frozen=True):
    """What a person is writing."""

    source: str
    tests: str
    at: datetime


class Switch(msgspec.Struct, frozen=True):
    """How a rule stands: its state and the version in force."""

    state: RuleState
    version: int


class RuleBook:
    """The site's own changes to rules."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock = records, clock

    def changes(self, now: datetime) -> Changes:
        """What is in force at ``now``."""
        return self._records.read(lambda session: _changes(session, now))

    def switches(self) -> dict[str, Switch]:
        """Every rule that people changed."""
        return self._records.read(
            lambda session: {
                row.id: Switch(RuleState(row.state), row.version) for row in session.scalars(select(RuleRow))
            }
        )

    def history(self, rule: str) -> list[Version]:
        """What was done with a rule, newest first."""
        wanted = select(RuleVersionRow).where(RuleVersionRow.rule_id == rule).order_by(RuleVersionRow.id.desc())
        return self._records.read(
            lambda session: [
                Version(number=row.number, act=row.act, note=row.note, actor=row.actor, at=row.at)
                for row in session.scalars(wanted)
            ]
        )

    def text(self, rule: str, number: int) -> tuple[str, str]:
        """Source and tests of a version; ``AppError(NOT_FOUND)``."""

        def work(session: Session) -> tuple[str, str]:
            row = _written(session, rule, number)
            if row is None:
                raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.no_version", place=rule[:64], number=number)
            return row.source, row.tests

        return self._records.read(work)

    def texts(self) -> dict[str, tuple[str, str]]:
        """Source and tests of every text in force that was written here, by rule."""
        return self._records.read(
            lambda session: {row.rule_id: (row.source, row.tests) for row in session.scalars(_IN_FORCE)}
        )

    def write(
        self, actor: Actor, rule: str, source: str, tests: str, note: str, state: RuleState, draft: str
    ) -> int:  # fmt: skip
        """Put a new text in force; its number. ``draft`` is the rule whose draft is done with by that, '' for that of
        a new rule where it says the same: it may be of another one."""

        def work(session: Session) -> int:
            number = 1 + (
                session.scalar(select(func.max(RuleVersionRow.number)).where(RuleVersionRow.rule_id == rule)) or 0
            )
            self._set(session, rule, state, number)
            self._tell(session, actor, rule, "write", number, note, (source, tests))
            done = delete(RuleDraftRow).where(RuleDraftRow.actor == actor.id, RuleDraftRow.rule_id == draft)
            session.execute(done if draft else done.where(RuleDraftRow.source == source, RuleDraftRow.tests == tests))
            return number

        return self._records.write(work)

    def restore(self, actor: Actor, rule: str, number: int, note: str) -> None:
        """Put an earlier version in force again; ``SHIPPED`` is the one on disk."""

        def work(session: Session) -> None:
            if number != SHIPPED and _written(session, rule, number) is None:
                raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.no_version", place=rule[:64], number=number)
            row = session.get(RuleRow, rule)
            self._set(session, rule, RuleState(row.state) if row else RuleState.ENABLED, number)
            self._tell(session, actor, rule, "restore", number, note)

        self._records.write(work)

    def switch(self, actor: Actor, rule: str, state: RuleState, note: str) -> None:
        """Enable, disable, or put on trial."""

        def work(session: Session) -> None:
            row = session.get(RuleRow, rule)
            number = row.version if row else SHIPPED
            self._set(session, rule, state, number)
            self._tell(session, actor, rule, state.value, number, note)

        self._records.write(work)

    def draft(self, actor: Actor, rule: str) -> Draft | None:
        """What this person is writing on a rule."""

        def work(session: Session) -> Draft | None:
            row = session.get(RuleDraftRow, (rule, actor.id))
            return Draft(row.source, row.tests, row.at) if row else None

        return self._records.read(work)

    def keep_draft(self, actor: Actor, rule: str, source: str, tests: str) -> None:
        """Remember it; nothing is in force by that."""

        def work(session: Session) -> None:
            row = session.get(RuleDraftRow, (rule, actor.id))
            if row is None:
                row = RuleDraftRow(rule_id=rule, actor=actor.id, source="", tests="", at=self._clock.now())
                session.add(row)
            row.source, row.tests, row.at = source, tests, self._clock.now()

        self._records.write(work)

    def drop_draft(self, actor: Actor, rule: str) -> None:
        """Forget it."""
        mine = RuleDraftRow.rule_id == rule, RuleDraftRow.actor == actor.id
        self._records.write(lambda session: session.execute(delete(RuleDraftRow).where(*mine)) and None)

    def suppressions(self) -> list[Suppression]:
        """All there ever were, newest first."""
        wanted = select(SuppressionRow).order_by(SuppressionRow.id.desc())
        return self._records.read(lambda session: [_suppression(row) for row in session.scalars(wanted)])

    def suppress(self, actor: Actor, source: str, proof: Proof, owner: str, reason: str, expires: datetime) -> str:
        """Put a filter in force; its id."""
        made, moment = new_id("S"), self._clock.now()

        def work(session: Session) -> str:
            session.add(
                SuppressionRow(
                    id=made, title=proof.title, source=source, owner=owner, reason=reason, made=moment,
                    maker=actor.name or actor.id, expires=expires, ended=None, ender="",
                    proof=msgspec.to_builtins(proof),
                )
            )  # fmt: skip
            detail = {
                "title": proof.title[:200], "owner": owner, "reason": reason[:500], "expires": rfc3339(expires),
                "rules": [rule for rule, _ in proof.rules[:50]], "tests_held": proof.held,
            }  # fmt: skip
            self._tell_suppression(session, actor, made, "make", detail)
            mine = RuleDraftRow.actor == actor.id, RuleDraftRow.rule_id == SUPPRESSION
            session.execute(delete(RuleDraftRow).where(*mine))
            return made

        return self._records.write(work)

    def end_suppression(self, actor: Actor, suppression: str, note: str) -> None:
        """End one before its time; ``AppError(CONFLICT)`` where it has ended already."""

        def work(session: Session) -> None:
            row = session.get(SuppressionRow, suppression)
            if row is None:
                raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.no_suppression", place=suppression[:64])
            if row.ended is not None:
                raise AppError(ErrorKind.CONFLICT, "analytics.rules.suppression_ended", place=suppression)
            row.ended, row.ender = self._clock.now(), actor.name or actor.id
            self._tell_suppression(session, actor, suppression, "end", {"note": note[:500]})

        self._records.write(work)

    def _tell_suppression(
        self, session: Session, actor: Actor, suppression: str, act: str, detail: dict[str, Any]
    ) -> None:
        moment, thing = self._clock.now(), f"suppression:{suppression}"
        record(session, actor=actor, action=f"rules.suppression.{act}", thing=thing, detail=detail, at=moment)
        publish(session, TOPIC, suppression, at=moment)

    def _set(self, session: Session, rule: str, state: RuleState, number: int) -> None:
        row = session.get(RuleRow, rule)
        if row is None:
            row = RuleRow(id=rule, state=state, version=number, changed=self._clock.now())
            session.add(row)
        row.state, row.version, row.changed = state, number, self._clock.now()

    def _tell(
        self, session: Session, actor: Actor, rule: str, act: str, number: int, note: str,
        texts: tuple[str, str] = ("", ""),
    ) -> None:  # fmt: skip
        moment = self._clock.now()
        name = actor.name or actor.id
        session.add(
            RuleVersionRow(
                id=new_id("V"), rule_id=rule, number=number, act=act, source=texts[0], tests=texts[1], note=note,
                actor=name, at=moment,
            )
        )  # fmt: skip
        detail: dict[str, Any] = {"version": number, "note": note[:500]}
        record(session, actor=actor, action=f"rules.rule.{act}", thing=f"rule:{rule}", detail=detail, at=moment)
        publish(session, TOPIC, rule, at=moment)


def _written(session: Session, rule: str, number: int) -> RuleVersionRow | None:
    wanted = select(RuleVersionRow).where(RuleVersionRow.rule_id == rule, RuleVersionRow.number == number)
    return session.scalars(wanted.where(RuleVersionRow.act == "write")).first()


_IN_FORCE = (
    select(RuleVersionRow)
    .join(RuleRow, and_(RuleRow.id == RuleVersionRow.rule_id, RuleRow.version == RuleVersionRow.number))
    .where(RuleRow.version != SHIPPED, RuleVersionRow.act == "write")
)
"""The texts in force of all rules that were written over."""


def _suppression(row: SuppressionRow) -> Suppression:
    return Suppression(
        id=row.id, title=row.title, source=row.source, owner=row.owner, reason=row.reason, made=row.made,
        maker=row.maker, expires=row.expires, ended=row.ended, ender=row.ender, proof=msgspec.convert(row.proof, Proof),
    )  # fmt: skip


def _changes(session: Session, now: datetime) -> Changes:
    rows = list(session.scalars(select(RuleRow)))
    by_state = {state: frozenset(row.id for row in rows if row.state == state) for state in RuleState}
    live = select(SuppressionRow).where(SuppressionRow.expires > now, SuppressionRow.ended.is_(None))
    return Changes(
        written={row.rule_id: row.source for row in session.scalars(_IN_FORCE)},
        filters={row.id: row.source for row in session.scalars(live)},
        off=by_state[RuleState.DISABLED],
        canary=by_state[RuleState.CANARY],
        live=by_state[RuleState.ENABLED],
    )
