"""Windows events from EVTX, Winlogbeat, NXLog, Windows' own XML and forwarded flat JSON: one shape, ECS and
``winlog.*`` both.

The mapping of event data to ECS is data: ``fields/windows.toml``.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from collectors.parsers.ecs_values import file_names, is_plain_text, put, relate
from collectors.parsers.flatten import dig
from collectors.parsers.times import Clockwork, read_any
from infra.events.stream import Event

_SYSTEM_KEYS = frozenset(
    [
        "@timestamp",
        "@version",
        "@metadata",
        "AccountName",
        "AccountType",
        "ActivityID",
        "AgentDetails",
        "beat",
        "Channel",
        "Computer",
        "Domain",
        "Opcode",
        "OpcodeValue",
        "EventID",
        "EventId",
        "EventReceivedTime",
        "EventRecordID",
        "EventTime",
        "EventTypeOrignal",
        "ExecutionProcessID",
        "Hostname",
        "Keywords",
        "Level",
        "Message",
        "ProviderGuid",
        "ProviderName",
        "RecordNumber",
        "Severity",
        "SeverityValue",
        "SourceModuleName",
        "SourceModuleType",
        "SourceName",
        "Task",
        "TimeCreated",
        "ThreadID",
        "UserID",
        "Version",
        "host",
        "port",
        "tags",
        "type",
    ]
)
_HASHES = {
    "MD5": "hash.md5", "SHA1": "hash.sha1", "SHA256": "hash.sha256", "IMPHASH": "pe.imphash",
}  # fmt: skip
_LEVELS = {"0": "info", "1": "critical", "2": "error", "3": "warning", "4": "info", "5": "verbose"}
_ABSENT = ("", "-")


class WindowsMapping(msgspec.Struct):
    """What ``fields/windows.toml`` holds: ECS names by event data key, for all events, per provider, and per event
    id."""

    everywhere: dict[str, str]
    provider: dict[str, dict[str, dict[str, Any]]]
    channels: dict[str, str]


@cache
def windows_mapping() -> WindowsMapping:
    """The mapping of this version."""
    text = files("collectors.parsers").joinpath("fields", "windows.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), WindowsMapping)


def is_windows(tree: dict[str, Any]) -> bool:
    """Whether a JSON document is a Windows event of a known shape."""
    if isinstance(tree.get("Event"), dict):
        return isinstance(tree["Event"].get("System"), dict)
    if isinstance(winlog := tree.get("winlog"), dict):
        return "channel" in winlog or "event_id" in winlog
    if ("EventID" in tree or "EventId" in tree) and (
        "Channel" in tree or "SourceName" in tree or "ProviderName" in tree
    ):
        return True
    return "event_data" in tree and "event_id" in tree


def read_windows(tree: dict[str, Any], clock: Clockwork) -> Event:
    """The flat document of a Windows event."""
    if "Event" in tree:
        event, data = _evtx(tree["Event"], clock)
    elif "winlog" in tree or "event_data" in tree:
        event, data = _winlogbeat(tree, clock)
    else:
        event, data = _flat(tree, clock)
    if data:
        event["winlog.event_data"] = data
    _to_ecs(event, data)
    return event


def _evtx(tree: dict[str, Any], clock: Clockwork) -> tuple[Event, dict[str, str]]:
    system = tree["System"]
    event_id = system.get("EventID")
    event_id = event_id.get("#text") if isinstance(event_id, dict) else event_id
    event = _head(
        clock,
        event_id,
        system.get("Channel"),
        _attribute(system, "Provider", "Name"),
        _attribute(system, "TimeCreated", "SystemTime"),
        system.get("Computer"),
    )
    put(event, "winlog.provider_guid", _attribute(system, "Provider", "Guid"))
    put(event, "winlog.record_id", system.get("EventRecordID"))
    put(event, "winlog.task", system.get("Task"))
    put(event, "winlog.opcode", system.get("Opcode"))
    put(event, "winlog.keywords", system.get("Keywords"))
    put(event, "log.level", _LEVELS.get(str(system.get("Level"))))
    put(event, "user.id", _attribute(system, "Security", "UserID"))
    body: dict[str, Any] = next((tree[key] for key in ("EventData", "UserData") if isinstance(tree.get(key), dict)), {})
    if "UserData" in tree and isinstance(tree["UserData"], dict):
        event["winlog.user_data"] = tree["UserData"]
        body = _inner(body)
    return event, _event_data(body)


def _inner(body: dict[str, Any]) -> dict[str, Any]:
    """UserData wraps its fields in one element of the provider's own."""
    only = list(body.values())
    return only[0] if len(only) == 1 and isinstance(only[0], dict) else body


