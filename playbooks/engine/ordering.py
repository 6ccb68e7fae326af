"""From a command of a playbook to a complete order."""

from __future__ import annotations

import re

from infra.errors import AppError, ErrorKind
from playbooks.engine import scopes
from playbooks.engine.orders import Order
from playbooks.engine.render import TEXTS, Visible, header, json_text, plain, request_target, words
from playbooks.engine.state import Position, Token
from playbooks.model.guard import Effect, Guard
from playbooks.model.playbook import Command, Party, Playbook, Step
from playbooks.model.steps import split_request
from playbooks.model.vocabulary import REQUESTS, CommandType

USUAL_TIMEOUT_S = 60.0


def units_of(step: Step) -> list[tuple[Command, str]]:
    """What an action does, in order: each command for each target (once where there is none)."""
    return [(command, target) for command in step.commands for target in (step.targets or ("",))]


def order_of(playbook: Playbook, run: str, position: Position, token: Token, command: Command, target: str) -> Order:
    """The order of one unit; ``AppError(INVALID)`` where a value is missing or unfit."""
    step, seen = playbook.workflow[token.step], scopes.visible(position, token)
    guard = playbook.guards[token.step]
    aim = _party(playbook, target, seen) if target else None
    agent = _party(playbook, step.agent, seen)
    name = (aim or agent).authentication_info or agent.authentication_info
    secret = playbook.authentication_info_definitions.get(name)
    return Order(
        key=f"{run}:{position.new_id()}",
        run=run,
        step=token.step,
        kind=command.type,
        text=_text(command, seen),
        body=json_text(command.body, seen) if command.type in REQUESTS else "",
        words=words(command.text, seen) if command.type == CommandType.YAODUN else (),
        headers={name: ", ".join(header(each, seen) for each in listed) for name, listed in command.headers.items()},
        agent=agent,
        target=aim,
        secret=secret.kms_key_identifier if secret and secret.kms else "",
        username=(secret.username or secret.user_id) if secret else "",
        timeout_s=step.timeout / 1000 if step.timeout else USUAL_TIMEOUT_S,
        probe=TEXTS[CommandType.BASH](guard.probe, seen) if guard.probe else "",
        certainty=guard.certainty,
        effects=declared(guard, seen),
    )


def declared(guard: Guard, seen: Visible) -> tuple[Effect, ...]:
    """The effects a step declares, with values put in."""
    return tuple(Effect(each.kind, plain(each.target, seen), each.reversible) for each in guard.effects)


def _text(command: Command, seen: Visible) -> str:
    if command.type in REQUESTS:
        parts = split_request(command.text)
        if parts is None:
            raise AppError(ErrorKind.INVALID, "playbooks.run.bad_request", place=command.text[:80])
        return f"{parts[0]} {request_target(parts[1], seen)}"
    if command.type == CommandType.YAODUN:
        return command.text
    return TEXTS.get(command.type, plain)(command.text, seen)


def _party(playbook: Playbook, key: str, seen: Visible) -> Party:
    found = playbook.target_definitions.get(key) or playbook.agent_definitions.get(key)
    if found is None:
        return Party("unknown", key)
    address = {
        kind: [_address(str(each), seen) if isinstance(each, str) else each for each in listed]
        for kind, listed in found.address.items()
    }
    return Party(found.type, found.name, address, plain(found.port, seen), found.authentication_info)


def _address(text: str, seen: Visible) -> str:
    value = plain(text, seen)
    if re.search(r"[\s\x00-\x1f]", value) or value.startswith("-"):
        raise AppError(ErrorKind.INVALID, "playbooks.run.unfit_value", place=text[:80])
    return value
