"""What the forms of work share: people to choose from, moments as browsers send them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from dash import html
from dash.development.base_component import Component

from dashboards.design.dialog import choice
from dashboards.views.figures import moment
from dashboards.visit import Visit
from dashboards.words import t
from infra.errors import AppError, ErrorKind
from ops.work.shelf import Note

MOST_PEOPLE = 12


def people_choices(visit: Visit, name: str, chosen: str, *, many: bool = False) -> list[Component]:
    """Active people, oneself first; with ``many`` several may be ticked."""
    people = sorted(
        (each for each in visit.rooms.people.people() if each.state == "active"),
        key=lambda each: each.id != visit.actor.id,
    )
    nobody = [] if many else [choice(name, "", t("alerts.unassigned"), checked=not chosen)]
    return nobody + [
        choice(name, each.id, each.display or each.name, checked=each.id == chosen, many=many)
        for each in people[:MOST_PEOPLE]
    ]


def moment_of(visit: Visit, given: object) -> datetime | None:
    """A moment of a form: in the zone pages show, unless it says its own; None where it is empty."""
    text = str(given or "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "dashboards.orders.moment", place=text[:40]) from None
    return found if found.tzinfo else found.replace(tzinfo=timezone(visit.zone))


def needed(visit: Visit, given: object, place: str) -> datetime:
    """A moment that must be there."""
    found = moment_of(visit, given)
    if found is None:
        raise AppError(ErrorKind.INVALID, "dashboards.orders.moment", place=place)
    return found


def history(notes: Sequence[Note], visit: Visit) -> Component:
    """What was done, newest last."""
    lines = [
        html.Div(
            [html.Span(moment(note.time, visit.zone, visit.now), className="quiet"), html.B(note.actor),
             html.Span(_note(note, visit), className="grow wraps")], className="note",
        )
        for note in notes[-20:]
    ]  # fmt: skip
    return html.Div(lines, className="case-talk")


def _note(note: Note, visit: Visit) -> str:
    detail = note.detail
    said = str(detail.get("text") or detail.get("result") or detail.get("reason") or detail.get("notes") or "")
    if "person" in detail or "assignee" in detail:
        said = visit.rooms.work.desk.named(str(detail.get("person") or detail.get("assignee") or ""))
    if "role" in detail:
        said = f"{detail.get('stage')} → {t('orders.role.' + str(detail['role']))}"
    words = t(f"orders.did.{note.action}")
    return f"{words}: {said}" if said else words
