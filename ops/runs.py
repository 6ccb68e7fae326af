"""The seam through which work starts playbooks; ``playbooks`` implements it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from infra.web.seams import Actor


class RunStarter(Protocol):
    """Starts a run of a playbook. ``AppError(FORBIDDEN | INVALID | NOT_FOUND)`` where it may not or cannot be."""

    def start(self, actor: Actor, playbook: str, inputs: Mapping[str, Any], *, simulate: bool) -> str:
        """The id of the run, durable on return."""
