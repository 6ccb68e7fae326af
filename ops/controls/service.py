"""Objects under evaluation: their profiles, facts and people's verdicts, and the board made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from infra.clock import Clock, rfc3339
from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from infra.records.chunks import chunked
from infra.web.seams import Actor
from ops.controls.board import Board, Profile, UnitState
from ops.controls.catalogue import shipped_catalogue
from ops.controls.facts import OBJECT, Fact, FactSource
from ops.controls.highrisk import Risk, risks
from ops.controls.record import FactRow, JudgementRow, ObjectRow
from ops.controls.rules import shipped_rules
from ops.controls.verdict import Judgement, Verdict

CHUNK = 5_000
LONGEST_VALIDITY = timedelta(days=366)


class Controls:
    """The verdicts of every object."""

    def __init__(self, records: Records, clock: Clock, sources: Iterable[FactSource] = ()) -> None:
        self._records = records
        self._clock = clock
        self._sources = tuple(sources)

    def declare(self, actor: Actor, profile: Profile) -> None:
        """Add an object or change its profile."""
        if not min(profile.s, profile.a) >= 1 or max(profile.s, profile.a) > 4:
            raise AppError(ErrorKind.INVALID, "ops.controls.no_level", place=profile.id)

        def work(session: Session) -> None:
            row = session.get(ObjectRow, profile.id) or ObjectRow(id=profile.id)
            row.unit, row.profile, row.changed = profile.unit, msgspec.to_builtins(profile), self._clock.now()
            session.add(row)
            detail = {"levels": str(profile.selection), "assets": len(profile.assets)}
            record(session, actor=actor, action="ops.controls.declare", thing=f"object:{profile.id}", detail=detail)

        self._records.write(work)

    def profiles(self, unit: str = "") -> list[Profile]:
        """Objects of a unit, or all."""
        question = select(ObjectRow).order_by(ObjectRow.id)
        if unit:
            question = question.where(ObjectRow.unit == unit)
        return self._records.read(lambda s: [msgspec.convert(row.profile, Profile) for row in s.scalars(question)])

    def keep(self, object_id: str, facts: Iterable[Fact]) -> int:
        """Keep facts, the newest per asset and kind; returns how many were taken."""
        listed = list(facts)

        def work(session: Session) -> int:
            self._profile(session, object_id)
            written = _keep(session, object_id, listed)
            if written:
                self._touch(session, object_id)
            return written

        return self._records.write(work)

    def refresh(self, object_id: str) -> int:
        """Ask every source anew and keep what it says."""
        now = self._clock.now()
        return self.keep(object_id, (found for source in self._sources for found in source.facts(object_id, now)))

    def judge(
        self, actor: Actor, object_id: str, unit: str, verdict: Verdict, reason: str, valid_until: datetime,
        asset: str = OBJECT, evidence_sha256: str = "",
    ) -> Judgement:  # fmt: skip
        """A person's verdict, with a reason and an end; it is never overwritten by telemetry."""
        now = self._clock.now()
        shipped_catalogue().find(unit)
        if not reason.strip() or not now < valid_until <= now + LONGEST_VALIDITY:
            raise AppError(ErrorKind.INVALID, "ops.controls.judgement_needs", place=unit)
        made = Judgement(unit, asset, verdict, actor.id, now, valid_until, reason.strip(), evidence_sha256)

        self.judge_all(actor, [(object_id, made)])
        return made

    def judge_all(self, actor: Actor, judgements: Sequence[tuple[str, Judgement]]) -> int:
        """Verdicts by object in one transaction: an object that is not there keeps all out."""

        def work(session: Session) -> int:
            for object_id, made in judgements:
                self._judge(session, actor, object_id, made)
            for object_id in {name for name, _ in judgements}:
                self._touch(session, object_id)
            return len(judgements)

        return self._records.write(work)

    def _judge(self, session: Session, actor: Actor, object_id: str, made: Judgement) -> None:
        self._profile(session, object_id)
        session.add(JudgementRow(id=new_id(), object_id=object_id, **msgspec.structs.asdict(made)))
        detail = {
            "unit": made.unit, "asset": made.asset, "verdict": str(made.verdict), "until": rfc3339(made.valid_until),
        }  # fmt: skip
        record(session, actor=actor, action="ops.controls.judge", thing=f"object:{object_id}", detail=detail)

    def board(self, object_id: str) -> Board:
        """The verdicts of one object now."""

        def work(session: Session) -> Board:
            board = Board(self._profile(session, object_id), shipped_catalogue(), shipped_rules(), self._clock.now())
            facts = session.scalars(select(FactRow).where(FactRow.object_id == object_id))
            question = select(JudgementRow).where(JudgementRow.object_id == object_id).order_by(JudgementRow.at)
            board.load([_fact(row) for row in facts], [_judgement(row) for row in session.scalars(question)])
            return board

        return self._records.read(work)

    def risks(self, object_id: str) -> list[Risk]:
        """High-risk cases that fire for the object."""
        return self.fired(self.board(object_id))

    def fired(self, board: Board) -> list[Risk]:
        """High-risk cases that fire on a board at hand."""
        return list(risks(board, shipped_rules()))

    def _touch(self, session: Session, object_id: str) -> None:
        """Pages learn of new facts by the object's time of change: far cheaper to ask for than all facts."""
        row = session.get(ObjectRow, object_id)
        if row is not None:
            row.changed = self._clock.now()

    def _profile(self, session: Session, object_id: str) -> Profile:
        row = session.get(ObjectRow, object_id)
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "ops.controls.no_object", id=object_id)
        return msgspec.convert(row.profile, Profile)


