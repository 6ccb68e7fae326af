"""The map of verdicts: items of the catalogue against systems, each cell the worst of its units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import (
    Content,
    card,
    glyph,
    link,
)
from dashboards.design.states import empty
from dashboards.pages.graded_tabs import room
from dashboards.parts import part
from dashboards.rooms.graded import Graded
from dashboards.visit import Visit, address
from dashboards.words import chinese, t
from infra.text import say
from ops.controls.board import Board, UnitState
from ops.controls.verdict import Verdict

LEVEL_OF = {
    Verdict.COMPLIANT: "normal", Verdict.PARTIAL: "medium", Verdict.NON_COMPLIANT: "critical",
    Verdict.NOT_OBTAINED: "unknown", Verdict.NOT_APPLICABLE: "none",
}  # fmt: skip
WORST = (Verdict.NON_COMPLIANT, Verdict.PARTIAL, Verdict.NOT_OBTAINED, Verdict.COMPLIANT, Verdict.NOT_APPLICABLE)
CLASSES = ("PES", "CNS", "ABS", "CES", "SMC", "PSS", "ORS", "HRS", "CMS", "MMS")
MOST_OBJECTS = 20


def boards_of(graded: Graded) -> list[Board]:
    return [graded.controls.board(profile.id) for profile in graded.controls.profiles()[:MOST_OBJECTS]]


@part("filing_controls.all", topics="graded", params="only")
async def everything(visit: Visit) -> Content:
    """Control points against systems; the worst verdict of a point's items colours the cell."""
    boards = await visit.ask(boards_of, room(visit))
    if not boards:
        body = empty(
            t("filing.no_objects"),
            t("filing.no_objects_why"),
            t("filing.tab.systems"),
            address("/filing"),
            drawing="filing",
        )
        return card(t("filing.tab.controls"), body, lined=True)
    points: dict[tuple[str, str], list[list[UnitState]]] = {}
    for place, board in enumerate(boards):
        for state in board.units():
            name = state.item.point_zh if chinese() else state.item.point_en
            row = points.setdefault((state.item.cls, name), [[] for _ in boards])
            row[place].append(state)
    heads = [html.Th(t("filing.point"), scope="col")] + [_named(board) for board in boards]
    ordered = sorted(points.items(), key=lambda pair: (CLASSES.index(pair[0][0]), _order(_clause(pair[1]))))
    rows = [
        html.Tr(
            [html.Th([html.Span(_clause(row), className="mono quiet"), " ", name], scope="row", title=name)]
            + [_point_cell(board, states) for board, states in zip(boards, row, strict=True)]
        )
        for (_, name), row in ordered
    ]
    grid = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="heatmap")
    return card(
        t("filing.heat"), [_legend(), html.Div(grid, className="heat-box")],
        hint=t("filing.heat_hint", points=len(points), systems=len(boards)), lined=True,
    )  # fmt: skip


def _named(board: Board) -> Component:
    name, href = board.profile.name or board.profile.id, address(f"/filing/controls/{board.profile.id}")
    label = html.Span(str(board.profile.selection), className="under mono")
    return html.Th(link([name, " ", label], href), scope="col", title=name)


def _clause(row: Sequence[Sequence[UnitState]]) -> str:
    """The clause at the highest level shown."""
    return max((state.item.clause for states in row for state in states), key=_order)


def _order(clause: str) -> tuple[int, ...]:
    return tuple(int(number) for number in clause.split(".") if number.isdecimal())


def verdict_words(verdict: Verdict) -> str:
    """A verdict in words."""
    return say(f"ops.controls.verdict.{verdict}")


def shape(level: str) -> Component | str:
    return glyph(level) if level != "none" else ""


def worst(states: Iterable[UnitState]) -> Verdict:
    """The verdict that needs most attention."""
    return min((state.verdict for state in states), key=WORST.index, default=Verdict.NOT_APPLICABLE)


def _point_cell(board: Board, states: Sequence[UnitState]) -> Component:
    if not states:
        return html.Td(html.Span(className="verdict-cell none"))
    verdict = worst(states)
    good = sum(state.verdict is Verdict.COMPLIANT for state in states)
    words = f"{say(f'ops.controls.verdict.{verdict}')} · {good}/{len(states)}"
    href = address(f"/filing/controls/{board.profile.id}", point=states[0].item.clause)
    level = LEVEL_OF[verdict]
    return html.Td(
        link(
            [shape(level), f"{good}/{len(states)}"],
            href,
            className=f"verdict-cell {level}",
            title=words,
            **{"aria-label": words},
        )
    )


def _legend() -> Component:
    parts = [
        html.Span([html.Span(shape(level), className=f"verdict-cell {level}"), verdict_words(verdict)], className="row")
        for verdict, level in ((one, LEVEL_OF[one]) for one in Verdict)
    ]
    return html.Div(parts, className="row facts map-legend wraps-row")
