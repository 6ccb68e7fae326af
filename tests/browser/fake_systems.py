"""Business systems for the pages: one well, one ill, one silent."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.rooms.systems import FeedLine, SystemSignal, SystemView
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension


class FakeSystems:
    """``mode``: full, first, empty, broken."""

    def __init__(self, clock: Clock, mode: str) -> None:
        self.clock, self.mode = clock, mode

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
