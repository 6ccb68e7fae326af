"""Reading the shelf: a file whose hash is not the pinned one is refused, so that nobody slips in another playbook."""

from __future__ import annotations

import csv
import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from playbooks.model.finding import Level
from playbooks.model.judge import judge
from playbooks.model.playbook import Playbook, playbook_hash, typed
from playbooks.model.reading import read_file
from playbooks.model.vocabulary import StepType

SHELF = Path(str(files("playbooks.library").joinpath("shipped")))
PINS = Path(str(files("playbooks.library").joinpath("pins.csv")))
_FIELDS = {
    "ip": ("source.ip", "destination.ip", "client.ip"), "user": ("user.name",), "host": ("host.name",),
    "file": ("file.path",), "process": ("process.pid",), "service": ("service.name",),
}  # fmt: skip
"""Which fields an entity of an alert may fill."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A playbook of the shelf."""

    name: str
    sha256: str
    tree: dict[str, Any]
    playbook: Playbook

    @property
    def acts(self) -> bool:
        """Does it change anything?"""
        quiet = ("notify", "collect-evidence")
        words = [
            each.text.split()[0] for step in self.actions for each in step.commands if each.type == "yaodun-action"
        ]
        return any(not word.startswith(quiet) for word in words)

    @property
    def actions(self) -> list[Any]:
        """Its action steps."""
        return [step for step in self.playbook.workflow.values() if step.type is StepType.ACTION]


@cache
def shelf() -> tuple[Shelved, ...]:
    """The shipped playbooks by name; ``AppError(INTERNAL)`` names one that was altered."""
    pins = read_pins()
    found = []
    for path in sorted(SHELF.glob("*.yaml")):
        tree = read_file(path)
        sha256 = playbook_hash(tree)
        if pins.get(path.stem) != sha256 or judge(tree).level is not Level.STRICT:
            raise AppError(ErrorKind.INTERNAL, "playbooks.library.altered", place=path.name)
        found.append(Shelved(path.stem, sha256, tree, typed(tree)))
    return tuple(found)


def read_pins() -> dict[str, str]:
    """Name and hash of each shipped playbook."""
    return {row["name"]: row["sha256"] for row in csv.DictReader(PINS.read_text(encoding="utf-8").splitlines())}


@dataclass(frozen=True, slots=True)
class Fitting:
    """A playbook that fits, which rule called for it, and the inputs the case fills."""

    shelved: Shelved
    rule: str
    inputs: dict[str, str]


def fitting(rules: Sequence[str], entities: Sequence[tuple[str, str]]) -> list[Fitting]:
    """Playbooks for alerts of these rules (ids or names): those whose inputs the case can fill come first."""
    found = []
    for each in shelf():
        guard = each.playbook.guard
        rule = next((rule for rule in rules if _called(rule, guard.alerts)), None)
        inputs = filled(guard.inputs, entities)
        if rule is not None:
            found.append((len(each.playbook.playbook_variables) - len(inputs), Fitting(each, rule, inputs)))
    by_entity = [] if found else _by_entities(entities)
    return [fit for _, fit in sorted(found, key=lambda pair: pair[0])] + by_entity


def _called(rule: str, patterns: Iterable[str]) -> bool:
    name = rule.lower().replace(" ", "-")
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def filled(wanted: dict[str, str], entities: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Values for variables from entities (kind, value); each entity fills the first variable it fits."""
    found: dict[str, str] = {}
    for kind, value in entities:
        names = _FIELDS.get(kind, (kind,))
        for variable, field in wanted.items():
            if field in names and variable not in found:
                found[variable] = value
                break
    return found


def _by_entities(entities: Sequence[tuple[str, str]]) -> list[Fitting]:
    """Where no rule calls for one: those whose every input the case fills."""
    found = []
    for each in shelf():
        inputs = filled(each.playbook.guard.inputs, entities)
        if inputs and len(inputs) == sum(one.external for one in each.playbook.playbook_variables.values()):
            found.append(Fitting(each, "", inputs))
    return found[:4]
