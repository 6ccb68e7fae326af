"""The meaning of a workflow: from a position to the next one. Pure: no clock, no database, no effect.

In: a playbook, a position, outcomes and answers.  Out: the position changed, and what is needed to go on (acts to do,
waits to keep, playbooks to call). Source: CACAO 2.0 CS01 clause 4; what it leaves open is said at each place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from infra.errors import AppError
from playbooks.engine import scopes
from playbooks.engine.gates import Gates
from playbooks.engine.needs import Act, Call, Needs, Wait, WaitKind
from playbooks.engine.ordering import order_of, units_of
from playbooks.engine.orders import Order, Outcome
from playbooks.engine.state import At, Position, StepState, Token, Undo
from playbooks.model.playbook import Step
from playbooks.model.vocabulary import StepType

MAX_MOVES = 20_000
"""Moves of one run; a loop that never ends ends here."""
SIMULATED_TURNS = 3
"""Turns of a loop in a simulation, where nothing changes the variables of its condition."""


class Interpreter(Gates):
    """Moves positions of one playbook."""

    def begin(self, inputs: dict[str, str]) -> Position:
        """The first position; ``AppError(INVALID)`` for inputs that do not fit."""
        position = Position()
        position.scopes[""] = scopes.outer(self.playbook, inputs)
        self._enter(position, Token(position.new_id(), self.playbook.workflow_start, scopes=[""]))
        return position

    def advance(self, position: Position) -> Needs:
        """Move every token that is ready until each one needs something or is gone."""
        needs = Needs()
        while ready := [token for token in position.tokens.values() if token.at is At.READY]:
            for token in ready:
                if token.id in position.tokens and token.at is At.READY:
                    self._move(position, token, needs)
        return needs

    def settle(self, position: Position, token_id: str, outcome: Outcome) -> None:
        """An act of a token has come to an end."""
        token = position.tokens.get(token_id)
        if token is None or token.at is not At.ACTING:
            return
        token.at = At.READY
        if position.rolling and token.id == "undo":
            self._undone(position, outcome)
            return
        guard = self.playbook.guards[token.step]
        if outcome.ok:
            self._take_outputs(position, token, outcome.output)
            token.unit, token.tries = token.unit + 1, 0
        elif token.tries < guard.retry.times:
            token.tries += 1
            token.passed.append("retry")
        else:
            self._fail(position, token, outcome.reason or "failed")

    def answer(self, position: Position, token_id: str, gate: str, answer: str, outputs: dict[str, str]) -> None:
        """A wait of a token is over: by its time (``due``, ``timeout``) or by what somebody said."""
        token = position.tokens.get(token_id)
        if token is None:
            return
        if gate.startswith("deadline:"):
            self._deadline(position, token, gate)
            return
        if token.at is not At.WAITING:
            return
        token.at = At.READY
        if token.step:
            position.steps[token.step] = StepState.RUNNING
        if answer in ("timeout", "refused", "failed"):
            self._fail(position, token, answer)
            return
        token.passed.append(gate)
        token.answers[gate] = answer
        if outputs:
            self._take_outputs(position, token, {"values": outputs, "stdout": next(iter(outputs.values()))})
        if answer == "skip":
            self._skip(position, token)
        elif gate.startswith("unit:") and answer != "retry":
            token.unit += 1

    def refuse(self, position: Position, token_id: str, reason: str) -> None:
        """What a token needs cannot be had: its step fails."""
        token = position.tokens.get(token_id)
        if token is not None:
            token.at = At.READY
            self._fail(position, token, reason)

    def cancel(self, position: Position) -> None:
        """Stop where it stands; acts that are under way are awaited by the engine, not here."""
        position.cancelled = True
        position.tokens.clear()

    def reopen(self, position: Position, *, skip: bool) -> bool:
        """Go on after a failure nobody caught: again at the broken step, or past it. False where nothing is broken."""
        token = position.broken
        if token is None:
            return False
        position.broken, position.failure = None, ""
        token.at, token.tries, token.failed = At.READY, 0, ""
        position.tokens[token.id] = token
        if skip:
            self._skip(position, token)
        return True

    def roll_back(self, position: Position, undo: list[Undo]) -> None:
        """Take back, newest first."""
        position.rolling, position.undo = True, undo
        position.tokens.clear()
        position.tokens["undo"] = Token("undo", "", scopes=[""])

    def _move(self, position: Position, token: Token, needs: Needs) -> None:
        position.moves += 1
        if position.moves > MAX_MOVES:
            position.tokens.clear()
            position.failure = "step budget"
            return
        if token.id == "undo":
            self._next_undo(position, token, needs)
            return
        step = self.playbook.workflow[token.step]
        if step.delay and "delay" not in token.passed and not self._simulate:
            self._wait(token, needs, Wait(token.id, WaitKind.TIMER, "delay", after_s=step.delay / 1000))
            return
        _MOVES[step.type](self, position, token, step, needs)

    def _start(self, position: Position, token: Token, step: Step, needs: Needs) -> None:
        self._succeed(position, token)

    def _end(self, position: Position, token: Token, step: Step, needs: Needs) -> None:
        position.steps[token.step] = StepState.DONE
        self._leave(position, token)

    def _action(self, position: Position, token: Token, step: Step, needs: Needs) -> None:
        if "retry" in token.passed:
            token.passed.remove("retry")
            wait_s = 0.0 if self._simulate else self.playbook.guards[token.step].retry.wait_s
            self._wait(token, needs, Wait(token.id, WaitKind.RETRY, "again", after_s=wait_s))
            return
        if not self._allowed(position, token, step, needs):
            return
        units = units_of(step)
        if token.unit >= len(units):
            self._succeed(position, token)
            return
        command, target = units[token.unit]
        try:
            order = order_of(self.playbook, self._run, position, token, command, target)
        except AppError as error:
            self._fail(position, token, str(error))
            return
        if command.type == "manual" and not self._simulate:
            self._by_hand(token, step, order, needs)
            return
        token.at = At.ACTING
        needs.acts.append(Act(token.id, order))

    def _by_hand(self, token: Token, step: Step, order: Order, needs: Needs) -> None:
        gate, limit = f"unit:{token.unit}", step.timeout / 1000 if step.timeout else None
        self._wait(
            token, needs, Wait(token.id, WaitKind.MANUAL, gate, order.text, limit, ("done", "failed"), step.outputs)
        )

    def _parallel(self, position: Position, token: Token, step: Step, needs: Needs) -> None:
        if "joined" in token.passed:
            self._joined(position, token)
            return
        self._open(position, token, list(step.next_steps), step, needs)

    def _if(self, position: Position, token: Token, step: Step, needs: Needs) -> None:
        if "joined" in token.passed:
            self._joined(position, token)
            return
        held = self._decide(position, token, "decision", step.condition, needs)
        if held is None:
            return
        branch = step.on_true if held else step.on_false
        self._open(position, token, [branch] if branch else [], step, needs)

    def _while(self, position: Position, token: Token, step: Step, needs: Needs) -> None:
        if "joined" in token.passed and token.failed:
            self._joined(position, token)
            return
        if self._simulate and token.turns >= SIMULATED_TURNS:
            self._succeed(position, token)
            return
        held = self._decide(position, token, f"decision:{token.turns}", step.condition, needs)
        if held is None:
            return
        token.passed = [gate for gate in token.passed if gate != "joined"]
        if held:
            token.turns += 1
            self._open(position, token, [step.on_true], step, needs)
        elif step.on_false and "else" not in token.passed:
            token.passed.append("else")
            self._open(position, token, [step.on_false], step, needs)
        else:
            self._succeed(position, token)

    def _switch(self, position: Position, token: Token, step: Step, needs: Needs) -> None:
        if "joined" in token.passed:
            self._joined(position, token)
            return
        match = re.fullmatch(r"(__[^:]+__)(?::value)?", step.switch)
        known = match is not None and scopes.find(position, token, match[1]) is not None
        if match and known:
            cell = scopes.find(position, token, match[1])
            case = cell.value if cell else None
        elif "case" in token.answers:
            case = token.answers["case"]
        elif self._simulate:
            case = next(iter(step.cases))
        else:
            question = Wait(token.id, WaitKind.DECISION, "case", step.switch, None, tuple(step.cases))
            self._wait(token, needs, question)
            return
        branch = step.cases.get(case or "") or step.cases.get("default", "")
        self._open(position, token, [branch] if branch else [], step, needs)

    def _call(self, position: Position, token: Token, step: Step, needs: Needs) -> None:
        if "called" in token.passed:
            self._succeed(position, token)
            return
        inputs: dict[str, str | None] = {}
        for name in step.inputs:
            cell = scopes.find(position, token, name)
            inputs[name] = cell.value if cell else None
        token.at = At.WAITING
        position.steps[token.step] = StepState.WAITING
        limit = step.timeout / 1000 if step.timeout else None
        needs.calls.append(Call(token.id, step.playbook_id, step.playbook_version, inputs, limit))

    def _next_undo(self, position: Position, token: Token, needs: Needs) -> None:
        if not position.undo:
            position.tokens.pop("undo", None)
            return
        item = position.undo.pop(0)
        if item.step:
            token.at, token.children = At.JOINING, 1
            child = Token(position.new_id(), item.step, parent="undo", scopes=[""], alone=True)
            self._enter(position, child)
            return
        token.at = At.ACTING
        token.answers["attempt"] = item.attempt
        needs.acts.append(Act("undo", Order(item.attempt, self._run, "", "undo")))

    def _undone(self, position: Position, outcome: Outcome) -> None:
        if not outcome.ok:
            position.failure = position.failure or (outcome.reason or "undo failed")[:500]


_Move = Callable[[Interpreter, Position, Token, Step, Needs], None]
_MOVES: dict[StepType, _Move] = {
    StepType.START: Interpreter._start, StepType.END: Interpreter._end, StepType.ACTION: Interpreter._action,
    StepType.PARALLEL: Interpreter._parallel, StepType.IF: Interpreter._if, StepType.WHILE: Interpreter._while,
    StepType.SWITCH: Interpreter._switch, StepType.PLAYBOOK_ACTION: Interpreter._call,
}  # fmt: skip
