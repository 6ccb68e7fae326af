"""The form of a data asset, and the command that keeps it."""

from __future__ import annotations

import json

import msgspec
from dash import html
from dash.development.base_component import Component

from analytics.datasecurity.register import Category, DataAsset, Grade
from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import choice, text_field
from dashboards.design.elements import card, icon, link
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind

PLAIN = ("name_zh", "name_en", "system", "unit", "owner", "purpose")
LISTS = ("datasets", "places", "zones")


def form(asset: DataAsset | None, visit: Visit) -> Component:
    """A new asset (for the data set of the address, where it names one), or a change of a known one."""
    dataset = visit.param("dataset")[:64]
    shown = asset or DataAsset(id="new", name_zh=dataset or "-", datasets=(dataset,) if dataset else ())
    name = shown.name_zh if asset else ""
    suggested = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in dataset).strip("-")
    fields: list[Component] = []
    if asset is None:
        fields.append(text_field("id", t("data_assets.id"), hint=t("data_assets.id_hint"), value=suggested))
    fields.append(text_field("name_zh", t("data_assets.name_zh"), value=name))
    fields += [
        text_field(field, t(f"data_assets.{field}"), required=False, value=getattr(shown, field)) for field in PLAIN[1:]
    ]
    fields += [
        text_field(field, t(f"data_assets.{field}"), required=False, hint=t("data_assets.list_hint"),
                   value=", ".join(getattr(shown, field)))
        for field in LISTS
    ]  # fmt: skip
    grades = [choice("grade", each, t(f"data_assets.grades.{each}"), checked=shown.grade is each, required=True)
              for each in Grade]  # fmt: skip
    kinds = [
        choice("category", each, t(f"data_assets.categories.{each}"), checked=shown.category is each, required=True)
        for each in Category
    ]
    acts = [html.Button(t("data_assets.save"), className="button main-act")]
    if asset is not None:
        box = choice("retired", "1", t("data_assets.retired"), many=True)
        fields.append(html.Fieldset([box], className="plain choices"))
    made = html.Form(
        [
            html.Div(fields, className="fields-3"),
            html.Fieldset([html.Legend(t("data_assets.category")), *kinds], className="plain choices three-up"),
            html.Fieldset([html.Legend(t("data_assets.grade")), *grades], className="plain choices three-up"),
            html.Div(acts, className="acts"),
        ],
        className="form facts data-asset-form",
        key=f"asset-{shown.id}-{dataset}",
        **{
            "data-command": "data_assets.save",
            "data-args": json.dumps({"asset": asset.id if asset else ""}),
            "data-keep": "1",
        },
    )
    back = visit.here(sel=asset.id if asset else None, edit=None, dataset=None)
    aside = link(icon("close"), back, **{"aria-label": t("action.close_pane")})
    return card(t("data_assets.change") if asset else t("data_assets.add"), made, aside=aside, lined=True)


@command("data_assets.save")
async def save(visit: Visit, args: Args) -> Outcome:
    """Make or change one; the register judges the right and writes the ledger."""
    made = asset_of(args)
    if visit.rooms.data is None:
        raise AppError(ErrorKind.UNAVAILABLE, "dashboards.data_assets.absent")
    await visit.ask(visit.rooms.data.save, visit.actor, made)
    go = address("/data-assets") if made.retired else address("/data-assets", sel=made.id)
    return Outcome(t("data_assets.saved", name=made.name), topics=("posture", "audit"), go=go)


def asset_of(args: Args) -> DataAsset:
    """The noun a form tells; ``AppError(INVALID)`` names the field that is wrong."""
    told: dict[str, object] = {name: str(args.get(name, "")).strip() for name in (*PLAIN, "category", "grade")}
    for name in LISTS:
        told[name] = [word.strip() for word in str(args.get(name, "")).replace("，", ",").split(",") if word.strip()]
    told["id"] = str(args.get("asset") or args.get("id", "")).strip()
    told["retired"] = bool(args.get("retired"))
    try:
        return msgspec.convert({name: value for name, value in told.items() if value != ""}, DataAsset)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "id"
        raise AppError(ErrorKind.INVALID, "dashboards.devices.wrong", place=place, problem=problem[:120]) from None
