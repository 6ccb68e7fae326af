"""Rooms with generated data, for page tests and for looking at pages: full, empty and broken."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from analytics.posture.trend import Trend, trend
from analytics.rules.suppressing import SuppressionDesk
from dashboards.rooms import Rooms
from dashboards.rooms.audit import AuditFilter, AuditPage, AuditRow, Proof
from dashboards.rooms.health import Condition, Refusal, RuleState, ServiceState, SourceState, StoreState
from dashboards.rooms.people import Link, Person, Role, SecondFactor, SessionRow
from dashboards.rooms.posture import Loss, LossKind, Measure, Need, Reading, Score, Shift, Standing
from dashboards.rooms.register import AssetCard, AssetRow, SystemName
from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.events.stream import Event, Stream
from infra.exchange import Dimension
from infra.register.nouns import Address, AddressKind, Asset
from infra.register.zones import Fact
from infra.store.query.tree import Answer, AnyAggregation, Page, Query
from infra.store.seams import Batch, SourceCount, SpoolPosition, StreamStats
from infra.web.seams import Actor, Decision
from tests.browser.fake_alerts import FakeAlerts
from tests.browser.fake_connecting import FakeConnecting
from tests.browser.fake_data import FakeData, FakeWeighting
from tests.browser.fake_devices import FakeDevices
from tests.browser.fake_fleet import FakeFleet
from tests.browser.fake_graded import fake_graded
from tests.browser.fake_insight import FakeInsight
from tests.browser.fake_intelligence import FakeIntelligence
from tests.browser.fake_pki import FakePki
from tests.browser.fake_rules import fake_rules
from tests.browser.fake_systems import FakeSystems
from tests.browser.fake_work import fake_work

NEEDS = (
    Need("业务事件接口或文件", "追溯、审批、证照等六类事件", "/ui/health"),
    Need("应用审计日志", "对应 41 条业务规则", "/ui/health"),
    Need("单点登录日志", "补上是谁做的", "/ui/health"),
)


def _broken() -> None:
    raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")


@dataclass
class FakePosture:
    """``mode``: full, first (one dimension measured, low coverage), empty, broken."""

    clock: Clock
    mode: str = "full"

    def now(self, at: datetime | None = None) -> Standing:
        if self.mode == "broken":
            _broken()
        now = at or self.clock.now()
        if self.mode != "full":
            unmeasured = [
                Score(
                    dimension=d, score=None, low=None, high=None, coverage=0.0, measured=0, indicators=18, needs=NEEDS
                )
                for d in Dimension
            ]
            if self.mode == "first":
                unmeasured[2] = self._infra(now, 0.55)
            return Standing(at=now, score=None, low=None, high=None, dimensions=tuple(unmeasured))
        days = tuple(
            (now - timedelta(days=14 - i), 76 + math.sin(i), 73 + math.sin(i), 78 + math.sin(i)) for i in range(14)
        )
        business = Score(
            dimension=Dimension.BUSINESS,
            score=75.5,
            low=73,
            high=78,
            coverage=0.94,
            measured=20,
            indicators=21,
            yesterday=78.7,
            days=days,
            losses=(
                Loss("追溯码重复持有 3 批", 7.2, href="/ui/alerts"),
                Loss("证照验证量越界", 4.6),
                Loss("审批超期 11 件", 3.1),
                Loss("省级批次迟到 2 家", 2.4),
                Loss("甲", 1.4),
                Loss("乙", 1.0),
                Loss("丙", 1.0),
                Loss("未结事件压力", 3.8, LossKind.PRESSURE),
            ),
        )
        data = Score(
            dimension=Dimension.DATA,
            score=80.8,
            low=77,
            high=83,
            coverage=0.91,
            measured=17,
            indicators=18,
            yesterday=80.4,
            days=days,
            losses=(
                Loss("敏感字段导出超量", 5.4),
                Loss("无案由查看个人信息 42 次", 4.1),
                Loss("跨区新流向 2 条", 2.8),
                Loss("恢复演练逾期 6 天", 2.0),
                Loss("其他", 2.9),
                Loss("未结事件压力", 2.0, LossKind.PRESSURE),
            ),
        )
        infra = Score(
            dimension=Dimension.INFRASTRUCTURE,
            score=60.0,
            low=59,
            high=60,
            coverage=0.97,
            measured=34,
            indicators=35,
            yesterday=71.9,
            days=days,
            losses=(
                Loss("高危漏洞逾期 37 台", 8.8),
                Loss("基线不符合 214 项", 5.3),
                Loss("证书 30 天内到期 9 张", 3.2),
                Loss("丁", 2.0),
                Loss("戊", 2.0),
                Loss("未结事件压力", 6.3, LossKind.PRESSURE),
                Loss("封顶 60：核心资产严重事件", 12.4, LossKind.CAP),
            ),
        )
        return Standing(at=now, score=70, low=68, high=71, dimensions=(business, data, infra), yesterday=76.4)

    def _infra(self, now: datetime, coverage: float) -> Score:
        losses = (
            Loss("SSH 允许 root 口令登录", 6.0),
            Loss("日志没有第二份", 4.0),
            Loss("16 / 35 未测：按先验", 12.2, LossKind.UNMEASURED),
            Loss("未结告警压力", 5.2, LossKind.PRESSURE),
        )
        return Score(
            dimension=Dimension.INFRASTRUCTURE,
            score=72.6,
            low=60,
            high=81,
            coverage=coverage,
            measured=19,
            indicators=35,
            losses=losses,
        )

    def readings(self) -> Sequence[Reading]:
        if self.mode == "broken":
            _broken()
        if self.mode == "empty":
            return ()
        dice = random.Random(3)

        def line(level: float, spread: float) -> tuple[float | None, ...]:
            return tuple(level + spread * math.sin(i / 4) + dice.gauss(0, spread / 4) for i in range(48))

        rows = [
            Reading(
                id="critical",
                group="security",
                name="严重告警未关闭",
                value=3,
                unit="条",
                href="/ui/alerts?level=critical",
                note="目标 0",
                line=(0, 0, 1, 1, 2, 3),
                outside="critical",
            ),
            Reading(
                id="new",
                group="security",
                name="新增告警组",
                value=46,
                unit="组 / 24 时",
                href="/ui/alerts",
                low=31,
                high=52,
                line=line(40, 8),
            ),
            Reading(
                id="logins",
                group="security",
                name="登录失败",
                value=12,
                unit="次 / 时",
                href="/ui/hunt?q=event.outcome:failure",
                low=5,
                high=20,
                line=line(11, 4),
            ),
            Reading(
                id="rules",
                group="security",
                name="已载入规则",
                value=25,
                unit="条",
                href="/ui/health",
                note="9 条无来源",
            ),
            Reading(
                id="cpu",
                group="systems",
                name="处理器",
                value=7.2,
                unit="%",
                href="/ui/hosts",
                low=3,
                high=15,
                line=line(8, 3),
                note="4 核",
            ),
            Reading(
                id="memory",
                group="systems",
                name="内存",
                value=3.1,
                unit="/ 15.6 GiB",
                href="/ui/hosts",
                low=2,
                high=5,
                line=line(3, 0.5),
            ),
            Reading(
                id="disk",
                group="systems",
                name="磁盘 /",
                value=41,
                unit="%",
                href="/ui/hosts",
                note="剩 118 GiB",
                line=line(41, 0.4),
            ),
            Reading(id="hosts", group="systems", name="在线主机", value=1, unit="台", href="/ui/hosts", note="共 1 台"),
        ]
        if self.mode == "full":
            rows += [
                Reading(
                    id="codes",
                    group="business",
                    name="追溯码上传",
                    value=12_840_000,
                    unit="条/时",
                    href="/ui/hunt",
                    low=11_500_000,
                    high=14_200_000,
                    line=line(12e6, 1e6),
                ),
                Reading(
                    id="batches",
                    group="business",
                    name="省级批次到达",
                    value=30,
                    unit="/ 32 应到",
                    href="/ui/hunt",
                    note="迟到 青海、兵团",
                    line=(32,) * 20 + (30,),
                    outside="medium",
                ),
                Reading(
                    id="approvals",
                    group="business",
                    name="审批办结",
                    value=412,
                    unit="件",
                    href="/ui/hunt",
                    low=380,
                    high=460,
                    line=line(412, 30),
                    note="超期 11",
                ),
                Reading(
                    id="checks",
                    group="business",
                    name="电子证照验证",
                    value=96_310,
                    unit="次/时",
                    href="/ui/hunt",
                    low=40_200,
                    high=61_800,
                    line=(*line(50_000, 5000), 96_310),
                    outside="high",
                ),
            ]
        return rows

    def measures(self, dimension: Dimension, at: datetime | None = None) -> Sequence[Measure]:
        if self.mode == "broken":
            _broken()
        missing = Measure(
            id="x.missing", name="敏感字段导出", value=None, unit="行", target="目标 ≤ 40", window_s=86_400, weight=0.2,
            lost=10.0, remedy="接入数据库审计日志",
        )  # fmt: skip
        if self.mode == "empty":
            return [missing]
        line = tuple(0.4 + math.sin(i / 4) / 10 if i % 9 else None for i in range(48))
        good = Measure(
            id="x.good", name="业务数据准时到达", value=98.2, unit="%", target="目标 ≥ 95", window_s=3600, weight=0.3,
            lost=None, source="exchange", href="/ui/health", line=line,
        )  # fmt: skip
        bad = Measure(
            id="x.bad", name="追溯码异常", value=186.0, unit="万码", target="目标 ≤ 10", window_s=86_400, weight=0.3,
            lost=7.2, source="analytics", href="/ui/alerts", line=line, outside="high",
        )  # fmt: skip
        return [good, missing, bad]

    def trend(self, dimension: Dimension) -> Trend:
        if self.mode == "broken":
            _broken()
        hours = 504 if self.mode == "full" else 9
        dice = random.Random(str(dimension))
        scores = [78 + 6 * math.sin(i / 3.8) - i / 90 + dice.gauss(0, 1) for i in range(hours)]
        return trend(scores, self.clock.now())

    def shifts(self) -> Sequence[Shift]:
        if self.mode == "broken":
            _broken()
        now = self.clock.now()
        if self.mode == "empty":
            return ()
        return (
            Shift(
                at=now - timedelta(hours=5),
                text="关键基础设施触发封顶",
                level="high",
                before="71.9",
                after="60.0",
                href="/ui/alerts",
            ),
            Shift(
                at=now - timedelta(hours=2),
                text="新增开放端口 10.20.6.31:6379",
                level="medium",
                before="0",
                after="1",
                href="/ui/hunt?q=event.action:listening",
            ),
            Shift(at=now - timedelta(hours=1), text="逾期漏洞主机减少", level="normal", before="52", after="37"),
        )


@dataclass
class FakeHealth:
    clock: Clock
    mode: str = "full"

    def now(self) -> Condition:
        if self.mode == "broken":
            _broken()
        now = self.clock.now()
        names = ("agent", "ingest", "keeper", "analysis", "runner", "web")
        services = tuple(
            ServiceState(
                name=name,
                state="running",
                pid=4000 + index,
                pss_mib=38.0 + 21 * index,
                ceiling_mib=200,
                since=now - timedelta(hours=3),
            )
            for index, name in enumerate(names)
        )
        if self.mode == "empty":
            return Condition(at=now, services=services, sources=(), store=None, rules=None)
        dice = random.Random(5)
        hours = tuple(dice.randrange(900, 1300) for _ in range(24))
        sources = (
            SourceState(
                id="host/metrics",
                name="主机指标",
                family="host",
                received=18_400,
                stored=18_400,
                rate_s=6.0,
                lag_s=0.1,
                hours=hours,
                last_seen=now,
            ),
            SourceState(
                id="file:/var/log/auth.log",
                name="登录记录 /var/log/auth.log",
                family="log",
                received=1_842,
                stored=1_839,
                quarantined=3,
                rate_s=0.2,
                lag_s=0.3,
                hours=(None,) * 20 + hours[:4],
                last_seen=now,
            ),
            SourceState(
                id="syslog-tcp",
                name="syslog TCP",
                family="receiver",
                received=50_120,
                stored=50_000,
                quarantined=100,
                refused=20,
                rate_s=31.4,
                lag_s=0.4,
                hours=hours,
                last_seen=now,
            ),
            SourceState(
                id="biz/trace",
                name="追溯系统",
                family="business",
                received=402,
                stored=402,
                silent=True,
                last_seen=now - timedelta(minutes=41),
                hours=(*hours[:22], None, None),
            ),
            SourceState(
                id="journald",
                name="系统日志 journald",
                family="log",
                available=False,
                reason="本机没有 systemd，找不到 journalctl",
                remedy="在有 systemd 的主机上运行代理，或改用日志文件来源",
            ),
        )
        store = StoreState(
            kind="embedded",
            events=1_284_000,
            bytes=182_000_000,
            oldest=now - timedelta(days=3),
            newest=now,
            free_bytes=118 << 30,
            runway_days=231,
            streams=tuple((stream.value, 200_000, 30_000_000, now - timedelta(days=3), now) for stream in Stream),
        )
        return Condition(
            at=now,
            services=services,
            sources=sources,
            store=store,
            rules=RuleState(25, 0, 9),
            lag_s=0.3,
            rate_s=37.6,
            started=now - timedelta(hours=3),
            listeners=(("http", "127.0.0.1:8443"), ("syslog-tcp", "127.0.0.1:5514")),
        )

    def refusals(self, source: str) -> Sequence[Refusal]:
        return (Refusal("字段 source.ip 不是地址", 3, self.clock.now()),) if self.mode == "full" else ()


@dataclass
class FakePeople:
    clock: Clock
    version: int = 0
    members: list[Person] = field(default_factory=list)
    standing: bool = True

    def __post_init__(self) -> None:
        now = self.clock.now()
        self.members = [
            Person(
                id="u-analyst",
                name="zhang",
                display="值班员甲",
                roles=("analyst",),
                state="active",
                second_factor=True,
                created=now - timedelta(days=3),
                last_seen=now,
                sessions=1,
            ),
            Person(
                id="u-system",
                name="sysadmin",
                display="系统管理员",
                roles=("system_admin",),
                state="active",
                created=now - timedelta(days=3),
                last_seen=now - timedelta(hours=2),
            ),
            Person(
                id="u-audit", name="auditor", display="审计管理员", roles=("audit_admin",), state="invited", created=now
            ),
        ]

    def people(self) -> Sequence[Person]:
        return self.members

    def roles(self) -> Sequence[Role]:
        return (
            Role("system_admin", "系统管理员", "管账户与系统设置", ("security_admin", "audit_admin")),
            Role("security_admin", "安全管理员", "管权限与策略", ("system_admin", "audit_admin")),
            Role("audit_admin", "审计管理员", "看审计，不改任何东西", ("system_admin", "security_admin")),
            Role("analyst", "值班员", "处理告警"),
            Role("viewer", "查看者", "只看"),
        )

    def create(self, actor: Actor, name: str, display: str, roles: tuple[str, ...]) -> Link:
        if any(person.name == name for person in self.members):
            raise AppError(ErrorKind.CONFLICT, "dashboards.users.taken", name=name)
        self.members.append(
            Person(
                id=f"u-{name}",
                name=name,
                display=display or name,
                roles=roles,
                state="invited",
                created=self.clock.now(),
            )
        )
        return self.link(actor, f"u-{name}")

    def link(self, actor: Actor, person: str) -> Link:
        return Link(person, "/ui/start/3q9f-example-secret", self.clock.now() + timedelta(hours=24))

    def set_roles(self, actor: Actor, person: str, roles: tuple[str, ...]) -> None:
        self._replace(person, roles=roles)

    def set_disabled(self, actor: Actor, person: str, disabled: bool) -> None:
        self._replace(person, state="disabled" if disabled else "active")

    def _replace(self, person: str, **changes: Any) -> None:
        import msgspec

        self.members = [
            msgspec.structs.replace(each, **changes) if each.id == person else each for each in self.members
        ]
        self.version += 1

    def sessions(self, person: str | None = None) -> Sequence[SessionRow]:
        now = self.clock.now()
        return (
            SessionRow(
                id="s-1",
                person="u-analyst",
                started=now - timedelta(hours=1),
                last_seen=now,
                address="127.0.0.1",
                agent="Chromium 156",
                own=True,
            ),
        )

    def end_session(self, actor: Actor, session: str) -> None:
        self.version += 1

    def begin_second_factor(self, actor: Actor) -> SecondFactor:
        return SecondFactor("otpauth://totp/Yaodun:zhang?secret=JBSWY3DPEHPK3PXP&issuer=Yaodun", "JBSWY3DPEHPK3PXP")

    def confirm_second_factor(self, actor: Actor, code: str) -> None:
        if code != "123456":
            raise AppError(ErrorKind.INVALID, "dashboards.me.code_wrong")

    def alive(self, actor: Actor) -> bool:
        return self.standing


@dataclass
class FakeAudit:
    clock: Clock
    count: int = 300
    whole: bool = True

    def rows(self, wanted: AuditFilter, count: int, after: str | None = None) -> AuditPage:
        start = int(after or 0)
        all_rows = [self._row(index) for index in range(self.count, 0, -1)]
        kept = [
            row
            for row in all_rows
            if wanted.actor in row.actor and row.action.startswith(wanted.action) and wanted.text in row.words
        ]
        end = start + count
        return AuditPage(tuple(kept[start:end]), len(kept), str(end) if end < len(kept) else None)

    def _row(self, index: int) -> AuditRow:
        action = ("alert.acknowledge", "account.create", "session.start", "alert.close")[index % 4]
        return AuditRow(
            sequence=index,
            at=self.clock.now() - timedelta(minutes=self.count - index),
            actor="值班员甲",
            action=action,
            words="确认告警",
            thing=f"A-{index:05d}",
            hash=f"{index:08x}" + "5b02" * 12,
            detail={"comment": "核实中"},
        )

    def verify(self) -> Proof:
        if self.whole:
            return Proof(whole=True, leaves=self.count, head="9c41e07b" * 8, at=self.clock.now())
        return Proof(
            whole=False,
            leaves=self.count,
            head="9c41e07b" * 8,
            at=self.clock.now(),
            broken_at=17,
            problem="哈希与内容不符",
        )


@dataclass
class FakeRegister:
    names: dict[str, str] = field(default_factory=dict)

    def systems(self) -> Sequence[SystemName]:
        return (SystemName("trace", "药品追溯监管系统"),)

    def assets(self) -> Sequence[AssetRow]:
        return (AssetRow(id="srv-01", name="srv-01", kind="host", addresses=("10.0.4.12",)),)

    def asset(self, asset: str) -> AssetCard:
        now = SystemClock().now()
        if asset != "srv-01":
            raise AppError(ErrorKind.NOT_FOUND, "infra.register.no_asset", place=asset[:64])
        held = (
            Address(AddressKind.HOST_ID, "5f0c" * 8, now - timedelta(days=90), None, now, "agent"),
            Address(AddressKind.IP, "10.0.4.12", now - timedelta(days=20), None, now, "agent"),
            Address(AddressKind.MAC, "00-16-3E-1A-2B-3C", now - timedelta(days=90), None, now, "arp"),
            Address(AddressKind.IP, "10.0.4.77", now - timedelta(days=60), now - timedelta(days=20), None, "dhcp"),
            Address(AddressKind.CERTIFICATE, "ab12" * 16, now - timedelta(days=9), None, now, "certificate"),
        )
        facts = (Fact(name="os", value="Debian 12", told_by="agent", seen=now),)
        noun = Asset(id="srv-01", name=self.names.get(asset, "srv-01"), system="trace", unit="it", addresses=held)
        return AssetCard(
            asset=noun, facts=facts, unit="信息中心", contact="王工", system="药品追溯监管系统", zone="内网"
        )

    def whose(self, addresses: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        return {}

    def save_asset(self, actor: Actor, asset: Asset) -> None:
        self.names[asset.id] = asset.name


class AllowAll:
    def decide(self, actor: Actor, action: str, thing: str = "") -> Decision:
        return Decision(allowed=True, rule="test")

    def demand(self, actor: Actor, action: str, thing: str = "") -> None:
        return None


@dataclass
class FakePulse:
    alerts: FakeAlerts
    people: FakePeople
    extra: dict[str, int] = field(default_factory=dict)
    changed: Callable[[], dict[str, int]] = dict

    def versions(self) -> dict[str, int]:
        return {"alerts": self.alerts.version, "people": self.people.version, **self.extra, **self.changed()}


class NoEvents:
    """An event store that holds nothing, or fails."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken

    def append(self, batch: Batch) -> None: ...

    def committed(self, spool: str) -> SpoolPosition:
        return SpoolPosition()

    def counts(self) -> Mapping[str, SourceCount]:
        return {}

    def search(self, query: Query) -> Page:
        if self.broken:
            _broken()
        return Page((), 0)

    def aggregate(self, query: Query, aggregations: Mapping[str, AnyAggregation]) -> Mapping[str, Answer]:
        if self.broken:
            _broken()
        return {name: Answer() for name in aggregations}

    def get(self, event_id: str) -> Event | None:
        return None

    def stats(self) -> Mapping[Stream, StreamStats]:
        return {}

    def days(self, stream: Stream) -> Sequence[date]:
        return ()

    def drop_day(self, stream: Stream, day: date) -> int:
        return 0

    def close(self) -> None: ...


