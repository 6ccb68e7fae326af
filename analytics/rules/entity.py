"""Whom or what a signal is about: the rule's own choice, else what its kind of log source is usually about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analytics.rules.atoms import MISSING
from analytics.rules.rule import LogSource, Rule

_HOST = ("host.name", "winlog.computer_name", "host.hostname", "observer.name", "host.ip")
_USER = ("user.name", "winlog.event_data.TargetUserName", "source.user.name", "user.email", "user.id")
_ADDRESS = ("source.ip", "client.ip", "source.address", "destination.ip")
_TYPES = {"host": _HOST, "user": _USER, "ip": _ADDRESS}
_REMOTE = {"webserver", "proxy", "firewall", "dns"}
_ACCOUNT = {"aws", "azure", "gcp", "m365", "okta", "onelogin", "github", "bitbucket", "kubernetes"}


def entity_of(rule: Rule, value_of: Callable[[str], Any]) -> tuple[str, str]:
    """Type (host, user or ip) and value; ``("source", ...)`` where the event names none of them."""
    if rule.entity and (value := _plain(value_of(rule.entity))):
        return type_of(rule.entity), value
    for kind in _order(rule.logsource):
        for name in _TYPES[kind]:
            if value := _plain(value_of(name)):
                return kind, value
    return "source", _plain(value_of("yaodun.source")) or _plain(value_of("event.dataset")) or "unknown"


def entity_of_group(rule: Rule, group: Mapping[str, str]) -> tuple[str, str]:
    """The entity of a correlation: the rule's own choice, else the first group field that names one."""
    if rule.entity in group:
        return type_of(rule.entity), group[rule.entity]
    named = [(type_of(name), value) for name, value in group.items()]
    known = [pair for pair in named if pair[0] in _TYPES]
    return (known or named or [("source", "all")])[0]


def type_of(field: str) -> str:
    """The type of entity a field names."""
    if field in _USER or field.startswith("user.") or field.endswith((".user.name", ".user.id")):
        return "user"
    if field in _ADDRESS or field.endswith(".ip"):
        return "ip"
    return "host" if field in _HOST or field.startswith("host.") else field


def _order(source: LogSource) -> Sequence[str]:
    if (
        source.category in _REMOTE
        or source.product in ("zeek", "cisco", "fortigate")
        or source.service in ("nginx", "apache")
    ):
        return ("ip", "host", "user")
    if source.product in _ACCOUNT:
        return ("user", "ip", "host")
    return ("host", "user", "ip")


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    return "" if value is MISSING or value in (None, "", "-") else str(value)
