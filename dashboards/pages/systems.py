"""Systems (业务系统): each by the plan's four words: visible, measurable, manageable, controllable."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, chip, glyph, link, pairs, quiet, severity, table, when
from dashboards.design.states import empty
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.rooms.alerts import AlertFilter, AlertPage, Stack
from dashboards.rooms.systems import SystemSignal, SystemView
from dashboards.views.figures import MISSING, ago, amount, exact, percent, stamp
from dashboards.visit import RANGES, Visit, address
from dashboards.words import t
from infra.exchange import Dimension
from infra.store.query.tree import Window
from infra.text import known as known_words

OPEN = ("new", "acknowledged")
LISTED = 8
_WELL, _ILL = 0.8, 0.5


def chosen_id(visit: Visit) -> str:
    """The system the address names; empty for the list."""
    return visit.path.removeprefix("/systems").strip("/")


async def known(visit: Visit) -> Sequence[SystemView]:
    """Every system; nothing where the site keeps none."""
    return () if visit.rooms.systems is None else await visit.shared(visit.rooms.systems.all)


async def chosen(visit: Visit) -> SystemView | None:
    """The system of the address."""
    wanted = chosen_id(visit)
    return next((system for system in await known(visit) if system.id == wanted), None)


def level_of(health: float | None) -> str:
    """How a health from 0 to 1 is drawn."""
    if health is None:
        return "unknown"
    return "normal" if health >= _WELL else ("medium" if health >= _ILL else "high")


def told(health: float | None) -> Component:
    """Health in words and a glyph; a dash where it was not measured."""
    if health is None:
        return html.Span([glyph("unknown"), " ", MISSING], className="quiet")
    return severity(level_of(health), f"{100 * health:.0f}")


def _tagged(word: str) -> Component:
    return chip(t(f"systems.word.{word}"), tag=True)


@part("systems.list", topics="posture")
async def listing(visit: Visit) -> Content:
    """All systems, the least healthy first, those not measured last."""
    if chosen_id(visit):
        return ""
    found = await known(visit)
    if not found:
        return card(t("page.systems"), empty(t("systems.none"), t("systems.none_why"), drawing="infra"), lined=True)
    heads = [
        (t("systems.name"), ""),
        *((t(f"dimension.{dimension}"), "num") for dimension in Dimension),
        (t("systems.feeds"), "num"),
        (t("systems.assets"), "num"),
        (t("systems.level"), "num"),
        (t("systems.owner"), ""),
    ]
    levels = await _levels(visit, found)
    rows = [_row(system, levels[system.id]) for system in sorted(found, key=_worst)]
    body = table(heads, rows, ("auto", "120px", "110px", "140px", "80px", "70px", "70px", "150px"))
    return card(t("page.systems"), html.Div(body, className="scroll tall"), hint=t("systems.hint"), lined=True)


def _worst(system: SystemView) -> tuple[float, str]:
    return min(system.dimensions.values(), default=2.0), system.name


async def _levels(visit: Visit, found: Sequence[SystemView]) -> dict[str, int | None]:
    """The protection level of each system: as graded here, else as the register has it."""
    levels = {system.id: system.level for system in found}
    if visit.rooms.graded is not None and visit.may("grading.read"):
        latest = await visit.ask(visit.rooms.graded.gradings.all_latest)
        levels.update({name: kept.level for name, kept in latest.items() if name in levels})
    return levels


def _row(system: SystemView, level: int | None) -> Component:
    came = sum(feed.seen for feed in system.feeds)
    here = address(f"/systems/{system.id}")
    return cells(
        link(system.name, here, className="rowlink"),
        *((link(told(system.dimensions.get(dimension)), here, className="rowlink"), "num") for dimension in Dimension),
        (link(f"{came} / {len(system.feeds)}", here, className="rowlink") if system.feeds else MISSING, "num"),
        (link(amount(float(len(system.assets))), here, className="rowlink"), "num"),
        (MISSING if level is None else str(level), "num"),
        html.Span(system.owner or MISSING, className="quiet cut"),
    )


@part("systems.visible", topics="posture")
async def visible(visit: Visit) -> Content:
    """What is seen of the system: three dimensions, feeds expected and seen, assets."""
    system = await chosen(visit)
    if system is None:
        return _nothing(visit)
    feeds = [
        cells(
            glyph("normal" if feed.seen else "high"),
            link(kind_of(feed.kind), _events(system.id, feed.kind, feed.every_h), className="rowlink"),
            (t("systems.every", hours=f"{feed.every_h:g}"), "num quiet"),
            t("systems.feed_seen") if feed.seen else html.Span(t("systems.feed_missing"), className="high"),
        )
        for feed in system.feeds
    ]
    heads = [("", ""), (t("systems.feed"), ""), (t("systems.expected"), "num"), (t("systems.came"), "")]
    assets = [link(name, address(f"/hosts/{name}"), className="mono small-link") for name in system.assets[:12]]
    facts = [(t(f"dimension.{each}"), told(system.dimensions.get(each))) for each in Dimension]
    facts.append((t("systems.assets"), html.Span([x for a in assets for x in (a, " ")]) if assets else MISSING))
    taken = when(system.judged, visit) if system.judged else quiet(t("systems.never_judged"))
    return card(
        system.name,
        html.Div([html.Div(pairs(facts), className="facts"), table(heads, feeds, ("40px", "auto", "130px", "110px"))]),
        hint=_tagged("visible"),
        aside=taken,
        lined=True,
    )


def _nothing(visit: Visit) -> Content:
    wanted = chosen_id(visit)
    if not wanted:
        return ""
    back = link(t("page.systems"), address("/systems"), className="small-link")
    return card(t("page.systems"), empty(t("systems.unknown", id=wanted), t("systems.none_why")), aside=back)


@part("systems.measurable", topics="posture")
async def measurable(visit: Visit) -> Content:
    """Every signal: value, unit, window, best and worst, how well."""
    system = await chosen(visit)
    if system is None:
        return ""
    heads = [
        ("", ""),
        (t("systems.signal"), ""),
        (t("systems.dimension"), ""),
        (t("dimension.value"), "num"),
        (t("systems.anchors"), "num"),
        (t("dimension.window"), "num"),
        (t("systems.health"), "num"),
    ]
    rows = [_signal(each) for each in sorted(system.signals, key=_least)]
    title = t("systems.measurable")
    if not rows:
        return card(title, empty(t("systems.no_pack"), t("systems.no_pack_why")), hint=_tagged("measurable"))
    body = table(heads, rows, ("40px", "auto", "150px", "130px", "130px", "80px", "90px"))
    aside = link(t("systems.events"), _events(system.id, "", 24))
    return card(title, html.Div(body, className="scroll"), hint=_tagged("measurable"), aside=aside, lined=True)


def kind_of(kind: str) -> str:
    """A kind of event in words; its own name where a site made it up."""
    return known_words(f"dashboards.systems.kind.{kind}") or kind


def unit_of(unit: str) -> str:
    """A unit in words."""
    return known_words(f"dashboards.systems.in.{unit.replace(' ', '_')}") or unit


def _events(system: str, kind: str, hours: float) -> str:
    """The search on what came of a system."""
    query = f"yaodun.biz.system:{system}" + (f" AND yaodun.biz.type:{kind}" if kind else "")
    return address("/hunt", stream="business", q=query, tr=f"{max(1, round(hours))}h")


def _shown(value: float, unit: str) -> str:
    """A number in its unit; shares as percent."""
    if unit == "share":
        return percent(value)
    return f"{amount(value)} {unit_of(unit)}".strip()


def _least(signal: SystemSignal) -> tuple[float, str]:
    return 2.0 if signal.health is None else signal.health, signal.id


def _signal(signal: SystemSignal) -> Component:
    missing = signal.value is None
    said = MISSING if signal.value is None else _shown(signal.value, signal.unit)
    rows = address("/hunt", stream="business", q=signal.query, tr=f"{max(1, round(signal.window_h))}h")
    title = html.Span(signal.title, className="soft" if missing else "")
    value = html.Span(said, title="" if signal.value is None else exact(signal.value))
    return cells(
        glyph(level_of(signal.health)),
        link(title, rows, className="rowlink") if signal.query else title,
        html.Span(t(f"dimension.{signal.dimension}"), className="quiet"),
        (link(value, rows, className="rowlink") if signal.query else value, "num quiet" if missing else "num"),
        (_anchors(signal), "num quiet"),
        (t("systems.hours", hours=f"{signal.window_h:g}"), "num quiet"),
        (told(signal.health), "num"),
    )


def _anchors(signal: SystemSignal) -> str:
    if signal.unit == "share":
        return f"{percent(signal.best)} → {percent(signal.worst)}"
    return f"{signal.best:g} → {signal.worst:g}"


@part("systems.manageable", topics="graded")
async def manageable(visit: Visit) -> Content:
    """Who answers, which protection level, what is filed."""
    system = await chosen(visit)
    if system is None:
        return ""
    filed = link(t("systems.filing"), address("/filing/grade", object=system.id), className="small-link")
    grading = await _grading(visit, system)
    facts = [
        (t("systems.owner"), system.owner or MISSING),
        (t("systems.unit"), system.unit or MISSING),
        (t("systems.level"), grading),
        (t("systems.graded_state"), filed),
        (t("systems.orders"), link(t("systems.open_orders"), address("/orders"))),
    ]
    return card(t("systems.manageable"), html.Div(pairs(facts), className="facts"), hint=_tagged("manageable"))


async def _grading(visit: Visit, system: SystemView) -> str:
    kept = None
    if visit.rooms.graded is not None and visit.may("grading.read"):
        kept = await visit.ask(visit.rooms.graded.gradings.latest, system.id)
    level = kept.level if kept is not None else system.level
    return t("systems.not_graded") if level is None else t("systems.level_is", level=str(level))


@part("systems.controllable", topics="alerts")
async def controllable(visit: Visit) -> Content:
    """What asks for action: open alerts, incidents, and the playbooks that can act."""
    system = await chosen(visit)
    if system is None:
        return ""
    wanted = AlertFilter(
        window=Window(visit.now - RANGES["30d"], visit.now), only={"state": OPEN, "system": (system.id,)}
    )
    page = await visit.ask(visit.rooms.alerts.find, wanted, Stack.FLAT, 0, LISTED)
    ways = html.Span(
        [
            link(t("systems.incidents"), address("/incidents", q=system.id), className="small-link"),
            " ",
            link(t("systems.playbooks"), address("/playbooks"), className="small-link"),
        ]
    )
    title = f"{t('systems.controllable')} · {t('overview.all_open', count=amount(page.alerts))}"
    return card(title, _alerts(page, visit), hint=_tagged("controllable"), aside=ways, lined=bool(page.items))


def _alerts(page: AlertPage, visit: Visit) -> Content:
    if not page.items:
        return empty(t("overview.no_open"), t("overview.no_open_why"))
    rows = [
        cells(
            severity(row.level),
            link(
                [html.Span(row.title, className="cut"), html.Span(row.entity, className="under")],
                address("/alerts", stack="flat", sel=row.id),
                className="rowlink",
            ),
            html.Span(row.owner_name or t("alerts.unassigned"), className="" if row.owner else "high"),
            (html.Span(ago(row.first_seen, visit.now), title=stamp(row.first_seen, visit.zone)), "num"),
        )
        for row in page.items
    ]
    heads = [(t("column.level"), ""), (t("column.item"), ""), (t("column.owner"), ""), (t("column.open_for"), "num")]
    return table(heads, rows, ("84px", "auto", "92px", "92px"))


async def body(visit: Visit) -> Component:
    """The list, or one system by the four words."""
    if not chosen_id(visit):
        return html.Div(await held_all(visit, listing), className="page")
    top = await held_all(visit, visible, manageable)
    below = await held_all(visit, measurable, controllable)
    return html.Div([html.Div(top, className="cols-2"), *below], className="page")


PAGE = Page(
    "systems",
    "/systems",
    body,
    (listing, visible, measurable, manageable, controllable),
    action="register.read",
    ranged=False,
)
