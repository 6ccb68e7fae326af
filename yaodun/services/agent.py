"""agent: collects on this host, spools, forwards to ingest over the local socket. Light: no database, no web."""

from __future__ import annotations

import asyncio
from typing import Any

from collectors.agent.agent import Agent, AgentSettings
from yaodun.site import Site


class AgentService:
    """The service."""

    def __init__(self, site: Site) -> None:
        chosen = site.settings.agent
        settings = AgentSettings(
            interval_s=chosen.interval_s,
            inventory_interval_s=chosen.inventory_interval_s,
            log_files=chosen.log_files,
            watched_files=chosen.watched_files,
        )
        self._home = site.home
        self._settings = settings
        self._agent: Agent | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Collect until told to stop."""
        home = self._home
        self._agent = Agent(home.agent_spool, home.state, home.run / "agent.sock", self._settings)
        await self._agent.run(stop)

    def status(self) -> dict[str, Any]:
        """Connection, counters, and the state of every source."""
        return self._agent.status() if self._agent else {"sources": []}


def build(site: Site) -> AgentService:
    """The service of ``site``."""
    return AgentService(site)
