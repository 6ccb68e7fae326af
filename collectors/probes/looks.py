"""One look at a service: how long it took, what it said, or why there was none. Every look ends in time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import struct
import time
from collections.abc import Awaitable, Callable

import msgspec

MAX_ANSWER = 64 << 10


class Look(msgspec.Struct, kw_only=True):
    """What one look found. ``up`` is False with a ``reason``; ``facts`` are fields of the event, ``numbers`` further
    measurements as value and unit."""

    up: bool
    took_s: float = 0.0
    reason: str = ""
    facts: dict[str, object] = {}
    numbers: dict[str, tuple[float, str]] = {}
    body: str = ""


class UnhealthyError(Exception):
    """The service answered, and not as it should; the text says how."""


async def timed(look: Callable[[], Awaitable[Look]], timeout_s: float) -> Look:
    """The look, ended after ``timeout_s``; a failure of any kind is an answer too."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            found = await look()
    except TimeoutError:
        found = Look(up=False, reason="time-out")
    except UnhealthyError as error:
        found = Look(up=False, reason=str(error)[:200])
    except (OSError, EOFError, ValueError) as error:
        problem = (
            error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        )
        found = Look(up=False, reason=problem[:200])
    found.took_s = time.monotonic() - began
    return found


async def look_tcp(host: str, port: int) -> Look:
    """A connection can be made."""
    _, writer = await asyncio.open_connection(host, port)
    peer = writer.get_extra_info("peername")
    await _close(writer)
    return Look(up=True, facts={"destination.ip": peer[0], "destination.port": port})


async def look_dns(server: str, name: str, kind: str, expected: tuple[str, ...]) -> Look:
    """A name server answers for ``name``, with one of ``expected`` where that is given (RFC 1035)."""
    host, _, port = server.partition("#")
    number = secrets.randbelow(65_536)
    answer = await _ask_udp((host, int(port or 53)), dns_question(number, name, kind), lambda data: _same(data, number))
    code, values = dns_answers(answer, kind)
    if code:
        words = {1: "format error", 2: "server failure", 3: "no such name", 5: "refused"}
        raise UnhealthyError(words.get(code, f"code {code}"))
    if expected and not set(values) & set(expected):
        raise UnhealthyError(f"answers {', '.join(values[:8]) or 'nothing'}")
    return Look(up=True, facts={"dns.question.name": name, "dns.answers": values[:32]})


def _same(data: bytes, number: int) -> bool:
    return len(data) >= 12 and int.from_bytes(data[:2], "big") == number and bool(data[2] & 0x80)


_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28}


def dns_question(number: int, name: str, kind: str) -> bytes:
    """A query with recursion wanted."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    body = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + body + struct.pack("!HH", _TYPES[kind], 1)


def dns_answers(data: bytes, kind: str) -> tuple[int, list[str]]:
    """Response code, and addresses (other types as hex) of the answer section; ``ValueError`` on a broken message."""
    try:
        _, flags, questions, answers, _, _ = struct.unpack_from("!HHHHHH", data)
        position = 12
        for _ in range(questions):
            position = _skip_name(data, position) + 4
        found = []
        for _ in range(min(answers, 64)):
            position = _skip_name(data, position)
            type_, _, _, length = struct.unpack_from("!HHIH", data, position)
            value = data[position + 10 : position + 10 + length]
            position += 10 + length
            if type_ == _TYPES[kind]:
                found.append(_dns_value(type_, value))
    except (struct.error, IndexError, OSError):
        raise ValueError("the answer is no DNS message") from None
    return flags & 15, found


def _dns_value(kind: int, value: bytes) -> str:
    if kind == 1:
        return socket.inet_ntoa(value)
    if kind == 28:
        return socket.inet_ntop(socket.AF_INET6, value)
    return value[1:].decode("utf-8", "replace") if kind == 16 else value.hex()


def _skip_name(data: bytes, position: int) -> int:
    for _ in range(128):
        length = data[position]
        if length & 0xC0:
            return position + 2
        position += 1 + length
        if not length:
            return position
    raise ValueError("a name is broken")


async def look_icmp(host: str) -> Look:
    """An echo comes back (RFC 792), by the kernel's unprivileged ping socket or a raw one."""
    loop = asyncio.get_running_loop()
    address = (await loop.getaddrinfo(host, None, family=socket.AF_INET))[0][4][0]
    sock, raw = _ping_socket()
    try:
        identity, payload = os.getpid() & 0xFFFF, secrets.token_bytes(16)
        packet = struct.pack("!BBHHH", 8, 0, 0, identity, 1) + payload
        packet = packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]
        began = time.monotonic()
        await loop.sock_sendto(sock, packet, (address, 0))
        while True:
            data, peer = await loop.sock_recvfrom(sock, 2_048)
            body = data[(data[0] & 15) * 4 :] if raw else data
            if peer[0] == address and body[:1] == b"\0" and body[8:24] == payload:
                trip = time.monotonic() - began
                return Look(up=True, facts={"destination.ip": address}, numbers={"probe.round_trip": (trip, "s")})
    finally:
        sock.close()


