"""Units, systems and assets as the pages read them, over ``infra.register``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboards.rooms import register as shown
from infra.register import AddressKind, Asset, Register
from infra.register.zones import Zones
from infra.web.seams import Actor


class RegisterRoom:
    """Implements ``dashboards.rooms.register.Register``."""

    def __init__(self, register: Register, zones: Zones) -> None:
        self._register, self._zones = register, zones

    def systems(self) -> Sequence[shown.SystemName]:
        """Business systems with their names in the language of the context."""
        return [shown.SystemName(system.id, system.name) for system in self._register.systems()]

    def assets(self) -> Sequence[shown.AssetRow]:
        """Assets with where they belong, and the addresses they have now."""
        units = {unit.id: unit.name for unit in self._register.units()}
        systems = {system.id: system.name for system in self._register.systems()}
        zones = {zone.id: zone.name for zone in self._zones.zones()}
        return [_row(asset, units, systems, zones) for asset in self._register.assets()]

    def asset(self, asset: str) -> shown.AssetCard:
        """Everything known of one; ``AppError(NOT_FOUND)``."""
        found, facts = self._register.asset(asset), tuple(self._zones.facts(asset))
        unit = next((each for each in self._register.units() if each.id == found.unit), None)
        systems = {each.id: each.name for each in self._register.systems()}
        zones = {each.id: each.name for each in self._zones.zones()}
        return shown.AssetCard(
            asset=found, facts=facts, unit=unit.name if unit else found.unit, contact=unit.contact if unit else "",
            system=systems.get(found.system, found.system), zone=zones.get(found.zone, found.zone),
            joined=next((fact.value for fact in facts if fact.name == "joined"), ""),
        )  # fmt: skip

    def whose(self, addresses: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Who has these addresses now."""
        wanted = set(addresses)
        return {
            item.value: (asset.id, asset.name)
            for asset in self._register.assets()
            for item in asset.addresses
            if item.until is None and item.kind is AddressKind.IP and item.value in wanted
        }

    def save_asset(self, actor: Actor, asset: Asset) -> None:
        """Change it."""
        self._register.save_asset(actor, asset)


def _row(asset: Asset, units: dict[str, str], systems: dict[str, str], zones: dict[str, str]) -> shown.AssetRow:
    current = [item.value for item in asset.addresses if item.until is None and item.kind is AddressKind.IP]
    return shown.AssetRow(
        id=asset.id,
        name=asset.name,
        kind=asset.kind,
        unit=units.get(asset.unit, asset.unit),
        system=systems.get(asset.system, asset.system),
        addresses=tuple(current),
        zone=zones.get(asset.zone, asset.zone),
        state=asset.state.value,
        importance=asset.importance,
        dimension=asset.dimension.value,
    )
