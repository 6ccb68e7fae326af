"""Business events as the stores keep them: a flat ECS document of the stream ``business``, and back again.

The line itself is kept in ``event.original``; ``event_of`` reads it from there, so that nothing is lost by the mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from infra.events.business.envelope import Envelope
from infra.events.business.kinds import BusinessEvent
from infra.events.business.lines import Refused, decode_event
from infra.events.business.rows import decode_lax
from infra.events.stream import Event

MAX_CODES = 1_000
"""So many codes of an event are searchable; all of them are in ``event.original``."""
AHEAD = timedelta(minutes=5)
"""A reporter's clock may be ahead by so much before the centre's time is taken instead."""

_COMMON = frozenset(("id", "system", "time", "recorded", "v", "tz", "province", "feed", "simulated"))
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "yaodun.biz.document": ("bill", "manifest", "notice", "document", "milestone"),
    "yaodun.biz.document_type": ("bill_type", "notice_type"),
    "yaodun.biz.batch": ("batch",),
    "yaodun.biz.product": ("product",),
    "yaodun.biz.licence": ("number",),
    "yaodun.biz.licence_type": ("licence_type",),
    "yaodun.biz.party": ("party", "issuer", "sender"),
    "yaodun.biz.counterparty": ("holder",),
    "yaodun.biz.actor": ("operator", "actor", "user", "account", "requester"),
    "yaodun.biz.actor_role": ("actor_role",),
    "yaodun.biz.step": ("stage",),
    "yaodun.biz.case": ("case",),
    "yaodun.biz.dataset": ("dataset",),
    "yaodun.biz.records": ("records", "accepted"),
    "yaodun.biz.quantity": ("quantity",),
    "yaodun.biz.hash": ("hash",),
    "source.ip": ("address",),
    "yaodun.sensor.id": ("sensor",),
    "yaodun.sensor.kind": ("quantity_kind",),
    "yaodun.metric.name": (),
}
_NAMES = {name: field for field, names in _FIELDS.items() for name in names}
_DATA = frozenset(("export", "sample", "schema", "entitlement", "manifest", "receipt", "document"))
_GOOD = frozenset(("success", "passed", "ok", "complete"))
_BAD = frozenset(("failure", "rejected", "returned", "failed", "partial", "unknown", "revoked", "expired", "forged"))
_IAM = frozenset(("grant", "withdraw", "create", "disable", "reset"))


def document_of(event: BusinessEvent) -> Event:
    """The flat document of an event; ``event.original`` is left to whoever holds the line."""
    kind = str(event.__struct_config__.tag)
    document: Event = {
        "@timestamp": event.time,
        "event.kind": "event",
        "event.module": "business",
        "event.dataset": f"business.{kind}",
        "event.type": ["info"],
        "event.action": kind,
        "yaodun.system": event.system.value,
        "yaodun.dimension": "data" if kind in _DATA else "business",
        "yaodun.biz.system": event.system.value,
        "yaodun.biz.type": kind,
        "yaodun.biz.id": event.id,
        "yaodun.biz.recorded": event.recorded,
    }
    _common(event, document)
    rest = _fill(event, document)
    _judge(document, rest)
    _special(event, kind, document, rest)
    if rest:
        document["yaodun.biz.data"] = rest
    document["message"] = _message(document)
    return document


def event_of(document: Mapping[str, Any]) -> BusinessEvent | None:
    """The typed event of a stored document; None where it was not made from one."""
    line = document.get("event.original")
    if not isinstance(line, str) or "yaodun.biz.id" not in document:
        return None
    for decode in (decode_event, decode_lax):
        event = decode(line.encode())
        if not isinstance(event, Refused):
            return event
    return None


def _common(event: Envelope, document: Event) -> None:
    if event.time - event.recorded > AHEAD:
        document["@timestamp"] = event.recorded
        document["yaodun.skew_ms"] = int((event.time - event.recorded).total_seconds() * 1000)
    if event.province:
        document["yaodun.biz.province"] = event.province
    if event.feed:
        document["yaodun.biz.feed"] = event.feed
    if event.simulated:
        document["yaodun.simulated"] = True


def _fill(event: Envelope, document: Event) -> dict[str, Any]:
    """Fields with a place of their own into the document; the answer is the rest, as plain values."""
    rest: dict[str, Any] = {}
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if field in _COMMON or value in (None, (), ""):
            continue
        target = _NAMES.get(field)
        if target and target not in document:
            document[target] = float(value) if target == "yaodun.biz.quantity" else _plain(value)
        else:
            rest[field] = _plain(value)
    if event.tz != "+08:00":
        rest["tz"] = event.tz
    return rest


def _plain(value: Any) -> Any:
    """Plain values and lists, as documents hold them."""
    plain = msgspec.to_builtins(value)
    return list(plain) if isinstance(plain, tuple) else plain


def _judge(document: Event, rest: Mapping[str, Any]) -> None:
    action = rest.get("action")
    if isinstance(action, str):
        document["event.action"] = f"{document['event.action']}-{action}"
    for name in ("outcome", "result", "status"):
        said = rest.get(name)
        if said in _GOOD or said in _BAD:
            document["event.outcome"] = "success" if said in _GOOD else "failure"
            return


def _special(event: Envelope, kind: str, document: Event, rest: dict[str, Any]) -> None:
    actor = document.get("yaodun.biz.actor")
    if kind in ("access", "export", "step", "document", "elicence", "checkin") and actor:
        document["user.name"] = actor
    if kind == "access":
        document["event.category"] = ["iam" if rest.get("action") in _IAM else "authentication"]
    elif kind == "bill":
        _bill(document, rest)
    elif kind == "scan":
        document["yaodun.biz.code"] = [rest.pop("code")]
    elif kind == "pack":
        codes = [rest.pop("parent"), *rest.pop("children", [])]
        document["yaodun.biz.code"], document["yaodun.biz.records"] = codes[:MAX_CODES], len(codes)
    elif kind == "sensor":
        document["yaodun.sensor.value"], document["yaodun.sensor.unit"] = rest.pop("value"), rest.pop("unit")
    elif kind == "metric":
        document["yaodun.metric.name"], document["yaodun.metric.value"] = rest.pop("name"), rest.pop("value")
        document["yaodun.metric.unit"] = rest.pop("unit")
    elif kind == "sample":
        document["yaodun.biz.records"] = len(rest["rows"])


def _bill(document: Event, rest: dict[str, Any]) -> None:
    document["event.action"] = f"bill-{document['yaodun.biz.document_type']}"
    codes = rest.pop("codes", [])
    if codes:
        document["yaodun.biz.code"] = codes[:MAX_CODES]
        document["yaodun.biz.records"] = len(codes)
    party = document["yaodun.biz.party"]
    others = [rest[name] for name in ("from_party", "to_party") if rest.get(name, party) != party]
    if others:
        document["yaodun.biz.counterparty"] = others[0]


def _message(document: Event) -> str:
    names = ("event.action", "document", "licence", "case", "party", "counterparty", "product", "batch", "dataset")
    parts = [document.get(name if "." in name else f"yaodun.biz.{name}") for name in names]
    return " ".join(str(part) for part in parts if part)[:1000]
