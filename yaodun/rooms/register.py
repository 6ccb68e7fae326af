"""Units, systems and assets as the pages read them, over ``infra.register``."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.rooms import register as shown
from infra.register import AddressKind, Asset, Register


class RegisterRoom:
    """Implements ``dashboards.rooms.register.Register``."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def systems(self) -> Sequence[shown.SystemName]:
        """Business systems with their names in the language of the context."""
        return [shown.SystemName(system.id, system.name) for system in self._register.systems()]

    def assets(self) -> Sequence[shown.AssetRow]:
        """Assets with where they belong, and the addresses they have now."""
        units = {unit.id: unit.name for unit in self._register.units()}
        systems = {system.id: system.name for system in self._register.systems()}
        return [_row(asset, units, systems) for asset in self._register.assets()]


def _row(asset: Asset, units: dict[str, str], systems: dict[str, str]) -> shown.AssetRow:
    current = [item.value for item in asset.addresses if item.until is None and item.kind is AddressKind.IP]
    return shown.AssetRow(
        id=asset.id,
        name=asset.name,
        kind=asset.kind,
        unit=units.get(asset.unit, asset.unit),
        system=systems.get(asset.system, asset.system),
        addresses=tuple(current),
    )
