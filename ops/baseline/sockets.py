"""Listening sockets of the running host, from /proc/net."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from ops.baseline.outcome import NotObtainedError, Proof, proof
from ops.baseline.tree import HostTree

_LISTEN, _UDP_OPEN = "0A", "07"


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that accepts traffic."""

    protocol: str
    address: str
    port: int

    @property
    def reachable(self) -> bool:
        """Whether other hosts can reach it."""
        return not ipaddress.ip_address(self.address).is_loopback

    @property
    def proof(self) -> Proof:
        """The socket as evidence."""
        return proof(f"/proc/net/{self.protocol}", f"{self.address}:{self.port}")


def listening(tree: HostTree) -> list[Listening]:
    """Every listening TCP and open UDP socket; ``NotObtainedError`` for a mounted tree."""
    if not tree.live:
        raise NotObtainedError("/proc/net/tcp", "the tree is not the running host")
    found = []
    for name in ("tcp", "tcp6", "udp", "udp6"):
        text = tree.read(f"/proc/net/{name}")
        if text is None and name == "tcp":
            raise NotObtainedError("/proc/net/tcp", "does not exist")
        found += parse(text or "", name)
    return found


def parse(text: str, name: str) -> list[Listening]:
    """The sockets in one table of /proc/net."""
    found = []
    for line in text.splitlines()[1:]:
        parts = line.split()
        wanted = _LISTEN if name.startswith("tcp") else _UDP_OPEN
        if len(parts) < 4 or parts[3] != wanted or not parts[2].endswith(":0000"):
            continue
        address, _, port = parts[1].partition(":")
        found.append(Listening(name, _address(address), int(port, 16)))
    return found


def _address(text: str) -> str:
    raw = b"".join(bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
