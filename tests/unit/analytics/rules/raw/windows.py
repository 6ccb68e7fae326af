"""Events of Windows event logs, as the event log service renders them in XML, and as Winlogbeat ships them.

Formats: the schema of [MS-EVEN6] (System, EventData), Sysmon for Linux (the same XML behind a syslog header), and
Winlogbeat 8 (``winlog.*``).
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from collectors.frames import FrameKind, pack_records
from tests.unit.analytics.rules.raw.schemas import event_data
from tests.unit.analytics.rules.raw.wanted import TIME, Raw, UnsayableError, Wanted, below, named

_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
_ELEMENTS = {
    "winlog.task": "Task",
    "winlog.opcode": "Opcode",
    "winlog.keywords": "Keywords",
    "winlog.record_id": "EventRecordID",
    "winlog.computer_name": "Computer",
    "log.level": "Level",
}
_ROUTED = {"winlog.channel", "winlog.event_id", "winlog.provider_name", "winlog.provider_guid"}
_BEAT = {"winlog.task": "task", "winlog.opcode": "opcode", "winlog.record_id": "record_id"}


def event_xml(wanted: Wanted) -> str:
    """The XML of an event; raises ``UnsayableError`` for what XML or the schema cannot hold."""
    head, data = _sorted(wanted)
    if "message" in head:
        raise UnsayableError("message")
    system = [f"<Provider Name={quoteattr(head.pop('winlog.provider_name', _provider(wanted)))}/>"]
    system.append(f"<EventID>{escape(head.pop('winlog.event_id', '1'))}</EventID>")
    system.append(f"<Channel>{escape(head.pop('winlog.channel', 'Application'))}</Channel>")
    system.append(f'<TimeCreated SystemTime="{TIME}"/>')
    for location, value in head.items():
        if location not in _ELEMENTS:
            raise UnsayableError(location)
        system.append(f"<{_ELEMENTS[location]}>{escape(value)}</{_ELEMENTS[location]}>")
    if "winlog.computer_name" not in head:
        system.append("<Computer>pc.example</Computer>")
    rows = [f"<Data Name={quoteattr(name)}>{escape(value)}</Data>" for name, value in data.items()]
    if wanted.keyword:
        rows.append(f"<Data>{escape(wanted.keyword)}</Data>")
    text = (
        f'<Event xmlns="{_NAMESPACE}"><System>{"".join(system)}</System><EventData>{"".join(rows)}</EventData></Event>'
    )
    if any(ord(char) < 32 for char in text):
        raise UnsayableError("control characters")
    return text


def rendered_xml(wanted: Wanted) -> Raw:
    """As a collector of forwarded events writes it: one event a line."""
    return Raw("Windows event XML", FrameKind.LINES, event_xml(wanted).encode())


def sysmon_linux(wanted: Wanted) -> Raw:
    """As Sysmon for Linux logs it."""
    line = f"<14>Mar  2 08:15:30 host sysmon: {event_xml(wanted)}"
    return Raw("Sysmon for Linux over syslog", FrameKind.SYSLOG, pack_records([line.encode()]))


def winlogbeat(wanted: Wanted) -> Raw:
    """As Winlogbeat ships it."""
    head, data = _sorted(wanted)
    winlog: dict[str, Any] = {
        "channel": head.pop("winlog.channel", "Application"),
        "event_id": head.pop("winlog.event_id", "1"),
        "provider_name": head.pop("winlog.provider_name", _provider(wanted)),
        "computer_name": head.pop("winlog.computer_name", "pc.example"),
    }
    tree: dict[str, Any] = {"@timestamp": TIME, "winlog": winlog}
    if "log.level" in head:
        tree["log"] = {"level": head.pop("log.level")}
    if "winlog.keywords" in head:
        winlog["keywords"] = [head.pop("winlog.keywords")]
    if "winlog.provider_guid" in head:
        winlog["provider_guid"] = head.pop("winlog.provider_guid")
    message = " ".join(part for part in (head.pop("message", ""), wanted.keyword) if part)
    if message:
        tree["message"] = message
    for location, value in head.items():
        if location not in _BEAT:
            raise UnsayableError(location)
        winlog[_BEAT[location]] = value
    if data:
        winlog["event_data"] = data
    return Raw("Winlogbeat JSON", FrameKind.NDJSON, orjson.dumps(tree))


def _sorted(wanted: Wanted) -> tuple[dict[str, str], dict[str, str]]:
    """What goes into the head of the event, and what into its data."""
    head: dict[str, str] = {}
    data: dict[str, str] = {}
    known = event_data(wanted.route.get("winlog.channel"), wanted.route.get("winlog.event_id"))
    for location, value in {**_route(wanted), **wanted.values()}.items():
        if name := below(location, "winlog.event_data."):
            if known and name not in known:
                raise UnsayableError(f"{name}, the event has no such field")
            data[name] = str(value)
        elif location.startswith("winlog.") or location in ("log.level", "message"):
            head[named(location)[0]] = str(value)
        else:
            raise UnsayableError(location)
    return head, data


def _route(wanted: Wanted) -> dict[str, str]:
    return {name: value for name, value in wanted.route.items() if value is not None}


def _provider(wanted: Wanted) -> str:
    channel = wanted.route.get("winlog.channel") or ""
    known = {"Security": "Microsoft-Windows-Security-Auditing", "System": "Service Control Manager"}
    if channel == "Linux-Sysmon/Operational":
        return "Linux-Sysmon"
    return known.get(channel, channel.partition("/")[0] or "Application")
