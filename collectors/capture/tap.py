"""A tap on one interface: every frame that passes, with what the kernel had to drop.

Linux AF_PACKET, see packet(7). The kernel's ring is the only buffer: a reader that is slow loses packets there, where
they are counted, and nowhere else.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

from collectors.capture.link import ETHERNET
from collectors.capture.pcapfile import Packet
from infra.errors import AppError, ErrorKind

ALL_PROTOCOLS = 3
SOL_PACKET, ADD_MEMBERSHIP, STATISTICS, AUXDATA = 263, 1, 6, 8
PROMISCUOUS, OUTGOING = 1, 4
LONGEST = 65_536
RING = 32 << 20
HEAD = 24
"""Bytes of ancillary data: ``struct tpacket_auxdata`` is 20 bytes long."""
_VLAN_VALID = 1 << 4
_LOOPBACK, _ETHERNET_CARD = 772, 1


class Tap:
    """Open until ``close``. ``AppError(ENVIRONMENT)`` where the interface is missing, is no Ethernet, or rights are."""

    def __init__(self, interface: str, *, promiscuous: bool = True) -> None:
        self.interface = interface
        self._socket = _opened(interface)
        self._socket.settimeout(0.2)
        self._doubled = _kind(self._socket) == _LOOPBACK
        self._option(socket.SOL_SOCKET, _forced(), RING)
        self._option(SOL_PACKET, AUXDATA, 1)
        if promiscuous:
            member = struct.pack("iHH8s", socket.if_nametoindex(interface), PROMISCUOUS, 0, b"")
            self._socket.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, member)
        self._socket.bind((interface, ALL_PROTOCOLS))

    def _option(self, level: int, name: int, value: int) -> None:
        try:
            self._socket.setsockopt(level, name, value)
        except PermissionError:  # only the larger buffer asks for more than CAP_NET_RAW
            self._socket.setsockopt(level, socket.SO_RCVBUF, value)

    def take(self, most: int = 2_000) -> Iterator[Packet]:
        """What is there, at most so much; nothing after 0.2 s of silence. ``OSError`` where the interface went away."""
        receive = self._socket.recvmsg
        for _ in range(most):
            try:
                data, extra, _, (_, _, direction, _, _) = receive(LONGEST, 64)
            except TimeoutError:
                return
            if direction == OUTGOING and self._doubled:
                continue
            yield _packet(data, extra)

    def dropped(self) -> int:
        """Packets that the kernel dropped since the last call."""
        _, dropped = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, STATISTICS, 8))
        return int(dropped)

    def close(self) -> None:
        self._socket.close()


def _packet(data: bytes, extra: list[tuple[int, int, bytes]]) -> Packet:
    length = len(data)
    for level, kind, told in extra:
        if level == SOL_PACKET and kind == AUXDATA and len(told) >= 20:
            status, length, _, _, _, tag, _ = struct.unpack("IIIHHHH", told[:20])
            if status & _VLAN_VALID:  # the kernel took the tag out; put it back where it was on the wire
                data = data[:12] + b"\x81\x00" + tag.to_bytes(2) + data[12:]
                length += 4
    return Packet(time.time_ns(), ETHERNET, data, length)


def _forced() -> int:
    """SO_RCVBUFFORCE of Linux, which may go beyond ``net.core.rmem_max``."""
    return 33


def _opened(interface: str) -> socket.socket:
    try:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except (PermissionError, AttributeError):
        raise AppError(ErrorKind.ENVIRONMENT, "collectors.source.sensor_rights.reason", place=interface) from None
    try:
        opened.bind((interface, 0))
        if _kind(opened) not in (_LOOPBACK, _ETHERNET_CARD):
            raise OSError("not an Ethernet interface")
    except OSError:
        opened.close()
        raise AppError(ErrorKind.ENVIRONMENT, "collectors.source.sensor_interface.reason", place=interface) from None
    return opened


def _kind(opened: socket.socket) -> int:
    """The ARPHRD type of the interface the socket is bound to."""
    return int(opened.getsockname()[3])
