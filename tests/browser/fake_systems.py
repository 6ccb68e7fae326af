"""Business systems for the pages: one well, one ill, one silent."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.systems.numbers import ProvinceQuality, Share
from dashboards.rooms.systems import FeedLine, SystemSignal, SystemView
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension


class FakeSystems:
    """``mode``: full, first, empty, broken."""

    def __init__(self, clock: Clock, mode: str) -> None:
        self.clock, self.mode = clock, mode

    def provinces(self) -> Sequence[ProvinceQuality]:
        if self.mode == "broken":
            raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")
        if self.mode != "full":
            return ()
        codes = [f"{number}0000" for number in (11, 12, 13, 21, 31, 32, 33, 44, 45, 51, 61, 63, 65, 66)]
        return [
            ProvinceQuality(
                province=code, on_time=Share(31 - at % 5 * (at % 3), 31), complete=Share(9_980 - 40 * at, 10_000),
                valid=Share(9_990, 10_000), once=Share(30, 31), consistent=Share(31 - at % 2, 31),
            )
            for at, code in enumerate(codes)
        ]  # fmt: skip

    def all(self) -> Sequence[SystemView]:
        if self.mode == "broken":
            raise AppError(ErrorKind.UNAVAILABLE, "infra.records.locked", place="business.json")
        if self.mode == "empty":
            return ()
        ill = SystemSignal(
            id="late", title="上传迟到", dimension=Dimension.BUSINESS, value=0.3, unit="share", best=0.01, worst=0.2,
            window_h=24, health=0.0, events=400,
        )  # fmt: skip
        unseen = SystemSignal(
            id="reads", title="批量读取", dimension=Dimension.DATA, value=None, unit="reads", best=0, worst=20,
            window_h=24, health=None,
        )  # fmt: skip
        trace = SystemView(
            id="trace", name="药品追溯监管系统", unit="药品监督管理局", owner="药品监管处", level=3, assets=("srv-01",),
            dimensions={Dimension.BUSINESS: 0.0}, signals=(ill, unseen), judged=self.clock.now(),
            feeds=(FeedLine("bill", 24, True), FeedLine("scan", 1, False)),
        )  # fmt: skip
        return (trace, SystemView(id="projects", name="项目管理系统"))
