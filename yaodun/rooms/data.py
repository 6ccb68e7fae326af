"""Data assets as pages and API read them: the register, and what the last judgement of the business saw."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.datasecurity.register import DataAsset, DataAssets, KeptAsset
from analytics.datasecurity.seen import SeenDataset
from infra.web.seams import Actor
from yaodun.business_state import read_state
from yaodun.site import Site


class DataRoom:
    """Implements ``dashboards.rooms.data.Data``."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.register = DataAssets(site.records, site.access, site.clock)

    def assets(self) -> Sequence[KeptAsset]:
        """Every registered data asset."""
        return self.register.all()

    def seen(self) -> Sequence[SeenDataset]:
        """Data sets of the last judgement; none before the first."""
        summary = read_state(self._site.home.state).summary
        return summary.datasets if summary else ()

    def save(self, actor: Actor, asset: DataAsset) -> None:
        """Make or change one."""
        self.register.save(actor, asset)