def _keep(session: Session, object_id: str, facts: Sequence[Fact]) -> int:
    """Insert or replace in bulk; an older fact never replaces a newer one. Returns the rows that were written."""
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    table = FactRow.__table__
    statement = build(table)  # type: ignore[arg-type]
    keys = ("object_id", "asset", "kind")
    new = {name: statement.excluded[name] for name in Fact.__struct_fields__ if name not in keys}
    newer = table.c.observed <= statement.excluded["observed"]
    upsert = statement.on_conflict_do_update(index_elements=keys, set_=new, where=newer)
    newest = {(each.asset, each.kind): each for each in sorted(facts, key=lambda each: each.observed)}
    written = 0
    for part in chunked(list(newest.values()), CHUNK):
        rows = [{"object_id": object_id} | msgspec.structs.asdict(each) for each in part]
        written += session.connection().execute(upsert, rows).rowcount
    return written


def _fact(row: FactRow) -> Fact:
    names = Fact.__struct_fields__
    return Fact(**{name: getattr(row, name) for name in names})


def _judgement(row: JudgementRow) -> Judgement:
    return Judgement(
        row.unit, row.asset, Verdict(row.verdict), row.by, row.at, row.valid_until, row.reason, row.evidence_sha256
    )


def described(board: Board, state: UnitState) -> dict[str, Any]:
    """A unit with its evidence, as the command and the API show it."""
    item = state.item
    shown = [each for asset in board.assets(item.unit) for each in board.evidence(item.unit, asset)]
    return {
        "unit": item.unit,
        "item": item.id,
        "point": item.point_zh,
        "gist_zh": item.gist_zh,
        "gist_en": item.gist_en,
        "split": item.split,
        "verdict": state.verdict,
        "floor": state.floor,
        "automatic": state.automatic,
        "prepared": state.prepared,
        "judged": msgspec.to_builtins(state.judgement) if state.judgement else None,
        "drift": state.drift,
        "counts": {str(verdict): number for verdict, number in state.counts.items()},
        "evidence": [_shown(each) for each in sorted(shown, key=lambda each: (-int(each.held), each.asset))[:200]],
    }


def _shown(each: Any) -> dict[str, Any]:
    found = each.fact
    base: dict[str, Any] = {
        "asset": each.asset,
        "fact": each.need.fact,
        "wanted": each.need.wanted,
        "state": each.held.name.lower(),
    }
    if found is None:
        return base
    return base | {
        "value": found.value,
        "observed": rfc3339(found.observed),
        "received": rfc3339(found.received),
        "valid_until": rfc3339(found.valid_until),
        "collector": found.collector,
        "evidence": found.evidence,
        "sha256": found.sha256,
    }
