"""Gathering what waits for a person."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from infra.exchange import Todo
from infra.web.seams import Actor

log = logging.getLogger(__name__)
_NEVER = datetime.max.replace(tzinfo=UTC)


class TodoSource(Protocol):
    """Names what waits for ``actor``: what is theirs, and what anybody with their rights may take."""

    def todos(self, actor: Actor) -> Sequence[Todo]: ...


class Portal:
    """Everything that waits, from every source. A source that breaks is missing, not fatal."""

    def __init__(self, sources: Sequence[TodoSource]) -> None:
        self._sources = sources

    def todos(self, actor: Actor) -> list[Todo]:
        """What waits for ``actor``: overdue and due soonest first, then the gravest."""
        found = [todo for source in self._sources for todo in self._ask(source, actor)]
        return sorted(found, key=lambda todo: (todo.due or _NEVER, -todo.level.rank, todo.id))

    def _ask(self, source: TodoSource, actor: Actor) -> Sequence[Todo]:
        try:
            return source.todos(actor)
        except Exception:
            log.exception("portal.source_failed", extra={"source": type(source).__name__})
            return ()
