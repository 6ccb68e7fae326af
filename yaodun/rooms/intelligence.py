"""Threat intelligence for pages and API, over the shelf of indicators and the alerts that came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from analytics.intelligence import Shelf
from analytics.intelligence.desk import IndicatorDesk
from analytics.intelligence.detector import DETECTOR
from dashboards.rooms.intelligence import Collection, Feed, Indicator, Overview
from ops.alerts.outcomes import met_by_author
from yaodun.intelligence import feeds_of
from yaodun.site import Site
from yaodun.taxii_polls import polls_of

RECENT = timedelta(days=30)


def indicator_desk(site: Site) -> IndicatorDesk:
    """The desk over the site's shelf and folder of feeds."""
    return IndicatorDesk(site.home.indicators, feeds_of(site), site.records, site.clock)


class IntelligenceRoom:
    """Implements ``dashboards.rooms.intelligence.Intelligence``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def overview(self) -> Overview:
        """Every feed and collection."""
        site, now = self._site, self._site.clock.now()
        polls = polls_of(site.home)
        collections = tuple(
            Collection(address=one, asked=polls[one].asked if one in polls else None,
                       after=polls[one].after if one in polls else "",
                       problem=polls[one].problem if one in polls else "")
            for one in site.settings.intelligence.taxii
        )  # fmt: skip
        folder = str(feeds_of(site))
        if not site.home.indicators.exists():
            return Overview(folder=folder, read=None, collections=collections)
        shelf = Shelf(site.home.indicators)
        try:
            views, kinds = shelf.by_source(now), shelf.counts(now)
        finally:
            shelf.close()
        met = met_by_author(site.records, DETECTOR, now - RECENT)
        feeds = tuple(
            Feed(
                source=view.source, taken=view.taken, counting=view.counting, expired=view.expired,
                oldest=view.oldest, newest=view.newest, refused=view.refused, problem=view.problem,
                alerts=met[view.source].alerts if view.source in met else 0,
                signals=met[view.source].signals if view.source in met else 0,
                hit=met[view.source].last if view.source in met else None,
            )
            for view in views
        )  # fmt: skip
        read = max((feed.taken for feed in feeds), default=None)
        return Overview(folder=folder, read=read, feeds=feeds, collections=collections, kinds=kinds)

    def find(self, text: str, most: int = 100) -> Sequence[Indicator]:
        """Indicators whose value begins with the text."""
        if not self._site.home.indicators.exists():
            return []
        shelf = Shelf(self._site.home.indicators)
        try:
            return [
                Indicator(kind=one.kind.value, value=one.value, source=one.source, confidence=one.confidence,
                          since=one.since, until=one.until, name=one.name)
                for one in shelf.search(text.strip().lower(), most)
            ]  # fmt: skip
        finally:
            shelf.close()
