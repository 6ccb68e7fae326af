"""Systems as the pages read them: the register's names, the packs' expectations, the last judgement's health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analytics.systems.health import SystemHealth
from analytics.systems.numbers import ProvinceQuality
from analytics.systems.packs import Pack, packs
from dashboards.rooms import systems as shown
from infra.register import Asset, System
from yaodun.business_state import read_state
from yaodun.site import Site


class SystemsRoom:
    """Implements ``dashboards.rooms.systems.Systems``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def provinces(self) -> Sequence[ProvinceQuality]:
        """Of the last judgement."""
        summary = read_state(self._site.home.state).summary
        return summary.provinces if summary else ()

    def all(self) -> Sequence[shown.SystemView]:
        """Every system of the register, those of the plan first, with what its pack expects and what came."""
        state = read_state(self._site.home.state)
        health = {item.system: item for item in state.systems}
        expected = {pack.system: pack for pack in packs()}
        units = {unit.id: unit.name for unit in self._site.register.units()}
        assets = self._site.register.assets()
        return [
            _view(system, units, assets, expected.get(system.id), health.get(system.id), state.judged)
            for system in self._site.register.systems()
        ]


def _view(
    system: System, units: dict[str, str], assets: Sequence[Asset], pack: Pack | None, found: SystemHealth | None,
    judged: datetime | None,
) -> shown.SystemView:  # fmt: skip
    return shown.SystemView(
        id=system.id, name=system.name, unit=units.get(system.unit, system.unit), about=system.about,
        level=system.level, owner=pack.owner if pack else "", judged=judged if found else None,
        assets=tuple(asset.id for asset in assets if asset.system == system.id),
        dimensions=dict(found.dimensions) if found else {},
        signals=_signals(pack, found) if pack else (),
        feeds=_feeds(pack, found) if pack else (),
    )  # fmt: skip


def _signals(pack: Pack, found: SystemHealth | None) -> tuple[shown.SystemSignal, ...]:
    measured = {item.id: item for item in found.signals} if found else {}
    return tuple(
        shown.SystemSignal(
            id=signal.id, title=signal.title, dimension=signal.dimension, unit=signal.unit, best=signal.best,
            worst=signal.worst, window_h=signal.window_h, value=item.value if item else None,
            health=item.health if item else None, events=item.events if item else 0,
            query=_query(pack.system, signal.of),
        )
        for signal in pack.signals
        for item in (measured.get(signal.id),)
    )  # fmt: skip


def _query(system: str, of: Mapping[str, Any]) -> str:
    """The search for the events of a system that a signal looks at: by their kind."""
    kinds = of.get("kind", [])
    words = [kinds] if isinstance(kinds, str) else [str(kind) for kind in kinds]
    chosen = f" AND yaodun.biz.type:({' OR '.join(words)})" if words else ""
    return f"yaodun.biz.system:{system}{chosen}"


def _feeds(pack: Pack, found: SystemHealth | None) -> tuple[shown.FeedLine, ...]:
    missing = set(found.missing_feeds) if found else {feed.kind for feed in pack.feeds}
    return tuple(shown.FeedLine(feed.kind, feed.every_h, feed.kind not in missing) for feed in pack.feeds)
