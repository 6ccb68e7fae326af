"""What stands before a step: preconditions, approvals, and conditions that are true, false, or for a person to say."""

from __future__ import annotations

from playbooks.engine import scopes
from playbooks.engine.needs import Needs, Wait, WaitKind
from playbooks.engine.state import Position, Token
from playbooks.engine.tracks import Tracks
from playbooks.model.condition import parse_condition
from playbooks.model.playbook import Step
from playbooks.model.vocabulary import REFERENCE, StepType


class Gates(Tracks):
    """Opens gates, or says what they wait for."""

    def _allowed(self, position: Position, token: Token, step: Step, needs: Needs) -> bool:
        """Preconditions and approvals; False while they are open or when they refuse."""
        guard, whole = self.playbook.guards[token.step], self.playbook.guard
        first = token.step == self._first_action() and not position.rolling
        conditions = (*(whole.preconditions if first else ()), *guard.preconditions)
        for number, text in enumerate(conditions):
            gate = f"precondition:{number}"
            if gate in token.passed and token.answers.get(gate) in ("yes", "no"):
                held = token.answers[gate] == "yes"
            elif gate in token.passed:
                continue
            else:
                decided = self._decide(position, token, gate, text, needs)
                if decided is None:
                    return False
                held = decided
            if not held:
                self._fail(position, token, f"precondition: {text}")
                return False
            token.passed.append(gate)
        for name, approval in (("whole", whole.approval if first else None), ("step", guard.approval)):
            gate = f"approval:{name}"
            if approval is not None and gate not in token.passed and not self._simulate and not position.rolling:
                question = step.name or token.step
                wait = Wait(token.id, WaitKind.APPROVAL, gate, question, approval.expires_s, ("yes", "no"))
                wait.approval = approval
                self._wait(token, needs, wait)
                return False
        return True

    def _first_action(self) -> str:
        """The action reached first from the start: the playbook's own approval stands before it."""
        key, seen = self.playbook.workflow_start, set[str]()
        while key in self.playbook.workflow and key not in seen:
            step = self.playbook.workflow[key]
            if step.type is StepType.ACTION:
                return key
            seen.add(key)
            key = step.on_completion or step.on_success or step.on_true
        return key

    def _decide(self, position: Position, token: Token, gate: str, text: str, needs: Needs) -> bool | None:
        """True or false; None while a person has to say it."""
        if gate in token.answers:
            return token.answers[gate] in ("yes", "true")
        condition = parse_condition(text)
        if condition is not None:
            return condition.holds(scopes.values(position, token))
        if self._simulate:
            return token.turns == 0
        shown = REFERENCE.sub(lambda match: f"{match[0]} ({self._shown(position, token, match[1])})", text)
        self._wait(token, needs, Wait(token.id, WaitKind.DECISION, gate, shown, None, ("yes", "no")))
        return None

    def _shown(self, position: Position, token: Token, name: str) -> str:
        cell = scopes.find(position, token, name)
        return (cell.value or "")[:80] if cell else ""
