"""The engine: takes runs that can move, moves them, does what they need, and writes each move down before the next.

One pass: results that came in are put into positions; positions advance; then one transaction holds all results, new
intents, waits and positions of all runs of the pass (group commit); only then are the new acts begun. A crash at any
point leaves either no trace of an act or its intent. Whoever takes the run next settles such an intent by probe, by
repeating under the same key, or by asking a person; never by guessing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
import orjson
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.errors import AppError
from infra.feed import publish
from infra.ids import new_id
from infra.ledger import record
from infra.records import Records
from playbooks.engine import journal
from playbooks.engine.called import Admit, anything
from playbooks.engine.commit import Batch
from playbooks.engine.interpreter import Interpreter
from playbooks.engine.limits import refusal
from playbooks.engine.needs import Act, Needs
from playbooks.engine.orders import Actuator, Order, Outcome, Seen
from playbooks.engine.rows import AttemptRow
from playbooks.engine.simulating import Simulator
from playbooks.engine.state import At, Position, StepState, unpack
from playbooks.model.guard import Certainty
from playbooks.model.playbook import Playbook, typed

log = logging.getLogger(__name__)

MAX_HELD = 256
WORKERS = 16
PAUSE_S = 0.1
_RENEW = timedelta(seconds=10)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Live:
    """A run in hand."""

    id: str
    playbook: Playbook
    interpreter: Interpreter
    position: Position
    simulate: bool
    depth: int
    parent: str
    requester: dict[str, Any]
    inputs: dict[str, Any]
    sha256: str
    hold: str = ""
    acting: dict[str, str] = field(default_factory=dict)
    lease: datetime = _LONG_AGO
    touched: bool = True


@dataclass(slots=True)
class Result:
    """An act that ended; ``outcome`` is None where nobody can know whether it happened."""

    run: str
    token: str
    key: str
    outcome: Outcome | None


class Engine:
    """Moves runs. Any number of engines may work on the same records. ``admit`` says of a playbook that is called
    whether it may run live."""

    def __init__(
        self, records: Records, actuators: Mapping[str, Actuator], clock: Clock | None = None, *, holder: str = "",
        boundary: Callable[[str], None] | None = None, protected: tuple[str, ...] = (), capacity: int = MAX_HELD,
        admit: Admit = anything,
    ) -> None:  # fmt: skip
        self._records = records
        self._actuators = dict(actuators)
        self._clock = clock or SystemClock()
        self.holder = holder or new_id("engine")
        self._boundary = boundary or (lambda place: None)
        self._protected = protected
        self._capacity, self._admit = capacity, admit
        self._simulator = Simulator(self._actuators)
        self._live: dict[str, Live] = {}
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._arrived = threading.Event()
        self._pool: ThreadPoolExecutor | None = None
        self._playbooks: dict[str, Playbook] = {}

    # life -----------------------------------------------------------------

    def run_until_idle(self, timeout_s: float = 60.0) -> None:
        """Work until nothing can move any more (runs may be waiting), or the time is up."""
        until = self._clock.monotonic() + timeout_s
        while self._clock.monotonic() < until:
            if self.step() == 0 and not self._live:
                return
            if any(live.acting for live in self._live.values()):
                self._arrived.wait(PAUSE_S)

    def serve(self, stop: threading.Event) -> None:
        """Work until told to stop; acts under way are awaited, all else stays for the next engine."""
        while not stop.is_set():
            try:
                moved = self.step()
            except Exception:
                log.exception("playbooks.engine_failed")
                self._forget()
                moved = 0
            if not moved:
                self._arrived.wait(PAUSE_S)
        self.close()

    def close(self) -> None:
        """Wait for acts under way and write their results."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
        self.step(claiming=False)

    def stir(self) -> None:
        """Look again at once."""
        self._arrived.set()

    def step(self, *, claiming: bool = True) -> int:
        """One pass; how many runs moved."""
        self._arrived.clear()
        batch = Batch(self._clock.now(), self.holder, self._admit)
        self._gather(batch)
        if claiming and len(self._live) < self._capacity:
            self._claim(batch)
        moved = [live for live in self._live.values() if live.touched]
        for live in moved:
            self._advance(live, batch)
        self._renew(batch)
        if batch.empty:
            return 0
        self._boundary("before commit")
        self._records.write(lambda session: self._commit(session, batch))
        self._boundary("after commit")
        self._after(batch)
        return len(moved)

    # one pass -------------------------------------------------------------

    def _gather(self, batch: Batch) -> None:
        """Results that came in."""
        while True:
            try:
                result = self._results.get_nowait()
            except Empty:
                return
            live = self._live.get(result.run)
            if live is not None and live.acting.pop(result.key, None) is not None:
                self._settle(live, result, batch)

    def _settle(self, live: Live, result: Result, batch: Batch) -> None:
        live.touched = True
        if result.outcome is None:
            self._ask(live, result, batch)
            return
        batch.conclude(result.key, "done" if result.outcome.ok else "failed", result.outcome)
        live.interpreter.settle(live.position, result.token, result.outcome)

    def _ask(self, live: Live, result: Result, batch: Batch) -> None:
        """Nobody can know: the attempt is unknown, and a person says what became of it."""
        token = live.position.tokens.get(result.token)
        batch.conclude(result.key, "unknown", Outcome(ok=False, reason="unknown"))
        if token is None:
            return
        token.at = At.WAITING
        if token.step:
            live.position.steps[token.step] = StepState.UNKNOWN
        batch.question(live.id, token, result.key)

    def _claim(self, batch: Batch) -> None:
        now, room, live = batch.now, self._capacity - len(self._live), list(self._live)
        if not self._records.read(lambda session: journal.something_to_do(session, self.holder, live, now)):
            return

        def take(session: Session) -> list[journal.Claimed]:
            journal.wake(session, now)
            return journal.claim(session, self.holder, live, now, room)

        self._boundary("before claim")
        claimed = self._records.write(take)
        self._boundary("after claim")
        for each in claimed:
            self._hold(each, batch)

    def _hold(self, each: journal.Claimed, batch: Batch) -> None:
        playbook = self._playbook(each.sha256)
        live = Live(
            each.id, playbook, Interpreter(playbook, each.id, simulate=each.simulate), unpack(each.body),
            each.simulate, each.depth, each.parent, each.requester, each.inputs, each.sha256, each.hold,
            lease=batch.now + journal.LEASE,
        )  # fmt: skip
        self._live[each.id] = live
        for answer in each.answers:
            batch.taken.append(answer.id)
            live.interpreter.answer(live.position, answer.token, answer.gate, answer.answer, answer.outputs)
        for intent in each.intents:
            order = msgspec.json.decode(intent.order, type=Order)
            live.acting[intent.key] = intent.token
            self._begin(live, intent.token, order, self._recover)

    def _playbook(self, sha256: str) -> Playbook:
        found = self._playbooks.get(sha256)
        if found is None:
            row = self._records.read(lambda session: journal.document(session, sha256))
            assert row is not None, "a run refers to a kept document"
            if len(self._playbooks) > 500:
                self._playbooks.clear()
            found = self._playbooks[sha256] = typed(orjson.loads(row.body))
        return found

    def _advance(self, live: Live, batch: Batch) -> None:
        live.touched = False
        if live.hold == "cancel":
            live.interpreter.cancel(live.position)
        needs = Needs() if live.hold == "pause" else live.interpreter.advance(live.position)
        batch.add(live, needs)

    def _renew(self, batch: Batch) -> None:
        for live in self._live.values():
            if live.id not in batch.moves and live.lease - batch.now < journal.LEASE - _RENEW:
                batch.add(live, Needs())

    def _commit(self, session: Session, batch: Batch) -> None:
        """Write everything of the pass for the runs that are still one's own."""
        kept = journal.own(session, sorted(batch.moves), self.holder)
        for run in [run for run in batch.moves if run not in kept]:
            batch.drop(run)
        for run, move in batch.moves.items():
            move.live.hold = kept[run]
            for act in list(move.needs.acts):
                self._prepare(session, move.live, act, batch)
        batch.write(session)
        for run, move in batch.moves.items():
            if move.ended:
                publish(session, "runs", run, {"state": str(move.state)}, at=batch.now)
                self._tell(session, move.live, str(move.state), batch.now)

    def _prepare(self, session: Session, live: Live, act: Act, batch: Batch) -> None:
        """Complete an undo; refuse what a limit forbids."""
        if act.order.kind == "undo":
            row = session.get(AttemptRow, act.order.key)
            if row is not None:
                act.order = _undoing(row)
            return
        problem = refusal(
            session, live.playbook, live.id, act.order, batch.now, self._protected, simulate=live.simulate
        )
        if problem:
            batch.refuse(live.id, act, problem)

    def _tell(self, session: Session, live: Live, state: str, now: datetime) -> None:
        detail = {"state": state, "playbook": live.playbook.id, "sha256": live.sha256, "simulate": live.simulate}
        actor = f"service:{live.playbook.id}"
        if not live.simulate:
            record(session, actor=actor, action="playbooks.run.end", thing=f"run:{live.id}", detail=detail, at=now)

    def _after(self, batch: Batch) -> None:
        for run, move in batch.moves.items():
            live = move.live
            live.lease = batch.now + journal.LEASE
            for act in move.needs.acts:
                live.acting[act.order.key] = act.token
                self._begin(live, act.token, act.order, self._act)
            for act, problem in move.refused:
                live.acting[act.order.key] = act.token
                self._results.put(Result(run, act.token, act.order.key, Outcome(ok=False, reason=problem)))
            if not move.kept:
                self._live.pop(run, None)
            elif live.hold and not live.acting:
                live.touched = True
        for run in batch.lost:
            self._live.pop(run, None)

    def _forget(self) -> None:
        """The database failed: let go of all, under a new name; leases run out, then intents are settled."""
        self._live.clear()
        self.holder = new_id("engine")

    # acts -----------------------------------------------------------------

    def _begin(self, live: Live, token: str, order: Order, how: Callable[[Actuator, Order], Outcome | None]) -> None:
        actuator = self._simulator if live.simulate else self._actuators.get(order.kind)
        if live.simulate:
            self._finish(live.id, token, order, actuator, how)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="playbook-act")
        self._pool.submit(self._finish, live.id, token, order, actuator, how)

    def _finish(
        self, run: str, token: str, order: Order, actuator: Actuator | None,
        how: Callable[[Actuator, Order], Outcome | None],
    ) -> None:  # fmt: skip
        outcome: Outcome | None
        if actuator is None:
            outcome = Outcome(ok=False, reason=f"no actuator for {order.kind}")
        else:
            try:
                outcome = how(actuator, order)
            except AppError as error:
                outcome = Outcome(ok=False, reason=str(error)[:500])
            except Exception as error:
                log.exception("playbooks.act_failed", extra={"step": order.step, "kind": order.kind})
                outcome = Outcome(ok=False, reason=f"{type(error).__name__}: {error}"[:500])
        self._results.put(Result(run, token, order.key, outcome))
        self._arrived.set()

    def _act(self, actuator: Actuator, order: Order) -> Outcome:
        self._boundary("before act")
        outcome = actuator.act(order)
        self._boundary("after act")
        return outcome

    def _recover(self, actuator: Actuator, order: Order) -> Outcome | None:
        """What became of an act that was cut off."""
        match actuator.certainty(order):
            case Certainty.KEY:
                return self._act(actuator, order)
            case Certainty.PROBE:
                seen = actuator.probe(order)
                if seen is Seen.UNKNOWN:
                    return None
                if (seen is Seen.DONE) is not order.undo:
                    return Outcome(ok=True, output={"recovered": "true"})
                return self._act(actuator, order)
        return None


def _undoing(row: AttemptRow) -> Order:
    order = msgspec.json.decode(row.order, type=Order)
    before = msgspec.json.decode(row.outcome or "{}", type=dict[str, Any]).get("before", {})
    return msgspec.structs.replace(order, key=f"{order.key}:undo", undo=True, before=before)
