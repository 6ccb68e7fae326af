"""Syslog over UDP: one datagram, one message. What cannot be kept is counted as refused, never silently lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.delivery import deliver
from collectors.receivers.addresses import join_address, open_datagram, split_address
from collectors.receivers.peers import PeerSources, syslog_frame
from collectors.receivers.seams import Listener, ListenerKind, Refusals
from infra.events.seams import EventSink

MAX_WAITING = 50_000
"""Datagrams held while the sink is busy."""
BATCH = 5_000
_GATHER_S = 0.01
_RECEIVE_BUFFER = 8 << 20
KERNEL_SOURCE = "syslog-udp"
"""The source that losses of the kernel's own buffer are charged to: it does not say whose datagram it dropped."""


class SyslogUdpReceiver(asyncio.DatagramProtocol):
    """Listens on one UDP address."""

    def __init__(self, listen: str, refusals: Refusals, names: Mapping[str, str] | None = None) -> None:
        self._listen = listen
        self._refusals = refusals
        self._sources = PeerSources("syslog", dict(names or {}))
        self._waiting: list[tuple[str, bytes]] = []
        self._arrived = asyncio.Event()
        self._socket: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._task: asyncio.Task[None] | None = None
        self._kernel_drops = 0

    @property
    def addresses(self) -> Sequence[Listener]:
        if self._socket is None:
            return []
        return [Listener(ListenerKind.SYSLOG_UDP, join_address(self._socket.getsockname()))]

    async def start(self, sink: EventSink) -> None:
        """Opens the socket; ``AppError(ENVIRONMENT)`` where the port is taken or needs rights."""
        self._socket = open_datagram(split_address(self._listen, 514), _RECEIVE_BUFFER)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=self._socket)
        self._task = asyncio.create_task(self._run(sink), name="syslog-udp")

    async def stop(self) -> None:
        """Closes the socket and hands over what was received."""
        if self._transport is None or self._task is None:
            return
        self._count_kernel_drops()
        self._transport.close()
        self._transport = None
        self._arrived.set()
        await self._task

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._refusals.refuse(self._sources.of(addr[0]), 1, "overload")
            return
        self._waiting.append((addr[0], data))
        self._arrived.set()

    def error_received(self, exc: Exception) -> None:
        """ICMP errors of earlier answers; we never answer."""

    async def _run(self, sink: EventSink) -> None:
        while self._transport is not None or self._waiting:
            await self._arrived.wait()
            if self._transport is not None:
                await asyncio.sleep(_GATHER_S)
            self._arrived.clear()
            self._count_kernel_drops()
            await self._hand_over(sink)

    async def _hand_over(self, sink: EventSink) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            by_peer: dict[str, list[bytes]] = {}
            for peer, data in batch:
                by_peer.setdefault(peer, []).append(data)
            frames = [
                syslog_frame(self._sources.of(peer), messages, peer, transport="udp")
                for peer, messages in by_peer.items()
            ]
            await deliver(sink, frames)

    def _count_kernel_drops(self) -> None:
        if self._transport is None or self._socket is None:
            return
        drops = dropped_by_kernel(self._socket)
        if drops > self._kernel_drops:
            self._refusals.refuse(KERNEL_SOURCE, drops - self._kernel_drops, "kernel_buffer_full")
            self._kernel_drops = drops


def dropped_by_kernel(sock: socket.socket) -> int:
    """Datagrams the kernel dropped for want of buffer: last column of ``/proc/net/udp``; 0 where there is none."""
    inode = str(_inode(sock))
    table = "/proc/net/udp6" if sock.family == socket.AF_INET6 else "/proc/net/udp"
    with contextlib.suppress(OSError):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            columns = line.split()
            if columns[9] == inode:
                return int(columns[-1])
    return 0


def _inode(sock: socket.socket) -> int:
    return os.fstat(sock.fileno()).st_ino
