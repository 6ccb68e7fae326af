"""Controls (测评项): items against systems as a map of verdicts; below a system its items, down to the raw evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import (
    Content,
    act,
    card,
    chip,
    glyph,
    icon,
    link,
    opener,
    pairs,
    quiet,
    segment,
    severity,
)
from dashboards.design.states import empty
from dashboards.pages.graded_map import LEVEL_OF, WORST, everything, shape, verdict_words
from dashboards.pages.graded_sheets import sheet_tools
from dashboards.pages.graded_tabs import named_system, percent_bar, room, tab_line
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import amount, moment
from dashboards.visit import Visit, address
from dashboards.words import chinese, t
from ops.controls.api import summary
from ops.controls.board import Board, Cell, Shown, UnitState
from ops.controls.catalogue import Split
from ops.controls.facts import OBJECT
from ops.controls.needs import Held
from ops.controls.verdict import Verdict
from ops.evaluation.rectification import Risk as FindingRisk
from ops.portal.sheets.kind import Kind

HELD_LEVEL = {Held.HOLDS: "normal", Held.FAILS: "critical", Held.MISSING: "unknown", Held.NOT_APPLICABLE: "unknown"}
MOST_ASSETS = 30
YEAR = timedelta(days=365)


def object_of(visit: Visit) -> str:
    """The object of the address; empty for all."""
    return visit.path.removeprefix("/filing/controls").strip("/")


async def _board(visit: Visit) -> Board:
    return await visit.ask(room(visit).controls.board, object_of(visit))


@part("filing_controls.head", topics="graded tick")
async def head(visit: Visit) -> Content:
    """The object at a glance."""
    board = await _board(visit)
    fired = await visit.ask(room(visit).controls.fired, board)
    short = summary(board, fired)
    states = list(board.units())
    automatic = sum(_decided(state) for state in states)
    prepared = sum(state.prepared not in (None, Verdict.NOT_OBTAINED) for state in states)
    name = await visit.ask(named_system, visit, object_of(visit))
    refresh = (
        act([icon("refresh"), t("filing.refresh")], "controls.refresh", kind="small", object=object_of(visit))
        if visit.may("controls.judge")
        else ""
    )
    line = [
        html.B(name, className="case-title"), chip(str(board.profile.selection), tag=True),
        html.Span([quiet(t("filing.ready")), percent_bar(short.ready_percent / 100)], className="row"),
        quiet(t("filing.automatic", count=automatic, total=len(states), prepared=prepared)),
        *(
            severity(_level(verdict), f"{verdict_words(verdict)} {count}")
            for verdict, count in Counter(state.verdict for state in states).most_common()
        ),
        html.Span(
            [quiet(", ".join(map(str, board.packs))), *sheet_tools(visit, Kind.VERDICTS, object_of(visit)), refresh],
            className="push row",
        ),
    ]  # fmt: skip
    return html.Div(line, className="row wraps-row")


def _decided(state: UnitState) -> bool:
    """Whether facts alone decide it."""
    return state.automatic is not None and state.prepared is None and state.automatic is not Verdict.NOT_OBTAINED


@part("filing_controls.items", topics="graded", params="only point unit split")
async def items(visit: Visit) -> Content:
    """Every item of the object as a tile below its control point."""
    board = await _board(visit)
    only, split = visit.param("only"), visit.param("split")
    groups: dict[tuple[str, str], list[UnitState]] = {}
    for state in board.units():
        if (only and state.verdict != only) or (split and state.item.split != split):
            continue
        name = state.item.point_zh if chinese() else state.item.point_en
        groups.setdefault((state.item.clause, name), []).append(state)
    lines = [_group(visit, clause, name, states) for (clause, name), states in groups.items()]
    switches = html.Span([_verdict_switch(visit, only), _split_switch(visit, split)], className="row")
    body: Component = (
        html.Div(lines, className="point-list") if lines else empty(t("filing.nothing_here"), drawing="check")
    )
    shown = sum(len(states) for states in groups.values())
    return card(t("filing.items"), [html.Div(switches, className="facts"), body], hint=amount(float(shown)), lined=True)


def _verdict_switch(visit: Visit, only: str) -> Component:
    choices = [(t("filing.choices.all"), visit.here(only=None), not only)]
    choices += [(verdict_words(v), visit.here(only=v), only == v) for v in Verdict]
    return segment(choices, t("filing.verdict"))


def _split_switch(visit: Visit, split: str) -> Component:
    choices = [(t("filing.splits.any"), visit.here(split=None), not split)]
    choices += [(t(f"filing.splits.{each}"), visit.here(split=each), split == each) for each in Split]
    return segment(choices, t("filing.split"))


def _group(visit: Visit, clause: str, name: str, states: Sequence[UnitState]) -> Component:
    on = visit.param("point") == clause
    tiles = [_tile(visit, state) for state in states]
    return html.Div(
        [
            html.Span([html.Span(clause, className="mono quiet"), " ", name], className="cut", title=name),
            html.Div(tiles, className="row wraps-row"),
        ],
        className="point on" if on else "point",
    )


def _tile(visit: Visit, state: UnitState) -> Component:
    level = LEVEL_OF[state.verdict]
    letter = state.item.item if state.item.item != "-" else "·"
    gist = state.item.gist_zh if chinese() else state.item.gist_en
    words = f"{state.item.id} {gist} — {verdict_words(state.verdict)}"
    on = visit.param("unit") == state.item.unit
    marks = [shape(level), letter, html.Span("≠", className="drift") if state.drift else ""]
    wears = (
        f"verdict-cell {level}"
        + (" on" if on else "")
        + (" ready" if state.prepared not in (None, Verdict.NOT_OBTAINED) else "")
    )
    return link(
        marks, visit.here(unit=None if on else state.item.unit), className=wears, title=words, **{"aria-label": words}
    )


@part("filing_controls.pane", topics="graded", params="unit asset")
async def pane(visit: Visit) -> Content:
    """The chosen item: why, on which asset, by which fact, seen when and by whom."""
    board = await _board(visit)
    state = next((each for each in board.units() if each.item.unit == visit.param("unit")), None)
    if state is None:
        return [
            _risks(visit, board),
            card(
                t("filing.evidence"),
                empty(t("filing.choose_item"), t("filing.choose_item_why"), drawing="check"),
                lined=True,
            ),
        ]
    item = state.item
    facts = pairs(
        [
            (t("filing.requirement"), html.Span(item.gist_zh if chinese() else item.gist_en, className="wraps")),
            (t("filing.unit_id"), html.Span(item.unit, className="mono")),
            (t("filing.split"), t(f"filing.splits.{item.split}") if item.split else "—"),
            (t("filing.verdict"), severity(_level(state.verdict), verdict_words(state.verdict))),
            (t("filing.seen_verdict"), verdict_words(state.automatic) if state.automatic else "—"),
        ],
        one=True,
    )  # fmt: skip
    assets = _assets(visit, board, state)
    shown = _evidence(visit, board, state)
    judged = _judged(visit, state)
    close = link(icon("close"), visit.here(unit=None, asset=None), **{"aria-label": t("action.close_pane")})
    return card(
        item.id,
        [html.Div(facts, className="facts"), judged, assets, shown, _judge(visit, state)],
        aside=close,
        lined=True,
    )


def _level(verdict: Verdict) -> str:
    return LEVEL_OF[verdict] if LEVEL_OF[verdict] != "none" else "unknown"


def _judged(visit: Visit, state: UnitState) -> Component | str:
    made = state.judgement
    if made is None:
        return ""
    words = t(
        "filing.judged", name=visit.rooms.work.desk.named(made.by), verdict=verdict_words(made.verdict),
        at=moment(made.at, visit.zone, visit.now), until=f"{made.valid_until:%Y-%m-%d}",
    )  # fmt: skip
    drift = severity("high", t("filing.drift")) if state.drift else ""
    return html.Div([html.Span(words), quiet(made.reason), drift], className="facts wraps judged")


def _assets(visit: Visit, board: Board, state: UnitState) -> Component:
    cells = board.assets(state.item.unit)
    now = _asset_of(visit, cells)
    choices = [
        link(
            [glyph(_level(cell.verdict)), name or t("filing.whole_object")], visit.here(asset=name or "@"),
            className="chip tag" if name == now else "chip",
            title=verdict_words(cell.verdict),
        )
        for name, cell in _worst_first(cells)[:MOST_ASSETS]
    ]  # fmt: skip
    return (
        html.Div(choices, className="row facts wraps-row")
        if choices
        else html.Div(quiet(t("filing.no_rule")), className="facts")
    )


def _worst_first(cells: Mapping[str, Cell]) -> list[tuple[str, Cell]]:
    return sorted(cells.items(), key=lambda pair: WORST.index(pair[1].verdict))


def _asset_of(visit: Visit, cells: Mapping[str, Cell]) -> str:
    """The asset of the address (``@`` is the object itself), or the one with the worst verdict."""
    given = visit.param("asset")
    if given:
        return OBJECT if given == "@" else given
    return next((name for name, _ in _worst_first(cells)), OBJECT)


def _evidence(visit: Visit, board: Board, state: UnitState) -> Component:
    cells = board.assets(state.item.unit)
    found = board.evidence(state.item.unit, _asset_of(visit, cells))
    ordered = sorted(found, key=lambda each: {Held.FAILS: 0, Held.MISSING: 1}.get(each.held, 2))
    return html.Div([_need(each, visit) for each in ordered], className="needs")


def _need(shown: Shown, visit: Visit) -> Component:
    found = shown.fact
    head = html.Div(
        [
            severity(HELD_LEVEL[shown.held], t(f"filing.held.{shown.held.name.lower()}")),
            html.Code(shown.need.fact),
            quiet(shown.need.wanted),
        ],
        className="row wraps-row",
    )
    if found is None:
        return html.Div([head, quiet(t("filing.never_seen"))], className="need-row")
    value = ", ".join(map(str, found.value)) if isinstance(found.value, list) else str(found.value)
    times = t(
        "filing.fact_times", observed=moment(found.observed, visit.zone, visit.now),
        received=moment(found.received, visit.zone, visit.now), until=moment(found.valid_until, visit.zone, visit.now),
    )  # fmt: skip
    source = html.Div(
        [
            quiet(f"{found.collector} · {times}"),
            html.Span(f"{found.sha256[:8]}…{found.sha256[-4:]}", className="mono quiet", title=found.sha256),
        ],
        className="row wraps-row",
    )
    raw = html.Div(found.evidence, className="raw") if found.evidence and not found.evidence.startswith("/") else None
    where = (
        link(t("filing.look"), address(found.evidence), className="button small")
        if found.evidence.startswith("/")
        else None
    )
    return html.Div(
        [head, html.Div(html.B(value[:400] or "[]"), className="wraps"), source, raw, where], className="need-row"
    )


def _risks(visit: Visit, board: Board) -> Component:
    fired = room(visit).controls.fired(board)
    if not fired:
        return card(
            t("filing.risks"), html.Div(severity("normal", t("filing.no_risks")), className="facts"), lined=True
        )
    lines = [
        html.Div(
            [
                severity("medium" if risk.mitigated else "critical", risk.case.id),
                html.Span(
                    risk.case.title_zh if chinese() else risk.case.title_en,
                    className="grow cut", title=risk.case.trigger,
                ),
                quiet(risk.asset or t("filing.whole_object")),
                act(t("filing.to_finding"), "findings.from_risk", kind="small", object=board.profile.id,
                    case=risk.case.id, asset=risk.asset)
                if visit.may("evaluation.findings") else None,
            ]
        )
        for risk in fired[:20]
    ]  # fmt: skip
    return card(t("filing.risks"), html.Div(lines, className="list"), hint=str(len(fired)), lined=True)


def _judge(visit: Visit, state: UnitState) -> Component | str:
    if not visit.may("controls.judge", f"object:{object_of(visit)}"):
        return ""
    fields = [
        html.Div(
            [choice("verdict", v, verdict_words(v), required=True) for v in Verdict if v is not Verdict.NOT_OBTAINED],
            className="choices two-up",
        ),
        text_area("reason", t("filing.reason")),
        text_field("until", t("filing.until"), kind="date", value=f"{visit.now + YEAR - timedelta(days=1):%Y-%m-%d}"),
    ]
    args = {"object": object_of(visit), "unit": state.item.unit}
    box = dialog("judge", t("filing.judge"), fields, t("filing.judge"), "controls.judge", args)
    return html.Div([opener(t("filing.judge"), "judge", key="v"), box], className="row facts")


async def body(visit: Visit) -> Component:
    """The map of everything, or one object."""
    if not object_of(visit):
        return html.Div([tab_line(visit), *await held_all(visit, everything)], className="page")
    top, left, right = await held_all(visit, head, items, pane)
    return html.Div([tab_line(visit), top, html.Div([left, right], className="desk-row wide-pane")], className="page")


@command("controls.refresh")
async def refresh(visit: Visit, args: Args) -> Outcome:
    """Ask every source of facts anew."""
    wanted = str(args.get("object", ""))
    visit.rooms.authorizer.demand(visit.actor, "controls.judge", f"object:{wanted}")
    count = await visit.ask(room(visit).controls.refresh, wanted)
    return Outcome(t("filing.refreshed", count=count), topics=("graded",))


@command("controls.judge")
async def judge(visit: Visit, args: Args) -> Outcome:
    """A person's verdict, with reason and end."""
    from datetime import UTC, datetime

    wanted, unit = str(args.get("object", "")), str(args.get("unit", ""))
    visit.rooms.authorizer.demand(visit.actor, "controls.judge", f"object:{wanted}")
    until = datetime.fromisoformat(str(args.get("until"))).replace(tzinfo=UTC)
    verdict = Verdict(str(args.get("verdict")))
    await visit.ask(
        room(visit).controls.judge, visit.actor, wanted, unit, verdict, str(args.get("reason", ""))[:4000], until
    )
    return Outcome(t("filing.saved"), topics=("graded",))


@command("findings.from_risk")
async def from_risk(visit: Visit, args: Args) -> Outcome:
    """Open a finding for a high-risk case that fires."""
    wanted, case, asset = (str(args.get(name, ""))[:200] for name in ("object", "case", "asset"))
    visit.rooms.authorizer.demand(visit.actor, "evaluation.findings", f"object:{wanted}")
    graded = room(visit)
    fired = await visit.ask(graded.controls.risks, wanted)
    risk = next((each for each in fired if each.case.id == case and each.asset == asset), None)
    title = (risk.case.title_zh if chinese() else risk.case.title_en) if risk else case
    made = await visit.ask(
        graded.findings.open,
        visit.actor,
        wanted,
        f"{case} {title}"[:200],
        FindingRisk.HIGH,
        unit=case,
        asset=asset,
        major=True,
    )
    return Outcome(
        t("filing.finding_opened", id=made.id), topics=("graded",), go=address("/filing/findings", sel=made.id)
    )


PAGE = Page(
    "filing_controls", "/filing/controls", body, (everything, head, items, pane), action="controls.read", ranged=False,
)  # fmt: skip
