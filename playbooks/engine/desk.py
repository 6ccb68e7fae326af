"""The desk: what people do with runs. Every act enters the ledger in its own transaction.

Whoever calls has checked the right to; the desk checks what only it can know: who asked for the run, what was approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor
from playbooks.engine import journal
from playbooks.engine.interpreter import Interpreter
from playbooks.engine.rows import ApprovalRow, AttemptRow, RunRow, WaitRow
from playbooks.engine.starting import Beginning, begin_run, keep_document
from playbooks.engine.state import ENDED, RunState, Undo, pack, unpack
from playbooks.model.guard import Approval
from playbooks.model.judge import judge
from playbooks.model.playbook import Playbook, typed

_SLEEPING = (RunState.WAITING, RunState.ATTENTION)


class Desk:
    """People's side of the engine."""

    def __init__(self, records: Records, clock: Clock | None = None) -> None:
        self._records = records
        self._clock = clock or SystemClock()

    def keep(self, tree: dict[str, Any], source: str) -> str:
        """Keep an accepted playbook in the library; its hash."""
        level = str(judge(tree).level)
        return self._records.write(lambda session: keep_document(session, tree, level, source, self._clock.now()))

    def start(
        self, actor: Actor, sha256: str, inputs: Mapping[str, Any], *, simulate: bool, cause: str = "", holder: str = ""
    ) -> str:
        """Begin a run of a kept playbook; its id, durable on return."""
        beginning = Beginning(
            sha256=sha256, inputs={name: str(value) for name, value in inputs.items()}, simulate=simulate, cause=cause,
            requester={"id": actor.id, "name": actor.name, "kind": actor.kind}, holder=holder,
        )  # fmt: skip

        def begin(session: Session) -> str:
            run = begin_run(session, beginning, self._clock.now())
            self._tell(
                session, actor, "start", run, {"sha256": sha256, "inputs": beginning.inputs, "simulate": simulate}
            )
            return run

        return self._records.write(begin)

    def answer(
        self, actor: Actor, wait: str, answer: str, outputs: Mapping[str, str] | None = None, reason: str = ""
    ) -> None:
        """Answer a task, a decision or a question; ``AppError(CONFLICT)`` where it is answered already."""

        def put(session: Session) -> None:
            row = self._open_wait(session, wait)
            if row.kind == "approval":
                raise AppError(ErrorKind.INVALID, "playbooks.run.needs_approval", place=wait)
            choices = row.detail.get("choices") or []
            if answer not in choices and answer != "skip":
                raise AppError(ErrorKind.INVALID, "playbooks.run.no_choice", place=answer, known=", ".join(choices))
            if answer == "skip" and not reason.strip():
                raise AppError(ErrorKind.INVALID, "playbooks.run.no_reason", place=wait)
            known = set(row.detail.get("outputs") or [])
            if outputs and (unknown := sorted(set(outputs) - known)):
                raise AppError(
                    ErrorKind.INVALID, "playbooks.run.no_input", place=unknown[0], known=", ".join(known) or "—"
                )
            row.state, row.answer, row.outputs, row.answered_by = "answered", answer, dict(outputs or {}), actor.id
            detail = {"wait": wait, "step": row.step, "answer": answer, "reason": reason}
            self._go_on(session, actor, "answer", row.run, detail)

        self._records.write(put)

    def approve(self, actor: Actor, wait: str, binding: str, *, agree: bool) -> int:
        """One person's word; how many more are needed. Who asked for the run, or spoke before, is refused."""

        def put(session: Session) -> int:
            row = self._open_wait(session, wait)
            approval = msgspec.convert(row.detail.get("approval") or {}, Approval)
            self._may_approve(session, actor, row, approval, binding)
            decision = "yes" if agree else "no"
            session.add(
                ApprovalRow(wait=wait, person=actor.id, decision=decision, binding=binding, at=self._clock.now())
            )
            session.flush()
            said = select(func.count()).where(ApprovalRow.wait == wait, ApprovalRow.decision == "yes")
            missing = max(0, approval.count - int(session.scalar(said) or 0)) if agree else 0
            if missing == 0:
                row.state, row.answer, row.answered_by = "answered", "yes" if agree else "refused", actor.id
                self._go_on(session, actor, "approve" if agree else "refuse", row.run, {"wait": wait, "step": row.step})
            else:
                self._tell(session, actor, "approve", row.run, {"wait": wait, "step": row.step, "missing": missing})
            return missing

        return self._records.write(put)

    def _may_approve(self, session: Session, actor: Actor, row: WaitRow, approval: Approval, binding: str) -> None:
        run = session.get(RunRow, row.run)
        assert run is not None, "a wait refers to a run"
        if row.kind != "approval" or not actor.id:
            raise AppError(ErrorKind.INVALID, "playbooks.run.no_approval", place=row.id)
        if binding != row.detail.get("binding"):
            raise AppError(ErrorKind.CONFLICT, "playbooks.run.other_binding", place=row.id)
        if approval.separation and run.requester.get("id") == actor.id:
            raise AppError(ErrorKind.FORBIDDEN, "playbooks.run.own_request", place=row.id)
        if not set(approval.roles) & set(actor.roles):
            raise AppError(ErrorKind.FORBIDDEN, "playbooks.run.no_role", place=row.id, roles=", ".join(approval.roles))
        if session.get(ApprovalRow, (row.id, actor.id)) is not None:
            raise AppError(ErrorKind.CONFLICT, "playbooks.run.said_already", place=row.id)

    def _open_wait(self, session: Session, wait: str) -> WaitRow:
        row = session.get(WaitRow, wait, with_for_update=True)
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "playbooks.run.no_wait", place=wait[:80])
        if row.state != "open" or (row.due is not None and row.due <= self._clock.now()):
            raise AppError(ErrorKind.CONFLICT, "playbooks.run.answered", place=wait)
        return row

    def pause(self, actor: Actor, run: str, reason: str = "") -> None:
        """Begin nothing new; acts under way end."""
        self._hold(actor, run, "pause", reason)

    def cancel(self, actor: Actor, run: str, reason: str = "") -> None:
        """End it where it stands; nothing is taken back."""
        self._hold(actor, run, "cancel", reason)

    def _hold(self, actor: Actor, run: str, hold: str, reason: str) -> None:
        def put(session: Session) -> None:
            row = self._unended(session, run)
            row.hold = hold
            if hold == "cancel" or row.state in _SLEEPING:
                row.state = RunState.PAUSED if hold == "pause" else RunState.RUNNING
            self._tell(session, actor, hold, run, {"reason": reason})

        self._records.write(put)

    def resume(self, actor: Actor, run: str) -> None:
        """Go on after a pause."""

        def put(session: Session) -> None:
            row = self._unended(session, run)
            row.hold, row.state = "", RunState.RUNNING
            self._tell(session, actor, "resume", run, {})

        self._records.write(put)

    def retry(self, actor: Actor, run: str, reason: str) -> None:
        """Go on at the step that failed."""
        self._reopen(actor, run, reason, skip=False)

    def skip(self, actor: Actor, run: str, reason: str) -> None:
        """Go on past the step that failed."""
        self._reopen(actor, run, reason, skip=True)

    def _reopen(self, actor: Actor, run: str, reason: str, *, skip: bool) -> None:
        if not reason.strip():
            raise AppError(ErrorKind.INVALID, "playbooks.run.no_reason", place=run)

        def put(session: Session) -> None:
            row, playbook = self._found(session, run)
            position = unpack(row.body)
            interpreter = Interpreter(playbook, run, simulate=row.simulate)
            if row.state != RunState.FAILED or not interpreter.reopen(position, skip=skip):
                raise AppError(ErrorKind.CONFLICT, "playbooks.run.not_broken", place=run)
            self._restart(row, pack(position))
            self._tell(session, actor, "skip" if skip else "retry", run, {"reason": reason})

        self._records.write(put)

    def roll_back(self, actor: Actor, run: str, reason: str = "") -> int:
        """Take back what can be taken back, newest first; how many things."""

        def put(session: Session) -> int:
            row, playbook = self._found(session, run)
            if row.state not in (*ENDED, *_SLEEPING, RunState.PAUSED) or row.state == RunState.ROLLED_BACK:
                raise AppError(ErrorKind.CONFLICT, "playbooks.run.still_running", place=run)
            undo = undo_list(session, run, playbook)
            position = unpack(row.body)
            Interpreter(playbook, run, simulate=row.simulate).roll_back(position, undo)
            position.failure, position.broken = "", None
            self._restart(row, pack(position))
            journal.drop_waits(session, [run])
            self._tell(session, actor, "rollback", run, {"reason": reason, "count": len(undo)})
            return len(undo)

        return self._records.write(put)

    def _restart(self, row: RunRow, body: str) -> None:
        row.body, row.state, row.hold, row.reason = body, RunState.RUNNING, "", ""
        row.ended, row.lease_until, row.changed = None, None, self._clock.now()

    def _found(self, session: Session, run: str) -> tuple[RunRow, Playbook]:
        row = session.get(RunRow, run, with_for_update=True)
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "playbooks.run.none", place=run[:80])
        kept = journal.document(session, row.sha256)
        assert kept is not None, "a run refers to a kept document"
        return row, typed(msgspec.json.decode(kept.body))

    def _unended(self, session: Session, run: str) -> RunRow:
        row = session.get(RunRow, run, with_for_update=True)
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "playbooks.run.none", place=run[:80])
        if row.state in ENDED:
            raise AppError(ErrorKind.CONFLICT, "playbooks.run.ended", place=run, state=row.state)
        return row

    def _go_on(self, session: Session, actor: Actor, action: str, run: str, detail: dict[str, Any]) -> None:
        session.flush()
        journal.stir(session, [run], self._clock.now())
        self._tell(session, actor, action, run, detail)

    def _tell(self, session: Session, actor: Actor, action: str, run: str, detail: dict[str, Any]) -> None:
        now = self._clock.now()
        record(session, actor=actor, action=f"playbooks.run.{action}", thing=f"run:{run}", detail=detail, at=now)
        publish(session, "runs", run, {"action": action}, at=now)


def undo_list(session: Session, run: str, playbook: Playbook) -> list[Undo]:
    """What a rollback of a run does, newest first: rollback steps where a step names one, else undoing its own acts."""
    query = select(AttemptRow.key, AttemptRow.step, AttemptRow.kind).where(
        AttemptRow.run == run, AttemptRow.state == "done"
    )
    rows = session.execute(query.order_by(AttemptRow.started.desc(), AttemptRow.key.desc())).all()
    rows = sorted(rows, key=lambda row: int(row.key.rsplit(":t", 1)[-1]) if ":t" in row.key else 0, reverse=True)
    undo, named = list[Undo](), set[str]()
    for row in rows:
        if row.key.endswith(":undo"):
            continue
        guard = playbook.guards.get(row.step)
        if guard is not None and guard.rollback:
            if row.step not in named:
                named.add(row.step)
                undo.append(Undo(step=guard.rollback))
        elif row.kind == "yaodun-action":
            undo.append(Undo(attempt=row.key))
    return undo
