"""sensor: captures packets on the interfaces the settings name, meters them, and delivers flows, names, greetings and
requests to ingest over the local socket, as an agent does. Needs CAP_NET_RAW; says so where it is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from collectors.agent.agent import Agent, AgentSettings
from collectors.agent.channel import LocalChannel
from collectors.capture.sensor import SensorSource
from collectors.receivers.refusal_book import RefusalBook
from collectors.sources.reporting import this_host
from infra.text import say
from yaodun import __version__
from yaodun.site import Site
from yaodun.terminal import complain


class SensorService:
    """The service."""

    def __init__(self, site: Site) -> None:
        self._home, self._chosen = site.home, site.settings.sensor
        self._refusals = RefusalBook(site.home.state / "sensor-refusals.json")
        host = this_host()
        self._sources: Sequence[SensorSource] = [
            SensorSource(host, name, self._refusals, promiscuous=self._chosen.promiscuous)
            for name in self._chosen.interfaces
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Capture until told to stop; at once back where no interface is named."""
        if not self._sources:
            reason, remedy = (say(f"collectors.source.sensor_unnamed.{part}") for part in ("reason", "remedy"))
            complain(f"sensor: {say('collectors.not_available', reason=reason, remedy=remedy)}")
            return
        agent = Agent(
            self._home.sensor_spool, self._home.state, LocalChannel(self._home.run / "agent.sock"),
            AgentSettings(spool_mb=self._chosen.spool_mb), software=__version__, sources=self._sources, name="sensor",
        )  # fmt: skip
        await agent.run(stop)
        self._refusals.flush()

    def status(self) -> dict[str, Any]:
        """The state of every interface, packets seen and lost."""
        self._refusals.flush()
        return {
            "sources": [
                {**_plain(source), "packets": source.packets, "dropped": source.dropped} for source in self._sources
            ]
        }


def _plain(source: SensorSource) -> dict[str, Any]:
    status = source.status
    return {
        "id": status.id, "state": status.state.value, "reason_key": status.reason_key, "remedy_key": status.remedy_key,
        "detail": status.detail, "records": status.records, "last_ns": status.last_ns,
    }  # fmt: skip


def build(site: Site) -> SensorService:
    """The service of ``site``."""
    return SensorService(site)
