"""Forms of the page of devices: what the register should say, the key of a device, and cutting one off."""

from __future__ import annotations

import base64
import binascii
from datetime import date

import msgspec
from dash import html
from dash.development.base_component import Component

from dashboards.commands import Args, Outcome, command
from dashboards.design.dialog import dialog, text_field
from dashboards.rooms.devices import Device, Limit, Storage
from dashboards.visit import Visit, address
from dashboards.words import t
from infra.errors import AppError, ErrorKind

KEY_FORM = "device-key"
TEXTS = ("name", "place", "owner", "system", "zone", "firmware")
DATES = ("calibrated", "calibration_due")


def dialogs(device: Device | None, name: str) -> list[Component]:
    """One to enter or change a device, one for its key."""
    made = [
        dialog(
            "device",
            t("devices.change" if device else "devices.add"),
            fields(device, name),
            t("devices.save"),
            "devices.save",
        )
    ]
    if device is not None:
        key = text_field("key", t("devices.key"), kind="password", hint=t("devices.key_hint"), required=False)
        made.append(
            dialog(KEY_FORM, t("devices.set_key"), [key], t("devices.save"), "devices.key", {"device": device.id})
        )
    return made


def fields(device: Device | None, name: str) -> list[Component]:
    """The fields of a device, filled with what is known."""
    kept = device or Device(id="new")
    warm = kept.limits.get("temperature") or Limit()
    store = warm.storage
    door = kept.limits.get("door") or Limit()
    texts = [text_field(each, t(f"devices.{each}"), value=getattr(kept, each), required=False) for each in TEXTS]
    dates = [
        text_field(each, t(f"devices.{each}"), kind="date", value=_date(getattr(kept, each)), required=False)
        for each in DATES
    ]
    numbers = [
        ("interval_s", f"{kept.interval_s:g}" if device else "60"),
        ("low", _number(warm.low)),
        ("high", _number(warm.high)),
        ("store_low", _number(store.low if store else None)),
        ("store_high", _number(store.high if store else None)),
        ("store_minutes", _number(store.minutes if store else None)),
        ("door_minutes", _number(door.open_minutes)),
    ]
    more = [text_field(each, t(f"devices.form.{each}"), value=value, required=False) for each, value in numbers]
    first = text_field("id", t("devices.id"), value=device.id if device else name, hint=t("devices.id_hint"))
    return [html.Div([first, *texts, *dates, *more], className="fields-2")]


def _date(value: date | None) -> str:
    return value.isoformat() if value else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def read_device(args: Args, kept: Device | None) -> Device:
    """The device a form describes; what the form does not ask for stays as it was. ``AppError(INVALID)`` names the
    field."""
    device = str(args.get("id", "")).strip()
    made = {**(msgspec.to_builtins(kept) if kept else {}), "id": device}
    made |= {name: str(args.get(name, "")).strip() for name in TEXTS}
    made |= {name: _told(args, name) or None for name in DATES}
    made["interval_s"] = _read(args, "interval_s") or 0.0
    try:
        found = msgspec.convert(made, Device)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "id"
        raise AppError(ErrorKind.INVALID, "dashboards.devices.wrong", place=place, problem=problem[:120]) from None
    return msgspec.structs.replace(found, limits=_limits(args, found.limits))


def _limits(args: Args, kept: dict[str, Limit]) -> dict[str, Limit]:
    limits = dict(kept)
    warm = limits.get("temperature") or Limit(unit="Cel")
    low, high = _read(args, "store_low"), _read(args, "store_high")
    storage = None
    if low is not None and high is not None:
        before = warm.storage or Storage(low=low, high=high)
        minutes = _read(args, "store_minutes")
        storage = msgspec.structs.replace(before, low=low, high=high, minutes=30.0 if minutes is None else minutes)
    warm = msgspec.structs.replace(warm, low=_read(args, "low"), high=_read(args, "high"), storage=storage)
    if "temperature" in limits or warm.low is not None or warm.high is not None or storage:
        limits["temperature"] = warm
    if (minutes := _read(args, "door_minutes")) is not None:
        limits["door"] = msgspec.structs.replace(limits.get("door") or Limit(), open_minutes=minutes)
    return limits


def _told(args: Args, name: str) -> str:
    return str(args.get(name, "") or "").strip()


def _read(args: Args, name: str) -> float | None:
    text = _told(args, name).replace("\N{MINUS SIGN}", "-")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "dashboards.devices.wrong", place=name, problem=text[:40]) from None


def _one(visit: Visit, device: str) -> Device | None:
    return next((each for each in visit.rooms.devices.devices() if each.id == device), None)


@command("devices.save")
async def save(visit: Visit, args: Args) -> Outcome:
    """Enter or change a device."""
    device = str(args.get("id", "")).strip()
    made = read_device(args, await visit.ask(_one, visit, device))
    await visit.ask(visit.rooms.devices.save, visit.actor, made)
    return Outcome(t("devices.saved"), topics=("tick",), go=address("/devices", sel=made.id))


@command("devices.key")
async def set_key(visit: Visit, args: Args) -> Outcome:
    """Give a device its key, or take it away."""
    text = _told(args, "key")
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise AppError(ErrorKind.INVALID, "dashboards.devices.key_wrong") from None
    await visit.ask(visit.rooms.devices.set_key, visit.actor, str(args.get("device", "")), key)
    return Outcome(t("devices.saved"), topics=("tick",))


@command("devices.revoke")
async def revoke(visit: Visit, args: Args) -> Outcome:
    """Cut a device off: what it says is refused from now on."""
    return await _turn(visit, args, revoked=True)


@command("devices.admit")
async def admit(visit: Visit, args: Args) -> Outcome:
    """Let a device back in."""
    return await _turn(visit, args, revoked=False)


async def _turn(visit: Visit, args: Args, *, revoked: bool) -> Outcome:
    device = await visit.ask(_one, visit, str(args.get("device", "")))
    if device is None:
        raise AppError(ErrorKind.NOT_FOUND, "collectors.sensing.no_device", place=str(args.get("device", ""))[:64])
    await visit.ask(visit.rooms.devices.save, visit.actor, msgspec.structs.replace(device, revoked=revoked))
    return Outcome(t("devices.cut" if revoked else "devices.back"), topics=("tick",))