def fake_rooms(mode: str = "full", clock: Clock | None = None, events: Any = None) -> Rooms:
    """Rooms in a mode: full, first (a fresh installation), empty, broken."""
    clock = clock or SystemClock()
    alerts = FakeAlerts(clock, count={"full": 120, "first": 2}.get(mode, 0), broken=mode == "broken")
    people = FakePeople(clock)
    work, changed = fake_work(clock, mode)
    store = events or NoEvents(broken=mode == "broken")
    return Rooms(
        alerts=alerts,
        events=store,
        posture=FakePosture(clock, mode),
        health=FakeHealth(clock, "full" if mode == "first" else mode),
        people=people,
        audit=FakeAudit(clock),
        register=FakeRegister(),
        systems=FakeSystems(clock, mode),
        data=FakeData(clock, mode),
        weighting=FakeWeighting(clock, mode),
        fleet=FakeFleet(clock, mode),
        devices=FakeDevices(clock, mode),
        connecting=FakeConnecting(mode),
        pki=FakePki(clock, mode),
        work=work,
        insight=FakeInsight(clock, mode),
        intelligence=FakeIntelligence(clock, mode),
        rules=(rules := fake_rules(clock, mode, store)),
        suppressions=lambda: SuppressionDesk(rules, store, clock),
        authorizer=AllowAll(),
        pulse=FakePulse(alerts, people, changed=changed),
        graded=fake_graded(clock, mode),
        clock=clock,
    )
