"""Where tokens go: into steps, out of them by success or failure, into branches and back to their opener.

In: a position and one of its tokens.  Out: the position changed. Source: CACAO 2.0 CS01 clause 4; a branch ends at its
own end step, and control returns to whoever opened it.
"""

from __future__ import annotations

from typing import Any

from playbooks.engine import scopes
from playbooks.engine.needs import Needs, Wait, WaitKind
from playbooks.engine.state import At, Position, StepState, Token
from playbooks.model.playbook import Playbook, Step


class Tracks:
    """Moves tokens of one playbook between its steps."""

    def __init__(self, playbook: Playbook, run: str, *, simulate: bool) -> None:
        self.playbook = playbook
        self._run = run
        self._simulate = simulate

    def _enter(self, position: Position, token: Token) -> None:
        step = self.playbook.workflow[token.step]
        token.at, token.unit, token.tries, token.turns, token.failed = At.READY, 0, 0, 0, ""
        token.passed, token.answers = [], {}
        scopes.enter(position, token, step)
        position.tokens[token.id] = token
        position.steps[token.step] = StepState.RUNNING

    def _wait(self, token: Token, needs: Needs, wait: Wait) -> None:
        token.at = At.WAITING
        needs.waits.append(wait)

    def _open(self, position: Position, token: Token, branches: list[str], step: Step, needs: Needs) -> None:
        token.passed.append("joined")
        gate = f"deadline:{token.step}"
        if step.timeout and branches and gate not in token.passed and not self._simulate:
            token.passed.append(gate)
            needs.waits.append(Wait(token.id, WaitKind.DEADLINE, gate, after_s=step.timeout / 1000))
        if not branches:
            token.at = At.READY
            return
        token.at, token.children = At.JOINING, len(branches)
        for branch in branches:
            child = Token(position.new_id(), branch, parent=token.id, scopes=list(token.scopes))
            self._enter(position, child)

    def _deadline(self, position: Position, token: Token, gate: str) -> None:
        """The time of an opener is up while its branches are still open: they end, and it fails."""
        if token.at is not At.JOINING or gate != f"deadline:{token.step}":
            return
        family = {token.id}
        for child in list(position.tokens.values()):
            if child.parent in family:
                family.add(child.id)
        for name in family - {token.id}:
            del position.tokens[name]
        self._fail(position, token, "timeout")

    def _joined(self, position: Position, token: Token) -> None:
        if token.failed:
            self._fail(position, token, token.failed)
        else:
            self._succeed(position, token)

    def _succeed(self, position: Position, token: Token) -> None:
        step = self.playbook.workflow[token.step]
        position.steps[token.step] = StepState.DONE
        self._go(position, token, step.on_success or step.on_completion)

    def _skip(self, position: Position, token: Token) -> None:
        step = self.playbook.workflow[token.step]
        position.steps[token.step] = StepState.SKIPPED
        self._go(position, token, step.on_success or step.on_completion)

    def _go(self, position: Position, token: Token, target: str) -> None:
        parent = position.tokens.get(token.parent)
        back_to_loop = parent is not None and target == parent.step
        if token.alone or not target or back_to_loop:
            self._leave(position, token)
            return
        token.step = target
        self._enter(position, token)

    def _leave(self, position: Position, token: Token) -> None:
        """A branch, or the whole flow, has come to its end."""
        position.tokens.pop(token.id, None)
        used = {name for other in position.tokens.values() for name in other.scopes} | {""}
        for name in [name for name in position.scopes if name not in used]:
            del position.scopes[name]
        parent = position.tokens.get(token.parent)
        if parent is None or parent.at is not At.JOINING:
            return
        parent.failed = parent.failed or token.failed
        parent.children -= 1
        if parent.children <= 0:
            parent.at = At.READY

    def _fail(self, position: Position, token: Token, reason: str) -> None:
        """Failure goes to ``on_failure``; without one out of the branch, and last to ``workflow_exception``."""
        step = self.playbook.workflow[token.step]
        position.steps[token.step] = StepState.FAILED
        if step.on_failure and not token.alone:
            self._go(position, token, step.on_failure)
        elif token.parent in position.tokens:
            token.failed = reason[:500]
            self._leave(position, token)
        else:
            self._break(position, token, reason)

    def _break(self, position: Position, token: Token, reason: str) -> None:
        position.failure = position.failure or reason[:500]
        exception = self.playbook.workflow_exception
        position.tokens.clear()
        if exception and not position.excepted:
            position.excepted = True
            self._enter(position, Token(position.new_id(), exception, scopes=[""]))
        elif not position.excepted:
            position.broken = token

    def _take_outputs(self, position: Position, token: Token, output: dict[str, Any]) -> None:
        step = self.playbook.workflow[token.step]
        scopes.take_outputs(position, token, step, self.playbook.guards[token.step], output)
