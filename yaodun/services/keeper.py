"""keeper: makes small segments large, drops what is older than the retention, keeps the disk from filling."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from typing import Any

from yaodun.site import Site


class Keeper:
    """The service, at low priority."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._totals: Counter[str] = Counter()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep house until told to stop."""
        os.nice(10)
        await stop.wait()

    def status(self) -> dict[str, Any]:
        """Segments compacted and days dropped so far."""
        return {"totals": dict(self._totals)}


def build(site: Site) -> Keeper:
    """The service of ``site``."""
    return Keeper(site)
