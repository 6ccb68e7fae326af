"""The shapes of everything in a playbook but its flow. Source: CACAO 2.0 CS01 clauses 3 to 10."""

from __future__ import annotations

from typing import Any

from playbooks.model.finding import Findings, Mend, Path, Repair
from playbooks.model.shape import (
    Check,
    Shape,
    address_value,
    boolean,
    email,
    encoded,
    filled,
    identifier,
    list_of,
    map_of,
    moment,
    one_of,
    port,
    shaped,
    string,
    tree,
    whole,
)
from playbooks.model.vocabulary import (
    INLINE_SECRETS,
    MACHINES,
    PARTIES,
    REGIONS,
    SECRETS,
    SUMMARY,
    TLP_LEVELS,
    VARIABLE,
)

percent = whole(0, 100)
strings = list_of(string)
reference = shaped(
    ["name"],
    dict.fromkeys(("name", "description", "source", "url", "external_id", "reference_id"), string),
)
references = list_of(reference)
extensions = map_of(tree, identifier("extension-definition"), least=1)


def variable_name(found: Findings, path: Path, value: Any) -> None:
    """``__name__``."""
    if not isinstance(value, str) or not VARIABLE.fullmatch(value):
        found.add(path, "bad-variable-name", name=str(value))


variable = shaped(
    ["type"],
    {
        "type": filled,
        "description": string,
        "value": lambda found, path, value: None if value is None else string(found, path, value),
        "constant": boolean,
        "external": boolean,
    },
)
variables = map_of(variable, variable_name)

_PLACES = (
    "name", "description", "building_details", "network_details", "country", "administrative_area", "city",
    "street_address", "postal_code", "latitude", "longitude", "precision",
)  # fmt: skip
location = shaped([], {**dict.fromkeys(_PLACES, string), "region": one_of(REGIONS)})
contact = shaped([], {"email": map_of(email), "phone": map_of(string), "contact_details": string})
address = shaped(
    [],
    {
        **{kind: list_of(address_value(kind)) for kind in ("url", "l2mac", "ipv4", "ipv6", "dname")},
        "vlan": list_of(whole(0, 4095)),
    },
)

_PARTY: Shape = {
    "type": filled, "name": filled, "description": string, "location": location, "agent_target_extensions": extensions,
}  # fmt: skip
_MACHINE: Shape = {**_PARTY, "address": address, "authentication_info": string, "category": strings}
_OF_PARTY: dict[str, Check] = {
    "group": shaped(["type", "name"], {**_PARTY, "contact": contact}),
    "individual": shaped(["type", "name"], {**_PARTY, "contact": contact}),
    "organization": shaped(["type", "name"], {**_PARTY, "contact": contact}),
    "location": shaped(["type", "name"], {**_PARTY, "logical": strings}),
    "sector": shaped(["type", "name", "sector"], {**_PARTY, "sector": string}),
    "security-category": shaped(["type", "name", "category"], {**_PARTY, "category": strings}),
    "net-address": shaped(["type", "name", "address"], _MACHINE),
    "http-api": shaped(["type", "name", "address"], {**_MACHINE, "port": port}),
    "ssh": shaped(["type", "name", "address"], {**_MACHINE, "port": port}),
    "linux": shaped(["type", "name", "address"], {**_MACHINE, "port": port}),
}


def parties(found: Findings, path: Path, value: Any) -> None:
    """Agents or targets by identifier. A kind nobody here knows is kept, told, and never acts."""
    if not isinstance(value, dict):
        tree(found, path, value)
        return
    if not value:
        found.add(path, "too-few", Repair(Mend.DROP, path), least=1, count=0)
    for key, item in value.items():
        _party(found, (*path, key), key, item)


