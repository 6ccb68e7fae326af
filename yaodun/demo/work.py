"""What people of the simulated site did: inspections, a change, a drill, an incident worked to its end, alerts read."""

from __future__ import annotations

from datetime import timedelta

from infra.clock import Clock
from infra.exchange import Level
from infra.web.seams import Actor
from ops.alerts import AlertQuery
from ops.controls.service import Controls
from ops.evaluation.plan import Evaluations
from ops.grading.service import Gradings, State
from ops.incidents import State as CaseState
from ops.incidents import change as c
from ops.work.changes import Scope
from ops.work.drills import Criterion
from yaodun.rooms.casework import Casework

REVIEWER = Actor(id="demo-reviewer", name="演示复核 (simulated)", kind="command")
STEPS = (CaseState.TRIAGE, CaseState.CONTAIN, CaseState.ERADICATE, CaseState.RECOVER, CaseState.REVIEW)


def work(
    actor: Actor, cases: Casework, gradings: Gradings, controls: Controls, evaluations: Evaluations, clock: Clock
) -> None:
    """Once per site: a second run adds an inspection and nothing else."""
    cases.inspections.run(actor, "daily")
    if cases.drills.listed():
        return
    cases.inspections.run(actor, "weekly")
    _change(actor, cases, clock)
    _drill(actor, cases, clock)
    _incident(actor, cases)
    for kept in gradings.all_latest().values():
        if kept.state is State.PROPOSED and kept.object_id != "sharing":
            gradings.review(REVIEWER, kept.object_id, agree=True, note="模拟复核")
    today = clock.now().date()
    for profile in controls.profiles():
        evaluations.plan(actor, profile.id, "模拟测评机构", today, today + timedelta(days=90))


def _change(actor: Actor, cases: Casework, clock: Clock) -> None:
    now = clock.now()
    made = cases.changes.ask(
        actor, "模拟：追溯库小版本升级", reason="厂商安全公告", plan="备份，升级，核对行数", rollback="回退快照",
        scope=Scope(systems=("trace",), assets=("demo-trace-db",)), starts=now, ends=now + timedelta(hours=2),
    )  # fmt: skip
    cases.changes.approve(REVIEWER, made.id)
    cases.changes.end(actor, made.id, "已升级，行数一致")


def _drill(actor: Actor, cases: Casework, clock: Clock) -> None:
    criteria = (Criterion(name="30 分钟内发现", weight=2), Criterion(name="备份可恢复"))
    drill = cases.drills.plan(actor, "模拟：勒索软件处置演练", "文件服务器上的文件被加密", clock.now(), criteria)
    cases.drills.start(actor, drill.id)
    cases.drills.score(actor, drill.id, {"30 分钟内发现": 90, "备份可恢复": 80}, "上报电话须更新")


def _incident(actor: Actor, cases: Casework) -> None:
    alerts = cases.alerts.search(AlertQuery(limit=4)).alerts
    if not alerts:
        return
    cases.alerts.acknowledge(actor, [alert.id for alert in alerts])
    case = cases.incidents.open(
        actor, [alert.id for alert in alerts[:2]], title="模拟：门户口令被猜中", level=Level.HIGH, category="网络攻击"
    ).id
    for state in STEPS:
        cases.incidents.change(actor, case, c.Moved(to=state))
    cases.incidents.take(actor, case, "auth.log", [b"simulated"], media="text/plain")
    cases.incidents.change(actor, case, c.Reviewed(summary="root 允许口令登录", measures="改为证书登录"))
    cases.incidents.change(actor, case, c.Moved(to=CaseState.CLOSED, verdict="true_positive", reason="模拟处置完毕"))
