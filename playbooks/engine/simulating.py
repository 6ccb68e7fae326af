"""The simulator: every kind of command is carried out in thought only, and says what it would have done."""

from __future__ import annotations

from collections.abc import Mapping

from playbooks.engine.orders import Actuator, Order, Outcome, Seen
from playbooks.model.guard import Certainty, Effect


class Simulator:
    """Implements ``Actuator`` without any effect."""

    def __init__(self, actuators: Mapping[str, Actuator]) -> None:
        self._actuators = actuators

    def certainty(self, order: Order) -> Certainty:
        """Nothing happens, so everything may be repeated."""
        return Certainty.KEY

    def act(self, order: Order) -> Outcome:
        """Success, with the command as it would have been carried out."""
        output = {"simulated": "true", "stdout": "", "exit_code": "0", "command": order.text[:2000]}
        if order.target is not None:
            output["target"] = order.target.name
        return Outcome(ok=True, output=output)

    def probe(self, order: Order) -> Seen:
        """Nothing is ever there."""
        return Seen.ABSENT

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """What the real one would change."""
        actuator = self._actuators.get(order.kind)
        return order.effects or (actuator.effects(order) if actuator else ())
