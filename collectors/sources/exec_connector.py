"""The kernel's proc connector: every exec and exit of this host as it happens (``linux/connector.h``,
``linux/cn_proc.h``).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from dataclasses import dataclass

_NETLINK_CONNECTOR = 11
_CN_IDX_PROC = 1
_CN_VAL_PROC = 1
_NLMSG_DONE = 3
_LISTEN = 1
_EXEC = 0x00000002
_EXIT = 0x80000000
_NETLINK = struct.Struct("=IHHII")
_CONNECTOR = struct.Struct("=IIIIHH")
_EVENT = struct.Struct("=IIQ")
_IDS = struct.Struct("=II")
_RECEIVE_BUFFER = 4 << 20


@dataclass(frozen=True, slots=True)
class Happened:
    """An exec (``exited`` False) or the exit of a whole process."""

    pid: int
    exited: bool


class ExecConnector:
    """A non-blocking socket; ``OSError`` from the constructor where the kernel or the rights do not allow it."""

    def __init__(self) -> None:
        self.overruns = 0
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, _NETLINK_CONNECTOR)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self._socket.bind((0, _CN_IDX_PROC))
            self._socket.send(_subscription())
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._socket.fileno()

    def read(self, limit: int = 4_096) -> list[Happened]:
        """What happened since; ``overruns`` counts the times the kernel had to drop some."""
        found: list[Happened] = []
        while len(found) < limit:
            try:
                data = self._socket.recv(4_096)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.overruns += 1
                continue
            if event := read_event(data):
                found.append(event)
        return found

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def _subscription() -> bytes:
    operation = struct.pack("=I", _LISTEN)
    body = _CONNECTOR.pack(_CN_IDX_PROC, _CN_VAL_PROC, 0, 0, len(operation), 0) + operation
    return _NETLINK.pack(_NETLINK.size + len(body), _NLMSG_DONE, 0, 0, os.getpid()) + body


def read_event(data: bytes) -> Happened | None:
    """The exec or exit in one netlink message; None for what else the kernel tells."""
    start = _NETLINK.size + _CONNECTOR.size
    if len(data) < start + _EVENT.size + _IDS.size:
        return None
    what, _, _ = _EVENT.unpack_from(data, start)
    thread, process = _IDS.unpack_from(data, start + _EVENT.size)
    if what == _EXEC:
        return Happened(process, exited=False)
    if what == _EXIT and thread == process:
        return Happened(process, exited=True)
    return None
