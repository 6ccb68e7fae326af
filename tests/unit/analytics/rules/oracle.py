"""The slow, plain judge: walks pySigma's tree for every rule and event, sharing no code with the engine.

Log sources come from SigmaHQ's own table for another product (``tests/thor.yml``), text compares by ``re`` with
IGNORECASE, addresses by ``ipaddress``; nothing is remembered between events.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from sigma import types as sigma_types
from sigma.collection import SigmaCollection
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule

from tests.unit.analytics.rules.sigmahq import SIGMA

NOTHING = object()


def parse_rules(folder: Path) -> list[SigmaRule]:
    """The rules of a folder as pySigma reads them."""
    found: list[SigmaRule] = []
    for path in sorted(folder.rglob("*.yml")):
        for rule in SigmaCollection.from_yaml(path.read_text(encoding="utf-8"), collect_errors=True).rules:
            if isinstance(rule, SigmaRule) and not rule.errors:
                found.append(rule)
    return found


def judge(rule: SigmaRule, record: Mapping[str, Any]) -> bool:
    """Whether the condition holds on a record of Sigma field names."""
    return any(_walk(condition, record) for condition in _parsed(rule))


_PARSED: dict[int, tuple[SigmaRule, list[Any]]] = {}


def _parsed(rule: SigmaRule) -> list[Any]:
    if id(rule) not in _PARSED:
        _PARSED[id(rule)] = (rule, [condition.parsed for condition in rule.detection.parsed_condition])
    return _PARSED[id(rule)][1]


def _walk(node: Any, record: Mapping[str, Any]) -> bool:
    if isinstance(node, ConditionAND):
        return all(_walk(item, record) for item in node.args)
    if isinstance(node, ConditionOR):
        return any(_walk(item, record) for item in node.args)
    if isinstance(node, ConditionNOT):
        return not _walk(node.args[0], record)
    if isinstance(node, ConditionValueExpression):
        return _keyword(node.value, record)
    assert isinstance(node, ConditionFieldEqualsValueExpression)
    return _field(node.value, record.get(node.field, NOTHING), record)


def _keyword(wanted: Any, record: Mapping[str, Any]) -> bool:
    if isinstance(wanted, sigma_types.SigmaString) and all(isinstance(part, str) for part in wanted.s):
        return "".join(map(str, wanted.s)).lower() in _joined(record)
    search = (_regex if isinstance(wanted, sigma_types.SigmaRegularExpression) else _expression)(wanted).search
    return any(search(text) for value in record.values() for text in _leaves(value))


_LAST: list[Any] = [None, ""]


def _joined(record: Mapping[str, Any]) -> str:
    """All values of the record at hand, lower-cased, apart from each other."""
    if _LAST[0] is not record:
        _LAST[:] = [record, "\0".join(text for value in record.values() for text in _leaves(value)).lower()]
    return str(_LAST[1])


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield _text(value)


def _field(wanted: Any, value: Any, record: Mapping[str, Any]) -> bool:
    if isinstance(wanted, sigma_types.SigmaExpansion):
        return any(_field(item, value, record) for item in wanted.values)
    if isinstance(wanted, sigma_types.SigmaExists):
        return (value is not NOTHING) == bool(wanted)
    if isinstance(wanted, sigma_types.SigmaNull):
        return value is NOTHING or value is None or value == [] or (isinstance(value, list) and None in value)
    if value is NOTHING:
        return False
    items = value if isinstance(value, list) else [value]
    return any(item is not None and _single(wanted, item, record) for item in items)


def _single(wanted: Any, value: Any, record: Mapping[str, Any]) -> bool:
    text = _text(value)
    if isinstance(wanted, sigma_types.SigmaString):
        return _expression(wanted).fullmatch(text) is not None
    if isinstance(wanted, sigma_types.SigmaRegularExpression):
        return _regex(wanted).search(text) is not None
    if isinstance(wanted, sigma_types.SigmaNumber):
        return text == str(wanted.number)
    if isinstance(wanted, sigma_types.SigmaBool):
        return text.lower() == str(wanted).lower()
    if isinstance(wanted, sigma_types.SigmaCIDRExpression):
        try:
            return ipaddress.ip_address(text) in wanted.network
        except ValueError:
            return False
    if isinstance(wanted, sigma_types.SigmaCompareExpression):
        return _compare(wanted, text)
    if isinstance(wanted, sigma_types.SigmaFieldReference):
        return _reference(wanted, text, record.get(wanted.field, NOTHING))
    raise AssertionError(type(wanted))


def _compare(wanted: Any, text: str) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    bound = float(wanted.number.number)
    return {
        "LT": number < bound,
        "LTE": number <= bound,
        "GT": number > bound,
        "GTE": number >= bound,
    }[wanted.op.name]


def _reference(wanted: Any, text: str, other: Any) -> bool:
    if other is NOTHING or other is None:
        return False
    mine, theirs = text.lower(), _text(other).lower()
    if wanted.starts_with and wanted.ends_with:
        return theirs in mine
    if wanted.starts_with:
        return mine.startswith(theirs)
    return mine.endswith(theirs) if wanted.ends_with else mine == theirs


def _pattern(wanted: Any) -> str:
    if not isinstance(wanted, sigma_types.SigmaString):
        return re.escape(str(wanted))
    signs = {sigma_types.SpecialChars.WILDCARD_MULTI: ".*", sigma_types.SpecialChars.WILDCARD_SINGLE: "."}
    return "".join(re.escape(part) if isinstance(part, str) else signs[part] for part in wanted.s)


def _expression(wanted: Any) -> re.Pattern[str]:
    flags = re.DOTALL if isinstance(wanted, sigma_types.SigmaCasedString) else re.DOTALL | re.IGNORECASE
    return _once(wanted, _pattern(wanted), flags) if id(wanted) not in _COMPILED else _COMPILED[id(wanted)][1]


_COMPILED: dict[int, tuple[Any, re.Pattern[str]]] = {}


def _once(wanted: Any, pattern: str, flags: int) -> re.Pattern[str]:
    _COMPILED[id(wanted)] = (wanted, re.compile(pattern, flags))
    return _COMPILED[id(wanted)][1]


def _regex(wanted: Any) -> re.Pattern[str]:
    if id(wanted) in _COMPILED:
        return _COMPILED[id(wanted)][1]
    flags = 0
    for flag in wanted.flags:
        flags |= wanted.sigma_to_python_flags[flag]
    return _once(wanted, str(wanted.regexp), flags)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


class Judge:
    """The verdicts of all rules of a folder on raw Windows records; log sources by SigmaHQ's own table.

    Events that agree in every field any of their rules looks at get the same verdict; keyword rules are judged anew.
    ``silent`` are the rules whose log source the table does not know.
    """

    def __init__(self, rules: list[SigmaRule]) -> None:
        tree = yaml.safe_load((SIGMA / "tests" / "thor.yml").read_text(encoding="utf-8"))
        self._sources = list(tree["logsources"].values())
        self.silent: set[str] = set()
        self._rows: list[tuple[list[str] | None, Mapping[str, Any], Mapping[str, str], list[SigmaRule]]] = []
        self._known: dict[tuple[Any, ...], set[str]] = {}
        grouped: dict[tuple[str, ...], list[SigmaRule]] = {}
        for rule in rules:
            source = rule.logsource
            grouped.setdefault((source.product or "", source.category or "", source.service or ""), []).append(rule)
        for key, members in grouped.items():
            rows = self._of(*key)
            self.silent |= {str(rule.id) for rule in members} if rows is None else set()
            self._rows += [(*row, members) for row in rows or []]

    def verdicts(self, record: Mapping[str, Any]) -> set[str]:
        """The ids of the rules the record meets."""
        met: set[str] = set()
        if record.get("Channel") == "Windows PowerShell" and "Data" not in record:
            record = {**record, **_classic_data(record)}
        for number, (channels, conditions, names, rules) in enumerate(self._rows):
            if _taken(record, channels, conditions):
                met |= self._row(number, _renamed(record, names), rules)
        return met

    def _row(self, number: int, record: Mapping[str, Any], rules: list[SigmaRule]) -> set[str]:
        fields, keywords = _used(number, rules)
        key = (number, *(repr(record.get(name, NOTHING)) for name in fields))
        if key not in self._known:
            self._known[key] = {str(rule.id) for rule in rules if rule not in keywords and judge(rule, record)}
        return self._known[key] | {str(rule.id) for rule in keywords if judge(rule, record)}

    def _of(self, product: str, category: str, service: str) -> list[Any] | None:
        if not category and not service:
            return [(None, {}, {})]
        rows = []
        for one in self._sources:
            if category and one.get("category") == category and one.get("product") in (product, None):
                channels = self._channels(one.get("rewrite", {}).get("service"))
                rows.append((channels, one.get("conditions", {}), one.get("fieldmappings", {})))
        if not category and (channels := self._channels(service)):
            rows.append((channels, {}, {}))
        return rows or None

    def _channels(self, service: str | None) -> list[str]:
        return [
            source.removeprefix("WinEventLog:")
            for one in self._sources
            if one.get("service") == service and one.get("product") == "windows" and "category" not in one
            for source in one.get("sources", [])
        ]


_USED: dict[int, tuple[list[str], list[SigmaRule]]] = {}


def _used(number: int, rules: list[SigmaRule]) -> tuple[list[str], list[SigmaRule]]:
    if number not in _USED:
        fields: dict[str, None] = {}
        keywords = []
        for rule in rules:
            seen: list[str | None] = [name for condition in _parsed(rule) for name in _names(condition)]
            fields |= {name: None for name in seen if name}
            keywords += [rule] if None in seen else []
        _USED[number] = (list(fields), keywords)
    return _USED[number]


def _names(node: Any) -> Iterator[str | None]:
    if isinstance(node, ConditionValueExpression):
        yield None
    elif isinstance(node, ConditionFieldEqualsValueExpression):
        yield node.field
        if isinstance(node.value, sigma_types.SigmaFieldReference):
            yield node.value.field
    else:
        for item in node.args:
            yield from _names(item)


def _taken(record: Mapping[str, Any], channels: list[str] | None, conditions: Mapping[str, Any]) -> bool:
    if channels is None:
        return "Channel" in record
    if str(record.get("Channel", "")).lower() not in [channel.lower() for channel in channels]:
        return False
    for name, wanted in conditions.items():
        listed = wanted if isinstance(wanted, list) else [wanted]
        if str(record.get(name)) not in [str(item) for item in listed]:
            return False
    return True


_AUDIT = {"User": "SubjectUserName", "LogonId": "SubjectLogonId", "IntegrityLevel": "MandatoryLabel"}
"""Names of Windows' own process event that the table leaves out, as Microsoft documents event 4688."""
_LABELS = {"S-1-16-4096": "Low", "S-1-16-8192": "Medium", "S-1-16-12288": "High", "S-1-16-16384": "System"}


def _classic_data(record: Mapping[str, Any]) -> dict[str, Any]:
    """Some shippers leave the insertion strings of the classic log in ``param3`` or in the message only."""
    found = record.get("param3", record.get("Message"))
    return {} if found is None else {"Data": found}


def _renamed(record: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    if not names:
        return record
    renamed = dict(record)
    if "Image" in names:
        names = {**_AUDIT, **names}
    for name, other in names.items():
        renamed.pop(name, None)
        if other in record:
            renamed[name] = _LABELS.get(str(record[other]), record[other])
    return renamed
