"""The dry run: every effect a playbook can have, with its target, before anything is done.

All steps that can be reached are looked at, on every branch: the list is what may happen at most. A target that is only
known once an earlier step has run is shown by the name of its variable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from infra.errors import AppError
from playbooks.engine import scopes
from playbooks.engine.limits import shielded
from playbooks.engine.ordering import order_of, units_of
from playbooks.engine.orders import Actuator
from playbooks.engine.starting import MAX_DEPTH
from playbooks.engine.state import Cell, Position, Token
from playbooks.model.flow import Flow
from playbooks.model.guard import Effect
from playbooks.model.playbook import Command, Playbook, Step, typed
from playbooks.model.vocabulary import StepType

Library = Callable[[str, str], Mapping[str, Any] | None]


def rehearse(
    tree: dict[str, Any], inputs: dict[str, str], actuators: Mapping[str, Actuator], library: Library, depth: int = 0
) -> list[dict[str, Any]]:
    """Effects as rows ``{step, kind, target, reversible}`` (and ``refused`` where a limit forbids them)."""
    playbook = typed(tree)
    flow, rows = Flow(tree), list[dict[str, Any]]()
    roots = [playbook.workflow_start, playbook.workflow_exception]
    reached = flow.closure([root for root in roots if root], flow.every)
    cells = scopes.outer(playbook, inputs)
    for key, step in playbook.workflow.items():
        if key not in reached:
            continue
        if step.type is StepType.ACTION:
            rows += _effects(playbook, key, step, cells, actuators)
        elif step.type is StepType.PLAYBOOK_ACTION and depth < MAX_DEPTH:
            called = library(step.playbook_id, step.playbook_version)
            if called is None:
                name = f"{step.playbook_id} {step.playbook_version}".rstrip()
                rows.append(_row(key, Effect("playbook", f"{name} (not in the library)")))
            else:
                given = {name: cells[name].value or "" for name in step.inputs if name in cells}
                inner = rehearse(dict(called), _known(called, given), actuators, library, depth + 1)
                rows += [{**row, "step": f"{key}/{row['step']}"} for row in inner]
    return rows


def _known(called: Mapping[str, Any], given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name in called.get("playbook_variables", {})}


def _effects(
    playbook: Playbook, key: str, step: Step, cells: dict[str, Cell], actuators: Mapping[str, Actuator]
) -> list[dict[str, Any]]:
    position, token = Position(), Token("dry", key, scopes=[""])
    position.scopes[""] = _shown(cells)
    scopes.enter(position, token, step)
    for scope in position.scopes.values():
        for name, cell in scope.items():
            cell.value = cell.value if cell.value is not None else f"{name}:value"
    own = playbook.guards[key].limits.protected + playbook.guard.limits.protected
    rows: list[dict[str, Any]] = []
    for command, target in units_of(step):
        rows += [row for row in _of_unit(playbook, position, token, command, target, actuators, own) if row not in rows]
    return rows


def _shown(cells: dict[str, Cell]) -> dict[str, Cell]:
    return {name: Cell(cell.value, cell.type, cell.constant) for name, cell in cells.items()}


def _of_unit(
    playbook: Playbook, position: Position, token: Token, command: Command, target: str,
    actuators: Mapping[str, Actuator], protected: tuple[str, ...],
) -> list[dict[str, Any]]:  # fmt: skip
    name = target or playbook.workflow[token.step].agent
    try:
        order = order_of(playbook, "dry-run", position, token, command, target)
        actuator = actuators.get(command.type)
        effects = order.effects or (actuator.effects(order) if actuator else (Effect(command.type, name),))
        hit = shielded(order, protected)
    except AppError as error:
        # a value that an earlier step will fill cannot be judged yet; what the command is, can
        declared = playbook.guards[token.step].effects or (Effect(command.type, name),)
        return [_row(token.step, each) | {"note": str(error)} for each in declared]
    return [_row(token.step, each) | ({"refused": f"protected: {hit}"} if hit else {}) for each in effects]


def _row(step: str, effect: Effect) -> dict[str, Any]:
    return {"step": step, "kind": effect.kind, "target": effect.target, "reversible": effect.reversible}
