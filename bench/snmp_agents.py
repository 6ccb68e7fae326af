"""``python -m bench.snmp_agents N``: that many SNMP agents on ports of their own, written apart from the poller."""

from __future__ import annotations

import asyncio
import bisect
import sys
import time

INTERFACES = 3
Oid = tuple[int, ...]


def main() -> None:
    """Prints the ports on one line, then answers until it is ended."""
    asyncio.run(serve(int(sys.argv[1])))


async def serve(count: int) -> None:
    loop = asyncio.get_running_loop()
    ports = []
    for number in range(count):
        transport, _ = await loop.create_datagram_endpoint(lambda n=number: Agent(n), local_addr=("127.0.0.1", 0))
        ports.append(str(transport.get_extra_info("sockname")[1]))
    print(" ".join(ports), flush=True)
    await asyncio.Event().wait()


class Agent(asyncio.DatagramProtocol):
    """One device with a few interfaces whose counters grow."""

    def __init__(self, number: int) -> None:
        self.tree = _tree(number)
        self.names = sorted(self.tree)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = _children(_open(data)[1])
        tag, pdu = message[2]
        request, _, repeat, bindings = _children(pdu)
        asked = [_oid(_children(each)[0][1]) for _, each in _children(bindings[1])]
        if tag == 0xA0:
            values = [_binding(oid, self.tree.get(oid, b"\x80\x00")) for oid in asked]
        else:
            values = self._following(asked, int.from_bytes(repeat[1], "big"))
        answer = _wrap(0xA2, _wrap(2, request[1]) + b"\x02\x01\x00" * 2 + _wrap(0x30, b"".join(values)))
        whole = _wrap(0x30, b"\x02\x01\x01" + _wrap(4, message[1][1]) + answer)
        self.transport.sendto(whole, addr)  # type: ignore[attr-defined]

    def _following(self, asked: list[Oid], repeat: int) -> list[bytes]:
        values = []
        for _ in range(repeat):
            for column, oid in enumerate(asked):
                place = bisect.bisect_right(self.names, oid)
                if place == len(self.names):
                    values.append(_binding(oid, b"\x82\x00"))
                    continue
                asked[column] = found = self.names[place]
                values.append(_binding(found, self.tree[found]))
        return values


def _tree(number: int) -> dict[Oid, bytes]:
    system, interfaces, more = (1, 3, 6, 1, 2, 1, 1), (1, 3, 6, 1, 2, 1, 2, 2, 1), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
    tree = {
        (*system, 1, 0): _wrap(4, b"simulated switch"), (*system, 2, 0): b"\x06\x03\x2b\x06\x01",
        (*system, 3, 0): _wrap(0x43, (int(time.time()) & 0xFFFFFF).to_bytes(4, "big")),
        (*system, 5, 0): _wrap(4, b"switch-%d" % number), (*system, 6, 0): _wrap(4, b"rack"),
    }  # fmt: skip
    for index in range(1, INTERFACES + 1):
        tree |= {
            (*more, 1, index): _wrap(4, b"eth%d" % index), (*interfaces, 8, index): b"\x02\x01\x01",
            (*more, 6, index): _wrap(0x46, (index * 10**9 + number).to_bytes(8, "big")),
            (*more, 10, index): _wrap(0x46, (index * 10**8).to_bytes(8, "big")),
            (*interfaces, 13, index): b"\x41\x01\x05", (*interfaces, 14, index): b"\x41\x01\x02",
            (*interfaces, 20, index): b"\x41\x01\x00",
        }  # fmt: skip
    return tree


def _binding(oid: Oid, value: bytes) -> bytes:
    body = bytearray([oid[0] * 40 + oid[1]])
    for part in oid[2:]:
        octets = [part & 0x7F]
        while part := part >> 7:
            octets.append(part & 0x7F | 0x80)
        body += bytes(reversed(octets))
    return _wrap(0x30, _wrap(6, bytes(body)) + value)


def _wrap(tag: int, body: bytes) -> bytes:
    length = len(body)
    if length < 128:
        return bytes((tag, length)) + body
    return bytes((tag, 0x82)) + length.to_bytes(2, "big") + body


def _open(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    length, start = data[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        length, start = int.from_bytes(data[start : start + octets], "big"), start + octets
    return data[at], data[start : start + length], start + length


def _children(body: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(body):
        tag, inner, at = _open(body, at)
        found.append((tag, inner))
    return found


def _oid(body: bytes) -> Oid:
    numbers, value = [body[0] // 40, body[0] % 40], 0
    for octet in body[1:]:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    return tuple(numbers)


if __name__ == "__main__":
    main()
