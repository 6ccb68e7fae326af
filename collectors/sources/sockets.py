"""Sockets of this host: who listens where, and who talks to whom."""

from __future__ import annotations

import socket
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from collectors.sources.processes import Process, ProcessTable, describe
from collectors.sources.sock_diag import OpenSocket, established_sockets, listening_sockets, owners_of
from infra.events.stream import Event

_REMEMBERED = 10_000
_REMEMBERED_S = 3_600.0
_CONNECTIONS_EVERY_S = 5.0
_LOOPBACK = ("127.", "::1")
_Peer = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket and the process that holds it, 0 where it may not be seen."""

    socket: OpenSocket
    pid: int

    @property
    def key(self) -> str:
        """Identity within the host."""
        return _key(self.socket)


def _key(found: OpenSocket) -> str:
    return f"{found.transport}/{found.local[0]}/{found.local[1]}"


class SocketTable:
    """Sockets known so far. A peer counts as new when none talked to it within the last hour."""

    def __init__(self) -> None:
        self._listeners: dict[str, Listener] = {}
        self._talked: OrderedDict[_Peer, float] = OrderedDict()
        self._looked = float("-inf")

    def refresh(self) -> None:
        """Takes what is there as known."""
        self._listeners = _owned({_key(found): found for found in _listening()}, {})
        for connection in self._outbound(established()):
            self._remember(connection.remote)

    def changes(self, processes: ProcessTable) -> list[Event]:
        """Events for listeners that came or went, and for peers that are new."""
        return [*self._listener_changes(processes), *self._connection_changes(processes)]

    def items(self, processes: ProcessTable) -> Iterable[tuple[str, str, Event]]:
        """Kind, key and fields of everything there is now."""
        for listener in self._listeners.values():
            yield "listener", listener.key, _listener_fields(listener, processes)
        connections = established()
        owners = owners_of({connection.inode for connection in connections}) if connections else {}
        for connection in connections:
            local, remote = connection.local, connection.remote
            fields = _connection_fields(connection, processes.get(owners.get(connection.inode, 0)), processes)
            yield "connection", f"{local[0]}:{local[1]}-{remote[0]}:{remote[1]}", fields

    def _listener_changes(self, processes: ProcessTable) -> list[Event]:
        now = {_key(found): found for found in _listening()}
        before = self._listeners
        if now.keys() == before.keys():
            return []
        self._listeners = _owned(now, before)
        events = [_listener_event(self._listeners[key], "added", processes) for key in now.keys() - before.keys()]
        return events + [_listener_event(before[key], "removed", processes) for key in before.keys() - now.keys()]

    def _connection_changes(self, processes: ProcessTable) -> list[Event]:
        if time.monotonic() - self._looked < _CONNECTIONS_EVERY_S:
            return []
        self._looked = time.monotonic()
        new = [connection for connection in self._outbound(established()) if self._remember(connection.remote)]
        if not new:
            return []
        owners = owners_of({connection.inode for connection in new})
        return [
            _connection_event(connection, processes.get(owners.get(connection.inode, 0)), processes)
            for connection in new
        ]

    def _outbound(self, connections: Iterable[OpenSocket]) -> list[OpenSocket]:
        listened = {listener.socket.local[1] for listener in self._listeners.values()}
        return [
            connection
            for connection in connections
            if connection.local[1] not in listened and not connection.remote[0].startswith(_LOOPBACK)
        ]

    def _remember(self, peer: _Peer) -> bool:
        """Whether ``peer`` is new."""
        now = time.monotonic()
        new = now - self._talked.get(peer, float("-inf")) > _REMEMBERED_S
        self._talked[peer] = now
        self._talked.move_to_end(peer)
        while len(self._talked) > _REMEMBERED:
            self._talked.popitem(last=False)
        return new


def _owned(now: dict[str, OpenSocket], before: dict[str, Listener]) -> dict[str, Listener]:
    unknown = {found.inode for key, found in now.items() if key not in before}
    owners = owners_of(unknown) if unknown else {}
    return {
        key: before[key] if key in before else Listener(found, owners.get(found.inode, 0)) for key, found in now.items()
    }


def _listening() -> list[OpenSocket]:
    try:
        return listening_sockets()
    except OSError:
        return [found for found, listens in _by_psutil() if listens]


def established() -> list[OpenSocket]:
    """TCP connections that are up."""
    try:
        return established_sockets()
    except OSError:
        return [found for found, listens in _by_psutil() if not listens]


def _by_psutil() -> Iterable[tuple[OpenSocket, bool]]:
    """The slow way, for kernels without the filter: sockets and whether they listen."""
    import psutil

    for found in psutil.net_connections(kind="inet"):
        if not found.laddr:
            continue
        transport = "tcp" if found.type == socket.SOCK_STREAM else "udp"
        remote = (found.raddr.ip, found.raddr.port) if found.raddr else ("", 0)
        made = OpenSocket(transport, (found.laddr.ip, found.laddr.port), remote, 0)
        if found.status == psutil.CONN_LISTEN or (transport == "udp" and not found.raddr):
            yield made, True
        elif found.status == psutil.CONN_ESTABLISHED:
            yield made, False


def _listener_fields(listener: Listener, processes: ProcessTable) -> Event:
    owner = processes.get(listener.pid)
    return {
        "network.transport": listener.socket.transport,
        "server.ip": listener.socket.local[0],
        "destination.port": listener.socket.local[1],
        **(describe(owner, processes.parent(owner)) if owner else {}),
    }


def _listener_event(listener: Listener, change: str, processes: ProcessTable) -> Event:
    owner = processes.get(listener.pid)
    name = owner.name if owner else "unknown program"
    word = "listens" if change == "added" else "no longer listens"
    address, port = listener.socket.local
    return {
        "event.category": ["network"],
        "event.type": ["start"] if change == "added" else ["end"],
        "event.action": f"listener-{change}",
        "yaodun.inventory.key": listener.key,
        **_listener_fields(listener, processes),
        "message": f"{name} {word} on {address} port {port}/{listener.socket.transport}",
    }


def _connection_fields(connection: OpenSocket, owner: Process | None, processes: ProcessTable) -> Event:
    return {
        "network.transport": connection.transport,
        "source.ip": connection.local[0],
        "source.port": connection.local[1],
        "destination.ip": connection.remote[0],
        "destination.port": connection.remote[1],
        **(describe(owner, processes.parent(owner)) if owner else {}),
    }


def _connection_event(connection: OpenSocket, owner: Process | None, processes: ProcessTable) -> Event:
    name = owner.name if owner else "unknown program"
    return {
        "event.category": ["network"],
        "event.type": ["connection", "start"],
        "event.action": "connection-opened",
        "network.direction": "egress",
        **_connection_fields(connection, owner, processes),
        "message": f"{name} talks to {connection.remote[0]} port {connection.remote[1]}",
    }
