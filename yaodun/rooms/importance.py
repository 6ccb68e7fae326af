"""How much an asset of a system matters, from the register; asked for often, read now and then."""

from __future__ import annotations

import threading

from ops.alerts.risk import ORDINARY, Importance
from yaodun.site import Site

FRESH_S = 30.0
LEVELS = {1: 0.2, 2: 0.4, 3: 0.7, 4: 0.9, 5: 1.0}
"""Importance by the protection level of a system."""


def importance_of(site: Site) -> Importance:
    """The greater of what the register says of the asset and of its system; ordinary where it knows neither."""
    lock = threading.Lock()
    kept: dict[str, float] = {}
    read_at = -FRESH_S - 1

    def look() -> dict[str, float]:
        nonlocal kept, read_at
        with lock:
            if site.clock.monotonic() - read_at > FRESH_S:
                read_at = site.clock.monotonic()
                systems = {f"system:{one.id}": LEVELS[one.level] for one in site.register.systems() if one.level}
                kept = systems | {f"asset:{one.id}": one.importance for one in site.register.assets()}
            return kept

    def importance(asset: str, system: str) -> float:
        known = look()
        found = [known[key] for key in (f"asset:{asset}", f"system:{system}") if key in known]
        return max(found, default=ORDINARY)

    return importance
