"""Evaluation (等级测评): plans and scores of a system, and the folders A and B that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import dialog, text_field
from dashboards.design.elements import Content, card, cells, icon, opener, quiet, segment, severity, table
from dashboards.design.states import empty
from dashboards.pages.graded_sheets import chooser
from dashboards.pages.graded_tabs import named_system, room, tab_line
from dashboards.pages.page import Page
from dashboards.parts import held_all, part
from dashboards.views.figures import moment
from dashboards.visit import Visit, address
from dashboards.words import chinese, t
from infra.errors import AppError, ErrorKind
from ops.controls.highrisk import Risk
from ops.evaluation.api import scores_of
from ops.evaluation.materials import PARTS, Material
from ops.evaluation.plan import Evaluation
from ops.evaluation.scoring import Risks, Score
from ops.rulepacks import shipped_packs

MOST_OBJECTS = 20


async def _object(visit: Visit) -> str:
    """The system of the address, or the first that is evaluated; empty where none is."""
    found = [each.id for each in await visit.ask(room(visit).controls.profiles)]
    wanted = visit.param("object")
    return wanted if wanted in found else next(iter(found), "")


@part("filing_evaluation.plans", topics="graded people", params="object")
async def plans(visit: Visit) -> Content:
    """Evaluations of the system, with the change from each to the next."""
    name = await _object(visit)
    if not name:
        body: Component = empty(t("evaluation.none"), t("evaluation.none_why"), t("filing.tab.systems"),
                                address("/filing"), drawing="check")  # fmt: skip
        return card(t("evaluation.plans"), body, lined=True)
    graded = room(visit)
    found, trend = await visit.ask(graded.evaluations.of_object, name), await visit.ask(graded.evaluations.trend, name)
    changes = {each.after: each.change for each in trend}
    heads = [(t("evaluation.when"), ""), (t("evaluation.body"), ""), (t("evaluation.template"), ""),
             (t("evaluation.report"), ""), (t("evaluation.score"), "num"), (t("evaluation.trend"), "num"),
             ("", "")]  # fmt: skip
    rows = [_plan(visit, each, changes.get(each.id)) for each in found]
    listed = table(heads, rows, ("190px", "auto", "84px", "200px", "130px", "80px", "130px"))
    none = html.Div(quiet(t("evaluation.plans_none")), className="facts")
    new = opener(html.Span([icon("plus"), t("evaluation.plan")], className="row"), "plan", key="n", kind="small")
    tools: list[Content] = [await _objects(visit, name)]
    if visit.may("evaluation.plan", f"object:{name}"):
        tools += [new, _plan_box(visit, name)]
    return card(t("evaluation.plans"), listed if rows else none, aside=html.Span(tools, className="row"), lined=True)


async def _objects(visit: Visit, name: str) -> Component:
    profiles = await visit.ask(room(visit).controls.profiles)
    named = [(each.id, await visit.ask(named_system, visit, each.id)) for each in profiles[:MOST_OBJECTS]]
    return segment([(words, visit.here(object=key), key == name) for key, words in named], t("evaluation.object"))


def _plan(visit: Visit, one: Evaluation, change: float | None) -> Component:
    made = one.score
    act = ""
    if made is None and visit.may("evaluation.plan", f"object:{one.object_id}"):
        box = dialog(
            f"finish-{one.id}", t("evaluation.finish"),
            [text_field("number", t("evaluation.report"), hint="11010012345-00001-26-0001-01")],
            t("evaluation.finish"), "evaluation.finish", {"evaluation": one.id, "object": one.object_id},
        )  # fmt: skip
        act = html.Span([opener(t("evaluation.finish"), f"finish-{one.id}", kind="small"), box])
    return cells(
        f"{one.planned_from} – {one.planned_to}", one.body, html.Code(one.template),
        html.Code(one.report_number or "—"),
        (f"{made.low:.1f} – {made.high:.1f}" if made else "—", "num"),
        (f"{change:+.1f}" if change is not None else "—", "num"), act,
    )  # fmt: skip


def _plan_box(visit: Visit, name: str) -> Component:
    today = f"{visit.now:%Y-%m-%d}"
    fields = [
        text_field("body", t("evaluation.body")), text_field("from", t("evaluation.from"), kind="date", value=today),
        text_field("to", t("evaluation.to"), kind="date"),
    ]  # fmt: skip
    return dialog("plan", t("evaluation.plan"), fields, t("evaluation.plan"), "evaluation.plan", {"object": name})


@part("filing_evaluation.scores", topics="graded", params="object")
async def scores(visit: Visit) -> Content:
    """The system as it stands by every template, with what each assumes."""
    name = await _object(visit)
    if not name:
        return []
    found = await visit.ask(scores_of, room(visit).controls, shipped_packs(), name)
    heads = [(t("evaluation.template"), ""), (t("evaluation.low"), "num"), (t("evaluation.high"), "num"),
             (t("evaluation.conclusion"), ""), (t("evaluation.missing_items"), "num"),
             (t("evaluation.assumed"), "")]  # fmt: skip
    rows = [_score(each) for each in found]
    body = table(heads, rows, ("84px", "84px", "84px", "230px", "110px", "auto"))
    plan = html.A(
        [icon("file"), t("evaluation.protection_plan")], href=f"/api/v1/evaluations/protection-plan/{name}",
        className="button small", download=f"{name}-protection-plan.docx",
    )  # fmt: skip
    return card(t("evaluation.scores"), body, aside=plan, lined=True)


def _score(made: Score) -> Component:
    ends = [t(f"evaluation.ends.{each}") for each in dict.fromkeys((made.conclusion_low, made.conclusion_high))]
    assumed = "; ".join(f"{name}: {value}" for name, value in made.assumptions.items())
    return cells(
        html.Code(made.template), (f"{made.low:.1f}", "num"), (f"{made.high:.1f}", "num"), " – ".join(ends),
        (str(made.missing), "num"), (quiet(assumed or "—"), "wrap"),
    )  # fmt: skip


@part("filing_evaluation.materials", topics="graded people", params="object")
async def materials(visit: Visit) -> Content:
    """Both lists with the file that stands for each material."""
    name = await _object(visit)
    if not name:
        return []
    found = await visit.ask(room(visit).materials.listed, name)
    whole = html.A(
        [icon("down"), t("evaluation.folders")], href=f"/api/v1/evaluations/materials/{name}",
        className="button small main-act", download=f"{name}-materials.zip",
    )  # fmt: skip
    return [_list(visit, name, part_name, found, whole if part_name == "A" else "") for part_name in PARTS]


def _list(visit: Visit, name: str, part_name: str, found: Sequence[Material], aside: Content) -> Component:
    mine = [each for each in found if each.part == part_name]
    may = visit.may("evaluation.findings", f"object:{name}") and visit.may("filing.write")
    lines = [
        html.Div(
            [
                severity("normal" if each.name else "high", each.zh if chinese() else each.en),
                html.Span(_stands(visit, each), className="grow cut", title=each.name),
                chooser(t("evaluation.give"), "evaluation.material", object=name, material=each.id) if may else None,
            ]
        )
        for each in mine
    ]
    hint = f"{sum(bool(each.name) for each in mine)} / {len(mine)}"
    return card(
        t(f"evaluation.part_{part_name}"), html.Div(lines, className="list"), hint=hint, aside=aside, lined=True
    )


def _stands(visit: Visit, each: Material) -> list[Content]:
    if not each.name:
        return [quiet(t("evaluation.absent"))]
    by = visit.rooms.work.desk.named(each.by) if each.by else t("evaluation.by_platform")
    when = f" · {moment(each.at, visit.zone, visit.now)}" if each.at else ""
    return [each.name, " ", quiet(by + when)]


async def body(visit: Visit) -> Component:
    """The page."""
    top, left, right = await held_all(visit, plans, scores, materials)
    return html.Div([tab_line(visit), top, left, html.Div(right, className="records-side even")], className="page")


def _day(args: Args, name: str) -> date:
    try:
        return date.fromisoformat(str(args.get(name, "")))
    except ValueError:
        raise AppError(ErrorKind.INVALID, "ops.filing.date_expected", place=name) from None


@command("evaluation.plan")
async def plan(visit: Visit, args: Args) -> Outcome:
    """Plan an evaluation."""
    name = str(args.get("object", ""))[:64]
    visit.rooms.authorizer.demand(visit.actor, "evaluation.plan", f"object:{name}")
    body_name = str(args.get("body", "")).strip()[:200]
    span = _day(args, "from"), _day(args, "to")
    await visit.ask(room(visit).evaluations.plan, visit.actor, name, body_name, *span)
    return Outcome(t("evaluation.planned", object=name), topics=("graded",))


@command("evaluation.finish")
async def finish(visit: Visit, args: Args) -> Outcome:
    """The report is there: the board of today is scored by the evaluation's template and kept with its number."""
    name, number = str(args.get("object", ""))[:64], str(args.get("number", "")).strip()[:60]
    visit.rooms.authorizer.demand(visit.actor, "evaluation.plan", f"object:{name}")
    graded, key = room(visit), str(args.get("evaluation", ""))[:64]
    board = await visit.ask(graded.controls.board, name)
    fired = _open(await visit.ask(graded.controls.fired, board))
    made = await visit.ask(
        graded.evaluations.finish, visit.actor, key, board, Risks(high=fired, major=fired), number
    )  # fmt: skip
    assert made.score
    return Outcome(
        t("evaluation.finished", low=f"{made.score.low:.1f}", high=f"{made.score.high:.1f}"), topics=("graded",)
    )


def _open(fired: Sequence[Risk]) -> int:
    return sum(not risk.mitigated for risk in fired)


@command("evaluation.material")
async def material(visit: Visit, args: Args) -> Outcome:
    """A file stands for a material from now on."""
    name = str(args.get("object", ""))[:64]
    visit.rooms.authorizer.demand(visit.actor, "evaluation.findings", f"object:{name}")
    title = str(args.get("name", ""))[:255]
    await visit.ask(
        room(visit).materials.keep, visit.actor, name, str(args.get("material", "")), title, str(args.get("file", ""))
    )
    return Outcome(t("evaluation.kept", name=title), topics=("graded",))


PAGE = Page(
    "filing_evaluation", "/filing/evaluation", body, (plans, scores, materials), action="evaluation.read", ranged=False
)
