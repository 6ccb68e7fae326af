"""One rule pack: its head, its content, and the reference a record keeps."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import msgspec


class Confidence(StrEnum):
    """How sure the facts of a pack are; anything but ``VERIFIED`` is shown as an assumption."""

    VERIFIED = "verified"
    SECOND_HAND = "second-hand"
    BELIEVED = "believed"


class PackRef(msgspec.Struct, frozen=True):
    """What a record keeps of a pack: which version and the SHA-256 of its file."""

    pack: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.pack}@{self.version}#{self.sha256[:12]}"


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """A rule pack. ``valid_to`` is the last day it is in force, None while it still is."""

    pack: str
    version: str
    title: dict[str, str]
    valid_from: date
    valid_to: date | None
    source: str
    confidence: Confidence
    content: dict[str, Any]
    sha256: str = ""

    @property
    def ref(self) -> PackRef:
        """The reference records keep."""
        return PackRef(self.pack, self.version, self.sha256)

    def in_force(self, day: date) -> bool:
        """Whether the pack is in force on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
