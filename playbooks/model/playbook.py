"""A playbook as typed values, made from a document that was judged. Unknown properties stay in the document only."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec

from playbooks.model.guard import Guard, guard_of
from playbooks.model.shape import decode
from playbooks.model.signatures import playbook_hash
from playbooks.model.vocabulary import GUARD, StepType


class Variable(msgspec.Struct, frozen=True):
    """A variable with the value it starts with."""

    type: str = "string"
    value: str | None = None
    constant: bool = False
    external: bool = False
    description: str = ""


class Command(msgspec.Struct, frozen=True):
    """One command of an action."""

    type: str
    command: str = ""
    command_b64: str = ""
    content: str = ""
    content_b64: str = ""
    headers: dict[str, list[str]] = {}
    description: str = ""

    @property
    def text(self) -> str:
        """The command as text, decoded where it was base64."""
        return self.command or (decode(self.command_b64) or b"").decode("utf-8", "replace")

    @property
    def body(self) -> str:
        """The content of a request as text."""
        return self.content or (decode(self.content_b64) or b"").decode("utf-8", "replace")


class Party(msgspec.Struct, frozen=True):
    """An agent or a target."""

    type: str
    name: str = ""
    address: dict[str, list[str | int]] = {}
    port: str = ""
    authentication_info: str = ""


class Secret(msgspec.Struct, frozen=True):
    """Where a secret lies; never the secret."""

    type: str
    kms: bool = False
    kms_key_identifier: str = ""
    username: str = ""
    user_id: str = ""


class Step(msgspec.Struct, frozen=True):
    """A workflow step; which properties count follows from ``type``. Times are in milliseconds."""

    type: StepType
    name: str = ""
    description: str = ""
    delay: int = 0
    timeout: int = 0
    step_variables: dict[str, Variable] = {}
    on_completion: str = ""
    on_success: str = ""
    on_failure: str = ""
    commands: tuple[Command, ...] = ()
    agent: str = ""
    targets: tuple[str, ...] = ()
    in_args: tuple[str, ...] = ()
    out_args: tuple[str, ...] = ()
    playbook_id: str = ""
    playbook_version: str = ""
    next_steps: tuple[str, ...] = ()
    condition: str = ""
    on_true: str = ""
    on_false: str = ""
    switch: str = ""
    cases: dict[str, str] = {}
    step_extensions: dict[str, Any] = {}

    @property
    def guard(self) -> Guard:
        """The guard rails of this step."""
        return guard_of(self.step_extensions, GUARD)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the variables handed out."""
        return tuple(name.removesuffix(":value") for name in self.out_args)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the variables handed in."""
        return tuple(name.removesuffix(":value") for name in self.in_args)


class Playbook(msgspec.Struct, frozen=True, dict=True):
    """A playbook that may be run."""

    id: str
    name: str
    created_by: str
    created: str
    modified: str
    workflow_start: str
    workflow: dict[str, Step]
    description: str = ""
    workflow_exception: str = ""
    playbook_types: tuple[str, ...] = ()
    playbook_activities: tuple[str, ...] = ()
    revoked: bool = False
    valid_from: str = ""
    valid_until: str = ""
    priority: int = 0
    severity: int = 0
    impact: int = 0
    labels: tuple[str, ...] = ()
    playbook_variables: dict[str, Variable] = {}
    agent_definitions: dict[str, Party] = {}
    target_definitions: dict[str, Party] = {}
    authentication_info_definitions: dict[str, Secret] = {}
    playbook_extensions: dict[str, Any] = {}

    @property
    def guard(self) -> Guard:
        """The guard rails of the whole playbook."""
        return guard_of(self.playbook_extensions, GUARD)

    @cached_property
    def guards(self) -> dict[str, Guard]:
        """The guard rails of each step."""
        return {key: step.guard for key, step in self.workflow.items()}

    def text(self, language: str, part: str) -> str:
        """Name or description in a language; the playbook's own where it says nothing in it."""
        own = self.name if part == "name" else self.description
        return self.guard.texts.get(language, {}).get(part) or own


def typed(tree: dict[str, Any]) -> Playbook:
    """The typed playbook of an accepted document."""
    return msgspec.convert(tree, Playbook)


__all__ = ["Command", "Party", "Playbook", "Secret", "Step", "Variable", "playbook_hash", "typed"]
