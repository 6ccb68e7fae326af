"""Looking at runs: lists, one run with its steps, what waits for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.records import Records
from playbooks.engine.rows import ApprovalRow, AttemptRow, DocumentRow, RunRow, WaitRow
from playbooks.engine.state import unpack
from playbooks.model.flow import Flow


class StepView(msgspec.Struct, frozen=True):
    """A step of a run."""

    id: str
    type: str
    name: str
    state: str
    attempts: int
    reason: str = ""
    started: datetime | None = None
    ended: datetime | None = None


class AttemptView(msgspec.Struct, frozen=True):
    """An act of a run with its evidence."""

    key: str
    step: str
    kind: str
    state: str
    command: str
    target: str
    output: dict[str, Any]
    reason: str
    started: datetime
    ended: datetime | None


class WaitView(msgspec.Struct, frozen=True):
    """Something a person has to say."""

    id: str
    run: str
    playbook: str
    step: str
    kind: str
    question: str
    choices: tuple[str, ...]
    outputs: tuple[str, ...]
    due: datetime | None
    opened: datetime
    requester: str
    binding: str = ""
    roles: tuple[str, ...] = ()
    needed: int = 0
    said: int = 0
    sha256: str = ""
    inputs: dict[str, Any] = {}
    simulate: bool = False
    apart: bool = True
    spoke: tuple[str, ...] = ()


class RunView(msgspec.Struct, frozen=True):
    """A run as pages and API show it."""

    run: str
    playbook: str
    name: str
    sha256: str
    simulate: bool
    state: str
    reason: str
    requester: str
    cause: str
    created: datetime
    changed: datetime
    ended: datetime | None
    inputs: dict[str, Any]
    steps: tuple[StepView, ...] = ()


class Reading:
    """Read side of runs."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def runs(self, *, limit: int = 100, state: str = "", cause: str = "") -> list[RunView]:
        """The newest runs."""
        query = select(RunRow, DocumentRow.name, DocumentRow.playbook).join(DocumentRow)
        query = query.order_by(RunRow.created.desc()).limit(limit)
        if state:
            query = query.where(RunRow.state == state)
        if cause:
            query = query.where(RunRow.cause == cause)
        rows = self._records.read(lambda session: session.execute(query).all())
        return [_view(row, name, playbook, ()) for row, name, playbook in rows]

    def run(self, run: str) -> RunView:
        """One run with its steps; ``AppError(NOT_FOUND)``."""
        return self._records.read(lambda session: self._run(session, run))

    def _run(self, session: Session, run: str) -> RunView:
        row = session.get(RunRow, run)
        if row is None:
            raise AppError(ErrorKind.NOT_FOUND, "playbooks.run.none", place=run[:80])
        kept = session.get(DocumentRow, row.sha256)
        assert kept is not None, "a run refers to a kept document"
        return _view(row, kept.name, kept.playbook, _steps(session, row, orjson.loads(kept.body)))

    def attempts(self, run: str) -> list[AttemptView]:
        """Every act of a run, oldest first."""
        query = select(AttemptRow).where(AttemptRow.run == run).order_by(AttemptRow.started, AttemptRow.key)
        return [_attempt(row) for row in self._records.read(lambda session: session.scalars(query).all())]

    def waits(self, *, run: str = "", limit: int = 200) -> list[WaitView]:
        """What waits for people: tasks, decisions, questions, approvals."""
        people = ("manual", "decision", "question", "approval")
        query = select(WaitRow, DocumentRow.name, RunRow).join(RunRow, RunRow.id == WaitRow.run)
        query = query.join(DocumentRow, DocumentRow.sha256 == RunRow.sha256).order_by(WaitRow.opened).limit(limit)
        query = query.where(WaitRow.state == "open", WaitRow.kind.in_(people))
        if run:
            query = query.where(WaitRow.run == run)

        def look(session: Session) -> list[WaitView]:
            rows = session.execute(query).all()
            words = select(ApprovalRow).where(ApprovalRow.wait.in_([row[0].id for row in rows]))
            spoke: dict[str, list[ApprovalRow]] = {}
            for word in session.scalars(words):
                spoke.setdefault(word.wait, []).append(word)
            return [_wait(wait, name, run, spoke.get(wait.id, ())) for wait, name, run in rows]

        return self._records.read(look)

    def agreed(self, run: str) -> dict[str, list[str]]:
        """Who approved which step of a run: account ids by step, in the order they spoke."""
        query = select(WaitRow.step, ApprovalRow.person).join(WaitRow, WaitRow.id == ApprovalRow.wait)
        query = query.where(WaitRow.run == run, ApprovalRow.decision == "yes").order_by(ApprovalRow.at)
        found: dict[str, list[str]] = {}
        for step, person in self._records.read(lambda session: session.execute(query).all()):
            found.setdefault(step, []).append(person)
        return found

    def documents(self) -> list[tuple[str, dict[str, Any]]]:
        """Kept playbooks that are not retired: hash and document."""
        query = select(DocumentRow.sha256, DocumentRow.body).where(DocumentRow.retired.is_(None))
        rows = self._records.read(lambda session: session.execute(query.order_by(DocumentRow.name)).all())
        return [(row.sha256, orjson.loads(row.body)) for row in rows]


