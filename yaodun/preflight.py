"""Checks before anything starts: our package names are ours, the ports are free, nobody else uses the data folder."""

from __future__ import annotations

import fcntl
import os
import socket
from importlib.metadata import packages_distributions
from typing import IO

from infra.errors import AppError, ErrorKind
from infra.home import Home
from infra.text.catalogue import ROOMS


def refuse_foreign_packages() -> None:
    """``AppError(ENVIRONMENT)`` where another distribution owns one of our top-level package names."""
    owners = packages_distributions()
    for room in ROOMS:
        for owner in owners.get(room, []):
            if owner != "yaodun":
                raise AppError(ErrorKind.ENVIRONMENT, "yaodun.foreign_package", package=room, owner=owner)


def split_address(address: str, place: str) -> tuple[str, int]:
    """Host and port of ``host:port`` (IPv6 in brackets)."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or not 0 <= int(port) < 65536:
        raise AppError(ErrorKind.INVALID, "yaodun.address_malformed", place=place, address=address)
    return host, int(port)


def require_free(address: str, place: str, remedy: str, *, datagram: bool = False) -> None:
    """``AppError(ENVIRONMENT)`` naming the flag to change where ``address`` cannot be bound."""
    host, port = split_address(address, place)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM
    with socket.socket(family, kind) as probe:
        if not datagram:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise AppError(ErrorKind.ENVIRONMENT, "yaodun.port_taken", place=address, remedy=remedy) from None


def claim(home: Home) -> IO[str]:
    """Hold the data folder for this process; ``AppError(CONFLICT)`` names the process that holds it already."""
    path = home.run / "supervisor.lock"
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip() or "?"
        file.close()
        raise AppError(ErrorKind.CONFLICT, "yaodun.already_running", place=str(home.root), pid=pid) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
