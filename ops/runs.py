"""The seam through which work starts playbooks; ``playbooks`` implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from infra.web.seams import Actor


class RunStarter(Protocol):
    """Starts a run of a playbook. ``AppError(FORBIDDEN | INVALID | NOT_FOUND)`` where it may not or cannot be."""

    def start(self, actor: Actor, playbook: str, inputs: Mapping[str, Any], *, simulate: bool) -> str:
        """The id of the run, durable on return."""


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """A playbook that fits a case: its name in the language of the context, why it fits, inputs filled in from it."""

    playbook: str
    title: str
    why: str = ""
    inputs: dict[str, Any] = {}
    acts: bool = False


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a run: ``state`` is pending, running, waiting, done, failed, unknown or undone. ``agreed``: account
    ids of those who approved it."""

    title: str
    state: str
    result: str = ""
    seconds: float | None = None
    agreed: tuple[str, ...] = ()


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a case shows it; ``href`` is its own page."""

    id: str
    title: str
    state: str
    steps: tuple[StepView, ...] = ()
    href: str = ""


class RunDesk(RunStarter, Protocol):
    """What pages of work need beyond starting: which playbooks fit, and how a run stands."""

    def fitting(self, rules: Sequence[str], entities: Sequence[tuple[str, str]]) -> Sequence[Fit]:
        """Playbooks for alerts of these rules on these entities (kind, value), the best first."""

    def view(self, run: str) -> RunView:
        """How a run stands; ``AppError(NOT_FOUND)``."""

    def rehearse(self, wanted: str, inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The dry run: every effect a run could have, as ``{step, kind, target, reversible}``; ``AppError(NOT_FOUND |
        INVALID)``. Nothing is touched."""