def _event_data(body: dict[str, Any]) -> dict[str, str]:
    data: dict[str, str] = {}
    for key, value in body.items():
        if key == "#attributes":
            continue
        if key == "Data" and not isinstance(value, str | int | float):
            values = value.get("#text") if isinstance(value, dict) else value
            for number, item in enumerate(values if isinstance(values, list) else [values]):
                if item is not None:
                    data[f"param{number + 1}"] = _text(item)
        elif isinstance(value, dict):
            data[key] = _text(value.get("#text", "")) if "#text" in value else _compact(value)
        elif value is not None:
            data[key] = _text(value)
    return data


def _winlogbeat(tree: dict[str, Any], clock: Clockwork) -> tuple[Event, dict[str, str]]:
    winlog = tree.get("winlog") if isinstance(tree.get("winlog"), dict) else tree
    assert isinstance(winlog, dict)
    event = _head(
        clock,
        winlog.get("event_id"),
        winlog.get("channel") or winlog.get("log_name"),
        winlog.get("provider_name") or winlog.get("source_name"),
        tree.get("@timestamp"),
        winlog.get("computer_name") or dig(tree, "host.name"),
    )
    put(event, "message", tree.get("message"))
    for ours, theirs in (
        ("provider_guid", "provider_guid"),
        ("record_id", "record_id"),
        ("task", "task"),
        ("opcode", "opcode"),
    ):
        put(event, f"winlog.{ours}", winlog.get(theirs))
    put(event, "winlog.record_id", winlog.get("record_number"))
    put(event, "winlog.keywords", winlog.get("keywords"))
    put(event, "log.level", dig(tree, "log.level") or winlog.get("level"))
    put(event, "user.id", dig(winlog, "user.identifier"))
    data = winlog.get("event_data")
    user_data = winlog.get("user_data")
    if isinstance(user_data, dict):
        event["winlog.user_data"] = user_data
        data = data or user_data
    return event, {key: _text(value) for key, value in data.items() if value is not None} if isinstance(
        data, dict
    ) else {}


def _flat(tree: dict[str, Any], clock: Clockwork) -> tuple[Event, dict[str, str]]:
    event = _head(
        clock,
        tree.get("EventID", tree.get("EventId")),
        tree.get("Channel"),
        tree.get("SourceName") or tree.get("ProviderName"),
        tree.get("@timestamp") or tree.get("TimeCreated") or tree.get("UtcTime") or tree.get("EventTime"),
        tree.get("Hostname") or tree.get("Computer"),
    )
    put(event, "message", tree.get("Message"))
    put(event, "winlog.provider_guid", tree.get("ProviderGuid"))
    put(event, "winlog.record_id", tree.get("RecordNumber") or tree.get("EventRecordID"))
    put(event, "winlog.task", tree.get("Task"))
    put(event, "winlog.opcode", tree.get("OpcodeValue", tree.get("Opcode")))
    put(event, "winlog.keywords", tree.get("Keywords"))
    put(event, "user.id", tree.get("UserID"))
    nested = tree.get("EventData")
    if isinstance(nested, dict):
        return event, _event_data(nested)
    return event, {key: _text(value) for key, value in tree.items() if key not in _SYSTEM_KEYS and value is not None}


