"""Sockets of this host: who listens where, and who talks to whom, by psutil's reading of ``/proc/net``."""

from __future__ import annotations

import socket
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from collectors.sources.proc_net import listening
from collectors.sources.processes import Process, ProcessTable, describe
from infra.events.stream import Event

_REMEMBERED = 10_000
_REMEMBERED_S = 3_600.0
_CONNECTIONS_EVERY_S = 10.0
_LOOPBACK = ("127.", "::1", "::ffff:127.")


@dataclass(frozen=True, slots=True)
class Listening:
    """A listening socket; two of one address by different programs are two."""

    transport: str
    address: str
    port: int
    pid: int

    @property
    def key(self) -> str:
        """Identity within the host."""
        return f"{self.transport}/{self.address}/{self.port}"


@dataclass(frozen=True, slots=True)
class Connection:
    """An established connection as the local program sees it."""

    local: tuple[str, int]
    remote: tuple[str, int]
    pid: int


class SocketTable:
    """Sockets known so far."""

    def __init__(self) -> None:
        self._listening: dict[str, Listening] = {}
        self._connections: list[Connection] = []
        self._talked: OrderedDict[tuple[str, str, int], float] = OrderedDict()
        self._looked = 0.0

    def refresh(self) -> None:
        """Takes what is there as known."""
        self._listening, self._connections = _read()
        for connection in self._connections:
            self._remember(connection, "")

    def changes(self, processes: ProcessTable) -> list[Event]:
        """Events for listeners that came or went, and connections to peers not talked to within the last hour."""
        if time.monotonic() - self._looked < _CONNECTIONS_EVERY_S and not self._maybe_changed():
            return []
        self._looked = time.monotonic()
        before = self._listening
        self._listening, self._connections = _read()
        owners = _owners(processes)
        events = [
            _listener_event(self._listening[key], "added", owners) for key in self._listening.keys() - before.keys()
        ]
        events += [_listener_event(before[key], "removed", owners) for key in before.keys() - self._listening.keys()]
        listened = {found.port for found in self._listening.values()}
        for connection in self._connections:
            owner = owners.get(connection.pid)
            inbound = connection.local[1] in listened
            if not inbound and self._remember(connection, owner.executable if owner else ""):
                events.append(_connection_event(connection, owner, processes))
        return events

    def items(self, processes: ProcessTable) -> Iterable[tuple[str, str, Event]]:
        """Kind, key and fields of everything known."""
        owners = _owners(processes)
        for found in self._listening.values():
            yield "listener", found.key, _listener_fields(found, owners)
        for connection in self._connections:
            key = f"{connection.local[0]}:{connection.local[1]}-{connection.remote[0]}:{connection.remote[1]}"
            owner = owners.get(connection.pid)
            yield "connection", key, _connection_fields(connection, owner, processes)

    def _maybe_changed(self) -> bool:
        """A cheap look: the lines of the listening tables, without asking who owns them."""
        return {found.key for found in _listening_cheaply()} != self._listening.keys()

    def _remember(self, connection: Connection, program: str) -> bool:
        """Whether this peer is new for the program."""
        if connection.remote[0].startswith(_LOOPBACK):
            return False
        key = (program, connection.remote[0], connection.remote[1])
        now = time.monotonic()
        new = now - self._talked.get(key, float("-inf")) > _REMEMBERED_S
        self._talked[key] = now
        self._talked.move_to_end(key)
        while len(self._talked) > _REMEMBERED:
            self._talked.popitem(last=False)
        return new


def _owners(processes: ProcessTable) -> dict[int, Process]:
    return {process.pid: process for process in processes.all()}


def _listening_cheaply() -> Iterable[Listening]:
    for transport, address, port in listening():
        yield Listening(transport, address, port, 0)


def _read() -> tuple[dict[str, Listening], list[Connection]]:
    listening: dict[str, Listening] = {found.key: found for found in _listening_cheaply()}
    connections: list[Connection] = []
    for found in psutil.net_connections(kind="inet"):
        if not found.laddr:
            continue
        transport = "tcp" if found.type == socket.SOCK_STREAM else "udp"
        if found.status == psutil.CONN_LISTEN or (transport == "udp" and not found.raddr):
            made = Listening(transport, found.laddr.ip, found.laddr.port, found.pid or 0)
            if made.key in listening:
                listening[made.key] = made
        elif found.status == psutil.CONN_ESTABLISHED and found.raddr:
            connections.append(
                Connection((found.laddr.ip, found.laddr.port), (found.raddr.ip, found.raddr.port), found.pid or 0)
            )
    return listening, connections


def _listener_fields(found: Listening, owners: dict[int, Process]) -> Event:
    owner = owners.get(found.pid)
    return {
        "network.transport": found.transport,
        "server.ip": found.address,
        "destination.port": found.port,
        **(describe(owner, None) if owner else {}),
    }


def _listener_event(found: Listening, change: str, owners: dict[int, Process]) -> Event:
    owner = owners.get(found.pid)
    name = owner.name if owner else "unknown program"
    word = "listens" if change == "added" else "no longer listens"
    return {
        "event.category": ["network"],
        "event.type": ["start"] if change == "added" else ["end"],
        "event.action": f"listener-{change}",
        "yaodun.inventory.key": found.key,
        **_listener_fields(found, owners),
        "message": f"{name} {word} on {found.address} port {found.port}/{found.transport}",
    }


def _connection_fields(connection: Connection, owner: Process | None, processes: ProcessTable) -> Event:
    return {
        "network.transport": "tcp",
        "source.ip": connection.local[0],
        "source.port": connection.local[1],
        "destination.ip": connection.remote[0],
        "destination.port": connection.remote[1],
        **(describe(owner, processes.parent(owner)) if owner else {}),
    }


def _connection_event(connection: Connection, owner: Process | None, processes: ProcessTable) -> Event:
    name = owner.name if owner else "unknown program"
    return {
        "event.category": ["network"],
        "event.type": ["connection", "start"],
        "event.action": "connection-opened",
        "network.direction": "egress",
        **_connection_fields(connection, owner, processes),
        "message": f"{name} talks to {connection.remote[0]} port {connection.remote[1]}",
    }
