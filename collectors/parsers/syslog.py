"""Syslog headers: RFC 5424, RFC 3164 and what senders make of it; the message goes on to the table of its program.

Read without complaint: no PRI, a BOM, NUL and CR at the end, dates without year, with year, in RFC 3339, with
fractions or a star before them (no clock set), no host name, no tag, Cisco's sequence numbers. A line that is none of
that is a message as a whole.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from collectors.parsers.times import Clockwork, read_bsd, read_plain
from infra.events.stream import Event

_PRI = re.compile(r"<(\d{1,3})>")
_RFC5424 = re.compile(r"(\d{1,2}) (-|\S{10,64}) (\S{1,255}) (\S{1,255}) (\S{1,128}) (\S{1,255}) ?", re.ASCII)
_BSD_TIME = re.compile(
    r"\*?[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: [A-Z]{3,4}(?=:))?:? ?"
)
_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})? ")
_CISCO_SEQUENCE = re.compile(r"\d{1,10}: (?=\*?[A-Z][a-z]{2} +\d)")
_TAG = re.compile(
    r"(?!CEF:|LEEF:)(?: ?-- )?([A-Za-z0-9_./@()#\\-]{1,64}?)(?: \d[\d.]{0,15})?(?:\[([^\]\s]{1,64})\])?: ?"
)
_SD_NAME = re.compile(r"[^\s=\]\"]{1,255}")
_SD_VALUE = re.compile(r'"((?:[^"\\\]]|\\.)*)"', re.DOTALL)
_SD_ESCAPE = re.compile(r'\\(["\\\]])')
_HOST_AND_TAG = re.compile(r"(?![A-Z]+ )\S+ [^\s:\[]{1,64}(?:\[[^\]]*\])?: ?")
_TRAILER = "\r\n\0"
_MAX_ELEMENTS = 64


def read_syslog(text: str, clock: Clockwork) -> tuple[Event, str]:
    """Fields of the header of ``text`` and the message behind it. ``process.name`` is the program where one is
    named."""
    line = text.rstrip(_TRAILER).removeprefix("\ufeff")
    event: Event = {}
    start = 0
    if found := _PRI.match(line):
        priority = int(found[1])
        if priority <= 191:
            event["log.syslog.priority"] = priority
            event["log.syslog.facility.code"], event["log.syslog.severity.code"] = divmod(priority, 8)
        start = found.end()
        if (header := _RFC5424.match(line, start)) and header[1] == "1":
            return _rfc5424(line, header, event, clock)
    return _rfc3164(line, start, event, clock)


def looks_like_syslog(line: str) -> bool:
    """Whether ``line`` has a header: a PRI, or a date followed by a host and a tag."""
    if _PRI.match(line):
        return True
    if _BSD_TIME.match(line):
        return True
    found = _ISO_TIME.match(line)
    return bool(found and "T" in found[0][:11] and _HOST_AND_TAG.match(line, found.end()))


def _rfc5424(line: str, header: re.Match[str], event: Event, clock: Clockwork) -> tuple[Event, str]:
    event["log.syslog.version"] = header[1]
    if moment := read_plain(header[2], clock):
        event["@timestamp"] = moment
    for field, value in zip(_HEADER_FIELDS, header.group(3, 4, 5, 6), strict=True):
        if value != "-":
            event[field] = value
    _name_process(event, event.get("log.syslog.appname"), event.get("log.syslog.procid"))
    elements, end = read_structured_data(line, header.end())
    if elements:
        event["log.syslog.structured_data"] = elements
    message = line[end:].lstrip(" ").removeprefix("\ufeff")
    return event, message


_HEADER_FIELDS = ("host.name", "log.syslog.appname", "log.syslog.procid", "log.syslog.msgid")


def read_structured_data(line: str, start: int) -> tuple[dict[str, Any], int]:
    """Elements of RFC 5424 structured data from ``start`` and the position behind them; broken data is left in the
    message."""
    if line.startswith("-", start):
        return {}, start + 1
    elements: dict[str, Any] = {}
    position = start
    while line.startswith("[", position) and len(elements) < _MAX_ELEMENTS:
        element = _element(line, position + 1)
        if element is None:
            return ({}, start) if not elements else (elements, position)
        name, parameters, position = element
        elements[name] = parameters
    return elements, position


def _element(line: str, position: int) -> tuple[str, dict[str, Any], int] | None:
    name = _SD_NAME.match(line, position)
    if name is None:
        return None
    parameters: dict[str, Any] = {}
    position = name.end()
    while line.startswith(" ", position):
        key = _SD_NAME.match(line, position + 1)
        if key is None or not line.startswith("=", key.end()):
            return None
        value = _SD_VALUE.match(line, key.end() + 1)
        if value is None:
            return None
        parameters[key[0]] = _SD_ESCAPE.sub(r"\1", value[1]) if "\\" in value[1] else value[1]
        position = value.end()
    return (name[0], parameters, position + 1) if line.startswith("]", position) else None


def _rfc3164(line: str, start: int, event: Event, clock: Clockwork) -> tuple[Event, str]:
    if found := _CISCO_SEQUENCE.match(line, start):
        start = found.end()
    dated = False
    if found := _BSD_TIME.match(line, start):
        moment = _bsd(found[0], clock)
    elif found := _ISO_TIME.match(line, start):
        moment = read_plain(found[0], clock)
    if found:
        start = found.end()
        dated = True
        if moment:
            event["@timestamp"] = moment
    if dated:
        start = _host(line, start, event)
    if tag := _TAG.match(line, start):
        event["log.syslog.appname"] = tag[1]
        if tag[2]:
            event["log.syslog.procid"] = tag[2]
        _name_process(event, tag[1], tag[2])
        start = tag.end()
    return event, line[start:]


def _host(line: str, start: int, event: Event) -> int:
    """A word before the tag is the host, unless it is the tag itself."""
    end = line.find(" ", start)
    word = line[start:end] if end > 0 else ""
    if not word or word.endswith(":") or "[" in word:
        return start
    event["host.name"] = word
    return end + 1


def _name_process(event: Event, program: str | None, process: str | None) -> None:
    if program:
        event["process.name"] = program.rpartition("/")[2] or program
    if process and process.isdigit() and len(process) < 11:
        event["process.pid"] = int(process)


def _bsd(text: str, clock: Clockwork) -> datetime | None:
    """Many messages of a frame carry the same second."""
    if text not in clock.memo:
        clock.memo[text] = read_bsd(text, clock)
    return clock.memo[text]
