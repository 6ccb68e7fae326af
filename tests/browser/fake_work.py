"""The rooms of work for page tests: the real services over a database of their own, with an example's history."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analytics.posture import PostureService
from dashboards.rooms.work import Work
from infra.blobs import FolderBlobs
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.events import Signal, Why
from infra.exchange import Level
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.schedule import Cron, Schedules
from infra.text.catalogue import Language
from infra.web.seams import Actor
from ops.alerts import Alerts
from ops.incidents import Incidents, State
from ops.incidents import change as c
from ops.incidents.desk import Desk
from ops.incidents.record import IncidentRow
from ops.inspection import Inspections, shipped_lists
from ops.inspection.facts import Account, Backup, BaselineFinding, Disk
from ops.inspection.plans import Plan, Plans
from ops.inspection.record import InspectionRow
from ops.portal import Portal
from ops.reports import Kind, Reports, period_of
from ops.reports.figures import Sources
from ops.work import Changes, Drills, Duty, Orders
from ops.work.changes import Risk, Scope
from ops.work.drills import Criterion
from ops.work.duty import Rota
from ops.work.orders import OrderState
from ops.work.record import WorkRow
from tests.browser.late import Late

ANALYST = Actor(id="u-analyst", name="值班员甲", roles=("analyst",))
OTHER = Actor(id="u-other", name="值班员乙", roles=("analyst",))
NAMES = {"u-analyst": "值班员甲", "u-other": "值班员乙", "u-forensic": "取证员子"}
STORY = (
    ("口令喷洒", "ip", "198.51.100.23", Level.HIGH, 300, 40, "T1110.003"),
    ("svc_trace 异地登录成功", "user", "svc_trace", Level.CRITICAL, 265, 265, "T1078"),
    ("新计划任务", "host", "trace-02", Level.MEDIUM, 245, 0, "T1053.003"),
    ("LSASS 内存读取", "host", "trace-02", Level.CRITICAL, 205, 0, "T1003.001"),
    ("枚举 42 张表", "user", "svc_trace", Level.MEDIUM, 190, 140, "T1087"),
    ("查询接口遍历 9 千次", "ip", "198.51.100.23", Level.HIGH, 60, 20, "T1190"),
    ("导出 186 万行", "user", "svc_trace", Level.CRITICAL, 80, 16, "T1530"),
    ("外发 2.1 GB", "ip", "192.0.2.77", Level.CRITICAL, 78, 12, "T1048"),
)


class StoryClock:
    """The site's clock, set back while the story is told."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self.back = clock, timedelta(0)

    def now(self) -> datetime:
        return self._clock.now() - self.back

    def monotonic(self) -> float:
        return self._clock.monotonic()


def silent(session: Session, *, actor: Actor, action: str, thing: str, detail: dict[str, Any]) -> None:
    """No ledger behind the fake rooms."""


class BrokenRoom:
    """Every question of it fails."""

    def __getattr__(self, name: str) -> Any:
        def fails(*args: Any, **named: Any) -> Any:
            raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")

        return fails


class WorkSite:
    """The services, and a version for the pulse."""

    def __init__(self, clock: Clock, mode: str) -> None:
        folder = Path(tempfile.mkdtemp(prefix="work-"))
        self.records: Records = open_records(folder / "records.db")
        migrate(self.records.engine)
        self.clock = StoryClock(clock)
        self.alerts = Alerts(self.records, self.clock, silent)
        self.incidents = Incidents(self.records, self.clock, silent, self.alerts, FolderBlobs(folder / "blobs"))
        self.desk = Desk(self.incidents, self.alerts, self.clock, None, lambda one: NAMES.get(one, one))
        self.orders = Orders(self.records, self.clock, silent)
        self.changes = Changes(self.records, self.clock, silent)
        self.duty = Duty(self.records, self.clock, silent)
        self.drills = Drills(self.records, self.clock, silent)
        self.inspections = Inspections(
            self.records, self.clock, silent, shipped_lists(), ShownFacts(self.clock), self.orders, self.changes
        )
        self.plans = Plans(Schedules(self.records, self.clock), self.inspections, self.alerts, self.clock)
        sources = Sources(
            posture=PostureService(self.records, self.clock), alerts=self.alerts, desk=self.desk, orders=self.orders,
            changes=self.changes, inspections=self.inspections,
        )  # fmt: skip
        self.reports = Reports(self.records, self.clock, silent, sources, FolderBlobs(folder / "blobs"), None)
        if mode == "full":
            tell(self)
            tell_work(self)

    def work(self) -> Work:
        """The rooms."""
        portal = Portal([self.desk, self.orders, self.changes, self.duty])
        return Work(
            incidents=self.incidents, desk=self.desk, portal=portal, orders=self.orders, changes=self.changes,
            duty=self.duty, drills=self.drills, inspections=self.inspections, plans=self.plans, reports=self.reports,
        )  # fmt: skip

    def versions(self) -> dict[str, int]:
        """What changed."""
        ask = select(func.max(IncidentRow.changed), func.count(IncidentRow.id), func.sum(IncidentRow.events))
        work = select(func.max(WorkRow.changed), select(func.count(InspectionRow.id)).scalar_subquery())
        with self.records.engine.connect() as session:
            return {
                "incidents": hash(tuple(session.execute(ask).one())),
                "work": hash(tuple(session.execute(work).one())),
            }


