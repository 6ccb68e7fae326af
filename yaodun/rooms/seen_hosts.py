"""Government hosts seen serving: names asked for at our own addresses, by the traffic of the last week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from infra.clock import parse_rfc3339
from infra.events.stream import Stream
from infra.register import AddressKind, Asset
from infra.store.query.tree import And, Answer, DateHistogram, Exists, Query, Terms, TermsCount, Window
from infra.store.seams import EventStore
from ops.recordfiling.watch import SeenHost

SPAN = timedelta(days=7)
DAY_S = 86_400
MOST = 500
LEAST = 3
"""A name asked for less often may be a slip of somebody's fingers."""


class Assets(Protocol):
    """The register's assets."""

    def assets(self, system: str = "") -> Sequence[Asset]: ...


class SeenHosts:
    """Implements ``dashboards.rooms.graded.HostsSeen``."""

    def __init__(self, store: EventStore, assets: Assets) -> None:
        self._store, self._assets = store, assets

    def hosts(self, now: datetime) -> Sequence[SeenHost]:
        """Names our addresses were asked for; none where no address of ours is registered."""
        own = tuple(a.value for each in self._assets.assets() for a in each.addresses if a.kind is AddressKind.IP)
        if not own:
            return []
        asked = Query(
            streams=(Stream.LOGS, Stream.FLOWS), window=Window(now - SPAN, now + timedelta(seconds=1)),
            filter=And((Terms("destination.ip", own), Exists("url.domain"))), limit=0,
        )  # fmt: skip
        counted = TermsCount("url.domain", MOST, inner={"days": DateHistogram(DAY_S)})
        found = self._store.aggregate(asked, {"h": counted})["h"].buckets
        return [
            SeenHost(str(each.key), each.count, _last(each.inner["days"], now)) for each in found if each.count >= LEAST
        ]


def _last(days: Answer, now: datetime) -> datetime:
    return max((parse_rfc3339(str(bucket.key)) for bucket in days.buckets if bucket.count), default=now)