def _ping_socket() -> tuple[socket.socket, bool]:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            sock = socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP)
        except OSError:
            continue
        sock.setblocking(False)  # noqa: FBT003 - the name of the method says it
        return sock, kind == socket.SOCK_RAW
    raise UnhealthyError("this agent may not send ICMP: grant CAP_NET_RAW or widen net.ipv4.ping_group_range")


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF)


async def look_database(kind: str, host: str, port: int) -> Look:
    """The server greets as its kind does; nobody signs in."""
    reader, writer = await asyncio.open_connection(host, port, limit=MAX_ANSWER)
    try:
        return await _GREETINGS[kind](reader, writer)
    finally:
        await _close(writer)


async def _postgres(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Look:
    body = struct.pack("!I", 196_608) + b"user\0yaodun_probe\0\0"
    writer.write(struct.pack("!I", len(body) + 4) + body)
    kind = await reader.readexactly(1)
    length = struct.unpack("!I", await reader.readexactly(4))[0]
    if kind not in (b"R", b"E") or not 4 <= length <= MAX_ANSWER:
        raise UnhealthyError("the answer is not PostgreSQL's")
    body = await reader.readexactly(length - 4)
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    if kind == b"E" and fields.get(b"C", "").startswith(("57P", "53")):
        raise UnhealthyError(fields.get(b"M", "not available"))
    return Look(up=True, facts={"service.name": "postgresql"})


async def _mysql(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Look:
    head = await reader.readexactly(4)
    body = await reader.readexactly(min(int.from_bytes(head[:3], "little"), MAX_ANSWER))
    if body[:1] == b"\xff":
        raise UnhealthyError(body[3:].decode("utf-8", "replace")[:200])
    if body[:1] != b"\x0a":
        raise UnhealthyError("the answer is not MySQL's")
    version = body[1:].partition(b"\0")[0].decode("ascii", "replace")[:64]
    return Look(up=True, facts={"service.name": "mysql", "service.version": version})


async def _redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Look:
    writer.write(b"*1\r\n$4\r\nPING\r\n")
    line = await reader.readline()
    if not line.startswith((b"+PONG", b"-NOAUTH")):
        raise UnhealthyError(line.decode("utf-8", "replace")[:100] or "the answer is not Redis'")
    return Look(up=True, facts={"service.name": "redis"})


_GREETINGS = {"postgresql": _postgres, "mysql": _mysql, "redis": _redis}
RECORDS = tuple(_TYPES)
DATABASES = tuple(_GREETINGS)


async def _ask_udp(address: tuple[str, int], question: bytes, fits: Callable[[bytes], bool]) -> bytes:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(*address, type=socket.SOCK_DGRAM)
    with socket.socket(found[0][0], socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)  # noqa: FBT003 - the name of the method says it
        await loop.sock_connect(sock, found[0][4])
        for _ in range(3):
            await loop.sock_sendall(sock, question)
            try:
                async with asyncio.timeout(2):
                    while not fits(answer := await loop.sock_recv(sock, 4_096)):
                        pass
                    return answer
            except TimeoutError:
                continue
    raise TimeoutError


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