def fake_work(clock: Clock, mode: str) -> tuple[Work, Any]:
    """Rooms of work in a mode, and their share of the pulse."""
    if mode == "broken":
        broken: Any = BrokenRoom()
        names = (
            "incidents",
            "desk",
            "portal",
            "orders",
            "changes",
            "duty",
            "drills",
            "inspections",
            "plans",
            "reports",
        )
        return Work(**dict.fromkeys(names, broken)), dict
    site: Any = Late(lambda: WorkSite(clock, mode))
    rooms: Any = Late(lambda: site.work())
    return rooms, lambda: site.versions()


def tell(site: WorkSite) -> None:
    """A stolen credential and a bulk export, worked up to containment; beside it smaller matters."""
    now = site.clock.now()
    _earlier(site, now)
    ids = [_alert(site, number, now, *line) for number, line in enumerate(STORY)]
    site.clock.back = timedelta(minutes=290)
    case = site.incidents.open(
        OTHER,
        ids,
        title="追溯监管系统：凭证被窃后批量导出流向数据",
        category="数据安全",
        description="夜间由境外地址登录。",
    ).id
    work = site.incidents.change
    steps: list[tuple[int, Actor, Any]] = [
        (250, ANALYST, c.Moved(to=State.TRIAGE)),
        (245, ANALYST, c.Appointed(role="lead", person="u-other")),
        (240, ANALYST, c.Task(title="核对导出语句与影响行数", person="u-analyst", due=now - timedelta(minutes=30))),
        (238, ANALYST, c.Task(title="固定主机内存与日志", person="u-forensic", due=now - timedelta(minutes=10))),
        (236, ANALYST, c.Task(title="填写法定报告初稿", person="u-analyst", due=now + timedelta(minutes=28))),
        (234, ANALYST, c.Task(title="确认个人信息是否涉及", due=now - timedelta(minutes=5))),
        (232, ANALYST, c.Task(title="通知属地省局核查药店丁", person="u-other", due=now + timedelta(hours=1))),
        (110, OTHER, c.Moved(to=State.CONTAIN)),
        (73, OTHER, c.Measured(values={"personal_records": 1_860_000}, reporter="central_organ")),
        (70, OTHER, c.Affected(kind="asset", id="trace-05")),
        (15, ANALYST, c.Said(text="9 个码不含个人信息，流向库待核。")),
        (6, OTHER, c.Said(text="隔离前先切只读副本到 trace-06。")),
    ]
    for minutes, actor, change in steps:
        site.clock.back = timedelta(minutes=minutes)
        work(actor, case, change)
    (first, *_) = site.incidents.get(case).tasks
    site.clock.back = timedelta(minutes=40)
    work(ANALYST, case, c.Task(id=first.id, title=first.title, person=first.person, due=first.due, state="done"))
    for minutes, name in ((30, "audit-db-1310.ndjson"), (25, "auth-iam-09.log"), (20, "flow-1310.pcap")):
        site.clock.back = timedelta(minutes=minutes)
        site.incidents.take(OTHER, case, name, [name.encode() * 20_000], media="text/plain")
    site.incidents.verify(ANALYST, case, site.incidents.get(case).evidence[0].blob)
    _smaller(site)
    site.clock.back = timedelta(0)


def _earlier(site: WorkSite, now: datetime) -> None:
    site.clock.back = timedelta(days=6)
    again = _alert(site, 90, now - timedelta(days=6), "口令喷洒", "ip", "198.51.100.23", Level.HIGH, 10, 5, "T1110.003")
    old = site.incidents.open(ANALYST, [again]).id
    for days, state in ((5.9, "triage"), (5.8, "contain"), (5.5, "eradicate"), (5.2, "recover"), (5.0, "review")):
        site.clock.back = timedelta(days=days)
        site.incidents.change(ANALYST, old, c.Moved(to=State(state)))
    site.incidents.change(ANALYST, old, c.Reviewed(summary="弱口令", measures="全员双因素"))
    site.clock.back = timedelta(days=4.9)
    site.incidents.change(ANALYST, old, c.Moved(to=State.CLOSED, verdict="true_positive", reason="已封堵并改口令"))


def _smaller(site: WorkSite) -> None:
    site.clock.back = timedelta(hours=20)
    mine = site.incidents.open(ANALYST, title="省级接口证书临近到期", level=Level.LOW).id
    site.incidents.change(ANALYST, mine, c.Moved(to=State.TRIAGE))
    site.clock.back = timedelta(minutes=50)
    site.incidents.open(OTHER, title="门户首页返回异常内容", level=Level.HIGH)


