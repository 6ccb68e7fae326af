"""Flow records over UDP: NetFlow v5 and v9, IPFIX, sFlow, each exporter with its own templates and its own account.

What an exporter numbers and never arrived, what the kernel dropped and what no template explains is counted as refused
under the source ``flows/ADDRESS`` (records for v5 and IPFIX, packets for v9 and sFlow, as they are numbered).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from collectors.delivery import deliver
from collectors.flows.bundle import Bundle, encode_bundle
from collectors.flows.decoder import Row
from collectors.flows.exporter import Exporter
from collectors.flows.template import FlowPacketError
from collectors.frames import FrameKind
from collectors.receivers.addresses import join_address, open_datagram, split_address
from collectors.receivers.seams import Listener, ListenerKind, Refusals
from collectors.receivers.syslog_udp import dropped_by_kernel
from infra.durable import replace_file
from infra.events.frame import Frame
from infra.events.seams import EventSink

_log = logging.getLogger(__name__)
MAX_EXPORTERS = 1_024
MAX_WAITING = 20_000
"""Packets held while the sink is busy."""
SOURCE = "flows"
_GATHER_S = 0.05
_SETTLE_S = 3.0
_RECEIVE_BUFFER = 16 << 20
_Kept = dict[str, list[Row]]


class FlowUdpReceiver(asyncio.DatagramProtocol):
    """Listens on one UDP address. ``templates`` is the file in which templates outlive a restart."""

    def __init__(self, listen: str, refusals: Refusals, templates: Path) -> None:
        self._listen, self._refusals, self._path = listen, refusals, templates
        self._exporters: dict[str, Exporter] = {peer: Exporter(rows) for peer, rows in _load(templates).items()}
        self._waiting = 0
        self._arrived = asyncio.Event()
        self._socket: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._task: asyncio.Task[None] | None = None
        self._kernel_drops = 0
        self._settled_s = 0.0

    @property
    def addresses(self) -> Sequence[Listener]:
        if self._socket is None:
            return []
        return [Listener(ListenerKind.FLOWS_UDP, join_address(self._socket.getsockname()))]

    async def start(self, sink: EventSink) -> None:
        """Opens the socket; ``AppError(ENVIRONMENT)`` where the port is taken or needs rights."""
        self._socket = open_datagram(split_address(self._listen, 2055), _RECEIVE_BUFFER)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=self._socket)
        self._task = asyncio.create_task(self._run(sink), name="flows-udp")

    async def stop(self) -> None:
        """Closes the socket and hands over what was received; what still waits for a template is refused."""
        if self._transport is None or self._task is None:
            return
        self._account(final=True)
        self._transport.close()
        self._transport = None
        self._arrived.set()
        await self._task
        self._save()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        peer = addr[0].removeprefix("::ffff:")
        exporter = self._exporters.get(peer)
        if exporter is None:
            if len(self._exporters) >= MAX_EXPORTERS:
                self._refusals.refuse(SOURCE, 1, "too_many_exporters")
                return
            exporter = self._exporters[peer] = Exporter()
        if self._waiting >= MAX_WAITING:
            self._refusals.refuse(f"{SOURCE}/{peer}", 1, "overload")
            return
        try:
            given_up = exporter.take(data, time.monotonic())
        except FlowPacketError as error:
            self._refusals.refuse(f"{SOURCE}/{peer}", 1, str(error))
            return
        if given_up:
            self._refusals.refuse(f"{SOURCE}/{peer}", given_up, "template_missing")
        self._waiting += 1
        self._arrived.set()

    def error_received(self, exc: Exception) -> None:
        """ICMP errors of earlier answers; we never answer."""

    async def _run(self, sink: EventSink) -> None:
        while self._transport is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), _SETTLE_S)
            if self._transport is not None:
                await asyncio.sleep(_GATHER_S)
            self._arrived.clear()
            await self._hand_over(sink)
            if time.monotonic() - self._settled_s > _SETTLE_S:
                self._settled_s = time.monotonic()
                self._account()
                await asyncio.to_thread(self._save)

    async def _hand_over(self, sink: EventSink) -> None:
        frames = [_frame(peer, bundle) for peer, exporter in self._exporters.items() for bundle in exporter.harvest()]
        self._waiting = 0
        if frames:
            await deliver(sink, frames)

    def _account(self, *, final: bool = False) -> None:
        for peer, exporter in self._exporters.items():
            lost = exporter.sequences.settle() + (exporter.sequences.settle() if final else 0)
            if lost:
                self._refusals.refuse(f"{SOURCE}/{peer}", lost, "sequence_gap")
            if final and (waiting := exporter.give_up()):
                self._refusals.refuse(f"{SOURCE}/{peer}", waiting, "template_missing")
        if self._socket is not None and self._transport is not None:
            drops = dropped_by_kernel(self._socket)
            if drops > self._kernel_drops:
                self._refusals.refuse(SOURCE, drops - self._kernel_drops, "kernel_buffer_full")
                self._kernel_drops = drops

    def _save(self) -> None:
        if not any(exporter.changed for exporter in self._exporters.values()):
            return
        kept: _Kept = {}
        for peer, exporter in list(self._exporters.items()):
            exporter.changed = False
            if rows := exporter.rows():
                kept[peer] = rows
        try:
            replace_file(self._path, msgspec.json.encode(kept))
        except OSError:
            _log.exception("flows.templates_not_saved")


def _frame(peer: str, bundle: Bundle) -> Frame:
    count = sum(bundle.counts)
    return Frame(f"{SOURCE}/{peer}", FrameKind.FLOWS, count, time.time_ns(), encode_bundle(bundle), peer=peer)


def _load(path: Path) -> _Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError:
        _log.warning("flows.templates_unreadable", extra={"path": str(path)})
        return {}
