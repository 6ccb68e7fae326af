"""systemd's journal as ``journalctl -o json`` writes it (systemd.journal-fields(7)); messages go on to their
program's table."""

from __future__ import annotations

from typing import Any

from collectors.parsers.ecs_values import file_names, put
from collectors.parsers.message import read_message
from collectors.parsers.times import Clockwork, read_epoch
from infra.events.stream import Event

_FIELDS = {
    "_HOSTNAME": "host.name",
    "_MACHINE_ID": "host.id",
    "_PID": "process.pid",
    "_COMM": "process.name",
    "_EXE": "process.executable",
    "_CMDLINE": "process.command_line",
    "_UID": "user.id",
    "_SYSTEMD_UNIT": "service.name",
    "SYSLOG_IDENTIFIER": "log.syslog.appname",
    "SYSLOG_PID": "log.syslog.procid",
    "SYSLOG_FACILITY": "log.syslog.facility.code",
    "PRIORITY": "log.syslog.severity.code",
    "MESSAGE_ID": "event.code",
}


def is_journal(tree: dict[str, Any]) -> bool:
    """Whether ``tree`` is an entry of the journal."""
    return "__REALTIME_TIMESTAMP" in tree and ("__CURSOR" in tree or "MESSAGE" in tree)


def read_journal(tree: dict[str, Any], clock: Clockwork) -> Event:
    """The flat document of an entry. Fields that hold bytes come as lists of numbers and are read as text."""
    event: Event = {"event.module": "journald"}
    for key in ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"):
        if isinstance(tree.get(key), str | int) and (moment := read_epoch(tree[key], clock)):
            event["@timestamp"] = moment
            break
    for key, field in _FIELDS.items():
        put(event, field, _text(tree.get(key)))
    program = event.get("log.syslog.appname") or event.get("process.name") or ""
    put(event, "process.name", program)
    message = _text(tree.get("MESSAGE"))
    if message is not None:
        parser, fields = read_message(message, program, clock)
        event = {**event, **fields}
        event.setdefault("message", message)
        if parser:
            event["yaodun.parser"] = f"journal/{parser}"
    file_names(event)
    return event


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        if all(isinstance(item, int) and 0 <= item < 256 for item in value):
            return bytes(value).decode("utf-8", "replace")
        value = value[0] if value else None
    return value if isinstance(value, str) else None
