"""Records of headers, plain JSON, ECS and vendors' JSON, labelled from the RFCs and the vendors' published columns."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.corpus.values import Values, Written


def headers(v: Values) -> Iterator[Written]:
    """RFC 5424 (6) and RFC 3164 (4) around a message that says nothing special, with what real senders make of them."""
    moment, host, pid = v.moment(), v.host(), v.number(2, 4_000_000)
    facility, severity = v.number(0, 24), v.number(0, 8)
    message, program, note = f"job {v.number()} is done 药品", v.one("jobber", "report-maker"), f"ID{v.number()}"
    wheel = str(v.number())
    fields: dict[str, Any] = {
        "@timestamp": moment,
        "host.name": host,
        "process.name": program,
        "log.syslog.appname": program,
        "log.syslog.procid": str(pid),
        "log.syslog.facility.code": facility,
        "log.syslog.severity.code": severity,
        "log.syslog.priority": facility * 8 + severity,
        "message": message,
    }
    head = f"<{facility * 8 + severity}>"
    new = {**fields, "log.syslog.version": "1", "log.syslog.msgid": note}
    with_data = {**new, "log.syslog.structured_data": {"origin@32473": {"wheel": wheel, "quoted": 'a "b" ]'}}}
    data = f'[origin@32473 wheel="{wheel}" quoted="a \\"b\\" \\]"]'
    for text, expected in (
        (f"{head}1 {moment:%Y-%m-%dT%H:%M:%SZ} {host} {program} {pid} {note} - {message}", new),
        (f"{head}1 {moment:%Y-%m-%dT%H:%M:%S.000000+00:00} {host} {program} {pid} {note} - \ufeff{message}", new),
        (f"{head}1 {moment:%Y-%m-%dT%H:%M:%SZ} {host} {program} {pid} {note} {data} {message}", with_data),
        (f"{head}{moment:%b} {moment.day:2d} {moment:%H:%M:%S} {host} {program}[{pid}]: {message}", fields),
        (f"{head}{moment:%b} {moment.day:2d} {moment:%Y %H:%M:%S} {host} {program}[{pid}]: {message}", fields),
        (f"{head}{moment:%Y-%m-%dT%H:%M:%S+00:00} {host} {program}[{pid}]: {message}", fields),
    ):
        yield Written("syslog", text, expected, "syslog")


def plain_json(v: Values) -> Iterator[Written]:
    """Any document: what it says is kept under the names it has, and found under ECS names where those are clear."""
    moment, host, level = v.moment(), v.host(), v.one("info", "warn", "error")
    lot, count = f"B{v.number()}", v.number()
    said = {"@timestamp": moment, "message": "lot is done"}
    tree = {"hostname": host, "level": level, "msg": "lot is done", "lot": {"no": lot, "n": count}}
    fields = {**said, "host.name": host, "log.level": level, "lot.no": lot, "lot.n": count}
    yield Written("json", json.dumps({"time": moment.isoformat(), **tree}), fields, kind="ndjson")
    seconds = moment.timestamp()
    for short in ({"ts": seconds, "msg": "lot is done"}, {"ts": int(seconds * 1000), "message": "lot is done"}):
        yield Written("json", json.dumps(short), said, kind="ndjson")
    yield Written("json", json.dumps({"ts": seconds, "level": level, "msg": lot}), {"message": lot}, kind="ndjson")


def ecs(v: Values) -> Iterator[Written]:
    """Documents that follow ECS, nested as Beats write them and flat as others do."""
    moment, ip, port, user, host = v.moment(), v.ip(), v.port(), v.user(), v.host()
    flat = {
        "@timestamp": f"{moment:%Y-%m-%dT%H:%M:%S.000Z}", "ecs.version": "8.11.0", "event.category": ["network"],
        "event.action": "opened", "source.ip": ip, "source.port": port, "user.name": user, "host.name": host,
    }  # fmt: skip
    expected = {**flat, "@timestamp": moment}
    del expected["ecs.version"]
    yield Written("ecs", json.dumps(flat), expected, kind="ndjson")
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        head, _, tail = name.partition(".")
        if tail:
            nested.setdefault(head, {})[tail] = value
        else:
            nested[head] = value
    yield Written("ecs", json.dumps(nested, ensure_ascii=False), expected, kind="ndjson")


def endpoint_security(v: Values) -> Iterator[Written]:
    """``eslogger``: es_message_t as JSON. An exec names the new image, everything else the process that acts."""
    moment, pid, parent = v.moment(), v.number(), v.number()
    image, shell = v.one("/usr/bin/osascript", "/bin/launchctl"), v.one("/bin/zsh", "/bin/bash")
    file, argument = v.one("/private/tmp/.x", "/Users/wang/Library/LaunchAgents/a.plist"), f"-n{v.number()}"
    acting = {"executable": {"path": shell, "path_truncated": False}, "audit_token": {"pid": parent, "euid": 501}}
    base = {"schema_version": 1, "mach_time": v.number(), "time": _nanoseconds(moment), "process": acting}
    started = {
        "target": {"executable": {"path": image}, "audit_token": {"pid": pid}},
        "args": [image, argument], "cwd": {"path": "/Users/wang"},
    }  # fmt: skip
    common = {"@timestamp": moment, "host.os.type": "macos"}
    yield _message(base, 9, {"exec": started}, {
        **common, "event.category": "process", "process.executable": image, "process.pid": pid,
        "process.name": posixpath.basename(image), "process.command_line": f"{image} {argument}",
        "process.parent.executable": shell, "process.parent.pid": parent, "process.working_directory": "/Users/wang",
    })  # fmt: skip
    by_shell = {
        **common,
        "event.category": "file",
        "process.executable": shell,
        "process.pid": parent,
        "file.path": file,
    }
    for number, kind, said, type_of in (
        (13, "create", {"destination": {"existing_file": {"path": file}}, "destination_type": 0}, "creation"),
        (12, "close", {"modified": True, "target": {"path": file}}, "change"),
        (32, "unlink", {"target": {"path": file}, "parent_dir": {"path": posixpath.dirname(file)}}, "deletion"),
    ):
        yield _message(base, number, {kind: said}, {**by_shell, "event.type": type_of, "event.action": kind})


def _message(base: dict[str, Any], number: int, event: dict[str, Any], fields: dict[str, Any]) -> Written:
    text = json.dumps({**base, "event_type": number, "event": event})
    return Written("macos.endpoint_security", text, fields, kind="ndjson")


def _nanoseconds(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000000000Z"


def log_analytics(v: Values) -> Iterator[Written]:
    """Rows that a Log Analytics workspace exports, by the columns of its tables."""
    moment, user, ip, tenant = v.moment(), f"{v.number()}@example.cn", v.ip4(), f"t-{v.number()}"
    base = {"TimeGenerated": f"{moment:%Y-%m-%dT%H:%M:%S.0000000Z}"}
    common = {"@timestamp": moment, "cloud.provider": "azure", "user.name": user, "source.ip": ip}
    result, outcome = v.one(("0", "success"), ("50126", "failure"))
    row: dict[str, Any] = {
        **base, "Type": "SigninLogs", "OperationName": "Sign-in activity", "UserPrincipalName": user, "IPAddress": ip,
        "ResultType": result, "AADTenantId": tenant, "Category": "SignInLogs", "UserAgent": "Mozilla/5.0",
    }  # fmt: skip
    fields = {
        **common, "event.action": "Sign-in activity", "event.outcome": outcome, "cloud.account.id": tenant,
        "event.category": "authentication", "user_agent.original": "Mozilla/5.0", "event.dataset": "azure.signinlogs",
    }  # fmt: skip
    yield Written("azure.loganalytics", json.dumps(row), fields, kind="ndjson")
    row = {
        **base, "Type": "AzureActivity", "OperationName": "Delete Network Security Group", "Caller": user,
        "CallerIpAddress": ip, "ActivityStatusValue": v.one("Success", "Succeeded"),
        "ResourceProviderValue": "MICROSOFT.NETWORK",
    }  # fmt: skip
    fields = {
        **common, "event.action": "Delete Network Security Group", "event.outcome": "success",
        "event.provider": "MICROSOFT.NETWORK", "event.dataset": "azure.activitylogs",
    }  # fmt: skip
    yield Written("azure.loganalytics", json.dumps(row), fields, kind="ndjson")
    row = {
        **base, "Type": "AuditLogs", "OperationName": "Add member to role", "Result": "failure",
        "ResultReason": "denied", "LoggedByService": "Core Directory",
        "InitiatedBy": {"user": {"userPrincipalName": user, "ipAddress": ip}},
    }  # fmt: skip
    fields = {
        "@timestamp": moment, "event.action": "Add member to role", "event.outcome": "failure", "user.name": user,
        "event.reason": "denied", "event.provider": "Core Directory", "event.category": "iam",
    }  # fmt: skip
    yield Written("azure.loganalytics", json.dumps(row), fields, kind="ndjson")


def globalprotect(v: Values) -> Iterator[Written]:
    """Lines of PAN-OS' ``gpsvc.log`` as the vendor quotes them."""
    session = v.one("../../../../opt/panlogs/tmp/x", f"{v.number():08x}-aaaa-bbbb-cccc-{v.number():012x}")
    line = f"failed to unmarshal session({session}) map , EOF"
    fields = {"message": line, "event.module": "paloalto", "observer.vendor": "Palo Alto Networks"}
    yield Written("paloalto.globalprotect", line, fields, meta={"path": "/var/log/pan/gpsvc.log"})


FORMAT_WRITERS = (headers, plain_json, ecs, endpoint_security, log_analytics, globalprotect)
