"""agent: collects on this host, spools, forwards to ingest over the local socket, or over mutual TLS to the platform on
another host. Light: no database, no web.
"""

from __future__ import annotations

import asyncio
from typing import Any

from collectors.agent.agent import Agent, AgentSettings
from collectors.agent.channel import LocalChannel
from collectors.agent.identity import AgentIdentity
from collectors.agent.orders import Orders
from collectors.pollers.local import LocalPollers
from collectors.sources.reporting import this_host
from infra.errors import AppError, ErrorKind
from yaodun import __version__
from yaodun.preflight import split_address
from yaodun.site import Site

LOOK_S = 1.0
"""How often the pollers that people added are looked for."""


class AgentService:
    """The service."""

    def __init__(self, site: Site) -> None:
        chosen = site.settings.agent
        self._home = site.home
        self._chosen = chosen
        self._settings = AgentSettings(
            interval_s=chosen.interval_s,
            inventory_interval_s=chosen.inventory_interval_s,
            log_files=chosen.log_files,
            watched_files=chosen.watched_files,
            pollers=chosen.pollers,
            spool_mb=chosen.spool_mb,
        )
        self._agent: Agent | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Collect until told to stop."""
        if not self._chosen.server:
            await self._run_here(stop)
            return
        identity = AgentIdentity(self._home.secrets / "agent", *split_address(self._chosen.server, "agent.server"))
        if not await self._enrolled(identity, stop):
            return
        fresh = asyncio.create_task(identity.keep_fresh(), name="identity")
        orders = Orders(self._home.state / "agent-order", identity.authority)
        self._agent = self._make(identity.channel(), orders)
        try:
            await self._agent.run(stop)
        finally:
            fresh.cancel()
            await asyncio.gather(fresh, return_exceptions=True)

    async def _run_here(self, stop: asyncio.Event) -> None:
        """On the platform's own host: people add pollers from a page."""
        pollers = LocalPollers(self._home.state, self._home.secrets)
        agent = self._agent = self._make(LocalChannel(self._home.run / "agent.sock"))
        watch = asyncio.create_task(self._follow(agent, pollers), name="pollers")
        try:
            await agent.run(stop)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _follow(self, agent: Agent, pollers: LocalPollers) -> None:
        known = 0
        while True:
            if (stamp := pollers.stamp()) != known:
                known = stamp
                await agent.poll([*self._chosen.pollers, *pollers.read()])
            await asyncio.sleep(LOOK_S)

    def status(self) -> dict[str, Any]:
        """Connection, counters, and the state of every source."""
        return self._agent.status() if self._agent else {"sources": []}

    def _make(self, channel: Any, orders: Orders | None = None) -> Agent:
        return Agent(
            self._home.agent_spool, self._home.state, channel, self._settings, software=__version__, orders=orders
        )

    async def _enrolled(self, identity: AgentIdentity, stop: asyncio.Event) -> bool:
        """Enrol where that is still to be done; False where it was told to stop first."""
        if identity.known is not None:
            return True
        if not self._chosen.enrol:
            raise AppError(ErrorKind.INVALID, "collectors.agent.not_enrolled", place=str(self._home.root))
        enrolling = asyncio.create_task(identity.enrol(self._chosen.enrol, this_host().name, __version__))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([enrolling, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not enrolling.done():
            enrolling.cancel()
            await asyncio.gather(enrolling, return_exceptions=True)
            return False
        enrolling.result()
        return True


def build(site: Site) -> AgentService:
    """The service of ``site``."""
    return AgentService(site)
