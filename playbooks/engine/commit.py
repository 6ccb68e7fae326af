"""What one pass writes, gathered so that it can be written in a few statements and one commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.orm import Session

from infra.ids import new_id, stable_id
from playbooks.engine import journal
from playbooks.engine.called import Admit
from playbooks.engine.needs import Act, Call, Needs, Wait, WaitKind
from playbooks.engine.orders import Outcome
from playbooks.engine.starting import MAX_DEPTH, begin_child, child_answer
from playbooks.engine.state import ENDED, At, Position, RunState, Token, pack

if TYPE_CHECKING:
    from playbooks.engine.engine import Live

_ENCODER = msgspec.json.Encoder()
_ASLEEP = (RunState.WAITING, RunState.ATTENTION)


@dataclass(slots=True)
class Move:
    """One run's part of a pass."""

    live: Live
    needs: Needs
    state: RunState = RunState.RUNNING
    refused: list[tuple[Act, str]] = field(default_factory=list)
    kept: bool = True

    @property
    def ended(self) -> bool:
        """Is the run over?"""
        return self.state in ENDED


class Batch:
    """One pass of an engine."""

    def __init__(self, now: datetime, holder: str, admit: Admit) -> None:
        self.now = now
        self._admit = admit
        self.moves: dict[str, Move] = {}
        self.lost: list[str] = []
        self.taken: list[str] = []
        self._holder = holder
        self._results: list[dict[str, Any]] = []
        self._waits: list[dict[str, Any]] = []

    @property
    def empty(self) -> bool:
        """Is there nothing to write?"""
        return not self.moves

    def add(self, live: Live, needs: Needs) -> None:
        """A run's move."""
        self.moves[live.id] = Move(live, needs)

    def conclude(self, key: str, state: str, outcome: Outcome) -> None:
        """The result of an act."""
        body = _ENCODER.encode(outcome).decode()
        self._results.append({"b_key": key, "v_state": state, "v_outcome": body, "v_ended": self.now})

    def question(self, run: str, token: Token, key: str) -> None:
        """Ask a person what became of an act."""
        wait = Wait(token.id, WaitKind.QUESTION, f"unit:{token.unit}", key, None, ("done", "failed", "retry", "skip"))
        self._waits.append(self._row(run, token, wait))

    def refuse(self, run: str, act: Act, problem: str) -> None:
        """An act a limit forbids: it is written down and fails, and nothing is done."""
        move = self.moves[run]
        move.needs.acts.remove(act)
        move.refused.append((act, problem))

    def drop(self, run: str) -> None:
        """The run is not ours any more: nothing of it is written."""
        move = self.moves.pop(run)
        self.lost.append(run)
        keys = set(move.live.acting)
        self._results = [row for row in self._results if row["b_key"] not in keys]
        self._waits = [row for row in self._waits if row["run"] != run]

    def write(self, session: Session) -> None:
        """Everything, in a few statements."""
        for run, move in self.moves.items():
            self._waits += [
                self._row(run, move.live.position.tokens[each.token], each, move.live) for each in move.needs.waits
            ]
            for call in move.needs.calls:
                self._call(session, move.live, call)
            move.state = _state(move)
        journal.taken(session, self.taken)
        heard = journal.heard(session, [run for run, move in self.moves.items() if move.state in _ASLEEP])
        for run, move in self.moves.items():
            move.kept = move.state is RunState.RUNNING
            if run in heard:  # an answer came while the run was in hand: let it be taken up anew, with the answer
                move.state = RunState.RUNNING
        journal.conclude(session, [row for row in self._results if self._known(row["b_key"])])
        journal.intend(session, [row for run, move in self.moves.items() for row in self._intents(run, move)])
        journal.wait(session, self._waits)
        journal.save(session, [self._saved(run, move) for run, move in self.moves.items()])
        ended = [run for run, move in self.moves.items() if move.ended]
        journal.drop_waits(session, ended)
        for run in ended:
            child_answer(session, self.moves[run].live, self.moves[run].state, self.now)

    def _known(self, key: str) -> bool:
        return key.split(":")[0] in self.moves

    def _intents(self, run: str, move: Move) -> list[dict[str, Any]]:
        acts = [*move.needs.acts, *(act for act, _ in move.refused)]
        return [
            {
                "key": act.order.key, "run": run, "token": act.token, "step": act.order.step, "kind": act.order.kind,
                "state": "intent", "order": _ENCODER.encode(act.order).decode(), "outcome": "", "started": self.now,
                "ended": None,
            }
            for act in acts
        ]  # fmt: skip

    def _saved(self, run: str, move: Move) -> dict[str, Any]:
        position = move.live.position
        return {
            "b_id": run, "v_state": str(move.state), "v_reason": position.failure, "v_body": pack(position),
            "v_changed": self.now, "v_ended": self.now if move.ended else None,
            "v_lease_until": self.now + journal.LEASE if move.kept else None,
        }  # fmt: skip

    def _row(self, run: str, token: Token, wait: Wait, live: Live | None = None) -> dict[str, Any]:
        detail: dict[str, Any] = {"choices": list(wait.choices), "outputs": list(wait.outputs)}
        if wait.approval is not None and live is not None:
            binding = stable_id(live.sha256, _ENCODER.encode(live.inputs), run, token.step, wait.gate)
            detail |= {"approval": msgspec.to_builtins(wait.approval), "binding": binding}
        due = self.now + timedelta(seconds=wait.after_s) if wait.after_s is not None else None
        return {
            "id": new_id("wait"), "run": run, "token": token.id, "step": token.step, "kind": str(wait.kind),
            "gate": wait.gate, "state": "open", "question": wait.question[:4000], "detail": detail, "due": due,
            "opened": self.now, "answer": "", "outputs": {}, "answered_by": "",
        }  # fmt: skip

    def _call(self, session: Session, live: Live, call: Call) -> None:
        """Begin a sub-run; where that cannot be, the wait is answered at once with a failure."""
        token = live.position.tokens[call.token]
        wait = Wait(token.id, WaitKind.CHILD, "called", call.playbook, call.timeout_s)
        row = self._row(live.id, token, wait)
        deep, name = live.depth >= MAX_DEPTH, row["id"]
        problem = "too deep" if deep else begin_child(session, live, call, name, self.now, self._admit)
        if problem:
            live.interpreter.refuse(live.position, call.token, problem)
            live.touched = True
        else:
            self._waits.append(row)


def _state(move: Move) -> RunState:
    position, hold = move.live.position, move.live.hold
    if move.live.acting or move.needs.acts or move.refused:
        return RunState.RUNNING
    if not position.tokens:
        return _final(position)
    if hold == "cancel":
        return RunState.RUNNING
    if hold == "pause":
        return RunState.PAUSED
    if any(token.at is At.READY for token in position.tokens.values()):
        return RunState.RUNNING
    unknown = any(state == "unknown" for state in position.steps.values())
    return RunState.ATTENTION if unknown else RunState.WAITING


def _final(position: Position) -> RunState:
    if position.rolling:
        return RunState.FAILED if position.failure and not position.excepted else RunState.ROLLED_BACK
    if position.cancelled:
        return RunState.CANCELLED
    return RunState.FAILED if position.failure else RunState.DONE