def _head(clock: Clockwork, event_id: Any, channel: Any, provider: Any, time: Any, computer: Any) -> Event:
    event: Event = {"event.module": "windows", "host.os.type": "windows"}
    moment = read_any(time.removesuffix(" UTC") if isinstance(time, str) else time, clock)
    if moment:
        event["@timestamp"] = moment
    put(event, "event.code", event_id)
    put(event, "winlog.event_id", event_id)
    put(event, "winlog.channel", channel)
    put(event, "winlog.provider_name", provider)
    put(event, "event.provider", provider)
    put(event, "winlog.computer_name", computer)
    put(event, "host.name", computer)
    if dataset := windows_mapping().channels.get(str(channel)):
        event["event.dataset"] = dataset
    return event


class _Plan:
    """What one kind of event makes of its data: fields that take text as it is, fields that need reading, constants."""

    __slots__ = ("constants", "plain", "read")

    def __init__(self, mapping: WindowsMapping, provider: str, code: str) -> None:
        rules = mapping.provider.get(provider, {}).get(code, {})
        specific: dict[str, str] = rules.get("fields", {})
        taken = set(specific.values())
        general = {
            key: field for key, field in mapping.everywhere.items() if field not in taken and key not in specific
        }
        fields = {**specific, **general}
        self.plain = {key: field for key, field in fields.items() if is_plain_text(field) and field not in _READ}
        self.read = {key: field for key, field in fields.items() if key not in self.plain}
        self.constants: dict[str, Any] = rules.get("set", {})


_READ = ("network.transport", "process.entity_id")


@lru_cache(maxsize=4_096)
def _plan(provider: str, code: str) -> _Plan:
    return _Plan(windows_mapping(), provider, code)


def _to_ecs(event: Event, data: dict[str, str]) -> None:
    plan = _plan(event.get("winlog.provider_name", ""), event.get("event.code", ""))
    plain, read = plan.plain, plan.read
    for key, value in data.items():
        if key in plain:
            if value not in _ABSENT:
                event.setdefault(plain[key], value)
        elif key in read:
            _place(event, read[key], value)
    for field, value in plan.constants.items():
        event.setdefault(field, value)
    _users(event, data)
    _hashes(event, data)
    file_names(event)
    relate(event)


def _place(event: Event, field: str, value: str) -> None:
    if value in _ABSENT:
        return
    if field.endswith("pid"):
        put(event, field, value)
    elif field == "network.transport":
        event.setdefault(field, {"6": "tcp", "17": "udp", "1": "icmp"}.get(value, value.lower()))
    elif field == "registry.data.strings":
        event.setdefault(field, [value])
    elif field == "process.entity_id":
        event.setdefault(field, value.strip("{}"))
    else:
        put(event, field, value)


def _users(event: Event, data: dict[str, str]) -> None:
    """``DOMAIN\\name`` is domain and name; Sysmon's ``User`` is the user the process runs as."""
    name = event.get("user.name")
    if isinstance(name, str) and "\\" in name:
        event["user.domain"], _, event["user.name"] = name.partition("\\")
    elif "User" in data and "\\" in data["User"]:
        domain, _, user = data["User"].partition("\\")
        event.setdefault("user.domain", domain)
        event.setdefault("user.name", user)


def _hashes(event: Event, data: dict[str, str]) -> None:
    listed: str = data.get("Hashes") or data.get("Hash") or data.get("ConfigurationFileHash") or ""
    owner = "dll" if "ImageLoaded" in data else ("process" if event.get("event.code") == "1" else "file")
    for name, value in re.findall(r"([A-Z0-9]+)=([0-9A-Fa-f]+)", listed):
        if field := _HASHES.get(name):
            event.setdefault(f"{owner}.{field}", value.lower())


def _attribute(system: dict[str, Any], element: str, name: str) -> Any:
    node = system.get(element)
    if not isinstance(node, dict):
        return None
    return node.get(name, dig(node, f"#attributes.{name}"))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return _compact(value)
    return str(value)


def _compact(value: Any) -> str:
    return msgspec.json.encode(value).decode()
