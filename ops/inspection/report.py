"""The report of an inspection: what was looked at, what was found, and the hash it is known by."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from infra.text import Language, language, say
from ops.documents.paper import Cell, Fact, Paper, Section, Table, table
from ops.inspection.lists import CheckList
from ops.inspection.result import Result, Verdict
from ops.inspection.service import Run

BEIJING = timezone(timedelta(hours=8))
MISSING = "—"


def inspection_paper(run: Run, chosen: CheckList | None) -> Paper:
    """The report in the language of the context; ``chosen`` gives the items their titles."""
    titles = {item.id: item.name for item in chosen.items} if chosen else {}
    name = run.title.get(str(language())) or run.title.get(str(Language.ZH), run.list)
    anomalies = [result for result in run.results if result.found.verdict is Verdict.ANOMALY]
    shown = (_table(anomalies, titles),) if anomalies else ()
    return Paper(
        title=say("ops.inspection.report.title", title=name),
        subtitle=say(
            "ops.inspection.report.says", checked=len(run.results), anomalies=len(anomalies),
            unknown=run.count(Verdict.UNKNOWN),
        ),
        facts=tuple(Fact(*row) for row in _facts(run)),
        sections=(
            Section(title=_t("anomalies"), lines=() if anomalies else (_t("none"),), tables=shown),
            Section(title=_t("everything"), tables=(_table(list(run.results), titles),)),
        ),
        footer=say("ops.inspection.report.footer", hash=run.hash),
    )  # fmt: skip


def _t(name: str) -> str:
    return say(f"ops.inspection.report.{name}")


def _facts(run: Run) -> list[tuple[str, str]]:
    return [
        (_t("number"), run.id),
        (_t("list"), f"{run.list} {run.version} ({run.list_sha256[:12]})"),
        (_t("plan"), run.plan or _t("by_hand")),
        (_t("who"), run.actor),
        (_t("started"), _at(run.started)),
        (_t("ended"), _at(run.ended)),
        (_t("scope"), "、".join(run.scope) or MISSING),
    ]


def _table(results: list[Result], titles: dict[str, str]) -> Table:
    rows = [
        (
            titles.get(result.item, result.item), result.found.target,
            say(f"ops.inspection.verdict.{result.found.verdict}"), result.found.value or MISSING,
            result.found.limit or MISSING, result.words or MISSING,
            Cell(result.order or result.closed, f"/ui/orders?sel={result.order or result.closed}")
            if result.order or result.closed else MISSING,
        )
        for result in results
    ]  # fmt: skip
    heads = ("item", "target", "verdict", "value", "limit", "reason", "order")
    return table([_t(head) for head in heads], rows)


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
