"""Data assets (数据资产): what is held, how it is classed and graded, what was found in it, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dash import html
from dash.development.base_component import Component

from analytics.datasecurity.kinds import Sensitivity
from analytics.datasecurity.register import DataAsset, Grade, KeptAsset
from analytics.datasecurity.seen import SeenColumn, SeenDataset, SeenExport
from dashboards.design.elements import (
    Content,
    card,
    cells,
    chip,
    glyph,
    icon,
    link,
    pairs,
    quiet,
    severity,
    table,
    when,
)
from dashboards.design.states import empty
from dashboards.pages.data_asset_form import form
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import MISSING, amount, percent
from dashboards.views.search import quoted
from dashboards.visit import Visit, address
from dashboards.words import t

NEW = "new"
GRAVITY = {Grade.CORE: "critical", Grade.IMPORTANT: "high", Grade.GENERAL_4: "medium"}
LEVELS = {Sensitivity.PERSONAL_SENSITIVE: "critical", Sensitivity.PERSONAL: "high", Sensitivity.BUSINESS: "low"}


async def known(visit: Visit) -> Sequence[KeptAsset]:
    """Registered data assets that are not retired."""
    found = () if visit.rooms.data is None else await visit.shared(visit.rooms.data.assets)
    return [kept for kept in found if not kept.asset.retired]


async def seen(visit: Visit) -> Sequence[SeenDataset]:
    """What was seen, by data set."""
    return () if visit.rooms.data is None else await visit.shared(visit.rooms.data.seen)


async def chosen(visit: Visit) -> KeptAsset | None:
    """The asset of the address."""
    return next((kept for kept in await known(visit) if kept.asset.id == visit.param("sel")), None)


@part("data_assets.list", topics="posture", params="sel")
async def listing(visit: Visit) -> Content:
    """The register, the gravest first."""
    found, sets = await known(visit), await seen(visit)
    add = link([icon("plus"), t("data_assets.add")], visit.here(sel=NEW, dataset=None), className="button small")
    aside = add if visit.may("register.edit") else ""
    if not found:
        none = empty(t("data_assets.none"), t("data_assets.none_why"), drawing="infra")
        return card(t("page.data_assets"), none, aside=aside, lined=True)
    heads = [
        (t("data_assets.asset"), ""),
        (t("data_assets.grade"), ""),
        (t("data_assets.category"), ""),
        (t("data_assets.owner"), ""),
        (t("data_assets.found"), ""),
        (t("data_assets.exports"), "num"),
        (t("column.last_seen"), "num"),
    ]
    order = list(Grade)
    rows = [
        _row(kept.asset, _of(kept.asset, sets), visit)
        for kept in sorted(found, key=lambda kept: (order.index(kept.asset.grade), kept.asset.id))
    ]
    body = table(heads, rows, ("auto", "140px", "180px", "140px", "200px", "80px", "110px"))
    return card(t("page.data_assets"), html.Div(body, className="scroll"), hint=t("data_assets.hint"), aside=aside)


def _of(asset: DataAsset, sets: Sequence[SeenDataset]) -> list[SeenDataset]:
    return [one for one in sets if asset.holds(one.dataset)]


def _row(asset: DataAsset, shown: Sequence[SeenDataset], visit: Visit) -> Component:
    on = visit.param("sel") == asset.id
    name = link(
        [html.B(asset.name), html.Span(asset.id, className="under mono")],
        visit.here(sel=None if on else asset.id, edit=None, dataset=None),
        className="rowlink",
    )
    times = sum(export.times for one in shown for export in one.exports)
    last = max((one.last for one in shown if one.last), default=None)
    return cells(
        name,
        severity(GRAVITY.get(asset.grade, "low"), t(f"data_assets.grades.{asset.grade}")),
        t(f"data_assets.categories.{asset.category}"),
        html.Span(asset.owner or t("data_assets.nobody"), className="cut" if asset.owner else "high"),
        _kinds([column for one in shown for column in one.columns]),
        (_exports_of(shown, times), "num"),
        (when(last, visit) if last else MISSING, "num quiet"),
        on=on,
    )


def _exports_of(shown: Sequence[SeenDataset], times: int) -> Content:
    if not times:
        return MISSING
    return link(amount(float(times)), _rows_at("export", [one.dataset for one in shown if one.exports]))


def _kinds(columns: Sequence[SeenColumn]) -> Content:
    if not columns:
        return quiet(MISSING)
    worst = min(columns, key=lambda column: list(Sensitivity).index(column.sensitivity))
    words = "、".join(dict.fromkeys(t(f"data_assets.kinds.{column.kind}") for column in columns))
    return html.Span([glyph(LEVELS[worst.sensitivity]), " ", words], className="cut", title=words)


@part("data_assets.one", topics="posture", params="sel edit dataset")
async def one(visit: Visit) -> Content:
    """One asset: who answers, where it is, where it may go; or the form that makes or changes it."""
    found = await chosen(visit)
    may = visit.may("register.edit", f"data_asset:{visit.param('sel')}")
    if visit.param("sel") == NEW and may:
        return form(None, visit)
    if found is None:
        return ""
    if visit.param("edit") and may:
        return form(found.asset, visit)
    asset = found.asset
    facts: list[tuple[str, Content]] = [
        (t("data_assets.category"), t(f"data_assets.categories.{asset.category}")),
        (t("data_assets.grade"), severity(GRAVITY.get(asset.grade, "low"), t(f"data_assets.grades.{asset.grade}"))),
        (t("data_assets.system"), await _system(asset, visit)),
        (t("data_assets.unit"), asset.unit or MISSING),
        (t("data_assets.owner"), asset.owner or t("data_assets.nobody")),
        (t("data_assets.datasets"), _words(asset.datasets)),
        (t("data_assets.places"), _words(asset.places)),
        (t("data_assets.zones"), _words(asset.zones)),
        (t("data_assets.purpose"), asset.purpose or MISSING),
        (t("data_assets.changed"), html.Span([when(found.changed, visit), " · ", found.changed_by])),
    ]
    history = link(
        t("data_assets.history"), address("/audit", thing=f"data_asset:{asset.id}", tr="30d"), className="small-link"
    )
    aside: list[Content] = [history] if visit.may("audit.read") else []
    if may:
        aside.append(link(t("data_assets.change"), visit.here(edit="1"), className="button small"))
    aside.append(link(icon("close"), visit.here(sel=None), **{"aria-label": t("action.close_pane")}))
    body = html.Div(pairs(facts), className="facts")
    return card(asset.name, body, hint=html.Span(asset.id, className="mono"), aside=aside, lined=True)


async def _system(asset: DataAsset, visit: Visit) -> Content:
    if not asset.system:
        return MISSING
    names = {each.id: each.name for each in await visit.shared(visit.rooms.register.systems)}
    words = names.get(asset.system, asset.system)
    return link(words, address(f"/systems/{asset.system}"), className="small-link")


def _words(items: Sequence[str]) -> Content:
    return html.Span([chip(item) for item in items], className="row") if items else MISSING


@part("data_assets.columns", topics="posture", params="sel")
async def columns(visit: Visit) -> Content:
    """Sensitive data found in the samples of the chosen asset, masked; of all assets where none is chosen."""
    found, sets = await chosen(visit), await seen(visit)
    shown = _of(found.asset, sets) if found else sets
    rows = [
        cells(
            severity(LEVELS[column.sensitivity], t(f"data_assets.sensitivity.{column.sensitivity}")),
            _rows_of(one.dataset, "sample", column.name),
            t(f"data_assets.kinds.{column.kind}"),
            html.Span(column.sample, className="mono cut"),
            (percent(column.share), "num"),
            (amount(float(column.values)), "num quiet"),
        )
        for one in shown
        for column in sorted(one.columns, key=lambda column: list(Sensitivity).index(column.sensitivity))
    ]
    title = t("data_assets.sensitive")
    if not rows:
        return card(title, empty(t("data_assets.no_columns"), t("data_assets.no_columns_why")), lined=True)
    heads = [
        (t("column.level"), ""),
        (t("data_assets.column"), ""),
        (t("data_assets.kind"), ""),
        (t("data_assets.masked"), ""),
        (t("data_assets.share"), "num"),
        (t("data_assets.values"), "num"),
    ]
    widths = ("140px", "auto", "150px", "240px", "80px", "90px")
    body = html.Div(table(heads, rows, widths), className="scroll")
    return card(title, body, hint=t("data_assets.sensitive_hint"))


@part("data_assets.flows", topics="posture", params="sel")
async def flows(visit: Visit) -> Content:
    """Where it goes: exports by destination, transmissions between nodes."""
    found, sets = await chosen(visit), await seen(visit)
    shown = _of(found.asset, sets) if found else sets
    rows = [row for one in shown for row in _moves(one, visit)]
    title = t("data_assets.moves")
    if not rows:
        return card(title, empty(t("data_assets.no_moves"), t("data_assets.no_moves_why")), lined=True)
    heads = [
        ("", ""),
        (t("data_assets.way"), ""),
        (t("data_assets.times"), "num"),
        (t("data_assets.records"), "num"),
        (t("data_assets.doubts"), ""),
        (t("column.last_seen"), "num"),
    ]
    body = html.Div(table(heads, rows, ("90px", "auto", "80px", "100px", "330px", "110px")), className="scroll tall")
    return card(title, body, hint=t("data_assets.moves_hint"))


def _moves(one: SeenDataset, visit: Visit) -> Iterator[Component]:
    for export in sorted(one.exports, key=lambda export: -export.records):
        name = t("data_assets.to", place=export.destination or t("data_assets.unsaid"))
        yield cells(
            chip(t("data_assets.export"), tag=True),
            _rows_of(one.dataset, "export", name),
            (amount(float(export.times)), "num"),
            (amount(float(export.records)), "num"),
            _doubts(export),
            (when(export.last, visit), "num quiet"),
        )
    for flow in sorted(one.flows, key=lambda flow: -flow.records):
        yield cells(
            chip(t("data_assets.flow"), tag=True),
            _rows_of(one.dataset, "manifest", f"{flow.sender or MISSING} → {flow.receiver}"),
            (amount(float(flow.times)), "num"),
            (amount(float(flow.records)), "num"),
            quiet(MISSING),
            (when(flow.last, visit), "num quiet"),
        )


def _rows_of(dataset: str, kind: str, words: str) -> Component:
    shown = [html.Span(words), html.Span(dataset, className="under mono")]
    return link(shown, _rows_at(kind, [dataset]), className="rowlink")


def _rows_at(kind: str, datasets: Sequence[str]) -> str:
    """The address of the events of a kind about these data sets."""
    chosen = " OR ".join(f"yaodun.biz.dataset:{quoted(dataset)}" for dataset in datasets)
    return address("/hunt", stream="business", q=f"yaodun.biz.type:{kind} AND ({chosen})", tr="30d")


def _doubts(export: SeenExport) -> Content:
    told = [
        t(f"data_assets.{word}", count=many)
        for word, many in (("astray", export.astray), ("clear", export.clear), ("loose", export.loose))
        if many
    ]
    if not told:
        return severity("normal", t("data_assets.in_order"))
    return severity("high" if export.astray or export.clear else "medium", " · ".join(told))


@part("data_assets.unregistered", topics="posture")
async def unregistered(visit: Visit) -> Content:
    """Data sets that were seen and nobody registered."""
    kept, sets = await known(visit), await seen(visit)
    loose = [one for one in sets if not any(each.asset.holds(one.dataset) for each in kept)]
    if not loose:
        return ""
    may = visit.may("register.edit")
    rows = [
        cells(
            html.Span(one.dataset, className="mono"),
            ", ".join(one.systems),
            _kinds(one.columns),
            (when(one.last, visit) if one.last else MISSING, "num quiet"),
            link(t("data_assets.take_in"), visit.here(sel=NEW, dataset=one.dataset), className="button small")
            if may
            else "",
        )
        for one in loose
    ]
    heads = [
        (t("data_assets.dataset"), ""),
        (t("data_assets.system"), ""),
        (t("data_assets.found"), ""),
        (t("column.last_seen"), "num"),
        ("", ""),
    ]
    body = html.Div(table(heads, rows, ("auto", "160px", "260px", "110px", "110px")), className="scroll")
    return card(t("data_assets.unregistered"), body, hint=t("data_assets.unregistered_hint"))


async def body(visit: Visit) -> Component:
    """The page."""
    top, found, loose = await held_all(visit, listing, one, unregistered)
    lower = await held_all(visit, columns, flows)
    return html.Div([top, found, *lower, loose], className="page")


PARTS = (listing, one, columns, flows, unregistered)
PAGE = Page("data_assets", "/data-assets", body, PARTS, action="register.read", ranged=False)