def _view(row: RunRow, name: str, playbook: str, steps: Sequence[StepView]) -> RunView:
    return RunView(
        row.id, playbook, name, row.sha256, row.simulate, row.state, row.reason, str(row.requester.get("name", "")),
        row.cause, row.created, row.changed, row.ended, row.inputs, tuple(steps),
    )  # fmt: skip


def _steps(session: Session, row: RunRow, tree: dict[str, Any]) -> list[StepView]:
    states = unpack(row.body).steps
    columns = (AttemptRow.step, func.count(), func.min(AttemptRow.started), func.max(AttemptRow.ended))
    counted = {
        each[0]: each
        for each in session.execute(select(*columns).where(AttemptRow.run == row.id).group_by(AttemptRow.step))
    }
    waits = select(WaitRow.step, WaitRow.kind).where(WaitRow.run == row.id, WaitRow.state == "open")
    waiting = {each.step: each.kind for each in session.execute(waits)}
    views = []
    for key, step in _in_order(tree):
        state = str(states.get(key, ""))
        if key in waiting and state == "running":
            state = "waiting"
        _, count, started, ended = counted.get(key, (key, 0, None, None))
        reached = state or "pending"
        views.append(
            StepView(key, step["type"], step.get("name", ""), reached, count, waiting.get(key, ""), started, ended)
        )
    return views


def _in_order(tree: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Steps as they are reached, whatever their order in the document; those that are not come last."""
    flow, steps = Flow(tree), tree["workflow"]
    order: dict[str, None] = {}
    row = [tree["workflow_start"]]
    while row:
        order.update(dict.fromkeys(row))
        reached = (edge.target for key in row for edge in flow.edges.get(key, ()))
        row = list(dict.fromkeys(key for key in reached if key in steps and key not in order))
    return [(key, steps[key]) for key in (*order, *(key for key in steps if key not in order))]


def _attempt(row: AttemptRow) -> AttemptView:
    order, outcome = orjson.loads(row.order), orjson.loads(row.outcome or "{}")
    target = (order.get("target") or {}).get("name", "")
    return AttemptView(
        row.key, row.step, row.kind, row.state, order.get("text", ""), target, outcome.get("output", {}),
        outcome.get("reason", ""), row.started, row.ended,
    )  # fmt: skip


def _wait(row: WaitRow, name: str, run: RunRow, words: Sequence[ApprovalRow]) -> WaitView:
    approval = row.detail.get("approval") or {}
    return WaitView(
        row.id, row.run, name, row.step, row.kind, row.question, tuple(row.detail.get("choices") or ()),
        tuple(row.detail.get("outputs") or ()), row.due, row.opened, str(run.requester.get("id", "")),
        row.detail.get("binding", ""), tuple(approval.get("roles", ())), int(approval.get("count", 0)),
        sum(word.decision == "yes" for word in words), run.sha256, run.inputs, run.simulate,
        bool(approval.get("separation", True)), tuple(word.person for word in words),
    )  # fmt: skip
