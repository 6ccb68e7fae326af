"""JSON documents of clouds, sensors and applications, written by the shape that reads them.

Each shape names what a document of its format holds; the members that tell the format are filled with plain values.
"""

from __future__ import annotations

from typing import Any

import orjson

from collectors.frames import FrameKind
from collectors.parsers.flatten import flatten_paths
from collectors.parsers.json_shapes import Shape, shipped_shapes
from infra.events import table
from tests.unit.analytics.rules.raw.schemas import published
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
    "azure.loganalytics": {"TimeGenerated": TIME, "Type": "AuditLogs", "OperationName": "any"},
    "zeek": {"ts": 1772439330.123},
    "suricata.eve": {"event_type": "http", "timestamp": "2026-03-02T08:15:30.123456+0000"},
}


def shape_of(name: str) -> Shape:
    """The shipped shape of this name."""
    return next(shape for shape in shipped_shapes() if shape.name == name)


def document(name: str, wanted: Wanted, **more: Any) -> Raw:
    """A document of the format ``name`` that says what is wanted, and ``more`` members that choose its kind."""
    shape = shape_of(name)
    tree: dict[str, Any] = {**orjson.loads(orjson.dumps(SAMPLES[name])), **more}
    for location, value in {**_routed(shape, wanted), **wanted.values()}.items():
        plant(tree, _path(shape, location), value)
    if wanted.keyword:
        plant(tree, _KEYWORDS.get(name) or _path(shape, "event.action"), wanted.keyword)
    _published(name, tree)
    return Raw(f"{name} JSON", FrameKind.NDJSON, orjson.dumps(tree))


_KEYWORDS = {"gcp.audit": "protoPayload.request.metadata.annotations.note"}
"""Where a text that may stand anywhere is put; elsewhere into what names the action."""


def _published(name: str, tree: dict[str, Any]) -> None:
    """Refuse members that the published schema does not have: a rule that needs one cannot fire on real records."""
    known = published(name)
    for path in flatten_paths(tree) if known else ():
        if not any(path == member or path.startswith(f"{member}.") for member in known):
            raise UnsayableError(f"{path}, the schema has no such member")


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
            path = name.removeprefix(f"{spec.flat}.")
            if not published(shape.name) or any(f"{path}.".startswith(f"{one}.") for one in published(shape.name)):
                return path
            continue
        if paths := spec.fields.get(name):
            return paths[0]
        side, _, key = name.rpartition(".")
        if key == "ip" and (paths := spec.addresses.get(side)):
            return paths[0]
        if spec.keep and "." not in name:
            return name
    raise UnsayableError(location)


ESLOGGER = {
    "schema_version": 1,
    "mach_time": 1,
    "time": TIME,
    "process": {"executable": {"path": "/bin/zsh"}, "audit_token": {"pid": 500}, "ppid": 1},
}


def eslogger_exec(wanted: Wanted) -> Raw:
    """A process that becomes another image."""
    said = wanted.values()
    target = {"executable": {"path": said.pop("process.executable", "/usr/bin/true")}, "audit_token": {"pid": 501}}
    arguments = str(said.pop("process.command_line", "true")).split(" ")
    tree: dict[str, Any] = {**ESLOGGER, "event_type": 9, "event": {"exec": {"target": target, "args": arguments}}}
    if parent := said.pop("process.parent.executable", ""):
        tree["process"] = {**ESLOGGER["process"], "executable": {"path": parent}}  # type: ignore[dict-item]
    return _eslogger(wanted, said, tree)


def eslogger_create(wanted: Wanted) -> Raw:
    """A file that is created."""
    said = wanted.values()
    made = {"destination_type": 0, "destination": {"existing_file": {"path": said.pop("file.path", "/tmp/a")}}}
    tree: dict[str, Any] = {**ESLOGGER, "event_type": 13, "event": {"create": made}}
    if image := said.pop("process.executable", ""):
        tree["process"] = {**ESLOGGER["process"], "executable": {"path": image}}  # type: ignore[dict-item]
    return _eslogger(wanted, said, tree)


def ecs_event(wanted: Wanted) -> Raw:
    """An event of an endpoint agent that writes ECS."""
    tree: dict[str, Any] = {"@timestamp": TIME, "ecs": {"version": "8.11.0"}, "agent": {"type": "endpoint"}}
    for location, value in {**wanted.route, **wanted.values()}.items():
        name = named(location)[0]
        if value is None or value == "*":
            continue
        if name.startswith("yaodun.") or not table().get(name) or wanted.keyword:
            raise UnsayableError(location)
        if value == "zq" and name.endswith((".ip", ".port")):
            continue
        array = name in ("event.category", "event.type", "registry.data.strings")
        plant(tree, name, [value] if array else str(value))
    return Raw("ECS JSON of an endpoint agent", FrameKind.NDJSON, orjson.dumps(tree))


def _eslogger(wanted: Wanted, said: dict[str, Any], tree: dict[str, Any]) -> Raw:
    if left := [location for location in said if location not in wanted.route]:
        raise UnsayableError(", ".join(left))
    return Raw("eslogger JSON of macOS", FrameKind.NDJSON, orjson.dumps(tree))


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
