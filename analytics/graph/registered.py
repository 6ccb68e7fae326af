"""The part of the graph that the register knows: units, business systems, assets, and what runs on what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analytics.graph.places import OUTSIDE, asset_id, system_id
from analytics.graph.seams import DEPENDS, Kind, Node
from infra.exchange import Edge
from infra.register.nouns import Asset, State, System, Unit

KINDS = {
    "database": Kind.DATA, "storage": Kind.DATA, "data": Kind.DATA, "application": Kind.APPLICATION,
    "service": Kind.SERVICE, "container": Kind.APPLICATION,
}  # fmt: skip
JEWEL = 0.9
"""An asset of this importance must not be reached, whatever runs on it."""
UNGRADED = 0.6
"""Value of a system before its protection level is known; a graded one is worth a fifth for each level."""


class Registered:
    """A ``GraphSource``. Retired things are left out; a system is a jewel as soon as something carries it."""

    def __init__(self, units: Sequence[Unit], systems: Sequence[System], assets: Sequence[Asset]) -> None:
        self._units = units
        self._systems = [system for system in systems if system.state is not State.RETIRED]
        self._assets = [asset for asset in assets if asset.state is not State.RETIRED]

    def nodes(self) -> Iterator[Node]:
        """Outside, units, systems, assets."""
        yield Node(OUTSIDE, Kind.OUTSIDE)
        for unit in self._units:
            yield Node(f"unit:{unit.id}", Kind.UNIT, label=unit.name)
        carried = {asset.system for asset in self._assets}
        for system in self._systems:
            value = system.level / 5 if system.level else UNGRADED
            yield Node(system_id(system.id), Kind.BUSINESS, value, system.id in carried, system.name)
        for asset in self._assets:
            kind = KINDS.get(asset.kind, Kind.ASSET)
            jewel = asset.importance >= JEWEL or kind is Kind.DATA
            yield Node(asset_id(asset.id), kind, asset.importance, jewel, asset.name)

    def edges(self) -> Iterator[Edge]:
        """Whoever holds an asset holds a share of the system it carries, which cannot work without it."""
        known = {system.id for system in self._systems}
        for system in self._systems:
            if system.unit:
                yield Edge(system_id(system.id), f"unit:{system.unit}", "belongs", 0.0)
        for asset in self._assets:
            if asset.system in known:
                share = max(asset.importance, 0.05)
                yield Edge(asset_id(asset.id), system_id(asset.system), "carries", share)
                yield Edge(system_id(asset.system), asset_id(asset.id), DEPENDS, share)