def _party(found: Findings, path: Path, key: str, item: Any) -> None:
    if not isinstance(item, dict):
        tree(found, path, item)
        return
    for name in ("type", "name"):
        if name not in item:
            found.add((*path, name), "missing-property", name=name)
    kind, prefix = item.get("type"), key.split("--")[0]
    if prefix not in PARTIES:
        foreign = kind not in PARTIES or "--" not in key
        found.add(path, "foreign-party" if foreign else "definition-kind", _note(foreign), key=key, kind=str(kind))
    elif "type" in item and kind != prefix:
        found.add((*path, "type"), "definition-kind", key=key, kind=str(kind))
    elif "type" in item:
        identifier()(found, path, key)
        _without(_OF_PARTY[prefix], {"type", "name"}, found, path, item)


def _note(foreign: bool) -> Repair | None:
    return Repair(Mend.NOTE) if foreign else None


def _without(check: Check, told: set[str], found: Findings, path: Path, item: Any) -> None:
    """Run a check, leaving out missing properties that were told already."""
    mine = Findings()
    check(mine, path, item)
    found.extend(one for one in mine if not (one.code == "missing-property" and one.path[-1] in told))


def secrets(found: Findings, path: Path, value: Any) -> None:
    """Authentication: a reference into the secret store. A secret written out is taken away on import."""
    if not isinstance(value, dict):
        tree(found, path, value)
        return
    for key, item in value.items():
        _secret(found, (*path, key), key, item)


_SECRET: Shape = {
    "type": filled, "name": string, "description": string, "kms": boolean, "kms_key_identifier": filled,
    "authentication_info_extensions": extensions, "password": string, "token": string,
}  # fmt: skip
_OF_SECRET: dict[str, Check] = {
    "http-basic": shaped(["type"], {**_SECRET, "user_id": string}),
    "user-auth": shaped(["type"], {**_SECRET, "username": string}),
    "oauth2": shaped(["type"], {**_SECRET, "oauth_header": string}),
}


def _secret(found: Findings, path: Path, key: str, item: Any) -> None:
    if not isinstance(item, dict):
        tree(found, path, item)
        return
    kind, prefix = item.get("type"), key.split("--")[0]
    if inline := [name for name in INLINE_SECRETS if item.get(name)]:
        kept = {name: each for name, each in item.items() if name not in INLINE_SECRETS}
        mended = kept | {"kms": True, "kms_key_identifier": item.get("kms_key_identifier") or key}
        found.add((*path, inline[0]), "inline-secret", Repair(Mend.PUT, path, mended), name=inline[0])
        return
    if kind is None:
        found.add((*path, "type"), "missing-property", name="type")
    elif prefix not in SECRETS:
        found.add(path, "foreign-secret", Repair(Mend.NOTE), key=key, kind=str(kind))
    elif kind != prefix:
        found.add((*path, "type"), "definition-kind", key=key, kind=str(kind))
    else:
        identifier()(found, path, key)
        _OF_SECRET[prefix](found, path, item)
        if item.get("kms") is True and not item.get("kms_key_identifier"):
            found.add((*path, "kms_key_identifier"), "missing-property", name="kms_key_identifier")


extension_definition = shaped(
    ["type", "name", "created_by", "schema", "version"],
    {
        "type": one_of(["extension-definition"]), "name": filled, "description": string,
        "created_by": identifier("identity"), "schema": string, "version": string, "external_references": references,
    },
)  # fmt: skip

