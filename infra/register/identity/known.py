"""What is known of an asset, and what is worth telling of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Known:
    """What is known of an asset. ``keys`` are values it has had, the newest last."""

    id: str
    since: float
    seen: float = 0.0
    keys: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    facts: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    by: set[str] = field(default_factory=set)
    sightings: int = 0
    complete: bool = False
    addresses: set[str] = field(default_factory=set)
    told: dict[tuple[str, str], str] = field(default_factory=dict)
    vlans: dict[str, str] = field(default_factory=dict)

    def newest(self, kind: str) -> str:
        """The value of a key it showed last."""
        return next(reversed(self.keys[kind]), "") if kind in self.keys else ""

    @property
    def bare(self) -> bool:
        """Is an address all that is known?"""
        return not any(values for kind, values in self.keys.items() if kind != "ip")

    @property
    def light(self) -> bool:
        """Are a name and addresses all that is known?"""
        return not any(values for kind, values in self.keys.items() if kind not in ("ip", "name"))

    @property
    def usual_pause_s(self) -> float:
        """How long it is usually unseen."""
        return (self.seen - self.since) / max(1, self.sightings - 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person may want to know: ``unknown``, ``changed``, ``cloned``, ``joined``."""

    what: str
    asset: str
    at: float
    key: str = ""
    before: str = ""
    after: str = ""
