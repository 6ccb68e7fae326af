"""Beginning a run, of its own or as a step of another, and telling the other when it has ended."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.errors import AppError, ErrorKind
from infra.ids import new_id
from playbooks.engine import journal
from playbooks.engine.called import Admit, called
from playbooks.engine.interpreter import Interpreter
from playbooks.engine.needs import Call
from playbooks.engine.rows import DocumentRow, RunRow, WaitRow
from playbooks.engine.state import RunState, pack
from playbooks.model.playbook import Playbook, playbook_hash, typed
from playbooks.model.shape import read_moment

if TYPE_CHECKING:
    from playbooks.engine.engine import Live

MAX_DEPTH = 8
"""How deep playbooks may call playbooks."""


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is begun with."""

    sha256: str
    inputs: dict[str, str]
    requester: dict[str, Any]
    simulate: bool
    cause: str = ""
    parent: str = ""
    depth: int = 0
    holder: str = ""


def keep_document(session: Session, tree: dict[str, Any], level: str, source: str, now: datetime) -> str:
    """Keep a playbook; its hash. One that is kept already is not kept twice."""
    sha256 = playbook_hash(tree)
    row = session.get(DocumentRow, sha256)
    body = orjson.dumps(tree).decode()
    if row is None:
        session.add(
            DocumentRow(
                sha256=sha256, playbook=tree["id"], version=tree["modified"], name=tree["name"], level=level,
                source=source, body=body, added=now, retired=None,
            )
        )  # fmt: skip
        session.flush()
    elif row.body != body and tree.get("signatures"):
        row.body = body
    return sha256


def begin_run(session: Session, beginning: Beginning, now: datetime) -> str:
    """Write a run that is ready to move; its id. ``AppError(INVALID)`` for inputs that do not fit."""
    row = journal.document(session, beginning.sha256)
    if row is None:
        raise AppError(ErrorKind.NOT_FOUND, "playbooks.run.no_playbook", place=beginning.sha256)
    playbook, run = typed(orjson.loads(row.body)), new_id("run")
    if not beginning.simulate:
        in_force(playbook, now)
    position = Interpreter(playbook, run, simulate=beginning.simulate).begin(beginning.inputs)
    session.add(
        RunRow(
            id=run, sha256=row.sha256, simulate=beginning.simulate, state=RunState.RUNNING, hold="", reason="",
            body=pack(position), inputs=beginning.inputs, requester=beginning.requester, cause=beginning.cause,
            parent=beginning.parent, depth=beginning.depth, created=now, changed=now, ended=None,
            holder=beginning.holder, lease_until=now + journal.LEASE if beginning.holder else None,
        )
    )  # fmt: skip
    session.flush()
    return run


def in_force(playbook: Playbook, now: datetime) -> None:
    """``AppError(FORBIDDEN)`` where a playbook is revoked or outside its time."""
    start, end = read_moment(playbook.valid_from), read_moment(playbook.valid_until)
    if playbook.revoked or (start and now < start) or (end and now >= end):
        raise AppError(ErrorKind.FORBIDDEN, "playbooks.run.not_in_force", place=playbook.id)


def begin_child(session: Session, live: Live, call: Call, wait: str, now: datetime, admit: Admit) -> str:
    """Begin the run of a called playbook, which live must be admitted like any other; what is wrong where that
    cannot be."""
    kept = ((row.sha256, orjson.loads(row.body)) for row in journal.versions(session, call.playbook))
    found = called(kept, call.playbook, call.version, admit)
    if found is None:
        return f"{call.playbook} {call.version}".rstrip() + " is not in the library"
    inputs = {name: value for name, value in call.inputs.items() if value is not None}
    try:
        if not live.simulate:
            admit(found[1])
        begin_run(
            session,
            Beginning(
                sha256=found[0], inputs=inputs, requester=live.requester, simulate=live.simulate, cause=live.id,
                parent=wait, depth=live.depth + 1,
            ),
            now,
        )  # fmt: skip
    except AppError as error:
        return str(error)
    return ""


def child_answer(session: Session, live: Live, state: RunState, now: datetime) -> None:
    """A called run has ended: its caller may go on, with the variables it hands out."""
    if not live.parent:
        return
    wait = session.scalar(select(WaitRow).where(WaitRow.id == live.parent, WaitRow.state == "open"))
    if wait is None:
        return
    cells = live.position.scopes.get("", {})
    wait.state, wait.answer = "answered", "done" if state is RunState.DONE else "failed"
    wait.outputs = {name: cell.value for name, cell in cells.items() if cell.value is not None and not cell.constant}
    session.flush()
    journal.stir(session, [wait.run], now)
