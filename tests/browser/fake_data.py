"""Data assets and the weights of posture for the pages: well kept and badly kept, proposed, in force, broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from analytics.datasecurity.kinds import SENSITIVITY, Kind
from analytics.datasecurity.register import Category, DataAsset, Grade, KeptAsset
from analytics.datasecurity.seen import SeenColumn, SeenDataset, SeenExport, SeenFlow
from analytics.posture.catalogue import catalogue
from analytics.posture.weights import WeightState, WeightVersion, settled, shipped
from dashboards.rooms.weighting import Effect, Weighed
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension
from infra.text import say
from infra.web.seams import Actor

_TIMEOUT = ("dashboards.error.timeout", {"seconds": "10"})


def _fail() -> None:
    raise AppError(ErrorKind.UNAVAILABLE, _TIMEOUT[0], **_TIMEOUT[1])


def _column(name: str, kind: Kind, share: float, sample: str) -> SeenColumn:
    return SeenColumn(
        name=name, kind=kind, sensitivity=SENSITIVITY[kind], share=share, values=int(12_000 * share), sample=sample
    )


class FakeData:
    """``mode``: full, first, empty, broken."""

    def __init__(self, clock: Clock, mode: str) -> None:
        self.clock, self.mode = clock, mode
        self.kept: list[DataAsset] = list(_ASSETS) if mode == "full" else []

    def assets(self) -> Sequence[KeptAsset]:
        if self.mode == "broken":
            _fail()
        now = self.clock.now()
        return [KeptAsset(asset=asset, changed=now - timedelta(days=9), changed_by="王工") for asset in self.kept]

    def seen(self) -> Sequence[SeenDataset]:
        if self.mode == "broken":
            _fail()
        return self._sets() if self.mode == "full" else ()

    def save(self, actor: Actor, asset: DataAsset) -> None:
        self.kept = [one for one in self.kept if one.id != asset.id] + [asset]

    def _sets(self) -> Sequence[SeenDataset]:
        last = self.clock.now() - timedelta(hours=2)
        exports = (
            SeenExport(destination="第三方分析公司 / 沙箱", times=7, records=481_200, accounts=3, clear=2, loose=1,
                       astray=4, last=last),
            SeenExport(destination="省级监管平台", times=212, records=96_310, accounts=9, clear=0, loose=0, astray=0,
                       last=last),
            SeenExport(destination="", times=1, records=40, accounts=1, clear=0, loose=1, astray=0, last=last),
        )  # fmt: skip
        flows = (
            SeenFlow(sender="国家数据中心", receiver="新疆生产建设兵团药品监管数据节点", times=31, records=1_284_000,
                     last=last),
            SeenFlow(sender="", receiver="省级节点 44", times=30, records=902_117, last=last),
        )  # fmt: skip
        people = (
            _column("applicant_id_no", Kind.IDENTITY, 0.998, "1101**********1234"),
            _column("contact_phone", Kind.PHONE, 0.94, "138****5678"),
            _column("contact", Kind.NAME, 0.91, "张*"),
            _column("unified_social_credit_code_of_the_applicant", Kind.CREDIT_CODE, 0.4, "9111**********7X2K"),
        )
        return (
            SeenDataset(dataset="approval-cases", systems=("services", "portal"), columns=people, exports=exports,
                        rows=12_000, last=last),
            SeenDataset(dataset="licence-holders", systems=("licence",),
                        columns=(_column("licence_id", Kind.LICENCE, 1.0, "1.2.156.3005.2.****"),), flows=flows,
                        rows=4_000, last=last),
            SeenDataset(dataset="inspection-2026", systems=("cooperation",), exports=exports[1:2], rows=900, last=last),
        )  # fmt: skip


_ASSETS = (
    DataAsset(id="approval-people", name_zh="审批申请人信息", name_en="Applicants of approvals", unit="it",
              category=Category.PERSONAL_SENSITIVE, grade=Grade.IMPORTANT, system="services", owner="政务服务处",
              datasets=("approval-*",), places=("mariadb/services.applicants", "srv-01"), zones=("内网", "共享区"),
              purpose="行政许可办理"),
    DataAsset(id="licences", name_zh="电子证照底册", name_en="Register of electronic licences", grade=Grade.CORE,
              category=Category.REGULATION, system="licence", datasets=("licence-holders",), places=("pg/licence",)),
    DataAsset(id="statistics", name_zh="统计年报", category=Category.PUBLIC, grade=Grade.GENERAL_1, owner="规划处"),
)  # fmt: skip


class FakeWeighting:
    """``mode``: full (one in force, one proposed, one refused, one with a broken seal), first, empty, broken."""

    def __init__(self, clock: Clock, mode: str) -> None:
        self.clock, self.mode = clock, mode

    def table(self) -> tuple[int, Sequence[Weighed]]:
        if self.mode == "broken":
            _fail()
        return (2 if self.mode == "full" else 0), [
            Weighed(
                id=name, name=say(f"analytics.posture.{name}.title"), dimension=dimension, weight=expected.weight,
                health=None if self.mode != "full" or place % 7 == 6 else 1 - (place % 5) / 5,
                lost=100 * expected.weight * (place % 5) / 5,
            )
            for place, (name, (dimension, expected)) in enumerate(sorted(catalogue().items()))
        ]  # fmt: skip

    def versions(self) -> Sequence[WeightVersion]:
        if self.mode == "broken":
            _fail()
        states = (WeightState.PROPOSED, WeightState.ACTIVE, WeightState.RETIRED, WeightState.REFUSED)
        return [self._version(4 - place, state) for place, state in enumerate(states)] if self.mode == "full" else ()

    def _version(self, number: int, state: WeightState) -> WeightVersion:
        at = self.clock.now() - timedelta(days=5 - number)
        decided = None if state is WeightState.PROPOSED else at + timedelta(hours=3)
        return WeightVersion(
            number=number, state=state, weights=settled({next(iter(shipped())): 0.02 * number}), proposer="值班员甲",
            comment="追溯数据的准时到达比以前重要，按专题会的意见提高权重，其余按比例调整" if number % 2 else "试验",
            proposed=at, decider="安全管理员" if decided else "", decided=decided,
            signature=b"" if state in (WeightState.PROPOSED, WeightState.REFUSED) else b"s" * 64,
            sealed={WeightState.ACTIVE: True, WeightState.RETIRED: False}.get(state),
        )  # fmt: skip

    def effect(self, weights: Mapping[str, float]) -> Effect:
        names = ("overall", *Dimension)
        before = {str(name): 70.0 + place for place, name in enumerate(names)}
        after: dict[str, float | None] = {name: value - 1.5 for name, value in before.items()}
        return Effect(before={**before}, after={**after, str(Dimension.DATA): None}, weights=settled(weights))

    def propose(self, actor: Actor, weights: Mapping[str, float], comment: str) -> int:
        return 5

    def approve(self, actor: Actor, number: int) -> None: ...

    def refuse(self, actor: Actor, number: int) -> None: ...
