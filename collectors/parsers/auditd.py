"""Linux audit records (auditd, laurel-less): the records of one event are joined by node, time and serial number.

Text that the kernel wrote in hex is decoded, socket addresses are read, syscall numbers named; oracle: ``ausearch
-i``. Every field lies below ``auditd.data`` by its own name; where records of one event disagree, as a list. ``a0``
to ``aN`` are the arguments of EXECVE where there is one, else those of the syscall.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from collectors.parsers.audit_fields import audit_meaning, decode_field, socket_address, syscall_name
from collectors.parsers.ecs_values import file_names, put, relate
from collectors.parsers.times import Clockwork
from infra.events.stream import Event

AUDIT_LINE = re.compile(
    r"(?:audit: )?(?:node=(\S+) )?type=([A-Z0-9_\[\]]+) (?:msg=)?audit\((\d{1,12})\.(\d{1,3}):(\d{1,12})\): ?"
)
_KEY = re.compile(r"([A-Za-z0-9_\-\[\]]+)=")
_UNSET = ("4294967295", "-1", "unset", "(null)", "(none)", "?", "")
_OUTCOMES = {
    "yes": "success",
    "no": "failure",
    "1": "success",
    "0": "failure",
    "success": "success",
    "failed": "failure",
}
MAX_JOINED = 64
"""Records of one event that are joined; a PATH flood beyond that starts a new document."""


@dataclass(slots=True)
class AuditRecord:
    """One line: which event it belongs to, its type, its fields in order."""

    node: str
    type: str
    time: datetime
    serial: int
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, datetime, int]:
        """What the records of one event share."""
        return self.node, self.time, self.serial


def split_audit(text: str) -> AuditRecord | None:
    """The record in ``text``; None where it is none."""
    head = AUDIT_LINE.match(text)
    if head is None:
        return None
    try:
        time = datetime.fromtimestamp(int(head[3]), UTC).replace(microsecond=int(head[4].ljust(3, "0")) * 1000)
    except (ValueError, OverflowError, OSError):
        return None
    record = AuditRecord(head[1] or "", head[2], time, int(head[5]))
    _pairs(text, head.end(), record.fields)
    return record


def _pairs(text: str, position: int, fields: dict[str, str]) -> None:
    while found := _KEY.search(text, position):
        start = found.end()
        opening = text[start : start + 1]
        if opening == "'" and found[1] == "msg":
            end = text.rfind("'")
            inner = text[start + 1 : end if end > start else len(text)]
            _pairs(inner, 0, fields)
            position = end + 1 if end > start else len(text)
            continue
        if opening in ("'", '"') and opening:
            end = text.find(opening, start + 1)
            end = len(text) - 1 if end < 0 else end
            fields.setdefault(found[1], text[start : end + 1])
            position = end + 1
            continue
        end = _value_end(text, start)
        fields.setdefault(found[1], text[start:end])
        position = end


def _value_end(text: str, start: int) -> int:
    for position in range(start, len(text)):
        if text[position] in " \x1d\n,'":
            return position
    return len(text)


def read_audit(records: Iterable[AuditRecord]) -> Event:
    """The flat document of the records of one event."""
    event: Event = {"event.module": "auditd", "event.dataset": "auditd.log", "host.os.type": "linux"}
    types: list[str] = []
    data: dict[str, Any] = {}
    paths: list[dict[str, str]] = []
    known = list(records)
    executed = any(record.type == "EXECVE" for record in known)
    for record in known:
        types.append(record.type)
        fields = {name: decode_field(record.type, name, value) for name, value in record.fields.items()}
        if record.type == "PATH":
            paths.append(fields)
        for name, value in fields.items():
            if record.type == "SYSCALL" and executed and re.fullmatch(r"a[0-3]", name):
                continue
            _add(data, name, value)
    first = known[0]
    event["@timestamp"] = first.time
    event["auditd.sequence"] = first.serial
    event["auditd.message_type"] = types
    put(event, "host.name", first.node)
    _complete(event, data, types, paths)
    event["auditd.data"] = data
    return event


def read_audit_line(text: str, _: Clockwork) -> Event | None:
    """The document of a single line, for records that come one by one."""
    record = split_audit(text)
    return read_audit([record]) if record else None


def _add(data: dict[str, Any], name: str, value: str) -> None:
    held = data.get(name)
    if held is None:
        data[name] = value
    elif isinstance(held, list):
        if value not in held:
            held.append(value)
    elif held != value:
        data[name] = [held, value]


def _one(data: dict[str, Any], *names: str) -> str | None:
    for name in names:
        value = data.get(name)
        value = value[0] if isinstance(value, list) else value
        if isinstance(value, str) and value not in _UNSET:
            return value
    return None


def _complete(event: Event, data: dict[str, Any], types: list[str], paths: list[dict[str, str]]) -> None:
    call = _one(data, "SYSCALL") or syscall_name(_one(data, "arch"), _one(data, "syscall"))
    if call:
        data["SYSCALL"] = call
    if verdict := _OUTCOMES.get(_one(data, "success", "res", "result") or ""):
        event["event.outcome"] = verdict
        event["auditd.result"] = verdict
    put(event, "auditd.session", _one(data, "ses"))
    put(event, "auditd.summary.actor.primary", _one(data, "AUID", "auid"))
    _people(event, data)
    _process(event, data, types)
    _file(event, data, paths)
    _network(event, data)
    _kind(event, data, types, call)
    file_names(event)
    relate(event)


def _people(event: Event, data: dict[str, Any]) -> None:
    put(event, "user.id", _one(data, "uid"))
    put(event, "user.name", _one(data, "acct", "UID"))
    put(event, "user.effective.id", _one(data, "euid"))
    put(event, "user.effective.name", _one(data, "EUID"))
    put(event, "group.id", _one(data, "gid"))


def _process(event: Event, data: dict[str, Any], types: list[str]) -> None:
    put(event, "process.pid", _one(data, "pid"))
    put(event, "process.parent.pid", _one(data, "ppid"))
    put(event, "process.executable", _one(data, "exe"))
    put(event, "process.working_directory", _one(data, "cwd"))
    put(event, "process.title", _one(data, "proctitle"))
    if "EXECVE" in types:
        arguments = _arguments(data)
        event["process.args"] = arguments
        event["process.command_line"] = " ".join(arguments)
    elif title := _one(data, "cmd", "proctitle"):
        event["process.command_line"] = title


def _arguments(data: dict[str, Any]) -> list[str]:
    arguments = []
    for number in range(MAX_JOINED * 16):
        value = data.get(f"a{number}")
        if value is None:
            parts: list[str] = []
            while (part := data.get(f"a{number}[{len(parts)}]")) is not None:
                parts.append(str(part))
            if not parts:
                break
            value = "".join(parts)
            data[f"a{number}"] = value
        arguments.append(value if isinstance(value, str) else str(value[0]))
    return arguments


def _file(event: Event, data: dict[str, Any], paths: list[dict[str, str]]) -> None:
    chosen = next((path for path in paths if path.get("nametype") in ("CREATE", "DELETE")), None)
    chosen = chosen or next((path for path in paths if path.get("nametype") != "PARENT"), None)
    if chosen is None or chosen.get("name") in (None, *_UNSET):
        return
    name = chosen["name"]
    folder = _one(data, "cwd")
    event["file.path"] = (
        name if name.startswith("/") or not folder else f"{folder.rstrip('/')}/{name.removeprefix('./')}"
    )
    put(event, "file.uid", chosen.get("ouid"))
    put(event, "file.gid", chosen.get("ogid"))
    put(event, "file.mode", chosen.get("mode", "")[-4:])
    put(event, "file.owner", chosen.get("OUID"))
    put(event, "file.group", chosen.get("OGID"))


def _network(event: Event, data: dict[str, Any]) -> None:
    if found := socket_address(_one(data, "saddr") or ""):
        put(event, "destination.ip", found.get("ip"))
        put(event, "destination.port", found.get("port"))
        put(event, "destination.address", found.get("path") or found.get("ip"))
    for name in ("addr", "hostname"):
        put(event, "source.ip", _one(data, name))


def _kind(event: Event, data: dict[str, Any], types: list[str], call: str | None) -> None:
    meaning = audit_meaning()
    kinds = set(types)
    if "EXECVE" in kinds or call in ("execve", "execveat"):
        _say(event, ["process"], ["start"], "executed")
    elif "cmd" in data and "USER_CMD" in kinds:
        _say(event, ["process"], ["start"], "ran-command")
    elif kinds & meaning.authentication:
        _say(event, ["authentication"], ["end" if kinds & meaning.ends else "start"], _action(types[0]))
    elif found := next((meaning.iam[kind] for kind in types if kind in meaning.iam), None):
        _say(event, ["iam"], [found[0], found[1]], found[2])
    elif call in meaning.file:
        _say(event, ["file"], ["access" if call.startswith("open") else "change"], meaning.file[call])
    elif call in meaning.network:
        _say(event, ["network"], ["connection", "start"], meaning.network[call])
    elif kinds & meaning.configuration:
        _say(event, ["configuration"], ["change"], _action(types[0]))
    else:
        event.setdefault("event.action", call or _action(types[0]))


def _action(record_type: str) -> str:
    return record_type.lower().replace("_", "-")


def _say(event: Event, categories: list[str], types: list[str], action: str) -> None:
    event["event.category"], event["event.type"], event["event.action"] = categories, types, action
