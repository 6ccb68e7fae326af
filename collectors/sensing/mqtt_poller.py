"""An MQTT 5 subscriber: every message of some topics goes to the spool, and is acknowledged to the broker after that.

Messages are packed as they come (topic, octets, moment) into frames of kind ``readings``; what they mean is found out
behind the spool, by the decoder of their topic. At quality 1 the broker keeps what we have not acknowledged, and with a
session that outlives us, what comes while we are away: nothing is lost between its disk and ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from pathlib import Path
from typing import Annotated

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.pollers.secret import Secret, secret_of
from collectors.sensing.mqtt_codec import (
    CONNACK,
    DISCONNECT,
    PINGREQ,
    SUBACK,
    Control,
    Message,
    MqttError,
    PacketReader,
    acknowledge,
    connect,
    reasons,
    subscribe,
)  # fmt: skip
from collectors.sensing.readings import Arrival, pack_arrivals
from collectors.sources.reporting import Reporter
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink

_log = logging.getLogger(__name__)
_CONNECT_S = 10.0
_KEEP_ALIVE_S = 30
_FIRST_WAIT_S, _MAX_WAIT_S = 0.25, 30.0
_GATHER_S = 0.02
MAX_WAITING = 50_000
"""Messages held while the spool is busy; beyond it the socket is not read, and the broker waits."""
BATCH = 5_000


class MqttSettings(PollerSettings, frozen=True, kw_only=True):
    """``password`` names a secret (``file:PATH`` or ``env:NAME``). ``ca`` switches TLS on; ``certificate`` and ``key``
    are our own for brokers that ask for one. ``session_s`` is how long the broker keeps messages while we are away."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 1883
    topics: Annotated[list[str], msgspec.Meta(min_length=1, max_length=64)]
    quality: Annotated[int, msgspec.Meta(ge=0, le=1)] = 1
    client: str = ""
    user: str = ""
    password: str = ""
    tls: bool = False
    ca: str = ""
    certificate: str = ""
    key: str = ""
    session_s: Annotated[int, msgspec.Meta(ge=0, le=7 * 86_400)] = 86_400


class MqttPoller:
    """One broker."""

    def __init__(self, reporter: Reporter, settings: MqttSettings, password: Secret) -> None:
        self._reporter, self._settings, self._password = reporter, settings, password
        self._tls = _context(settings)
        self._client = settings.client or f"yaodun-{reporter.id.replace('/', '-')}"

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; a connection that ends is shown, and made again after a pause that grows."""
        wait = _FIRST_WAIT_S
        while True:
            began = time.monotonic()
            try:
                await self._connection(sink)
            except (OSError, MqttError) as error:
                self._reporter.failed(error)
            wait = _FIRST_WAIT_S if time.monotonic() - began > _MAX_WAIT_S else min(wait * 2, _MAX_WAIT_S)
            await asyncio.sleep(wait)

    async def _connection(self, sink: EventSink) -> None:
        conversation = _Conversation()
        pings: asyncio.Task[None] | None = None
        try:
            try:
                async with asyncio.timeout(_CONNECT_S):
                    transport = await self._greet(conversation)
            except TimeoutError:
                raise ConnectionError(f"{self._settings.host}:{self._settings.port} does not answer") from None
            self._reporter.running()
            pings = asyncio.create_task(_ping(transport))
            while True:
                await self._hand_over(sink, transport, await conversation.messages())
        finally:
            if pings:
                pings.cancel()
            conversation.close()

    async def _greet(self, conversation: _Conversation) -> asyncio.Transport:
        settings, loop = self._settings, asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: conversation, settings.host, settings.port, ssl=self._tls)
        session_s = settings.session_s if settings.quality else 0
        transport.write(connect(self._client, settings.user, self._password.reveal(), _KEEP_ALIVE_S, session_s, 10_000))
        self._check(await conversation.answer(CONNACK), "connection")
        transport.write(subscribe(1, settings.topics, settings.quality))
        self._check(await conversation.answer(SUBACK), "subscription")
        return transport

    async def _hand_over(self, sink: EventSink, transport: asyncio.Transport, batch: list[tuple[int, Message]]) -> None:
        arrivals = [Arrival(each.topic, each.payload, moment, each.retained) for moment, each in batch]
        await deliver(
            sink, [self._reporter.frame(FrameKind.READINGS, len(arrivals), pack_arrivals(arrivals), via="mqtt")]
        )
        if packets := [each.packet for _, each in batch if each.packet]:
            transport.write(acknowledge(packets))

    def _check(self, codes: list[int], what: str) -> None:
        bad = [code for code in codes if code >= 0x80]
        if bad:
            raise ConnectionError(f"the broker refuses the {what} (reason 0x{bad[0]:02x})")


class _Conversation(asyncio.Protocol):
    """Messages wait here; reading stops while too many do."""

    def __init__(self) -> None:
        self._reader = PacketReader()
        self._waiting: list[tuple[int, Message]] = []
        self._arrived = asyncio.Event()
        self._answers: dict[int, list[int]] = {}
        self._ended: Exception | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.time_ns()
        try:
            for packet in self._reader.feed(data):
                if isinstance(packet, Message):
                    self._waiting.append((now, packet))
                else:
                    self._control(packet)
        except MqttError as error:
            self._ended = error
            if self._transport:
                self._transport.abort()
        if len(self._waiting) >= MAX_WAITING and self._transport:
            self._transport.pause_reading()
        self._arrived.set()

    def _control(self, packet: Control) -> None:
        if packet.kind == DISCONNECT:
            self._ended = ConnectionError(f"the broker says good-bye (reason 0x{reasons(packet)[0]:02x})")
        elif packet.kind in (CONNACK, SUBACK):
            self._answers[packet.kind] = reasons(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = self._ended or exc or ConnectionError("the broker closed the connection")
        self._arrived.set()

    def close(self) -> None:
        """End the connection at once."""
        if self._transport:
            self._transport.abort()

    async def answer(self, kind: int) -> list[int]:
        """The reason codes of the answer of ``kind``."""
        while kind not in self._answers:
            await self._wait()
        return self._answers[kind]

    async def messages(self) -> list[tuple[int, Message]]:
        """What came, at most ``BATCH`` messages, the oldest first."""
        while not self._waiting:
            await self._wait()
        if len(self._waiting) < BATCH:
            await asyncio.sleep(_GATHER_S)
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        if self._transport and len(self._waiting) < MAX_WAITING // 2 and not self._transport.is_closing():
            with contextlib.suppress(RuntimeError):
                self._transport.resume_reading()
        return batch

    async def _wait(self) -> None:
        if self._ended:
            raise self._ended
        self._arrived.clear()
        await self._arrived.wait()


async def _ping(transport: asyncio.Transport) -> None:
    while True:
        await asyncio.sleep(_KEEP_ALIVE_S / 2)
        transport.write(PINGREQ)


def _context(settings: MqttSettings) -> ssl.SSLContext | None:
    if not (settings.tls or settings.ca or settings.certificate):
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca or None)
        if settings.certificate:
            context.load_cert_chain(settings.certificate, settings.key or None)
    except (OSError, ssl.SSLError) as error:
        problem = getattr(error, "strerror", "") or str(error)
        raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place="ca", problem=problem) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """A subscriber of one broker."""
    settings = settings_of(tree, MqttSettings)
    return MqttPoller(reporter, settings, secret_of(settings.password))
