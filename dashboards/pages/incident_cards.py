"""The lower cards of an incident's workspace: evidence, alerts, similar incidents, facts."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import (
    Content,
    act,
    card,
    cells,
    glyph,
    link,
    opener,
    pairs,
    severity,
    table,
    when,
)
from dashboards.design.states import empty
from dashboards.pages.incident_of import incident_of, view_of, works_on
from dashboards.parts import part
from dashboards.views.figures import amount, duration, moment, size
from dashboards.views.incidents import alert_href
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.text import say
from ops.alerts.naming import titled
from ops.incidents.case import Case, Evidence
from ops.incidents.state import State


@part("incidents.evidence", topics="incidents")
async def evidence(visit: Visit) -> Content:
    """Evidence with hashes and how often it changed hands."""
    case = (await view_of(visit)).case
    works = works_on(visit, case)
    total = sum(piece.size for piece in case.evidence)
    aside: Content = ""
    if works:
        upload = html.Label(
            [
                t("incidents.upload"),
                html.Span(
                    **{
                        "data-upload": f"/api/v1/incidents/{case.id}/evidence",
                        "data-topic": "incidents",
                        "data-done": t("incidents.uploaded"),
                        "data-failed": t("incidents.upload_failed"),
                    }
                ),
            ],
            className="button small",
        )
        take = act(t("incidents.take_events"), "incidents.take_events", key="e", kind="small", incident=case.id)
        aside = [take, upload]
    if not case.evidence:
        return card(
            t("incidents.evidence"),
            empty(t("incidents.no_evidence"), t("incidents.no_evidence_why")),
            aside=aside,
            lined=True,
        )
    heads = [
        (t("incidents.piece"), ""),
        (t("incidents.size"), "num"),
        (t("incidents.custody"), ""),
        ("", ""),
    ]
    rows = [_piece(piece, case, visit, works) for piece in case.evidence]
    body = table(heads, rows, ("auto", "72px", "118px", "74px"))
    hint = t("incidents.n_pieces", count=len(case.evidence), size=size(float(total)))
    return card(t("incidents.evidence"), body, hint=hint, aside=aside, lined=True)


def _piece(piece: Evidence, case: Case, visit: Visit, works: bool) -> Component:
    last = piece.custody[-1]
    hash_ = piece.sm3 or piece.blob
    altered = any(step.act == "altered" for step in piece.custody)
    state = glyph("bad" if altered else "ok")
    href = f"/api/v1/incidents/{case.id}/evidence/{piece.blob}"
    name = (
        html.A(piece.name, href=href, download=piece.name, className="mono")
        if works
        else html.Span(piece.name, className="mono")
    )
    check = (
        act(t("incidents.verify"), "incidents.verify", kind="small", incident=case.id, blob=piece.blob) if works else ""
    )
    said = f"{last.actor} {say(f'ops.incidents.custody.{last.act}')}"
    tip = "\n".join(
        f"{moment(step.time, visit.zone, visit.now)} {step.actor} {say(f'ops.incidents.custody.{step.act}')} {step.to}"
        for step in piece.custody
    )
    kind = "SM3" if piece.sm3 else "SHA-256"
    hashes = f"SHA-256 {piece.blob}\nSM3 {piece.sm3}"
    return cells(
        [name, html.Span(f"{kind} {hash_[:8]} … {hash_[-4:]}", className="under mono", title=hashes)],
        (size(float(piece.size)), "num"),
        html.Span([state, " ", f"{len(piece.custody)} · {said}"], title=tip, className="critical" if altered else ""),
        check,
    )


@part("incidents.alerts", topics="incidents alerts")
async def alerts(visit: Visit) -> Content:
    """The alerts it holds."""
    view = await view_of(visit)
    works = works_on(visit, view.case)
    if not view.alerts:
        return card(t("incidents.alerts"), empty(t("incidents.no_alerts"), t("incidents.no_alerts_why")), lined=True)
    heads = [
        (t("column.level"), ""),
        (t("column.alert"), ""),
        (t("column.count"), "num"),
        (t("column.last_seen"), "num"),
        ("", ""),
    ]
    rows = [
        cells(
            severity(alert.level),
            link(
                [titled(alert), html.Span(alert.entity["value"], className="under mono")],
                alert_href(alert.id),
                className="rowlink",
            ),
            (amount(float(alert.count)), "num"),
            (when(alert.last_seen, visit), "num quiet"),
            act(t("incidents.detach"), "incidents.detach", kind="small", incident=view.case.id, alert=alert.id)
            if works
            else "",
        )
        for alert in view.alerts
    ]
    aside = opener(t("incidents.split"), "split", kind="small") if works and len(view.alerts) > 1 else ""
    return card(
        t("incidents.alerts"),
        table(heads, rows, ("76px", "auto", "54px", "82px", "78px")),
        hint=amount(float(len(view.alerts))),
        aside=aside,
        lined=True,
    )


@part("incidents.like", topics="incidents")
async def like(visit: Visit) -> Content:
    """Incidents like this one, and what both share."""
    number = incident_of(visit)
    found = await visit.ask(visit.rooms.work.desk.similar, number)
    case = await visit.ask(visit.rooms.work.incidents.get, number)
    works = works_on(visit, case)
    if not found:
        return card(t("incidents.like"), empty(t("incidents.none_like"), t("incidents.none_like_why")), lined=True)
    rows = [
        cells(
            link(
                [each.title, html.Span(each.incident, className="under mono")],
                address(f"/incidents/{each.incident}"),
                className="rowlink",
            ),
            html.Span("、".join(value for values in each.shared.values() for value in values), className="quiet"),
            (f"{each.score:.0%}", "num"),
            say(f"ops.incidents.state.{each.state}"),
            act(t("incidents.merge"), "incidents.merge", kind="small", incident=number, other=each.incident)
            if works and each.state != State.CLOSED
            else "",
        )
        for each in found
    ]
    heads = [
        (t("incidents.incident"), ""),
        (t("incidents.shared"), ""),
        (t("incidents.alike"), "num"),
        (t("column.state"), ""),
        ("", ""),
    ]
    return card(t("incidents.like"), table(heads, rows, ("auto", "30%", "62px", "76px", "70px")), lined=True)


@part("incidents.facts", topics="incidents people tick")
async def facts(visit: Visit) -> Content:
    """Durations, roles, affected things, clues, and the chain of the record."""
    view = await view_of(visit)
    case = view.case
    whole = await visit.ask(visit.rooms.work.incidents.check, case.id)
    works = works_on(visit, case)
    rows: list[tuple[str, Content]] = [
        (say(f"ops.incidents.duration.{name}"), duration(value)) for name, value in view.durations.items()
    ]
    rows += [
        (
            say(f"ops.incidents.timer.{timer.name}"),
            f"{say(f'ops.incidents.light.{timer.light}')} · {duration(timer.used_s)} / {duration(timer.allowed_s)}",
        )
        for timer in view.timers
    ]
    rows += [(say(f"ops.incidents.kind.{thing.kind}"), thing.id) for thing in case.affected]
    rows += [(clue.kind, html.Span(clue.value, className="mono")) for clue in case.clues[:12]]
    chain = severity(
        "normal" if whole else "critical",
        t("incidents.chain_whole" if whole else "incidents.chain_broken", count=case.events),
    )
    rows.append((t("incidents.record"), chain))
    aside = (
        [opener(t("incidents.add_clue"), "clue", kind="small"), opener(t("incidents.measure"), "measure", kind="small")]
        if works
        else ""
    )
    return card(t("incidents.facts"), html.Div(pairs(rows, one=True), className="facts"), aside=aside, lined=True)
