"""One UDP socket for all devices of a poller: each question waits for the answer with its number from its address."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket

from collectors.snmp import ber
from collectors.snmp.ber import BerError

MAX_DATAGRAM = 65_507
_BUFFER = 4 << 20
Address = tuple[str, int]


class SnmpTransport(asyncio.DatagramProtocol):
    """``ask`` sends and waits; opened when it is first used."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Address, int], asyncio.Future[bytes]] = {}
        self._transports: dict[int, asyncio.DatagramTransport] = {}
        self._numbers = itertools.count(secrets.randbelow(1 << 24) + 1)
        self._addresses: dict[str, tuple[int, str]] = {}

    def number(self) -> int:
        """The next number of a question: 31 bits, as both request and message id want."""
        return next(self._numbers) & 0x7FFFFFFF

    async def ask(self, host: str, port: int, number: int, message: bytes, timeout_s: float, attempts: int) -> bytes:
        """The answer; ``TimeoutError`` after ``attempts``; ``OSError`` where there is no way to the host."""
        family, address = await self._resolve(host)
        transport = await self._open(family)
        key = ((address, port), number)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            for _ in range(attempts):
                transport.sendto(message, (address, port))
                done, _ = await asyncio.wait([future], timeout=timeout_s)
                if done:
                    return future.result()
            raise TimeoutError("no answer")
        finally:
            del self._waiting[key]
            future.cancel()

    def close(self) -> None:
        """Close the sockets."""
        for transport in self._transports.values():
            transport.abort()
        self._transports.clear()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            number = _number_of(data)
        except BerError:
            return
        future = self._waiting.get(((addr[0], addr[1]), number))
        if future is not None and not future.done():
            future.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """ICMP says that nobody listens; the question runs into its time-out."""

    async def _resolve(self, host: str) -> tuple[int, str]:
        known = self._addresses.get(host)
        if known is None:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
            known = self._addresses[host] = (int(found[0][0]), str(found[0][4][0]))
        return known

    async def _open(self, family: int) -> asyncio.DatagramTransport:
        if family not in self._transports:
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            sock.setblocking(False)  # noqa: FBT003 - the name of the method says it
            sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", 0))  # noqa: S104 - answers come from anywhere
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=sock)
            self._transports[family] = transport
        return self._transports[family]


def _number_of(data: bytes) -> int:
    """Request id of v2c, message id of v3."""
    start, end = ber.inside(data, 0, len(data), ber.SEQUENCE)
    version, position = ber.integer_at(data, start, end)
    if version == 3:
        head, end = ber.inside(data, position, end, ber.SEQUENCE)
        return ber.integer_at(data, head, end)[0]
    _, position = ber.octets_at(data, position, end)
    _, start, end = ber.take(data, position, end)
    return ber.integer_at(data, start, end)[0]
