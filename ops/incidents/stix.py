"""An incident as a STIX 2.1 bundle: the incident, observed data, indicators of clues, notes, and how they relate."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from infra.clock import rfc3339
from ops.alerts import Alert
from ops.incidents.case import Case, CaseEvent
from ops.incidents.change import Clue, Said

NAMESPACE = uuid.UUID("6f7c5d3a-0b1e-5c3d-9a57-3f2f7c0e9d11")
SCO_SPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace STIX 2.1 section 2.9 gives for deterministic ids of cyber-observable objects."""
TLP = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
"""Object ids of the TLP 2.0 markings, as OASIS publishes them."""


def bundle(case: Case, events: list[CaseEvent], alerts: list[Alert]) -> dict[str, Any]:
    """The bundle; ids are made from what things are, so a second export updates the first."""
    author = _identity()
    common = {"created_by_ref": author["id"], "object_marking_refs": [TLP.get(case.tlp, TLP["amber"])]}
    incident = _incident(case, common)
    objects: list[dict[str, Any]] = [author, incident]
    refs = {}
    for clue in case.clues:
        observable = observable_of(clue)
        if observable is not None and observable["id"] not in refs:
            refs[observable["id"]] = clue
            objects.append(observable)
    for alert in alerts:
        objects.extend(_observed(alert, list(refs), incident, common))
    for technique in case.techniques:
        objects.extend(_technique(technique, incident, common))
    objects.extend(_note(event, incident, common) for event in events if isinstance(event.change, Said))
    made = {item["id"]: item for item in objects}
    return {"type": "bundle", "id": f"bundle--{_id(case.id, str(case.events))}", "objects": list(made.values())}


def observable_of(clue: Clue) -> dict[str, Any] | None:
    """The cyber-observable object of a clue; None for kinds STIX has no object for."""
    kind, body = _observable(clue.kind, clue.value)
    if not kind:
        return None
    name = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(SCO_SPACE, name)}", **body}


def _observable(kind: str, value: str) -> tuple[str, dict[str, Any]]:
    if kind == "ip":
        return ("ipv6-addr" if ":" in value else "ipv4-addr"), {"value": value}
    if kind in ("domain", "url"):
        return {"domain": "domain-name", "url": "url"}[kind], {"value": value}
    if kind in ("user", "account"):
        return "user-account", {"user_id": value}
    if kind in ("hash", "sha256"):
        return "file", {"hashes": {"SHA-256": value}}
    if kind in ("file", "path"):
        return "file", {"name": value.rsplit("/", 1)[-1]}
    return "", {}


def _identity() -> dict[str, Any]:
    made = "2026-01-01T00:00:00.000Z"
    return {
        "type": "identity", "spec_version": "2.1", "id": f"identity--{_id('yaodun')}", "created": made,
        "modified": made, "name": "Yaodun", "identity_class": "system",
    }  # fmt: skip


def _incident(case: Case, common: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "incident", "spec_version": "2.1", "id": f"incident--{_id('incident', case.id)}",
        **_times(case.opened, case.changed), **common, "name": case.title,
        **({"description": case.description} if case.description else {}),
        "labels": _labels(case),
        "external_references": [{"source_name": "yaodun", "external_id": case.id}],
    }  # fmt: skip


def _labels(case: Case) -> list[str]:
    labels = [f"severity:{case.level}", f"state:{case.state}"]
    return [*labels, f"category:{case.category}"] if case.category else labels


def _observed(alert: Alert, refs: list[str], incident: dict[str, Any], common: dict[str, Any]) -> list[dict[str, Any]]:
    own = observable_of(Clue(alert.entity["type"] or "?", alert.entity["value"] or "?"))
    if own is None or own["id"] not in refs:
        return []
    data = {
        "type": "observed-data", "spec_version": "2.1", "id": f"observed-data--{_id('alert', alert.id)}",
        **_times(alert.first_seen, alert.last_seen), **common, "first_observed": _moment(alert.first_seen),
        "last_observed": _moment(alert.last_seen), "number_observed": max(1, min(alert.count, 999_999_999)),
        "object_refs": [own["id"]],
        "external_references": [{"source_name": "yaodun", "external_id": alert.id, "description": alert.rule["name"]}],
    }  # fmt: skip
    return [data, _relation(incident, "related-to", data["id"], common)]


def _technique(technique: str, incident: dict[str, Any], common: dict[str, Any]) -> list[dict[str, Any]]:
    pattern = {
        "type": "attack-pattern", "spec_version": "2.1", "id": f"attack-pattern--{_id('technique', technique)}",
        "created": incident["created"], "modified": incident["created"], **common, "name": technique,
        "external_references": [{"source_name": "mitre-attack", "external_id": technique}],
    }  # fmt: skip
    return [pattern, _relation(incident, "uses", pattern["id"], common)]


def _note(event: CaseEvent, incident: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(event.change, Said)
    return {
        "type": "note", "spec_version": "2.1", "id": f"note--{_id('event', event.incident, str(event.number))}",
        **_times(event.time, event.time), **common, "content": event.change.text, "authors": [event.actor],
        "object_refs": [incident["id"]],
    }  # fmt: skip


def _relation(incident: dict[str, Any], kind: str, target: str, common: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "relationship", "spec_version": "2.1", "id": f"relationship--{_id(incident['id'], kind, target)}",
        "created": incident["created"], "modified": incident["created"], **common, "relationship_type": kind,
        "source_ref": incident["id"], "target_ref": target,
    }  # fmt: skip


def _times(created: datetime, modified: datetime) -> dict[str, str]:
    return {"created": _moment(created), "modified": _moment(max(created, modified))}


def _moment(value: datetime) -> str:
    return rfc3339(value)


def _id(*parts: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))
