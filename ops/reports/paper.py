"""The words of a situation report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from infra.text import say
from ops.documents.paper import Cell, Fact, Paper, Section, Table, table
from ops.incidents.report import length
from ops.reports.figures import CaseLine, Figure, LossLine, Situation

BEIJING = timezone(timedelta(hours=8))
MISSING = "—"


def situation_paper(found: Situation, digest: str) -> Paper:
    """The report in the language of the context; ``digest`` is the SHA-256 of its figures."""
    period, cases = found.period, (*found.incidents, *found.durations)
    return Paper(
        title=say(f"ops.reports.title.{period.kind}", name=period.name),
        subtitle=_sentence(found),
        facts=(
            Fact(_t("period"), f"{_at(period.since)} – {_at(period.until)}"),
            Fact(_t("written"), _at(found.written)),
            Fact(_t("complete"), _t("yes" if period.complete else "not_yet")),
        ),
        sections=(
            Section(title=_t("posture"), tables=(_figures(found.posture, change=True), _losses(found.losses))),
            Section(title=_t("alerts"), tables=(_figures(found.alerts),)),
            Section(title=_t("incidents"), tables=(_figures(cases), _cases(found.cases))),
            Section(title=_t("work"), tables=(_figures(found.work),)),
            Section(title=_t("inspections"), tables=(_figures(found.inspections),)),
        ),
        footer=say("ops.reports.footer", hash=digest),
    )  # fmt: skip


def _t(name: str) -> str:
    return say(f"ops.reports.{name}")


def _sentence(found: Situation) -> str:
    values = {figure.name: figure for figure in (*found.posture, *found.alerts, *found.incidents, *found.work)}
    return say(
        "ops.reports.sentence", overall=said(values["overall"]), alerts=said(values["alerts"]),
        critical=said(values["level_critical"]), opened=said(values["opened"]), open_now=said(values["open_now"]),
        late=said(values["orders_late"]),
    )  # fmt: skip


def said(figure: Figure) -> str:
    """A figure's value with what its unit asks for; an em dash where it was not measured."""
    if figure.unit == "seconds":
        return length(figure.value)
    return _number(figure.value, figure.unit)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return MISSING
    return f"{value:.1f}" if unit == "points" else f"{value:,.0f}"


def _figures(figures: Sequence[Figure], *, change: bool = False) -> Table:
    heads = [_t("figure_name"), _t("value"), *([_t("before")] if change else []), _t("evidence")]
    rows = [
        [
            say(f"ops.reports.figure.{figure.name}"), said(figure),
            *([_number(figure.before, figure.unit)] if change else []),
            Cell(_t("rows"), figure.href) if figure.href else MISSING,
        ]
        for figure in figures
    ]  # fmt: skip
    return table(heads, rows)


def _losses(losses: Sequence[LossLine]) -> Table:
    rows = [
        (
            say(f"ops.reports.figure.{loss.dimension}"), _loss(loss), f"{loss.points:.1f}",
            Cell(_t("rows"), loss.href) if loss.href else MISSING,
        )
        for loss in losses
    ]  # fmt: skip
    return table((_t("dimension"), _t("loss"), _t("points"), _t("evidence")), rows)


def _loss(loss: LossLine) -> str:
    key = f"analytics.posture.{loss.name}.title"
    words = say(key)
    return loss.name if words == key else words


def _cases(cases: Sequence[CaseLine]) -> Table:
    rows = [
        (
            Cell(case.id, f"/ui/incidents/{case.id}"), case.title, say(f"ops.incidents.level.{case.level}"),
            say(f"ops.incidents.state.{case.state}"), _at(case.opened), case.owner or MISSING,
        )
        for case in cases
    ]  # fmt: skip
    heads = ("number", "case", "level", "state", "opened_at", "owner")
    return table([_t(head) for head in heads], rows)


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"
