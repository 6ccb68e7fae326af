"""Fields of audit records: text the kernel wrote in hex, socket addresses, names of syscalls."""

from __future__ import annotations

import csv
import re
import socket
import tomllib
from functools import cache
from importlib.resources import files

import msgspec

_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_EXECVE_ARGUMENT = re.compile(r"a\d+(?:\[\d+\])?")


class AuditMeaning(msgspec.Struct):
    """What ``fields/auditd.toml`` holds."""

    encoded: frozenset[str]
    authentication: frozenset[str]
    ends: frozenset[str]
    configuration: frozenset[str]
    iam: dict[str, tuple[str, str, str]]
    file: dict[str, str]
    network: dict[str, str]


@cache
def audit_meaning() -> AuditMeaning:
    """The meaning of record types and syscalls of this version."""
    text = files("collectors.parsers").joinpath("fields", "auditd.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), AuditMeaning)


def decode_field(record_type: str, name: str, value: str) -> str:
    """``value`` as text: without its quotes, or out of the hex that the kernel takes for text with blanks or control
    characters."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    encoded = name in audit_meaning().encoded or (
        record_type == "EXECVE" and _EXECVE_ARGUMENT.fullmatch(name) is not None
    )
    if encoded and len(value) >= 2 and _HEX.fullmatch(value) and not (name in ("id", "ID") and value.isdigit()):
        text = bytes.fromhex(value).decode("utf-8", "replace")
        if name == "key":
            return text.replace("\x01", ",")
        return text.rstrip("\0").replace("\0", " ")
    return value


def socket_address(text: str) -> dict[str, str]:
    """Address and port, or path, of a raw ``sockaddr`` in hex; {} where it is another family or broken."""
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}){2,128}", text):
        return {}
    raw = bytes.fromhex(text)
    family = int.from_bytes(raw[:2], "little")
    if family == socket.AF_INET and len(raw) >= 8:
        return {"ip": socket.inet_ntop(socket.AF_INET, raw[4:8]), "port": str(int.from_bytes(raw[2:4], "big"))}
    if family == socket.AF_INET6 and len(raw) >= 24:
        return {"ip": socket.inet_ntop(socket.AF_INET6, raw[8:24]), "port": str(int.from_bytes(raw[2:4], "big"))}
    if family == socket.AF_UNIX:
        return {"path": raw[2:].lstrip(b"\0").split(b"\0")[0].decode("utf-8", "replace")}
    return {}


@cache
def _syscalls() -> dict[tuple[str, str], str]:
    text = files("collectors.parsers").joinpath("fields", "syscalls.csv").read_text(encoding="utf-8")
    return {(row["arch"], row["number"]): row["name"] for row in csv.DictReader(text.splitlines())}


def syscall_name(arch: str | None, number: str | None) -> str | None:
    """Name of syscall ``number`` on audit architecture ``arch`` (``c000003e`` is x86_64); None where not known."""
    return _syscalls().get((arch or "", number or ""))
