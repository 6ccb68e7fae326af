"""The grading in the address: what is ticked and switched, as an object to grade, and the switches themselves."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import link, quiet
from dashboards.pages.graded_tabs import named_system, room
from dashboards.visit import Visit
from dashboards.words import t
from infra.text import say
from ops.grading.objects import Degree, GradedObject, Harmed, Neighbour, ObjectKind, Tick
from ops.grading.service import KeptGrading

NONE = "none"
FLAGS = (
    "mass_personal_data", "public_service", "large", "auxiliary_services_inside", "includes_tenant_systems",
    "includes_data", "classified",
)  # fmt: skip
FLAGS_OF = {
    ObjectKind.CLOUD_PLATFORM: ("large", "auxiliary_services_inside", "includes_tenant_systems"),
    ObjectKind.BIGDATA_PLATFORM: ("mass_personal_data", "public_service", "includes_data"),
}
LAYERS = {
    ObjectKind.IOT: ("sensing", "network", "application"),
    ObjectKind.ICS: ("field", "control", "process", "production_management"),
}
MODELS = ("iaas", "paas", "saas")
BY_CODE = {tick.code: tick for tick in (Tick(harmed, degree) for harmed in Harmed for degree in Degree)}
CARRIERS = (ObjectKind.CLOUD_PLATFORM, ObjectKind.BIGDATA_PLATFORM, ObjectKind.NETWORK)


def object_of(visit: Visit) -> str:
    """The object of the address."""
    return visit.param("object")[:64]


def thing_of(visit: Visit, kept: KeptGrading | None) -> GradedObject:
    """The object as the address describes it; what it does not say is taken from the kept grading."""
    base = kept.thing if kept else GradedObject(name=named_system(visit, object_of(visit)), kind=_kind(visit, None))
    base = msgspec.structs.replace(base, id=object_of(visit), unit=base.unit or _unit(visit), kind=_kind(visit, kept))
    changes: dict[str, object] = {}
    for side, now in (("s", base.s), ("a", base.a)):
        changes[side] = _ticks(visit, side, now)
    if visit.param("flags"):
        on = visit.many("flags")
        changes |= {flag: flag in on for flag in FLAGS}
    for name, field in (("stands", "stands_on"), ("carries", "carries")):
        if visit.param(name):
            changes[field] = _neighbours(visit, visit.many(name))
    for name, field in (("layers", "layers"), ("models", "service_models")):
        if visit.param(name):
            changes[field] = tuple(each for each in visit.many(name) if each != NONE)
    return msgspec.structs.replace(base, **changes)


def _kind(visit: Visit, kept: KeptGrading | None) -> ObjectKind:
    given = visit.param("kind")
    if given in tuple(ObjectKind):
        return ObjectKind(given)
    return kept.thing.kind if kept else ObjectKind.INFORMATION_SYSTEM


def _unit(visit: Visit) -> str:
    graded = room(visit)
    found = next((system.unit for system in graded.nouns.systems() if system.id == object_of(visit)), "")
    return found or next((each.unit for each in graded.records.find() if each.system == object_of(visit)), "")


def _ticks(visit: Visit, side: str, now: Sequence[Tick]) -> tuple[Tick, ...]:
    if not visit.param(side):
        return tuple(now)
    why = {tick.code: tick.why for tick in now}
    codes = [code for code in visit.many(side) if code in BY_CODE]
    return tuple(msgspec.structs.replace(BY_CODE[code], why=why.get(code, "")) for code in codes)


def _neighbours(visit: Visit, ids: Sequence[str]) -> tuple[Neighbour, ...]:
    known = room(visit).gradings.all_latest()
    return tuple(Neighbour(known[name].thing.name, known[name].s, known[name].a) for name in ids if name in known)


def switches(visit: Visit, thing: GradedObject) -> list[Component]:
    """Kind, special facts, what it stands on and carries; each a link that changes the address."""
    rows = [
        _line(
            t("grading.kind"),
            [_choice(visit, "kind", kind, say(f"ops.grading.kind.{kind}"), thing.kind == kind) for kind in ObjectKind],
        )
    ]
    flags = [*FLAGS_OF.get(thing.kind, ()), "classified"]
    on = [flag for flag in FLAGS if getattr(thing, flag)]
    rows.append(
        _line(t("grading.special"), [_toggle(visit, "flags", flag, t(f"grading.flag.{flag}"), on) for flag in flags])
    )
    if thing.kind in LAYERS:
        rows.append(
            _line(
                t("grading.layers"),
                [
                    _toggle(visit, "layers", name, t(f"grading.layer.{name}"), thing.layers)
                    for name in LAYERS[thing.kind]
                ],
            )
        )
    if thing.kind is ObjectKind.CLOUD_PLATFORM:
        rows.append(
            _line(
                t("grading.models"),
                [
                    _toggle(visit, "models", name, name.upper() if name != "iaas" else "IaaS", thing.service_models)
                    for name in MODELS
                ],
            )
        )
    return [*rows, *_relations(visit, thing)]


def _relations(visit: Visit, thing: GradedObject) -> list[Component]:
    known = [kept for name, kept in room(visit).gradings.all_latest().items() if name != thing.id]
    platforms = [kept for kept in known if kept.thing.kind in CARRIERS]
    rows = []
    if platforms:
        names = [other.name for other in thing.stands_on]
        on = [kept.object_id for kept in platforms if kept.thing.name in names]
        rows.append(
            _line(
                t("grading.stands_on"),
                [_toggle(visit, "stands", kept.object_id, f"{kept.thing.name} {kept.label}", on) for kept in platforms],
            )
        )
    if thing.kind in CARRIERS and known:
        names = [other.name for other in thing.carries]
        on = [kept.object_id for kept in known if kept.thing.name in names]
        rows.append(
            _line(
                t("grading.carries"),
                [_toggle(visit, "carries", kept.object_id, f"{kept.thing.name} {kept.label}", on) for kept in known],
            )
        )
    return rows


def _line(words: str, parts: Sequence[Component]) -> Component:
    return html.Div([quiet(words), html.Div(list(parts), className="row wraps-row")], className="switch-line")


def _choice(visit: Visit, name: str, value: str, words: str, on: bool) -> Component:
    data = {"role": "radio", "aria-checked": "true" if on else "false"}
    return link(words, visit.here(**{name: value}), className="chip tag" if on else "chip", **data)


def _toggle(visit: Visit, name: str, value: str, words: str, on: Sequence[str]) -> Component:
    new = [each for each in on if each != value] if value in on else [*on, value]
    data = {"role": "checkbox", "aria-checked": "true" if value in on else "false"}
    return link(
        words, visit.here(**{name: ",".join(new) or NONE}), className="chip tag" if value in on else "chip", **data
    )
