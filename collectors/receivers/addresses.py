"""Listening addresses: ``host:port`` from the settings to sockets and back, with errors a person can act on."""

from __future__ import annotations

import errno
import socket
from typing import Any

from infra.errors import AppError, ErrorKind


def split_address(text: str, default_port: int) -> tuple[str, int]:
    """Host and port of ``host:port``, ``[v6]:port`` or ``host``; ``AppError(INVALID)`` names the text."""
    host, separator, port = text.rpartition(":")
    if not separator or "]" in port or (":" in host and not host.startswith("[")):
        host, port = text, str(default_port)
    if not port.isdigit() or int(port) > 65_535:
        raise AppError(ErrorKind.INVALID, "collectors.listen_address", place=text)
    return host.strip("[]") or "127.0.0.1", int(port)


def join_address(name: Any) -> str:
    """``host:port`` of a socket name; IPv6 hosts in brackets."""
    host, port = name[0], name[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def open_datagram(address: tuple[str, int], receive_buffer: int) -> socket.socket:
    """A bound UDP socket with as much of ``receive_buffer`` bytes as the kernel grants."""
    return _open(address, socket.SOCK_DGRAM, receive_buffer)


def open_stream(address: tuple[str, int]) -> socket.socket:
    """A bound TCP socket, not listening yet."""
    return _open(address, socket.SOCK_STREAM, 0)


def _open(address: tuple[str, int], kind: socket.SocketKind, receive_buffer: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.bind(address)
        sock.setblocking(False)  # noqa: FBT003 - the name of the method says it
    except OSError as error:
        sock.close()
        raise _explain(error, address) from None
    return sock


def _explain(error: OSError, address: tuple[str, int]) -> AppError:
    key = {
        errno.EADDRINUSE: "collectors.port_taken",
        errno.EACCES: "collectors.port_needs_rights",
        errno.EADDRNOTAVAIL: "collectors.address_not_here",
    }.get(error.errno or 0, "collectors.listen_failed")
    place = f"{address[0]}:{address[1]}"
    return AppError(ErrorKind.ENVIRONMENT, key, place=place, port=address[1], problem=error.strerror or str(error))