_MARKING: Shape = {
    "type": filled, "id": identifier("marking-statement", "marking-tlp", "marking-iep"), "name": string,
    "description": string, "created_by": identifier("identity"), "created": moment, "revoked": boolean,
    "valid_from": moment, "valid_until": moment, "labels": strings, "external_references": references,
    "marking_extensions": extensions,
}  # fmt: skip
_MARKED = ("type", "id", "created_by", "created")
_IEP = (
    "tlp", "encrypt_in_transit", "permitted_actions", "affected_party_notifications", "attribution",
    "unmodified_resale",
)  # fmt: skip
_OF_MARKING: dict[str, Check] = {
    "marking-statement": shaped([*_MARKED, "statement"], {**_MARKING, "statement": string}),
    "marking-tlp": shaped([*_MARKED, "tlpv2_level"], {**_MARKING, "tlpv2_level": one_of(TLP_LEVELS)}),
    "marking-iep": shaped(
        [*_MARKED, *_IEP, "name", "description", "iep_version", "start_date", "end_date"],
        {
            **_MARKING, **dict.fromkeys(_IEP, string), "iep_version": whole(0), "start_date": moment,
            "end_date": lambda found, path, value: None if value is None else moment(found, path, value),
            "external_references": list_of(string, 0),
        },
    ),
}  # fmt: skip


def markings(found: Findings, path: Path, value: Any) -> None:
    """Definitions of data markings."""
    if not isinstance(value, dict):
        tree(found, path, value)
        return
    for key, item in value.items():
        kind = item.get("type") if isinstance(item, dict) else None
        if kind not in _OF_MARKING:
            found.add((*path, key, "type"), "not-allowed", value=str(kind), allowed=", ".join(_OF_MARKING))
            continue
        _OF_MARKING[kind](found, (*path, key), item)
        if key.split("--")[0] != kind or item.get("id", key) != key:
            found.add((*path, key), "definition-kind", key=key, kind=kind)


_SUMMARY = dict.fromkeys(SUMMARY, boolean)
PLAYBOOK: Shape = {
    "type": one_of(["playbook"]), "spec_version": one_of(["cacao-2.0"]), "id": identifier("playbook"), "name": filled,
    "description": string, "playbook_types": list_of(filled, 0), "playbook_activities": list_of(filled),
    "playbook_processing_summary": shaped([], _SUMMARY), "created_by": identifier("identity"), "created": moment,
    "modified": moment, "revoked": boolean, "valid_from": moment, "valid_until": moment,
    "derived_from": list_of(identifier("playbook")), "related_to": list_of(identifier()), "priority": percent,
    "severity": percent, "impact": percent, "industry_sectors": strings, "labels": strings,
    "external_references": references,
    "markings": list_of(identifier("marking-statement", "marking-tlp", "marking-iep")),
    "playbook_variables": variables, "workflow_start": string, "workflow_exception": string, "workflow": tree,
    "playbook_extensions": extensions, "authentication_info_definitions": secrets, "agent_definitions": parties,
    "target_definitions": parties,
    "extension_definitions": map_of(extension_definition, identifier("extension-definition")),
    "data_marking_definitions": markings, "signatures": list_of(tree), "playbook_extension": tree,
}  # fmt: skip
REQUIRED = (
    "type", "spec_version", "id", "name", "created_by", "created", "modified", "workflow_start", "workflow",
)  # fmt: skip
playbook = shaped(REQUIRED, PLAYBOOK)

_SIGNATURE: dict[str, Check] = {
    "type": one_of(["jss"]), "id": identifier("jss"), "created_by": identifier("identity"), "created": moment,
    "modified": moment, "revoked": boolean, "signee": filled, "valid_from": moment, "valid_until": moment,
    "related_to": identifier("playbook", "jss"), "related_version": moment, "hash_algorithm": filled,
    "algorithm": filled,
    "public_key": filled, "public_cert_chain": list_of(filled), "cert_url": filled, "thumbprint": filled,
    "value": filled, "signature": tree,
}  # fmt: skip
SIGNATURE_NEEDS = (
    "type", "id", "created", "modified", "signee", "related_to", "related_version", "hash_algorithm", "algorithm",
    "value",
)  # fmt: skip
signature = shaped(SIGNATURE_NEEDS, _SIGNATURE)
KEY_SOURCES = ("public_key", "public_cert_chain", "cert_url", "thumbprint")
__all__ = ["KEY_SOURCES", "MACHINES", "encoded", "parties", "playbook", "signature"]
