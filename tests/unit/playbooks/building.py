"""Small playbooks in few words, an actuator that remembers, and an engine around them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from infra.clock import Clock, SystemClock
from infra.records import Records
from infra.web.seams import Actor
from playbooks.engine.desk import Desk
from playbooks.engine.engine import Engine
from playbooks.engine.orders import Order, Outcome, Seen
from playbooks.engine.reading import Reading, RunView
from playbooks.model.finding import Level
from playbooks.model.guard import Certainty, Effect
from playbooks.model.judge import judge
from playbooks.model.vocabulary import GUARD
from tests.unit.playbooks.samples import IDENTITY, uid

LI = Actor(id="p-li", name="Li", roles=("analyst",))
WANG = Actor(id="p-wang", name="Wang", roles=("operator",))
ZHAO = Actor(id="p-zhao", name="Zhao", roles=("operator",))
PERSON = f"individual--{uid(900)}"
_KINDS = {"a": "action", "e": "end", "p": "parallel", "i": "if-condition", "w": "while-condition",
          "s": "switch-condition", "c": "playbook-action", "b": "start"}  # fmt: skip


def key(name: str) -> str:
    """``a1`` is the first action, ``e2`` the second end."""
    return f"{_KINDS[name[0]]}--{uid(ord(name[0]) * 1000 + int(name[1:]))}"


def book(
    steps: dict[str, dict[str, Any]], variables: dict[str, Any] | None = None, number: int = 1, **more: Any
) -> dict[str, Any]:
    """A playbook of short names; references between steps are short, too."""
    workflow = {key(name): _long(name, step) for name, step in steps.items()}
    tree: dict[str, Any] = {
        "type": "playbook", "spec_version": "cacao-2.0", "id": f"playbook--{uid(number)}", "name": f"Book {number}",
        "created_by": IDENTITY, "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": key("b1"), "workflow": workflow,
        "agent_definitions": {PERSON: {"type": "individual", "name": "somebody"}},
        "extension_definitions": {GUARD: {"type": "extension-definition", "name": "guard", "created_by": IDENTITY,
                                          "schema": "docs/playbooks.md", "version": "1.0"}},
        **more,
    }  # fmt: skip
    if variables:
        tree["playbook_variables"] = variables
    if "workflow_exception" in tree:
        tree["workflow_exception"] = key(tree["workflow_exception"])
    verdict = judge(tree)
    assert verdict.level is Level.STRICT, [one.shown() for one in (*verdict.errors, *verdict.repairs)]
    return tree


def _long(name: str, step: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _KINDS[name[0]]}
    for what, value in step.items():
        if what == "next_steps":
            found[what] = [key(each) for each in value]
        elif what == "cases":
            found[what] = {case: key(each) for case, each in value.items()}
        elif what.startswith("on_"):
            found[what] = key(value)
        elif what == "guard":
            guard = {"type": "yaodun-guard", **value}
            if "rollback" in guard:
                guard["rollback"] = key(guard["rollback"])
            found["step_extensions"] = {GUARD: guard}
        elif what == "do":
            kind, text = value
            found |= {"commands": [{"type": kind, "command": text}], "agent": PERSON}
        else:
            found[what] = value
    return found


def do(text: str, to: str, kind: str = "bash", **more: Any) -> dict[str, Any]:
    return {"do": (kind, text), "on_completion": to, **more}


class Remembering:
    """Does what a function says, and remembers every order."""

    def __init__(self, answer: Callable[[Order], Outcome] | None = None, certainty: Certainty = Certainty.NONE) -> None:
        self.orders: list[Order] = []
        self.sure = certainty
        self.answer = answer or (lambda order: Outcome(ok="fail" not in order.text, output={"stdout": order.text}))
        self._lock = threading.Lock()

    def certainty(self, order: Order) -> Certainty:
        return self.sure

    def act(self, order: Order) -> Outcome:
        with self._lock:
            self.orders.append(order)
        return self.answer(order)

    def probe(self, order: Order) -> Seen:
        return Seen.UNKNOWN

    def effects(self, order: Order) -> tuple[Effect, ...]:
        return (Effect("done", order.text),)

    @property
    def texts(self) -> list[str]:
        return [order.text.splitlines()[-1] for order in self.orders]


class Bench:
    """Records, an engine, a desk."""

    def __init__(self, records: Records, clock: Clock | None = None, **more: Any) -> None:
        self.records, self.clock = records, clock or SystemClock()
        self.hand = Remembering()
        self.desk, self.reading = Desk(records, self.clock), Reading(records)
        kinds = ("bash", "ssh", "http-api", "elastic", "yaodun-action")
        self.engine = Engine(records, dict.fromkeys(kinds, self.hand), self.clock, **more)

    def start(self, tree: dict[str, Any], actor: Actor = LI, *, simulate: bool = False, **inputs: str) -> str:
        return self.desk.start(actor, self.desk.keep(tree, "test"), inputs, simulate=simulate)

    def go(self, timeout_s: float = 10.0) -> None:
        self.engine.run_until_idle(timeout_s)

    def run(self, tree: dict[str, Any], *, simulate: bool = False, **inputs: str) -> RunView:
        run = self.start(tree, simulate=simulate, **inputs)
        self.go()
        return self.reading.run(run)

    def wait(self, run: str, kind: str = "") -> Any:
        found = [each for each in self.reading.waits(run=run) if not kind or each.kind == kind]
        assert found, f"nothing waits in {self.reading.run(run).state}"
        return found[0]
