"""JSON documents of clouds, sensors and applications, written by the shape that reads them.

Each shape names what a document of its format holds; the members that tell the format are filled with plain values.
"""

from __future__ import annotations

from typing import Any

import orjson

from collectors.frames import FrameKind
from collectors.parsers.json_shapes import Shape, shipped_shapes
from tests.unit.analytics.rules.raw.wanted import TIME, Raw, UnsayableError, Wanted, named

SAMPLES: dict[str, dict[str, Any]] = {
    "aws.cloudtrail": {"eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "eventName": "DescribeHosts"},
    "azure.activitylogs": {"operationName": "any", "resourceId": "/subscriptions/0"},
    "azure.auditlogs": {"activityDisplayName": "any", "activityDateTime": TIME},
    "azure.signinlogs": {"userPrincipalName": "a@b.example", "appDisplayName": "Portal", "createdDateTime": TIME},
    "azure.riskdetection": {"riskEventType": "unknownFutureValue"},
    "gcp.audit": {"protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog"}, "logName": "x"},
    "github.audit": {"action": "any", "actor": "octocat", "created_at": 1772439330123},
    "bitbucket.audit": {"auditType": {"category": "any", "action": "any"}},
    "kubernetes.audit": {"kind": "Event", "auditID": "1", "verb": "get", "stage": "ResponseComplete"},
    "m365.audit": {"Operation": "any", "Workload": "Exchange", "CreationTime": "2026-03-02T08:15:30"},
    "okta.system": {"eventType": "any", "published": TIME, "actor": {"id": "00u1"}},
    "onelogin": {"event_type_id": 1, "account_id": 7},
    "opencanary": {"logtype": 1001, "node_id": "canary-1"},
    "duo": {"event_type": "authentication", "factor": "duo_push", "txid": "1"},
    "zeek": {"ts": 1772439330.123},
    "suricata.eve": {"event_type": "http", "timestamp": "2026-03-02T08:15:30.123456+0000"},
}


def shape_of(name: str) -> Shape:
    """The shipped shape of this name."""
    return next(shape for shape in shipped_shapes() if shape.name == name)


def document(name: str, wanted: Wanted) -> Raw:
    """A document of the format ``name`` that says what is wanted."""
    shape = shape_of(name)
    tree: dict[str, Any] = orjson.loads(orjson.dumps(SAMPLES[name]))
    for location, value in {**_routed(shape, wanted), **wanted.values()}.items():
        plant(tree, _path(shape, location), value)
    if wanted.keyword:
        raise UnsayableError("keyword")
    return Raw(f"{name} JSON", FrameKind.NDJSON, orjson.dumps(tree))


def _routed(shape: Shape, wanted: Wanted) -> dict[str, Any]:
    """Routing fields that the document itself must say; what the shape sets needs no saying."""
    spec = shape.spec
    return {
        name: value
        for name, value in wanted.route.items()
        if value is not None and name not in spec.set and name != "event.dataset" and name in spec.fields
    }


def _path(shape: Shape, location: str) -> str:
    spec = shape.spec
    for name in named(location):
        if spec.flat and name.startswith(f"{spec.flat}."):
            return name.removeprefix(f"{spec.flat}.")
        if paths := spec.fields.get(name):
            return paths[0]
        side, _, key = name.rpartition(".")
        if key == "ip" and (paths := spec.addresses.get(side)):
            return paths[0]
        if spec.keep and "." not in name:
            return name
    raise UnsayableError(location)


WHOLE = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "certificate.serial")
"""Members whose name holds the dot."""


def plant(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path."""
    parts = [path] if path in WHOLE else path.split(".")
    for part in parts[:-1]:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UnsayableError(path)
        tree = inner
    tree[parts[-1]] = _typed(value)


def _typed(value: Any) -> Any:
    """Numbers and booleans as JSON has them."""
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    return int(value) if value.isdecimal() and str(int(value)) == value and len(value) < 16 else value
