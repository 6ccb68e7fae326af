"""Sockets from the kernel's own filter (``linux/inet_diag.h``): listening or connected ones only, without reading the
rest.

``/proc/net/tcp`` lists every socket that still waits to be forgotten; on a busy host that is most of them. Where the
kernel does not answer, ``/proc/net`` is read instead.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI48x")
_MESSAGE = struct.Struct("=BBBB2s2s16s16sI8xIIIII")
_PORT = struct.Struct(">H")
ESTABLISHED, UNCONNECTED, LISTENING = 1, 7, 10
_PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """One socket; ``inode`` leads to its owner, 0 where it has none (any more)."""

    transport: str
    local: tuple[str, int]
    remote: tuple[str, int]
    inode: int


def listening_sockets() -> list[OpenSocket]:
    """Sockets that wait for others; ``OSError`` where the kernel does not answer."""
    return [*_dump("tcp", LISTENING), *(found for found in _dump("udp", UNCONNECTED) if found.remote[1] == 0)]


def established_sockets() -> list[OpenSocket]:
    """TCP connections that are up; ``OSError`` where the kernel does not answer."""
    return list(_dump("tcp", ESTABLISHED))


def _dump(transport: str, state: int) -> Iterator[OpenSocket]:
    for family in (socket.AF_INET, socket.AF_INET6):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as sock:
            sock.settimeout(2)
            body = _REQUEST.pack(family, _PROTOCOLS[transport], 0, 0, 1 << state)
            size = _HEADER.size + len(body)
            sock.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 1, 0) + body)
            done = False
            while not done:
                found, done = read_dump(sock.recv(1 << 16), transport)
                yield from found


def read_dump(data: bytes, transport: str) -> tuple[list[OpenSocket], bool]:
    """The sockets in one answer of the kernel, and whether it was the last; ``OSError`` where it refuses."""
    sockets: list[OpenSocket] = []
    position = 0
    while position + _HEADER.size <= len(data):
        length, kind, _, _, _ = _HEADER.unpack_from(data, position)
        if kind == _NLMSG_DONE:
            return sockets, True
        if kind == _NLMSG_ERROR:
            (code,) = struct.unpack_from("=i", data, position + _HEADER.size)
            raise OSError(-code, os.strerror(-code))
        sockets.append(_socket(data, position + _HEADER.size, transport))
        position += max((length + 3) & ~3, _HEADER.size)
    return sockets, False


def _socket(data: bytes, position: int, transport: str) -> OpenSocket:
    fields = _MESSAGE.unpack_from(data, position)
    family, local_port, remote_port, local, remote, inode = fields[0], *fields[4:8], fields[13]
    return OpenSocket(
        transport,
        (_address(family, local), _PORT.unpack(local_port)[0]),
        (_address(family, remote), _PORT.unpack(remote_port)[0]),
        inode,
    )


def _address(family: int, raw: bytes) -> str:
    address = ipaddress.ip_address(raw[:4] if family == socket.AF_INET else raw)
    return str(getattr(address, "ipv4_mapped", None) or address)


def owners_of(inodes: set[int]) -> dict[int, int]:
    """The process that holds each socket, as far as this user may look."""
    owners: dict[int, int] = {}
    wanted = {f"socket:[{inode}]": inode for inode in inodes if inode}
    for name in os.listdir("/proc"):  # noqa: PTH208 - called for every new listener
        if not name.isdigit() or len(owners) == len(wanted):
            continue
        try:
            with os.scandir(f"/proc/{name}/fd") as handles:
                for handle in handles:
                    inode = wanted.get(os.readlink(handle.path))  # noqa: PTH115 - as above
                    if inode is not None:
                        owners.setdefault(inode, int(name))
        except OSError:
            continue
    return owners
