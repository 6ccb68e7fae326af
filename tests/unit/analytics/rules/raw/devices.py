"""Lines of network devices: Cisco IOS, Huawei VRP, Junos, FortiGate, PAN-OS GlobalProtect.

Formats: the vendors' references of log messages.
"""

from __future__ import annotations

from collectors.frames import FrameKind, pack_records
from tests.unit.analytics.rules.raw.wanted import Raw, UnsayableError, Wanted


def cisco_line(wanted: Wanted) -> Raw:
    """A message of IOS: a command that the configuration logger notes, or the message that is asked for."""
    text = _only_keyword(wanted)
    said = text if text.startswith("%") else f"%PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:{text}"
    return _syslog("Cisco IOS syslog", f"<189>45: Mar  2 08:15:30.123: {said}")


def huawei_line(wanted: Wanted) -> Raw:
    """A message of VRP."""
    name = "BGP_AUTH_FAILED" if "BGP_AUTH_FAILED" in wanted.keyword else "BGP_STATE"
    body = f"%%01BGP/3/{name}(l)[12]: {_only_keyword(wanted)}"
    return _syslog("Huawei VRP syslog", f"<187>Mar  2 2026 08:15:30 core {body}")


def juniper_line(wanted: Wanted) -> Raw:
    """A message of the routing daemon of Junos."""
    return _syslog("Junos syslog", f"<27>Mar  2 08:15:30 edge rpd[1811]: {_only_keyword(wanted)}")


def fortigate_line(wanted: Wanted) -> Raw:
    """An event of a FortiGate."""
    pairs = {
        "date": "2026-03-02", "time": "08:15:30", "devname": "fw1", "devid": "FGT60F0000000000", "logid": "0100044547",
        "type": "event", "subtype": "system", "level": "information", "user": "admin",
    }  # fmt: skip
    for location, value in wanted.values().items():
        if location in wanted.route:
            continue
        if "." in location:
            raise UnsayableError(location)
        pairs[location] = str(value)
    if wanted.keyword:
        pairs["msg"] = wanted.keyword
    said = " ".join(f'{name}="{value}"' for name, value in pairs.items())
    return _syslog("FortiGate key=value syslog", f"<190>{said}")


def globalprotect_line(wanted: Wanted) -> Raw:
    """A line of the GlobalProtect service."""
    line = f'{{"level":"error","task":"1393405-22","time":"2026-03-02T08:15:30Z","message":"{_only_keyword(wanted)}"}}'
    return Raw("GlobalProtect gpsvc.log", FrameKind.LINES, line.encode(), {"path": "/var/log/pan/gpsvc.log"})


def _only_keyword(wanted: Wanted) -> str:
    if asked := [location for location in wanted.values() if location not in wanted.route]:
        raise UnsayableError(", ".join(asked))
    return wanted.keyword


def _syslog(name: str, line: str) -> Raw:
    return Raw(name, FrameKind.SYSLOG, pack_records([line.encode()]))
