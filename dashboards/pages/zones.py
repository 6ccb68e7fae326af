"""Zones (网络分区): who reaches whom, against what is allowed; a path between intranet and extranet is the worst."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, glyph, link, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.rooms.fleet import Zone, ZonePath
from dashboards.views.figures import amount
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.register.zones import OUTSIDE, ZoneKind, allowed

Cells = Mapping[tuple[str, str], Sequence[ZonePath]]


def level(source: Zone, target: Zone, paths: Sequence[ZonePath]) -> str:
    """The severity of what was seen from one zone to another."""
    if all(allowed(source, target, path.service) for path in paths):
        return "normal"
    return "critical" if {source.kind, target.kind} == {ZoneKind.INTRANET, ZoneKind.EXTRANET} else "high"


@part("zones.map", topics="health")
async def matrix(visit: Visit) -> Content:
    """From each zone (row) to each (column): seen and allowed, seen and not allowed, allowed and never seen."""
    zones, paths = await asyncio.gather(visit.ask(visit.rooms.fleet.zones), visit.ask(visit.rooms.fleet.paths))
    if not zones:
        return card(t("page.zones"), empty(t("zones.none"), t("zones.none_why"), drawing="infra"), lined=True)
    seen: dict[tuple[str, str], list[ZonePath]] = defaultdict(list)
    for path in paths:
        seen[path.source, path.target].append(path)
    known = [*zones, *([_outside()] if any(OUTSIDE in pair for pair in seen) else [])]
    heads = [(t("zones.from_to"), ""), *((zone.name, "num") for zone in known)]
    rows = [
        cells(
            html.B([zone.name, html.Span(t(f"zones.kind.{zone.kind}"), className="under")]),
            *((_cell(zone, other, seen), "num") for other in known),
        )
        for zone in known
    ]
    return card(t("page.zones"), html.Div(table(heads, rows), className="scroll"), hint=t("zones.hint"))


def _outside() -> Zone:
    return Zone(id=OUTSIDE, name_zh=t("zones.kind.outside"), name_en=t("zones.kind.outside"), kind=ZoneKind.OUTSIDE)


def _cell(source: Zone, target: Zone, seen: Cells) -> Content:
    if source.id == target.id:
        return quiet("·")
    paths = seen.get((source.id, target.id), ())
    if paths:
        found = level(source, target, paths)
        return severity(found, amount(float(sum(path.count for path in paths))))
    reach = any(each.partition(":")[0] == target.id for each in source.reaches)
    return html.Span([glyph("unknown"), " ", t("zones.allowed")], className="quiet") if reach else quiet("—")


@part("zones.paths", topics="health")
async def listing(visit: Visit) -> Content:
    """The paths themselves, those nothing allows first."""
    zones, paths = await asyncio.gather(visit.ask(visit.rooms.fleet.zones), visit.ask(visit.rooms.fleet.paths))
    known = {zone.id: zone for zone in zones}
    judged = [
        (level(known.get(path.source, _outside()), known.get(path.target, _outside()), [path]), path) for path in paths
    ]
    order = {"critical": 0, "high": 1, "normal": 2}
    judged.sort(key=lambda each: (order[each[0]], -each[1].last.timestamp()))
    rows = [_path(found, path, known, visit) for found, path in judged[:200]]
    if not rows:
        return card(t("zones.paths"), empty(t("zones.no_paths"), t("zones.no_paths_why")), lined=True)
    heads = [
        (t("column.state"), ""),
        (t("zones.path"), ""),
        (t("zones.service"), ""),
        (t("zones.count"), "num"),
        (t("zones.first"), "num"),
        (t("column.last_seen"), "num"),
    ]
    body = table(heads, rows, ("110px", "auto", "90px", "90px", "110px", "110px"))
    return card(t("zones.paths"), html.Div(body, className="scroll"), hint=amount(float(len(judged))))


def _path(found: str, path: ZonePath, known: Mapping[str, Zone], visit: Visit) -> Component:
    names = " → ".join(
        known[each].name if each in known else t("zones.kind.outside") for each in (path.source, path.target)
    )
    words = t("zones.allowed") if found == "normal" else t("zones.not_allowed")
    query = f'event.id:"{path.event}"'
    shown: Content = (
        link(names, address("/hunt", stream="flows", q=query, tr="30d"), className="rowlink") if path.event else names
    )
    return cells(
        severity(found, words),
        shown,
        html.Span(path.service, className="mono"),
        (amount(float(path.count)), "num"),
        (when(path.first, visit), "num quiet"),
        (when(path.last, visit), "num quiet"),
    )


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div(await held_all(visit, matrix, listing), className="page")


PAGE = Page("zones", "/zones", body, (matrix, listing), action="register.read", ranged=False)
