"""Sensing devices and network devices: the register, and changing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from collectors.sensing.device import Device, Limit, Storage
from infra.web.seams import Actor

__all__ = ["Device", "Devices", "Limit", "Storage"]


class Devices(Protocol):
    """The register of sensing devices; each change checks rights, enters the ledger, raises ``AppError``."""

    def devices(self) -> Sequence[Device]: ...

    def save(self, actor: Actor, device: Device) -> None: ...

    def set_key(self, actor: Actor, device: str, key: bytes) -> None: ...
