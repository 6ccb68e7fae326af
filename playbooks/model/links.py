"""Everything a playbook refers to by name: agents, targets, secrets, markings, extensions, variables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from playbooks.model.finding import Findings, Mend, Path, Repair
from playbooks.model.flow import Flow
from playbooks.model.shape import VALUES, decode, read_moment
from playbooks.model.vocabulary import COMMON_MARKINGS, FOREIGN_VARIABLE, GUARD, REFERENCE, VARIABLE, StepType


def check_links(found: Findings, tree: dict[str, Any]) -> None:
    """All findings of references by name."""
    _parties(found, tree)
    _definitions(found, tree)
    _values(found, tree)
    _scopes(found, tree)
    _times(found, tree)


def objects(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """A dictionary property, empty where it is none."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _steps(tree: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for key, step in objects(tree, "workflow").items():
        if isinstance(step, dict):
            yield ("workflow", key), step


def _parties(found: Findings, tree: dict[str, Any]) -> None:
    agents, targets = objects(tree, "agent_definitions"), objects(tree, "target_definitions")
    for path, step in _steps(tree):
        agent = step.get("agent")
        if isinstance(agent, str) and agent not in agents:
            _party(found, (*path, "agent"), agent, "agent_definitions", targets)
        listed = step.get("targets")
        for index, target in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(target, str) and target not in targets and not REFERENCE.fullmatch(target):
                _party(found, (*path, "targets", index), target, "target_definitions", agents)


def _party(found: Findings, path: Path, key: str, wanted: str, other: dict[str, Any]) -> None:
    if key in other:
        found.add(path, "misplaced-definition", Repair(Mend.PUT, (wanted, key), other[key]), key=key, wanted=wanted)
    else:
        found.add(path, "missing-definition", key=key, wanted=wanted)


def _definitions(found: Findings, tree: dict[str, Any]) -> None:
    secrets = objects(tree, "authentication_info_definitions")
    for name in ("agent_definitions", "target_definitions"):
        for key, party in objects(tree, name).items():
            secret = party.get("authentication_info") if isinstance(party, dict) else None
            _named(found, (name, key, "authentication_info"), secret, secrets, "authentication_info_definitions")
    markings = objects(tree, "data_marking_definitions").keys() | COMMON_MARKINGS
    listed = tree.get("markings")
    for index, marking in enumerate(listed if isinstance(listed, list) else ()):
        _named(found, ("markings", index), marking, markings, "data_marking_definitions")
    known = objects(tree, "extension_definitions")
    for path, holder, name in _extended(tree):
        for key in objects(holder, name):
            _named(found, (*path, name, key), key, known, "extension_definitions")
    for path, step in _steps(tree):
        rollback = objects(objects(step, "step_extensions"), GUARD).get("rollback")
        _named(found, (*path, "step_extensions", GUARD, "rollback"), rollback, objects(tree, "workflow"), "workflow")
        if step.get("type") == StepType.PLAYBOOK_ACTION and step.get("playbook_id") == tree.get("id"):
            found.add((*path, "playbook_id"), "calls-itself")


def _named(found: Findings, path: Path, key: Any, known: Iterable[str], wanted: str) -> None:
    if isinstance(key, str) and key not in known:
        found.add(path, "missing-definition", key=key, wanted=wanted)


def _extended(tree: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any], str]]:
    yield (), tree, "playbook_extensions"
    for path, step in _steps(tree):
        yield path, step, "step_extensions"
    for name in ("agent_definitions", "target_definitions"):
        for key, party in objects(tree, name).items():
            if isinstance(party, dict):
                yield (name, key), party, "agent_target_extensions"


def _holders(tree: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any], bool]]:
    yield ("playbook_variables",), objects(tree, "playbook_variables"), True
    for path, step in _steps(tree):
        yield (*path, "step_variables"), objects(step, "step_variables"), False