def _alert(
    site: WorkSite, number: int, now: datetime, name: str, kind: str, value: str, level: Level, ago: int, lasts: int,
    technique: str,
) -> str:  # fmt: skip
    start = now - timedelta(minutes=ago)
    signals = [
        Signal(
            id=f"s{number}-{end}", time=moment, rule_id=f"r-{name}", rule_name=name, detector="sigma", level=level,
            event_ids=(f"e{number}",), entity_type=kind, entity_value=value, why=(Why("f", value, value),),
            techniques=(technique,), system="药品追溯监管系统", asset="追溯码库" if kind != "host" else value,
        )
        for end, moment in enumerate((start, start + timedelta(minutes=lasts)))
    ]  # fmt: skip
    (alert,) = site.alerts.absorb(signals)
    return alert.id


class ShownFacts:
    """A site with a filling disk, an old backup and a dormant account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def services(self) -> list[tuple[str, str]]:
        return [(name, "running") for name in ("ingest", "keeper", "analysis", "runner", "web")]

    def sources(self) -> list[dict[str, Any]]:
        row = {"received": 50_120, "quarantined": 100, "refused": 20, "last_seen": "2026-11-25T02:00:00Z"}
        return [{"id": "syslog/edge", "silent": False, **row}, {"id": "biz/trace", "silent": True, **row}]

    def disks(self) -> list[Disk]:
        return [
            Disk(host="srv-01", mount="/", used=0.61, growth_per_day=0.002),
            Disk(host="db-01", mount="/data", used=0.78, growth_per_day=0.012),
        ]

    def accounts(self) -> list[Account]:
        now = self._clock.now()
        old = now - timedelta(days=140)
        return [Account(name="li", state="active", roles=("analyst",), created=old, last_seen=old, second_factor=True)]

    def backups(self) -> list[Backup]:
        now = self._clock.now()
        return [Backup(place="/mnt/second", taken=now - timedelta(days=3), proven=now - timedelta(days=20))]

    def baseline(self) -> list[BaselineFinding]:
        return [BaselineFinding(id="ssh_root", title="SSH 不许 root 登录", verdict="compliant", digest="a1")]

    def certificates(self) -> list[tuple[str, bytes]]:
        return []


def tell_work(site: WorkSite) -> None:
    """Orders in all lights, a change that waits and one that runs, a week of duty, a scored drill, inspections."""
    now = site.clock.now()
    site.clock.back = timedelta(hours=30)
    for plan, name, timing in (("daily", "daily", "30 8 * * *"), ("weekly", "weekly", "0 9 * * 1")):
        site.plans.save(ANALYST, Plan(id=plan, list=name, timing=Cron(timing)))
    site.orders.open(OTHER, "更换追溯库故障磁盘", level=Level.HIGH, assignee="u-analyst", due=now - timedelta(hours=2))
    soon = site.orders.open(ANALYST, "省局接口证书换发", assignee="u-other", due=now + timedelta(hours=6))
    site.orders.open(ANALYST, "补登三台新主机的责任人", level=Level.LOW, due=now + timedelta(days=4))
    done = site.orders.open(ANALYST, "修补门户服务器内核", assignee="u-other", due=now + timedelta(hours=20))
    site.orders.move(OTHER, soon.id, OrderState.DOING)
    site.orders.move(OTHER, done.id, OrderState.DONE, "已打补丁并重启，服务正常")
    scope = Scope(systems=("药品追溯监管系统",), assets=("db-01",))
    plan = {"reason": "厂商安全公告", "plan": "备份，升级，核对行数", "rollback": "回退快照", "scope": scope}
    running = site.changes.ask(
        OTHER, "追溯库小版本升级", starts=now - timedelta(hours=1), ends=now + timedelta(hours=3), silences=True, **plan
    )
    site.changes.approve(ANALYST, running.id)
    site.changes.ask(
        OTHER,
        "更换核心交换机",
        starts=now + timedelta(days=1),
        ends=now + timedelta(days=1, hours=4),
        risk=Risk.HIGH,
        **plan,
    )
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    people = ("u-analyst", "u-other", "u-forensic")
    site.duty.plan(ANALYST, Rota(people=people, starts=midnight, hours=12, count=18))
    criteria = (
        Criterion(name="30 分钟内发现", weight=3),
        Criterion(name="1 小时内上报", weight=2),
        Criterion(name="备份可恢复"),
    )
    drill = site.drills.plan(ANALYST, "勒索软件处置演练", "文件服务器上的文件被加密", now - timedelta(days=1), criteria)
    site.drills.start(ANALYST, drill.id)
    site.drills.score(ANALYST, drill.id, {"30 分钟内发现": 90, "1 小时内上报": 70, "备份可恢复": 100}, "上报电话须更新")
    site.drills.plan(ANALYST, "跨网链路中断演练", "省级链路中断四小时", now + timedelta(days=9), criteria)
    site.clock.back = timedelta(minutes=20)
    site.inspections.run(ANALYST, "daily", scope=("127.0.0.1:9",))
    site.clock.back = timedelta(0)
    site.inspections.run(ANALYST, "weekly")
    for kind in Kind:
        for tongue in Language:
            site.reports.write(ANALYST, period_of(kind, now), tongue)
