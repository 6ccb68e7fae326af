"""signer: the one process with the authorities' keys. Sealed after every start until shareholders unlock it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from trust.signer.core import SignerCore
from trust.signer.server import SignerServer
from yaodun.site import Site
from yaodun.trust.places import pki_of, socket_of

log = logging.getLogger(__name__)
CARRY_EVERY_S = 1.0
EVERY_S = 60.0
"""How often lists are looked at for renewal."""


class Signer:
    """The service: the core behind its socket, and the way of its audit rows to the ledger."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._core = SignerCore(pki_of(site.home), site.clock, site.records)
        self._server = SignerServer(self._core, socket_of(site.home))

        self._due = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until told to stop."""
        carrying = asyncio.create_task(self._carry(stop))
        await self._server.run(stop)
        await carrying
        self._core.close()
        self._site.records.close()

    async def _carry(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.to_thread(self._turn)
            try:
                await asyncio.wait_for(stop.wait(), CARRY_EVERY_S)
            except TimeoutError:
                continue

    def _turn(self) -> None:
        """Carry audit rows, renew lists that are due, sign the ledger's head; what fails is told and tried again."""
        try:
            with self._server.alone:
                self._core.carry()
                if self._site.clock.monotonic() >= self._due:
                    self._due = self._site.clock.monotonic() + EVERY_S
                    self._core.publish_due()
        except Exception:
            log.exception("signer.turn_failed")

    def status(self) -> dict[str, Any]:
        """Sealed or open, answers given and refused."""
        keys = self._core.keys
        state = {"sealed": keys.sealed, "initialised": keys.initialised, "own_user": False, "custody": self._custody()}
        return {**state, "answered": self._server.answered, "refused": self._server.refused}

    def _custody(self) -> list[str]:
        return sorted({str(key.custody) for key in self._core.keys.keys()})  # noqa: SIM118 - a provider


def build(site: Site) -> Signer:
    """The service of ``site``."""
    return Signer(site)
