"""Units, systems and assets by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


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


class Register(Protocol):
    """The read side of the register."""

    def systems(self) -> Sequence[SystemName]: ...

    def assets(self) -> Sequence[AssetRow]: ...
