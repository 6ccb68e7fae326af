"""Records of Linux hosts: audit records as the kernel writes them, syslog lines of programs.

Formats: audit records (linux-audit ``auditd`` documentation: text with unusual characters in hex), RFC 3164.
"""

from __future__ import annotations

import re

from collectors.frames import FrameKind, pack_records
from tests.unit.analytics.rules.raw.wanted import Raw, UnsayableError, Wanted, below

_HEAD = "msg=audit(1772439330.123:4711):"
_QUOTED = ("a", "exe", "comm", "name", "key", "cwd", "cmd", "proctitle")
_X86_64 = {"execve": 59, "connect": 42, "open": 2, "openat": 257, "ptrace": 101, "init_module": 175, "mkdir": 83}
_USER = ("USER_", "ADD_", "DEL_", "CRED_", "SERVICE_")


def audit_records(wanted: Wanted) -> Raw:
    """The records of one event; what a rule asks of ``type`` is the record the fields stand in."""
    kind = _kind(wanted)
    fields: dict[str, str] = {}
    for location, value in wanted.values().items():
        if name := below(location, "auditd.data."):
            fields[name] = str(value)
        elif "auditd.message_type" not in location:
            raise UnsayableError(location)
    lines = []
    if kind != "SYSCALL" and (moved := {name: fields.pop(name) for name in _OF_SYSCALL if name in fields}):
        lines.append(_record("SYSCALL", {"arch": "c000003e", **moved}))
    if kind == "EXECVE":
        arguments = sum(1 for name in fields if name[:1] == "a" and name[1:].isdigit())
        fields = {"argc": str(max(arguments, 1)), **fields}
    lines.append(_record(kind, fields))
    if wanted.keyword:
        lines.append(_record("PROCTITLE", {"proctitle": wanted.keyword}))
    return Raw("Linux audit records", FrameKind.LINES, "\n".join(lines).encode(), count=len(lines))


def _kind(wanted: Wanted) -> str:
    """The type that is asked for; else that of the record which has such fields."""
    asked = _of(wanted, "auditd.message_type") or wanted.route.get("auditd.message_type") or "*"
    if asked not in ("*", "zq"):
        return asked.upper()
    argument = any(re.search(r"auditd\.data\.a\d+$", location) for location in wanted.values())
    return "EXECVE" if argument else "SYSCALL"


_OF_SYSCALL = ("exe", "comm", "key", "syscall", "SYSCALL", "euid", "uid", "success")


def _of(wanted: Wanted, location: str) -> str:
    return next((str(value) for name, value in wanted.values().items() if location in name), "")


def _record(kind: str, fields: dict[str, str]) -> str:
    said = " ".join(_pair(name, value) for name, value in fields.items())
    if kind.startswith(_USER) or "SERVICE" in kind:
        said = f"pid=1 uid=0 auid=4294967295 ses=4294967295 msg='{said}'"
    return f"type={kind} {_HEAD} {said}"


def _pair(name: str, value: str) -> str:
    if name == "SYSCALL":
        return f"syscall={_X86_64.get(value, value)}"
    if name == "syscall":
        return f"syscall={value}"
    text = name in _QUOTED or (name[:1] == "a" and name[1:].isdigit())
    if not text or (value.isalnum() and name == "unit"):
        return f"{name}={value}"
    if any(char in ' "\x7f' or ord(char) < 33 or ord(char) > 126 for char in value):
        return f"{name}={value.encode().hex().upper()}"
    return f'{name}="{value}"'


def syslog_line(program: str, message: str, priority: int = 38) -> Raw:
    """A message of a program."""
    line = f"<{priority}>Mar  2 08:15:30 host {program}[4711]: {message}"
    return Raw(f"syslog of {program}", FrameKind.SYSLOG, pack_records([line.encode()]))


def program_line(wanted: Wanted) -> Raw:
    """A syslog line whose text holds the keyword and nothing else that is wanted."""
    program = wanted.route.get("log.syslog.appname") or wanted.source.service or wanted.source.product or "app"
    if any(location not in wanted.route for location in wanted.values()):
        raise UnsayableError(", ".join(wanted.values()))
    facility = wanted.route.get("log.syslog.facility.code")
    priority = int(facility) * 8 + 5 if facility else 38
    return syslog_line("kernel" if program == "*" else program, wanted.keyword, priority)


def sudo_line(wanted: Wanted) -> Raw:
    """What sudo logs of a command."""
    user = wanted.values().get("user.effective.name")
    if user is None or wanted.keyword:
        raise UnsayableError("anything but the user")
    return syslog_line("sudo", f"alice : TTY=pts/0 ; PWD=/home/alice ; USER={user} ; COMMAND=/bin/sh", 85)


def postgresql_line(wanted: Wanted) -> Raw:
    """A statement as PostgreSQL logs it."""
    if wanted.values():
        raise UnsayableError(", ".join(wanted.values()))
    line = f"2026-03-02 08:15:30.123 UTC [811] app@drugs LOG:  statement: {wanted.keyword}"
    return Raw("PostgreSQL log", FrameKind.LINES, line.encode(), {"path": "/var/log/postgresql/postgresql.log"})
