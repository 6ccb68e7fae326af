"""The rooms of work for page tests: the real services over a database of their own, with an example's history."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboards.rooms.work import Work
from infra.blobs import FolderBlobs
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.events import Signal, Why
from infra.exchange import Level
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from ops.alerts import Alerts
from ops.incidents import Incidents, State
from ops.incidents import change as c
from ops.incidents.desk import Desk
from ops.incidents.record import IncidentRow
from ops.portal import Portal

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
        if mode == "full":
            tell(self)

    def work(self) -> Work:
        """The rooms."""
        return Work(incidents=self.incidents, desk=self.desk, portal=Portal([self.desk]))

    def versions(self) -> dict[str, int]:
        """What changed."""
        ask = select(func.max(IncidentRow.changed), func.count(IncidentRow.id), func.sum(IncidentRow.events))
        return {"incidents": self.records.read(lambda session: hash(tuple(session.execute(ask).one())))}


def fake_work(clock: Clock, mode: str) -> tuple[Work, Any]:
    """Rooms of work in a mode, and their share of the pulse."""
    if mode == "broken":
        broken: Any = BrokenRoom()
        return Work(incidents=broken, desk=broken, portal=broken), dict
    made = WorkSite(clock, mode)
    return made.work(), made.versions


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
