"""Variables of a run: the playbook's own, and those of steps, which shadow them for the step and what it leads to."""

from __future__ import annotations

import json
import re
from typing import Any

from infra.errors import AppError, ErrorKind
from playbooks.engine.orders import MAX_OUTPUT
from playbooks.engine.render import Visible
from playbooks.engine.state import Cell, Position, Token
from playbooks.model.guard import Guard, Output
from playbooks.model.playbook import Playbook, Step
from playbooks.model.shape import VALUES


def outer(playbook: Playbook, inputs: dict[str, str]) -> dict[str, Cell]:
    """The playbook's variables with the inputs put in; ``AppError(INVALID)`` names the input that does not fit."""
    given = {_name(key): str(value) for key, value in inputs.items()}
    for name, value in given.items():
        variable = playbook.playbook_variables.get(name)
        if variable is None or variable.constant:
            known = ", ".join(key for key, each in playbook.playbook_variables.items() if not each.constant)
            raise AppError(ErrorKind.INVALID, "playbooks.run.no_input", place=name, known=known or "—")
        if not VALUES.get(variable.type, VALUES["string"])(value):
            raise AppError(ErrorKind.INVALID, "playbooks.run.bad_input", place=name, type=variable.type)
    cells = {}
    for name, variable in playbook.playbook_variables.items():
        start = given.get(name, variable.value)
        if variable.external and start is None:
            raise AppError(ErrorKind.INVALID, "playbooks.run.missing_input", place=name, type=variable.type)
        cells[name] = Cell(start, variable.type, variable.constant)
    return cells


def _name(key: str) -> str:
    return key if key.startswith("__") else f"__{key}__"


def enter(position: Position, token: Token, step: Step) -> None:
    """Open the scope of a step that has variables of its own (anew on each entry)."""
    if not step.step_variables:
        return
    name = f"{token.id}:{token.step}"
    kept = [each for each in token.scopes if each != name]
    token.scopes = [name, *kept]
    position.scopes[name] = {
        key: Cell(each.value, each.type, each.constant) for key, each in step.step_variables.items()
    }


def find(position: Position, token: Token, name: str) -> Cell | None:
    """The variable a token sees under a name."""
    for scope in token.scopes:
        cell = position.scopes.get(scope, {}).get(name)
        if cell is not None:
            return cell
    return None


def values(position: Position, token: Token) -> dict[str, str | None]:
    """All values a token sees."""
    found: dict[str, str | None] = {}
    for scope in reversed(token.scopes):
        found |= {name: cell.value for name, cell in position.scopes.get(scope, {}).items()}
    return found


def visible(position: Position, token: Token) -> Visible:
    """Values and constants for rendering."""
    cells: dict[str, Cell] = {}
    for scope in reversed(token.scopes):
        cells |= position.scopes.get(scope, {})
    return Visible(
        {name: cell.value for name, cell in cells.items()},
        frozenset(name for name, cell in cells.items() if cell.constant),
    )


def take_outputs(position: Position, token: Token, step: Step, guard: Guard, output: dict[str, Any]) -> None:
    """Put an outcome into variables: as the guard rails say, else by name where the output is an object, else the first
    out argument takes the text (the standard leaves this open)."""
    found: dict[str, str | None] = {}
    if guard.outputs:
        found = {each.variable: picked(each, output) for each in guard.outputs}
    elif step.outputs:
        named = output.get("values") or _object(output)
        if named:
            found = {name: named[key] for name in step.outputs for key in (name, name.strip("_")) if key in named}
        elif len(step.outputs) == 1:
            text = output.get("stdout") or output.get("body")
            found = {step.outputs[0]: str(text).strip()} if text is not None else {}
    for name, value in found.items():
        cell = find(position, token, name)
        if cell is not None and not cell.constant and value is not None:
            cell.value = str(value)[:MAX_OUTPUT]


def _object(output: dict[str, Any]) -> dict[str, str]:
    text = output.get("stdout") or output.get("body") or ""
    try:
        found = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return {key: _text(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def picked(output: Output, found: dict[str, Any]) -> str | None:
    """The part of an outcome an output mapping names: a source, a path into JSON, the first group of a pattern."""
    part: Any = found
    for key in output.source.split(".", 1):
        part = part.get(key) if isinstance(part, dict) else None
    if output.json:
        part = _walk(part, output.json)
    if part is None:
        return None
    text = _text(part)
    if output.regex:
        match = re.search(output.regex, text[:MAX_OUTPUT])
        return (match[1] if match.groups() else match[0]) if match else None
    return text.strip()


def _walk(part: Any, path: str) -> Any:
    try:
        part = json.loads(part) if isinstance(part, str) else part
        for key in re.findall(r"[^.\[\]]+", path.removeprefix("$")):
            part = part[int(key)] if isinstance(part, list) else part[key]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return part
