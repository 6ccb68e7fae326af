"""Feeds and indicators to look at: a full site, an empty one, a broken one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dashboards.rooms.intelligence import Collection, Feed, Indicator, Overview
from infra.clock import Clock
from infra.errors import AppError, ErrorKind


@dataclass
class FakeIntelligence:
    """``mode``: full, first, empty, broken."""

    clock: Clock
    mode: str = "full"

    def overview(self) -> Overview:
        if self.mode == "broken":
            raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")
        now = self.clock.now()
        if self.mode != "full":
            return Overview(folder="/var/lib/yaodun/intelligence", read=None)
        good = Feed(source="cncert-malware.json", taken=now - timedelta(minutes=12), counting=184_220, expired=9_120,
                    oldest=now - timedelta(days=80), newest=now - timedelta(hours=3), refused=0, problem="", alerts=3,
                    signals=41, hit=now - timedelta(hours=1))  # fmt: skip
        bad = Feed(source="partner-list.csv", taken=now - timedelta(days=2), counting=811, expired=0,
                   oldest=now - timedelta(days=9), newest=now - timedelta(days=2), refused=14,
                   problem="partner-list.csv:18: 999.1.2.3 不是指标；请更正该值")  # fmt: skip
        asked = Collection(address="https://feeds.example.cn/api/collections/91a7/", asked=now - timedelta(minutes=12),
                           after="2026-11-25T05:12:44.000Z", problem="")  # fmt: skip
        kinds = {"address": 91_002, "domain": 80_114, "hash": 13_915}
        return Overview(
            folder="/var/lib/yaodun/intelligence", read=good.taken, feeds=(good, bad), collections=(asked,), kinds=kinds
        )

    def find(self, text: str, most: int = 100) -> Sequence[Indicator]:
        if self.mode != "full":
            return []
        now = self.clock.now()
        return [
            Indicator(kind="domain", value=f"evil{number}.example", source="cncert-malware.json", confidence=85,
                      since=now - timedelta(days=number), until=now + timedelta(days=20 - 9 * number), name="Loader")
            for number in range(4)
        ]  # fmt: skip