def _values(found: Findings, tree: dict[str, Any]) -> None:
    """A value must be one of its type; only variables of the playbook come from outside."""
    for path, variables, outer in _holders(tree):
        for name, variable in variables.items():
            if not isinstance(variable, dict):
                continue
            value, kind = variable.get("value"), variable.get("type")
            fits = VALUES.get(kind) if isinstance(kind, str) else None
            if isinstance(value, str) and value and fits and not REFERENCE.search(value) and not fits(value):
                found.add((*path, name, "value"), "bad-value", value=value, kind=kind)
            if variable.get("external") is True and not outer:
                found.add((*path, name, "external"), "external-in-step", name=name)


def _scopes(found: Findings, tree: dict[str, Any]) -> None:
    """A variable is known where it or a step on the way there defines it."""
    flow, outer = Flow(tree), objects(tree, "playbook_variables")
    above: dict[str, set[str]] = {key: set() for key in flow.steps}
    constants = {name for name, each in outer.items() if isinstance(each, dict) and each.get("constant") is True}
    for key, step in flow.steps.items():
        if own := objects(step, "step_variables"):
            for below in flow.closure([key], flow.every):
                above[below] |= own.keys()
    declared = set().union(*above.values()) if above else set()
    for key, step in flow.steps.items():
        own = objects(step, "step_variables")
        for path, name in _used(tree, ("workflow", key), step):
            if name in outer or name in above[key]:
                written = path[2:3] == ("out_args",)
                fixed = (
                    own.get(name, {}).get("constant") is True if isinstance(own.get(name), dict) else name in constants
                )
                if written and fixed:
                    found.add(path, "writes-constant", name=name)
            elif name.startswith(FOREIGN_VARIABLE):
                found.add(
                    path,
                    "foreign-variable",
                    Repair(Mend.PUT, ("playbook_variables", name), {"type": "string"}),
                    name=name,
                )
            else:
                found.add(path, "out-of-scope" if name in declared else "unknown-variable", name=name)


def _used(tree: dict[str, Any], path: Path, step: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    seen: set[tuple[Path, str]] = set()
    for name in ("in_args", "out_args"):
        listed = step.get(name)
        for index, each in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(each, str) and VARIABLE.fullmatch(each.removesuffix(":value")):
                seen.add(((*path, name, index), each.removesuffix(":value")))
    for name in ("condition", "switch", "commands"):
        for place, text in _texts((*path, name), step.get(name)):
            seen |= {(place, each) for each in REFERENCE.findall(text)}
    switch = step.get("switch")
    if isinstance(switch, str) and VARIABLE.fullmatch(switch):
        seen.add(((*path, "switch"), switch))
    for holder, key in _parties_of(step):
        for place, text in _texts((holder, key), objects(tree, holder).get(key)):
            seen |= {(place, each) for each in REFERENCE.findall(text)}
    return iter(sorted(seen, key=str))


def _parties_of(step: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(step.get("agent"), str):
        yield "agent_definitions", step["agent"]
    listed = step.get("targets")
    yield from (
        ("target_definitions", key) for key in (listed if isinstance(listed, list) else ()) if isinstance(key, str)
    )


def _texts(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    """Every text in a value; base64 is looked into."""
    if isinstance(value, str):
        yield path, value
        if path[-1] in ("command_b64", "content_b64"):
            yield path, (decode(value) or b"").decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts((*path, key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts((*path, index), item)


def _times(found: Findings, tree: dict[str, Any]) -> None:
    created, modified = read_moment(tree.get("created")), read_moment(tree.get("modified"))
    if created and modified and modified < created:
        mend = Repair(Mend.PUT, ("created",), tree["modified"])
        found.add(("modified",), "modified-first", mend, created=tree["created"], modified=tree["modified"])
    start, end = read_moment(tree.get("valid_from")), read_moment(tree.get("valid_until"))
    if start and end and end <= start:
        found.add(("valid_until",), "ends-first", start=tree["valid_from"], end=tree["valid_until"])


def equal(first: Any, second: Any) -> bool:
    """The same JSON value (true is not 1)."""
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)
