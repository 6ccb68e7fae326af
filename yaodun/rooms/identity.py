"""Which addresses, host names and assets are one machine, as the register has it; read anew now and then."""

from __future__ import annotations

import threading
from datetime import datetime

from infra.register.resolver import Resolver
from yaodun.site import Site

FRESH_S = 60.0


class SiteIdentity:
    """Implements ``ops.alerts.chain.Identity``."""

    def __init__(self, site: Site) -> None:
        self._site, self._lock = site, threading.Lock()
        self._resolver = Resolver(site.records)
        self._read_at = site.clock.monotonic()

    def whose(self, kind: str, value: str, at: datetime) -> str:
        """The asset an entity was at a time; '' where none is known."""
        return self._fresh().whose(kind, value, at)

    def names_of(self, asset: str) -> frozenset[str]:
        """Everything an asset is or was called."""
        return self._fresh().names_of(asset)

    def _fresh(self) -> Resolver:
        with self._lock:
            if self._site.clock.monotonic() - self._read_at > FRESH_S:
                self._resolver.refresh()
                self._read_at = self._site.clock.monotonic()
            return self._resolver
