"""The way of a filing: its steps with who and when, and the next one a person may take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, dialog, text_area, text_field
from dashboards.design.elements import act, card, opener, quiet
from dashboards.pages.graded_tabs import room
from dashboards.views.figures import moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from infra.text import say
from ops.filing.exchange import attachments
from ops.filing.lifecycle import STEPS
from ops.filing.service import Filing, StepTaken

WAY = ("graded", "reviewed", "approved", "submitted", "accepted", "certified")
PLAIN = ("grade", "approve", "accept", "submit")
ACTIONS = {"grade": "filing.grade", "review": "filing.review", "approve": "filing.approve"}
LARGEST_PACKAGE = 512 << 20


def steps_card(visit: Visit, filing: Filing, taken: Sequence[StepTaken]) -> Component:
    """Steps done with their day and doer, those to come, and buttons for what is possible."""
    by_target = {step.target: step for step in taken}
    lines = [_line(visit, name, by_target.get(name), filing) for name in WAY]
    buttons, boxes = [], []
    for action in filing.possible:
        if not visit.may(ACTIONS.get(action, "filing.step"), f"filing:{filing.id}"):
            continue
        words = t(f"filing.steps.{action}")
        kind = "small main-act" if action == _main(filing) else "small"
        if action in PLAIN:
            buttons.append(act(words, "filing.step", kind=kind, filing=filing.id, action=action))
        else:
            buttons.append(opener(words, f"step-{action}", kind=kind))
            boxes.append(_box(filing, action, words))
    return card(
        t("filing.way"),
        [html.Ol(lines, className="way"), html.Div(buttons, className="row facts wraps-row"), *boxes], lined=True,
    )  # fmt: skip


def _main(filing: Filing) -> str:
    order = ("grade", "review", "approve", "submit", "accept", "certify")
    return next((action for action in order if action in filing.possible), "")


def _line(visit: Visit, name: str, step: StepTaken | None, filing: Filing) -> Component:
    words = say(f"ops.filing.state.{name}")
    if step is None:
        return html.Li(words)
    who = visit.rooms.work.desk.named(step.actor)
    when = moment(step.time, visit.zone, visit.now)
    return html.Li(
        [html.Span(words, className="grow"), quiet(f"{who} · {when}")],
        className="on" if filing.state == name else "done", title=step.file_sha256 or step.document_sha256,
    )  # fmt: skip


def _box(filing: Filing, action: str, words: str) -> Component:
    fields: list[Component] = []
    needs = STEPS[action].needs
    if "file" in needs:
        files = attachments(filing.document)
        fields.append(html.P(t("filing.needs_opinion") if files else t("filing.no_attachment"), className="soft"))
        boxes = [choice("file", ref.sha256, ref.name, required=True) for ref in files]
        fields.append(html.Div(boxes, className="choices"))
    if "number" in needs:
        fields.append(text_field("number", t("filing.certificate_number"), hint="11010012345-00001"))
    if "date" in needs:
        fields.append(text_field("date", t("filing.certificate_date"), kind="date"))
    if "reason" in needs:
        fields.append(text_area("reason", t("filing.reason")))
    args = {"filing": filing.id, "action": action}
    return dialog(f"step-{action}", words, fields, words, "filing.step", args, danger=action == "withdraw")


@command("filing.step")
async def step(visit: Visit, args: Args) -> Outcome:
    """Take a step; handing in keeps the package as it was."""
    name, action = str(args.get("filing", "")), str(args.get("action", ""))
    visit.rooms.authorizer.demand(visit.actor, ACTIONS.get(action, "filing.step"), f"filing:{name}")
    file = str(args.get("file", ""))
    if action == "submit":
        file = await visit.ask(_package, visit, name)
    given: dict[str, Any] = {
        field: str(args[field]).strip()[:4000] for field in ("reason", "number") if str(args.get(field, "")).strip()
    }
    if args.get("date"):
        given["date"] = _day(str(args["date"]))
    made = await visit.ask(room(visit).filings.step, visit.actor, name, action, file_sha256=file, **given)
    return Outcome(t("filing.stepped", state=say(f"ops.filing.state.{made.state}")), topics=("graded",))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "ops.filing.date_expected", place="date") from None


def _package(visit: Visit, name: str) -> str:
    """The package as it is handed in, kept by its hash."""
    graded = room(visit)
    document = graded.filings.get(name).document
    return graded.blobs.put([graded.papers.package(document)], LARGEST_PACKAGE).id
