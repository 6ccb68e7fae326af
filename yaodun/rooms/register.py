"""Units, systems and assets as the pages read them."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.rooms import register as shown


class RegisterRoom:
    """Implements ``dashboards.rooms.register.Register``."""

    def systems(self) -> Sequence[shown.SystemName]:
        """Every business system."""
        return []

    def assets(self) -> Sequence[shown.AssetRow]:
        """Every asset."""
        return []
