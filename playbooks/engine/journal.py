"""The journal: how runs lie in the records database. Every function works inside the session it is given.

Claiming a run takes a lease; saving it checks that the lease is still one's own, so that of two engines that believe to
hold a run only one can write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
from sqlalchemy import Table, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from infra.records.chunks import chunked
from playbooks.engine.rows import AttemptRow, DocumentRow, RunRow, WaitRow
from playbooks.engine.state import RunState

LEASE = timedelta(seconds=30)
_TIMERS = ("timer", "retry")
_RUNS = cast(Table, RunRow.__table__)
_ATTEMPTS = cast(Table, AttemptRow.__table__)
_WAITS = cast(Table, WaitRow.__table__)


_running = select(_RUNS.c.id).where(_RUNS.c.state == "running")
_SOMETHING = select(
    select(_WAITS.c.id).where(_WAITS.c.state == "open", _WAITS.c.due <= bindparam("now")).exists().label("due"),
    _running.where(or_(_RUNS.c.lease_until.is_(None), _RUNS.c.lease_until < bindparam("now"))).exists().label("free"),
    _running.where(_RUNS.c.holder == bindparam("holder"), _RUNS.c.id.not_in(bindparam("live", expanding=True)))
    .exists()
    .label("mine"),
)


class Claimed(msgspec.Struct):
    """A run one now holds, with what happened to it meanwhile."""

    id: str
    sha256: str
    simulate: bool
    body: str
    hold: str
    depth: int
    parent: str
    inputs: dict[str, Any]
    requester: dict[str, Any]
    intents: list[Any] = []
    answers: list[Any] = []


def something_to_do(session: Session, holder: str, live: Sequence[str], now: datetime) -> bool:
    """Is a wait over, or a run free that could move? Look-ups by index in one statement that is built once, for engines
    ask it several times a second."""
    found = session.execute(_SOMETHING, {"now": now, "holder": holder, "live": list(live)}).one()
    return bool(found.due or found.free or found.mine)


def _free(holder: str, live: Sequence[str], now: datetime, limit: int) -> Any:
    """Runs nobody holds, and those begun for this engine that it has not taken in hand yet."""
    mine = and_(_RUNS.c.holder == holder, _RUNS.c.id.not_in(live))
    free = or_(_RUNS.c.lease_until.is_(None), _RUNS.c.lease_until < now, mine)
    return select(_RUNS.c.id).where(_RUNS.c.state == RunState.RUNNING, free).order_by(_RUNS.c.created).limit(limit)


def wake(session: Session, now: datetime, limit: int = 2000) -> int:
    """Waits whose time has come are answered by it, and their runs may move; how many."""
    query = select(_WAITS.c.id, _WAITS.c.run, _WAITS.c.kind).where(_WAITS.c.state == "open", _WAITS.c.due <= now)
    rows = session.execute(query.order_by(_WAITS.c.due).limit(limit).with_for_update(skip_locked=True)).all()
    if not rows:
        return 0
    changes = [{"b_id": row.id, "answer": "due" if row.kind in _TIMERS else "timeout"} for row in rows]
    session.execute(
        update(_WAITS).where(_WAITS.c.id == bindparam("b_id")).values(state="answered", answer=bindparam("answer")),
        changes,
    )
    stir(session, {row.run for row in rows}, now)
    return len(rows)


def stir(session: Session, runs: Iterable[str], now: datetime) -> None:
    """Let waiting runs move."""
    sleeping = (RunState.WAITING, RunState.ATTENTION)
    for some in chunked(sorted(runs), 500):
        asleep = update(_RUNS).where(_RUNS.c.id.in_(some), _RUNS.c.state.in_(sleeping))
        session.execute(asleep.values(state=RunState.RUNNING, changed=now))


def claim(session: Session, holder: str, live: Sequence[str], now: datetime, limit: int) -> list[Claimed]:
    """Take up to ``limit`` runs that are free, oldest first."""
    ids = [row.id for row in session.execute(_free(holder, live, now, limit).with_for_update(skip_locked=True))]
    return take(session, ids, holder, now)


def take(session: Session, ids: Sequence[str], holder: str, now: datetime) -> list[Claimed]:
    """Hold these runs and read what is needed to move them."""
    if not ids:
        return []
    session.execute(update(_RUNS).where(_RUNS.c.id.in_(ids)).values(holder=holder, lease_until=now + LEASE))
    columns = [_RUNS.c[name] for name in Claimed.__struct_fields__ if name in _RUNS.c]
    found = {row.id: Claimed(**row._mapping) for row in session.execute(select(*columns).where(_RUNS.c.id.in_(ids)))}
    intents = (
        select(_ATTEMPTS).where(_ATTEMPTS.c.run.in_(ids), _ATTEMPTS.c.state == "intent").order_by(_ATTEMPTS.c.started)
    )
    for row in session.execute(intents):
        found[row.run].intents.append(row)
    answers = select(_WAITS).where(_WAITS.c.run.in_(ids), _WAITS.c.state == "answered").order_by(_WAITS.c.opened)
    for row in session.execute(answers):
        found[row.run].answers.append(row)
    return list(found.values())


def own(session: Session, ids: Sequence[str], holder: str) -> dict[str, str]:
    """Which of these runs are still one's own, with what people ask of them (``hold``)."""
    if not ids:
        return {}
    query = select(_RUNS.c.id, _RUNS.c.hold).where(_RUNS.c.id.in_(ids), _RUNS.c.holder == holder).with_for_update()
    return {row.id: row.hold for row in session.execute(query)}


