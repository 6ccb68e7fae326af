"""The report of an incident, written from its record: what happened, when, who did what, what was learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

from infra.text import say
from ops.alerts import Alert
from ops.alerts.naming import titled
from ops.documents.paper import Cell, Fact, Paper, Section, Table, table
from ops.incidents.case import Case, CaseEvent, Custody
from ops.incidents.saying import Named, sentence
from ops.incidents.timers import Timer
from ops.runs import RunView

BEIJING = timezone(timedelta(hours=8))
MISSING = "—"
ROLES = ("owner", "lead", "duty", "scribe", "liaison")


def incident_paper(
    case: Case, events: Sequence[CaseEvent], alerts: Sequence[Alert], took: Mapping[str, float | None],
    timers: Sequence[Timer], written: datetime, named: Named = str, runs: Sequence[RunView] = (),
) -> Paper:  # fmt: skip
    """The report as a paper in the language of the context."""
    return Paper(
        title=say("ops.incidents.report.title", id=case.id),
        subtitle=case.title,
        facts=tuple(_facts(case, named)),
        sections=(
            Section(title=_t("summary"), lines=tuple(_summary(case))),
            Section(title=_t("times"), tables=(_times(took), _timers(timers))),
            Section(title=_t("timeline"), tables=(_timeline(events, named),)),
            Section(title=_t("alerts"), tables=(_alerts(alerts),)),
            Section(title=_t("affected"), tables=(_affected(case), _clues(case))),
            Section(title=_t("tasks"), tables=(_tasks(case, named),)),
            Section(title=_t("response"), lines=_no_runs(runs), tables=tuple(_run(run, named) for run in runs)),
            Section(title=_t("evidence"), tables=(_evidence(case, named),)),
            Section(title=_t("review"), lines=tuple(_review(case))),
        ),
        footer=say("ops.incidents.report.footer", time=_at(written), events=case.events, head=events[-1].hash),
    )


def _t(name: str) -> str:
    return say(f"ops.incidents.report.{name}")


def _facts(case: Case, named: Named) -> list[Fact]:
    rows = [
        (_t("number"), case.id),
        (_t("level"), say(f"ops.incidents.level.{case.level}")),
        (_t("state"), say(f"ops.incidents.state.{case.state}")),
        (_t("verdict"), say(f"ops.incidents.verdict.{case.verdict}") if case.verdict else MISSING),
        (_t("category"), case.category or MISSING),
        (_t("first_seen"), _at(case.first_seen)),
        (_t("opened"), _at(case.opened)),
        (_t("systems"), "、".join(case.systems) or MISSING),
    ]
    rows += [(say(f"ops.incidents.role.{role}"), named(case.roles[role])) for role in ROLES if role in case.roles]
    return [Fact(*row) for row in rows]


def _summary(case: Case) -> list[str]:
    said = say(
        "ops.incidents.report.says", alerts=len(case.alerts), clues=len(case.clues), systems=len(case.systems),
        evidence=len(case.evidence),
    )  # fmt: skip
    return [said, *([case.description] if case.description else []), *([case.reason] if case.reason else [])]


def _times(took: Mapping[str, float | None]) -> Table:
    rows = [(say(f"ops.incidents.duration.{name}"), length(value)) for name, value in took.items()]
    return table((_t("duration"), _t("value")), rows)


def _timers(timers: Sequence[Timer]) -> Table:
    rows = [
        (say(f"ops.incidents.timer.{timer.name}"), length(timer.allowed_s), length(timer.used_s), _at(timer.due),
         say(f"ops.incidents.light.{timer.light}"))
        for timer in timers
    ]  # fmt: skip
    return table((_t("timer"), _t("allowed"), _t("used"), _t("due"), _t("state")), rows)


def _timeline(events: Sequence[CaseEvent], named: Named) -> Table:
    rows = [(_at(event.time), named(event.actor), sentence(event, named)) for event in events]
    return table((_t("time"), _t("who"), _t("what")), rows)


def _alerts(alerts: Sequence[Alert]) -> Table:
    rows = [
        (Cell(alert.id, f"/ui/alerts?sel={alert.id}&stack=flat&state=any&tr=30d"), titled(alert),
         f"{alert.entity['type']} {alert.entity['value']}", str(alert.count), _at(alert.first_seen),
         _at(alert.last_seen))
        for alert in alerts
    ]  # fmt: skip
    return table((_t("alert"), _t("rule"), _t("entity"), _t("count"), _t("first_seen"), _t("last_seen")), rows)


def _affected(case: Case) -> Table:
    rows = [(say(f"ops.incidents.kind.{thing.kind}"), thing.id, thing.note or MISSING) for thing in case.affected]
    return table((_t("kind"), _t("thing"), _t("note")), rows)


def _clues(case: Case) -> Table:
    return table((_t("kind"), _t("clue")), [(clue.kind, clue.value) for clue in case.clues])


def _tasks(case: Case, named: Named) -> Table:
    rows = [
        (task.title, named(task.person) if task.person else MISSING, _at(task.due),
         say(f"ops.incidents.task.{task.state}"), _at(task.ended))
        for task in case.tasks
    ]  # fmt: skip
    return table((_t("task"), _t("who"), _t("due"), _t("state"), _t("ended")), rows)


def _no_runs(runs: Sequence[RunView]) -> tuple[str, ...]:
    return () if runs else (_t("no_runs"),)


def _run(run: RunView, named: Named) -> Table:
    """A playbook that answered: how it ended, and each step with its result and who agreed to it."""
    whole = (run.title, _run_state(run.state), run.id, MISSING)
    steps = [
        (step.title, _run_state(step.state), step.result or MISSING, "、".join(map(named, step.agreed)) or MISSING)
        for step in run.steps
    ]
    return table((_t("playbook"), _t("state"), _t("result"), _t("agreed")), [whole, *steps])


def _run_state(state: str) -> str:
    return say(f"ops.incidents.run_state.{state.replace('-', '_')}")


def _evidence(case: Case, named: Named) -> Table:
    rows = [
        (piece.name, str(piece.size), piece.blob, piece.sm3 or MISSING,
         "；".join(_custody(step, named) for step in piece.custody))
        for piece in case.evidence
    ]  # fmt: skip
    return table((_t("name"), _t("bytes"), "SHA-256", "SM3", _t("custody")), rows)


def _custody(step: Custody, named: Named) -> str:
    return f"{_at(step.time)} {named(step.actor)} {say(f'ops.incidents.custody.{step.act}')}"


def _review(case: Case) -> list[str]:
    if case.review is None:
        return [_t("no_review")]
    parts = ("summary", "cause", "good", "bad", "measures")
    return [f"{_t(f'review_{part}')}{getattr(case.review, part)}" for part in parts if getattr(case.review, part)]


def _at(moment: datetime | None) -> str:
    return MISSING if moment is None else f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def length(seconds: float | None) -> str:
    """A duration in words, its two largest parts; an em dash where it has not come so far."""
    if seconds is None:
        return MISSING
    whole = int(seconds)
    days, hours, minutes, rest = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60, whole % 60
    if days:
        return say("ops.incidents.report.length_days", days=days, hours=hours)
    if hours:
        return say("ops.incidents.report.length_hours", hours=hours, minutes=minutes)
    return say("ops.incidents.report.length_minutes", minutes=minutes, seconds=rest)
