"""Units, systems and assets by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from infra.register.nouns import Asset
from infra.register.zones import Fact
from infra.web.seams import Actor


class SystemName(msgspec.Struct, frozen=True):
    """A business system: id and name."""

    id: str
    name: str


class AssetRow(msgspec.Struct, frozen=True, kw_only=True):
    """An asset with where it belongs."""

    id: str
    name: str
    kind: str
    unit: str = ""
    system: str = ""
    addresses: tuple[str, ...] = ()
    zone: str = ""
    state: str = ""
    importance: float = 0.5
    dimension: str = ""


class AssetCard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of an asset: the noun with its addresses past and present, what is known beside them and who
    said so, and the names of what it belongs to. ``joined`` is the asset it turned out to be."""

    asset: Asset
    facts: tuple[Fact, ...] = ()
    unit: str = ""
    contact: str = ""
    system: str = ""
    zone: str = ""
    joined: str = ""


class Register(Protocol):
    """The read side of the register, and changing an asset (which checks rights and enters the ledger)."""

    def systems(self) -> Sequence[SystemName]: ...

    def assets(self) -> Sequence[AssetRow]: ...

    def asset(self, asset: str) -> AssetCard: ...

    def whose(self, addresses: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Address to the id and name of the asset that has it now; unknown ones are left out."""

    def save_asset(self, actor: Actor, asset: Asset) -> None: ...