def save(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write positions: rows of ``b_id, state, reason, body, changed, ended, lease_until``."""
    if rows:
        names = ("state", "reason", "body", "changed", "ended", "lease_until")
        session.execute(
            update(_RUNS)
            .where(_RUNS.c.id == bindparam("b_id"))
            .values({name: bindparam(f"v_{name}") for name in names}),
            rows,
        )


def intend(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write intents."""
    if rows:
        session.execute(_ATTEMPTS.insert(), rows)


def conclude(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write results: rows of ``b_key, v_state, v_outcome, v_ended``."""
    if rows:
        values: dict[str, Any] = {name: bindparam(f"v_{name}") for name in ("state", "outcome", "ended")}
        session.execute(update(_ATTEMPTS).where(_ATTEMPTS.c.key == bindparam("b_key")).values(values), rows)


def wait(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write waits."""
    if rows:
        session.execute(_WAITS.insert(), rows)


def taken(session: Session, ids: Sequence[str]) -> None:
    """These answers have been taken into the position."""
    if ids:
        session.execute(update(_WAITS).where(_WAITS.c.id.in_(ids)).values(state="taken"))


def heard(session: Session, runs: Sequence[str]) -> set[str]:
    """Runs among these with answers they have not taken yet."""
    if not runs:
        return set()
    query = select(_WAITS.c.run).where(_WAITS.c.run.in_(runs), _WAITS.c.state == "answered").distinct()
    return set(session.scalars(query))


def drop_waits(session: Session, runs: Sequence[str]) -> None:
    """A run that has ended waits for nothing."""
    if runs:
        open_ones = _WAITS.c.state.in_(("open", "answered"))
        called = select(_WAITS.c.id).where(_WAITS.c.run.in_(runs), open_ones, _WAITS.c.kind == "child")
        session.execute(
            update(_RUNS)
            .where(_RUNS.c.parent.in_(called), _RUNS.c.ended.is_(None))
            .values(hold="cancel", state="running")
        )
        session.execute(update(_WAITS).where(_WAITS.c.run.in_(runs), open_ones).values(state="dropped"))


def document(session: Session, sha256: str) -> DocumentRow | None:
    """A kept playbook by its hash."""
    return session.get(DocumentRow, sha256)


def versions(session: Session, playbook: str) -> list[DocumentRow]:
    """Every kept version of a playbook, by its identifier."""
    query = select(DocumentRow).where(DocumentRow.playbook == playbook, DocumentRow.retired.is_(None))
    return list(session.scalars(query.order_by(DocumentRow.name)))
